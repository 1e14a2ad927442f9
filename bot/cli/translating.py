"""What `python bot.py translate` does: install a translation package, and say what translates."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from bot import texts
from bot.cli.bytes_bar import bytes_bar
from bot.settings.config import Config
from bot.studio.translation_service import service as service_of
from prompts.errors import Refusal
from prompts.translate import argos
from prompts.translate import install as installing
from prompts.translate.argos import Argos
from prompts.translate.remote import Remote
from prompts.translate.translator import Unavailable

SAMPLE = "老渔夫在岸边修补渔网"


async def install(
    config: Config, file: Path | None, index: str, sha256: str, language: str, out: Console, err: Console
) -> None:
    """Unpack a package, fetched before where no file is given, and try it. Raises Refusal."""
    folder = config.translate.packages
    if file is not None:
        package = installing.unpack(file, folder, sha256)
    else:
        with bytes_bar(err) as bar:
            task = bar.add_task(texts.say(language, "translate.fetching"), total=None)
            package = await installing.install(
                index or config.translate.index,
                folder,
                sha256=sha256,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    version = argos.metadata(package).get("package_version", "")
    out.print(texts.say(language, "translate.installed", version=version, path=str(package)), markup=False)
    out.print(await _tried(package, language), markup=False)


async def status(config: Config, language: str, out: Console) -> None:
    """Say which package there is and whether a service answers."""
    folder = config.translate.packages
    package = argos.installed(folder)
    if package is None:
        out.print(texts.say(language, "translate.nothing", path=str(folder)), markup=False)
    else:
        version = argos.metadata(package).get("package_version", "")
        size = sum(file.stat().st_size for file in package.rglob("*") if file.is_file()) / 1e6
        line = texts.say(language, "translate.package", version=version, path=str(package), size=f"{size:.1f}")
        out.print(line, markup=False)
        out.print(await _tried(package, language), markup=False)
    out.print(await service(config, language), markup=False)


async def service(config: Config, language: str) -> str:
    """A line on the service on the network."""
    chosen = service_of(config)
    if chosen is None:
        return texts.say(language, "translate.no_service")
    try:
        english = await Remote(chosen).ask("猫")
    except Unavailable as failure:
        assert failure.note is not None  # the first failure of a Remote always tells
        return texts.say(language, failure.note.key, **failure.note.values)
    return texts.say(language, "translate.service", host=chosen.host, english=english[:60])


async def _tried(package: Path, language: str) -> str:
    started = time.perf_counter()
    english = await Argos(package).english(SAMPLE)
    if not english:
        raise Refusal("translate.mute", path=str(package))
    seconds = time.perf_counter() - started
    return texts.say(language, "translate.sample", chinese=SAMPLE, english=english, seconds=seconds)
