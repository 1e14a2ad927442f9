"""What `python bot.py translate` does: install a translation package or a language model, and say what translates."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from bot import texts
from bot.cli.bytes_bar import bytes_bar
from bot.settings.config import Config
from bot.studio import own_readers
from bot.studio.translation_service import service as service_of
from prompts.errors import Refusal
from prompts.translate import argos
from prompts.translate import install as installing
from prompts.translate.argos import Argos
from prompts.translate.own_process import OwnProcess
from prompts.translate.remote import Remote
from prompts.translate.sentences import answered
from prompts.translate.translator import Unavailable

SAMPLE = "老渔夫在岸边修补渔网"
PATIENCE = 600.0  # seconds that a reader may take to be loaded, and for the sample: who asks for it here waits


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


def install_model(config: Config, name: str, language: str, out: Console, err: Console) -> None:
    """Fetch a language model from the hub, and say how it is used. Raises Refusal."""
    from bot.models import language_models  # only now: it brings an HTTP client of half a second

    with bytes_bar(err) as bar:
        task = bar.add_task(texts.say(language, "hub.fetching"), total=None)
        found = language_models.install(
            name, own_readers.models(config), lambda done, total: bar.update(task, completed=done, total=total)
        )
    out.print(texts.say(language, "hub.installed", path=str(found)), markup=False)
    if own_readers.model(config) != found:
        out.print(texts.say(language, "translate.use_model", name=found.name), markup=False)


async def status(config: Config, language: str, out: Console) -> None:
    """Say what reads whole clauses, in the order in which it is asked, and whether it answers."""

    def tell(line: str) -> None:
        out.print(line, markup=False)

    asked: list[str] = []
    tell(await service(config, language))
    if chosen := service_of(config):
        asked.append(chosen.host)
    if config.translate.argos == "library" and not own_readers.library():
        tell(texts.say(language, "translate.no_library"))
    for program in own_readers.programs(config):
        asked.append(program.shown)
        tell(await _read(OwnProcess(program, PATIENCE), program.shown, language))
    folder = config.translate.packages
    package = argos.installed(folder)
    if package is None:
        tell(texts.say(language, "translate.nothing", path=str(folder)))
    else:
        version = argos.metadata(package).get("package_version", "")
        size = sum(file.stat().st_size for file in package.rglob("*") if file.is_file()) / 1e6
        tell(texts.say(language, "translate.package", version=version, path=str(package), size=f"{size:.1f}"))
        tell(await _tried(package, language))
        asked.append(package.name)
    key = "translate.order" if asked else "translate.words_alone"
    tell(texts.say(language, key, readers=" → ".join(asked)))


async def _read(reader: OwnProcess, shown: str, language: str) -> str:
    """A line on a reader in a process of its own, which is loaded for it."""
    try:
        await reader.ready(PATIENCE)
        started = time.perf_counter()
        english = await reader.english(SAMPLE)
        seconds = time.perf_counter() - started
    except Unavailable as failure:
        return texts.say(language, failure.note.key, **failure.note.values) if failure.note else shown
    finally:
        await reader.close()
    if not answered(english, SAMPLE, "local"):
        return texts.say(language, "translate.reader_mute", reader=shown)
    said = english.partition("\n")[0][:120]
    return texts.say(language, "translate.reader", reader=shown, chinese=SAMPLE, english=said, seconds=seconds)


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
