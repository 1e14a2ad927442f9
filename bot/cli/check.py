"""What `python bot.py check` looks at: folders, database, models, devices, the page's address, tokens, translation."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.chat import Say
from bot.settings.config import Config
from bot.settings.sections.drawing import Engine
from bot.studio import translators
from engine import samplers, tuning
from engine.errors import BadFile
from engine.files import catalog, detectors, tiers
from engine.files.sizes import check_size
from prompts.errors import Refusal
from prompts.translate.translator import Unavailable
from storage import migrations
from storage.standing import standing

LITTLE_SPACE = 2.0  # GB; a day of a busy chat's pictures, and far more than the database needs
SHORT_PASSWORD = 8  # characters
PATIENCE = 90  # seconds; torch from a cold disk has taken twenty

Level = Literal["ok", "warn", "error"]

# How much of a model stays on a card, by the tiers of engine/files/tiers.py.
TIER_TEXTS = {
    "all": "check.tier_all",
    "encoders": "check.tier_encoders",
    "tiles": "check.tier_tiles",
    "parts": "check.tier_parts",
    "layers": "check.tier_layers",
}

# Runs in a process of its own, for torch must not enter this one.
LOOK_AT_DEVICES = """
import json
try:
    import torch
    cards = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    found = {"torch": torch.__version__, "cuda": [[card.name, card.total_memory] for card in cards]}
except Exception as error:
    found = {"error": f"{type(error).__name__}: {error}"[:200]}
print("\\n" + json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `text` says what was found and, unless all is well, what to mend."""

    level: Level
    text: Say


def _finding(level: Level, key: str, /, **values: str | int | float) -> Finding:
    return Finding(level, Say(key, values))


def _refused(refusal: Refusal, level: Level = "error") -> Finding:
    return Finding(level, Say(refusal.key, refusal.values))


async def check(config: Config) -> list[Finding]:
    """Everything that can be found out before a start, in the order of the settings. Changes nothing."""
    chats = asyncio.gather(_discord(config), _telegram(config))
    files, database, devices, page, service = await asyncio.gather(
        asyncio.to_thread(_files, config),
        _database(config),
        _devices(config),
        asyncio.to_thread(_page, config),
        _service(config),
    )
    discord, telegram = await chats
    return [
        _finding("ok", "check.settings"),
        *page,
        *discord,
        *telegram,
        *files["data"],
        *database,
        *files["models"],
        *devices,
        *files["translate"],
        *service,
    ]


def _files(config: Config) -> dict[str, list[Finding]]:
    return {
        "data": list(_data(config.data.folder)),
        "models": list(_models(config)),
        "translate": list(_translation(config.translate.packages)),
    }


def _data(folder: Path) -> Iterator[Finding]:
    """The folder may not exist yet; then what it will be made in has to serve."""
    standing_in = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=standing_in):
            yield _finding("ok", "check.data", path=str(folder))
    except OSError as error:
        yield _finding("error", "check.data_readonly", path=str(folder), problem=error.strerror or "")
    free = shutil.disk_usage(standing_in if standing_in.is_dir() else standing_in.parent).free / 1e9
    few = free < LITTLE_SPACE
    yield _finding("warn" if few else "ok", "check.space_little" if few else "check.space", free=f"{free:.1f}")


async def _database(config: Config) -> list[Finding]:
    try:
        where, revision = await standing(config.storage.address, config.data.folder)
    except Refusal as refusal:
        return [_refused(refusal)]
    if revision is None:
        return [_finding("ok", "check.database_new", where=where)]
    if revision != migrations.HEAD:
        return [_finding("ok", "check.database_older", where=where, revision=revision, head=migrations.HEAD)]
    return [_finding("ok", "check.database", where=where, revision=revision)]


def _models(config: Config) -> Iterator[Finding]:
    engine, draw = config.engine, config.draw
    for name, folders in (("engine.models", engine.models), ("engine.loras", engine.loras)):
        for folder in folders:
            if not folder.is_dir():
                # A fresh copy has neither folder, and draws with the model it brings.
                level: Level = "ok" if folder.name == name.rpartition(".")[2] else "warn"
                yield _finding(level, "check.folder_missing", name=name, path=str(folder))
    if not (catalog.DEMO / "model_index.json").is_file():
        yield _finding("error", "check.builtin", path=str(catalog.DEMO))
    known = catalog.models(engine.folders)
    yield _finding("ok", "check.models", count=len(known), names=_some([model.name for model in known]))
    for entry in catalog.skipped(engine.folders):
        yield _finding("warn", entry.key, name=entry.name, path=str(entry.path))
    files = catalog.loras(engine.folders)
    if files:
        yield _finding("ok", "check.loras", count=len(files), names=_some([lora.name for lora in files]))
    for name in detectors.files(engine.folders):
        try:
            detectors.chosen(name, engine.folders)
        except Refusal as refusal:
            yield _refused(refusal, "warn")
    try:
        chosen = catalog.model(known, engine.model)
        yield _finding("ok", "check.model", name=chosen.name)
        if draw.size:
            width, height = map(int, draw.size.split("x"))
            check_size(chosen, width, height)
        if draw.sampler:
            samplers.find_sampler(draw.sampler)
    except Refusal as refusal:
        yield _refused(refusal)


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _usual(config: Config) -> catalog.Model | None:
    try:
        return catalog.model(catalog.models(config.engine.models), config.engine.model)
    except Refusal:
        return None


async def _devices(config: Config) -> list[Finding]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LOOK_AT_DEVICES,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(child.communicate(), PATIENCE)
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
    except (TimeoutError, ValueError, IndexError):
        found = {"error": f"exit status {child.returncode}"}
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if "error" in found:
        return [_finding("error", "check.torch_broken", problem=found["error"])]
    return [
        _finding("ok", "check.torch", version=found["torch"]),
        *_named(config.engine.devices, found["cuda"], _usual(config)),
        *_by_openvino(config.engine, bool(found["cuda"])),
    ]


def _by_openvino(engine: Engine, cards: bool) -> Iterator[Finding]:
    """Whether OpenVINO draws where a processor does."""
    if "cpu" not in engine.devices and (cards or "auto" not in engine.devices):
        return
    if engine.cpu == "openvino" and not tuning.has_openvino():
        yield _finding("warn", "check.openvino_missing")
    elif engine.cpu != "torch" and engine.compile != "compile" and tuning.has_openvino():
        yield _finding("ok", "check.openvino")


def _named(
    devices: tuple[str, ...], cards: list[tuple[str, int]], model: catalog.Model | None = None
) -> Iterator[Finding]:
    """What each of `devices` is; `cards` are the graphics cards there are, each with its memory in bytes; `model` is
    the one that is drawn with usually."""
    for device in devices:
        number = re.fullmatch(r"cuda:(\d+)", device)
        wanted = [int(number[1])] if number else list(range(len(cards))) if device != "cpu" else []
        if device != "auto" and device != "cpu" and not all(i < len(cards) for i in wanted or [0]):
            cuda = ", ".join(f"cuda:{i}" for i in range(len(cards))) or "cpu"
            yield _finding("error", "check.device_missing", device=device, allowed=cuda)
            continue
        for i in wanted:
            name, memory = cards[i]
            yield _finding("ok", "check.device", device=f"cuda:{i}", card=name, memory=f"{memory / 2**30:.0f}")
            yield from _tier(f"cuda:{i}", memory, model)
        if not wanted:
            yield _finding("ok", "check.device_cpu")
    if model is not None and (count := sum(device == "cpu" or not cards for device in devices)):
        yield from _main_memory(model, count)
    if model is not None:
        yield _finding("ok", "check.estimated")


def _tier(device: str, memory: int, model: catalog.Model | None) -> Iterator[Finding]:
    """How much of the usual model will stay on a card."""
    if model is None:
        return
    try:
        sizes = tiers.weights(model.path)
    except (BadFile, OSError):
        return  # said of the model already
    tier = tiers.choose_tier(sizes, model.width * model.height, memory, "cuda")
    yield _finding("ok" if tier.name == "all" else "warn", TIER_TEXTS[tier.name], device=device, model=model.name)


def _main_memory(model: catalog.Model, count: int) -> Iterator[Finding]:
    """What the usual model takes when so many workers draw on the CPU, where weights are kept whole."""
    try:
        sizes = {part: size if part == "vae" else 2 * size for part, size in tiers.weights(model.path).items()}
    except (BadFile, OSError):
        return  # said of the model already
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    pixels = model.width * model.height
    tier = tiers.choose_tier(sizes, pixels, memory // count, "cpu")
    needed = tiers.needs(tier, sizes, pixels) * count
    key = "check.main_memory" if tier.name == "all" else "check.main_memory_tiles"
    if needed > memory:
        key = "check.main_memory_small"
    values = {"needed": f"{needed / 2**30:.1f}", "memory": f"{memory / 2**30:.1f}"}
    yield _finding("ok" if tier.name == "all" else "warn", key, model=model.name, **values)


def _page(config: Config) -> Iterator[Finding]:
    web = config.web
    if not web.enabled:
        yield _finding("warn", "check.page_off")
        return
    yield _bound(web.host, web.port)
    if web.password is None:
        yield _finding("ok", "check.page_private")  # Config lets nothing but loopback go without a password
    elif len(web.password.get_secret_value()) < SHORT_PASSWORD:
        yield _finding("warn", "check.password_short", least=SHORT_PASSWORD)
    else:
        yield _finding("ok", "check.password")


def _bound(host: str, port: int) -> Finding:
    values: dict[str, str | int] = {"host": host, "port": port}
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does, after a restart
            listening.bind(address)
    except OSError as error:
        key = {errno.EADDRINUSE: "check.port_taken", errno.EACCES: "check.port_forbidden"}.get(error.errno or 0)
        return _finding("error", key or "check.host", problem=error.strerror or "", **values)
    return _finding("ok", "check.page", **values)


async def _telegram(config: Config) -> list[Finding]:
    told = config.telegram
    if told.token is None:
        return []
    from bot.platforms.telegram.token import owner

    token = told.token.get_secret_value()
    if not re.fullmatch(r"\d+:[A-Za-z0-9_-]{35}", token):
        return [_finding("error", "check.token_form", platform="Telegram", section="telegram")]
    try:
        bot = await owner(token, told.api_base)
    except Refusal as refusal:
        return [_refused(refusal)]
    except ConnectionError as error:
        return [_finding("warn", "check.telegram_away", problem=str(error))]
    found = [_finding("ok", "check.telegram", name=f"@{bot.username}")]
    if not bot.can_read_all_group_messages:
        found.append(_finding("ok", "check.telegram_privacy"))
    if not bot.supports_inline_queries:
        found.append(_finding("ok", "check.telegram_inline"))
    return found


async def _discord(config: Config) -> list[Finding]:
    told = config.discord
    if told.token is None:
        return []
    from bot.platforms.discord import invite

    token = told.token.get_secret_value()
    if not invite.application_of(token):
        return [_finding("error", "check.token_form", platform="Discord", section="discord")]
    return [Finding(level, text) async for level, text in invite.check(token, told.api_base)]


async def _service(config: Config) -> list[Finding]:
    chosen = translators.service(config)
    if chosen is None:
        return []
    from prompts.translate.remote import Remote

    try:
        english = await Remote(chosen).ask("猫")
    except Unavailable as failure:
        return [Finding("warn", Say(failure.note.key, failure.note.values))] if failure.note else []
    return [_finding("ok", "check.service", host=chosen.host, english=english[:60])]


def _translation(folder: Path) -> Iterator[Finding]:
    found = []
    for file in sorted(folder.glob("[!.]*/metadata.json")):
        try:
            content = json.loads(file.read_text("utf-8"))
            found.append(f"{content['from_code']} → {content['to_code']}")
        except (OSError, ValueError, LookupError, TypeError):
            yield _finding("warn", "check.package_damaged", path=str(file.parent))
    if any(pair == "zh → en" for pair in found):
        yield _finding("ok", "check.translation", packages=", ".join(found))
    else:
        yield _finding("ok", "check.translation_none", path=str(folder))
