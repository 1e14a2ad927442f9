"""What `python bot.py check` says about what lies on the disk: folders, the database, models, translation packages."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.cli.check_result import CheckResult, Level, refused, result
from bot.settings.config import Config
from bot.studio import own_readers, recipes
from engine.files import annotators, catalog, detectors, sizes, taggers
from engine.preprocessors import PREPROCESSORS
from prompts.errors import Refusal
from prompts.prompt import Options
from storage import leader, migrations
from storage.database import files_in
from storage.standing import standing

LITTLE_SPACE = 2.0  # GB; a day of a busy chat's pictures, and far more than the database needs


def data(folder: Path) -> Iterator[CheckResult]:
    """Whether the data folder can be written to and has room; where it does not exist yet, what it will be made in."""
    standing_in = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=standing_in):
            yield result("ok", "check.data", path=str(folder))
    except OSError as error:
        yield result("error", "check.data_readonly", path=str(folder), problem=error.strerror or "")
    free = shutil.disk_usage(standing_in if standing_in.is_dir() else standing_in.parent).free / 1e9
    few = free < LITTLE_SPACE
    yield result("warn" if few else "ok", "check.space_little" if few else "check.space", free=f"{free:.1f}")


async def pictures(config: Config) -> list[CheckResult]:
    """Whether the object storage that the settings name takes pictures, and whether some lie in the data folder still;
    nothing where pictures lie there anyway."""
    if config.storage.bucket is None:
        return []
    try:
        files = files_in(config.data.folder, config.storage.bucket)
        await files.prepare()
    except Refusal as refusal:
        return [refused(refusal)]
    found = [result("ok", "check.bucket", where=files.where)]
    async for _ in files_in(config.data.folder, None).each():
        return [*found, result("warn", "check.bucket_left", path=str(config.data.folder / "pictures"))]
    return found


async def database(config: Config) -> list[CheckResult]:
    """Whether the database answers, a bot can lead on it, and of which version its tables are."""
    try:
        where, revision = await standing(config.storage.address, config.data.folder)
        await leader.examine(config.storage.address, config.data.folder)
    except Refusal as refusal:
        return [refused(refusal)]
    if revision is None:
        return [result("ok", "check.database_new", where=where)]
    if revision != migrations.HEAD:
        return [result("ok", "check.database_older", where=where, revision=revision, head=migrations.HEAD)]
    return [result("ok", "check.database", where=where, revision=revision)]


def models(config: Config) -> Iterator[CheckResult]:
    """The folders, models, LoRAs and detectors there are, what cannot be used, whether the settings' own are there."""
    engine, draw = config.engine, config.draw
    for name, folders in (("engine.models", engine.models), ("engine.loras", engine.loras)):
        for folder in folders:
            if not folder.is_dir():
                # A fresh copy has neither folder, and draws with the model it brings.
                level: Level = "ok" if folder.name == name.rpartition(".")[2] else "warn"
                yield result(level, "check.folder_missing", name=name, path=str(folder))
    if not (catalog.DEMO / "model_index.json").is_file():
        yield result("error", "check.builtin", path=str(catalog.DEMO))
    known = catalog.models(engine.folders)
    yield result("ok", "check.models", count=len(known), names=_some([model.name for model in known]))
    for entry in catalog.skipped(engine.folders):
        yield result("warn", entry.key, **entry.values, path=str(entry.path))
    files = catalog.loras(engine.folders)
    if files:
        yield result("ok", "check.loras", count=len(files), names=_some([lora.name for lora in files]))
    yield from _taggers(config)
    for name in detectors.files(engine.folders):
        try:
            detectors.chosen(name, engine.folders)
        except Refusal as refusal:
            yield refused(refusal, "warn")
    for name, path in annotators.files(engine.folders).items():
        try:
            annotators.chosen(PREPROCESSORS[name], engine.folders)
            yield result("ok", "check.maps", name=name, file=path.name)
        except Refusal as refusal:
            yield refused(refusal, "warn")
    try:
        chosen = catalog.model(known, engine.model, engine.folders)
        yield result("ok", "check.model", name=chosen.name)
        if draw.size:
            width, height = map(int, draw.size.split("x"))
            sizes.check_size(chosen, width, height)
        if draw.sampler:
            recipes.sampled(Options(sampler=draw.sampler, like=draw.like), "")
    except Refusal as refusal:
        yield refused(refusal)


def _taggers(config: Config) -> Iterator[CheckResult]:
    """The taggers there are, those that cannot be used, and whether the one that the settings name is there."""
    engine = config.engine
    found = taggers.taggers(engine.taggers, engine.folders)
    for one in () if taggers.runs_taggers() else found:
        yield result("warn", "check.tagger", name=one.name, package=detectors.RUNS_FILES)
    if names := [*(one.name for one in found), *(one.name for one in taggers.clips(engine.folders))]:
        yield result("ok", "check.taggers", count=len(names), names=_some(names))
    for broken in taggers.useless(engine.taggers):
        yield result("warn", broken.key, **broken.values)
    if config.access.adult_by_picture and not taggers.running(engine.taggers, engine.folders):
        yield result("warn", "check.nobody_rates")
    try:
        taggers.chosen(config.tags.reader, engine.taggers, engine.folders)
    except Refusal as refusal:
        yield refused(refusal)


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def reader(config: Config) -> Iterator[CheckResult]:
    """Whether what is to read whole clauses on this machine is there; nothing where nothing is to."""
    folder = own_readers.model(config)
    if folder and own_readers.holds_model(folder):
        yield result("ok", "check.reader", name=folder.name, path=str(folder))
    elif folder:
        yield result("warn", "check.reader_missing", name=config.translate.model or "", path=str(folder))
    if config.translate.argos == "library":
        version = own_readers.library()
        yield result("ok", "check.argos", version=version) if version else result("warn", "check.argos_missing")


def translation(folder: Path) -> Iterator[CheckResult]:
    """Which translation packages are installed, and whether they make English of Chinese."""
    found = []
    for file in sorted(folder.glob("[!.]*/metadata.json")):
        try:
            content = json.loads(file.read_text("utf-8"))
            found.append(f"{content['from_code']} → {content['to_code']}")
        except (OSError, ValueError, LookupError, TypeError):
            yield result("warn", "check.package_damaged", path=str(file.parent))
    if any(pair == "zh → en" for pair in found):
        yield result("ok", "check.translation", packages=", ".join(found))
    else:
        yield result("ok", "check.translation_none", path=str(folder))
