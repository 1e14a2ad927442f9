"""What `python bot.py check` says about what draws: PyTorch, graphics cards, OpenVINO, and whether a model fits."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bot.cli.check_result import CheckResult, result
from bot.settings.config import Config
from bot.settings.sections.drawing import EngineSection
from engine import machine, tuning
from engine.errors import BadFile
from engine.files import catalog, tiers
from prompts.errors import Refusal

PATIENCE = 90  # seconds; torch from a cold disk has taken twenty

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
    cards = {}
    for kind, there in (("cuda", torch.cuda), ("xpu", torch.xpu)):
        for i in range(there.device_count()):
            card = there.get_device_properties(i)
            rocm = f" (ROCm {torch.version.hip})" if torch.version.hip else ""
            cards[f"{kind}:{i}"] = [card.name + rocm, card.total_memory]
    if torch.backends.mps.is_available():
        cards["mps"] = ["Apple (MPS)", torch.mps.recommended_max_memory()]
    found = {"torch": torch.__version__, "cards": cards}
except Exception as error:
    found = {"error": f"{type(error).__name__}: {error}"[:200]}
print("\\n" + json.dumps(found))
"""


async def devices(config: Config) -> list[CheckResult]:
    """Whether PyTorch works, what the devices of the settings are, and how the usual model fits them."""
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
        return [result("error", "check.torch_broken", problem=found["error"])]
    return [
        result("ok", "check.torch", version=found["torch"]),
        *_named(config.engine.devices, found["cards"], usual(config)),
        *_by_openvino(config.engine, bool(found["cards"])),
    ]


def usual(config: Config) -> catalog.Model | None:
    """The model that is drawn with when nobody names one, None where it is not there."""
    try:
        return catalog.model(catalog.models(config.engine.models), config.engine.model, config.engine.models)
    except Refusal:
        return None


def _by_openvino(engine: EngineSection, cards: bool) -> Iterator[CheckResult]:
    """Whether OpenVINO draws where a processor does."""
    if "cpu" not in engine.devices and (cards or "auto" not in engine.devices):
        return
    if engine.cpu == "openvino" and not tuning.has_openvino():
        yield result("warn", "check.openvino_missing")
    elif engine.cpu != "torch" and engine.compile != "compile" and tuning.has_openvino():
        yield result("ok", "check.openvino")


def _named(
    devices: tuple[str, ...], cards: Mapping[str, tuple[str, int]], model: catalog.Model | None = None
) -> Iterator[CheckResult]:
    """What each of `devices` is; `cards` are the graphics cards there are by name, each in words and with its memory in
    bytes; `model` is the one that is drawn with usually."""
    for device in devices:
        wanted = [name for name in cards if device in ("auto", name, name.partition(":")[0])]
        for name in wanted:
            words, memory = cards[name]
            yield result("ok", "check.device", device=name, card=words, memory=f"{memory / 2**30:.0f}")
            yield from _tier(name, memory, model)
        if not wanted and device in ("auto", "cpu"):
            yield result("ok", "check.device_cpu")
        elif not wanted:
            yield result("error", "check.device_missing", device=device, allowed=", ".join(cards) or "cpu")
    if model is not None and (count := sum(device == "cpu" or not cards for device in devices)):
        yield from _main_memory(model, count)
    if model is not None:
        yield result("ok", "check.estimated")


def _tier(device: str, memory: int, model: catalog.Model | None) -> Iterator[CheckResult]:
    """How much of the usual model will stay on a card."""
    if model is None:
        return
    try:
        sizes = tiers.weights(model.path)
    except (BadFile, OSError):
        return  # said of the model already
    tier = tiers.choose_tier(sizes, model.width * model.height, memory, device.partition(":")[0])
    yield result("ok" if tier.name == "all" else "warn", TIER_TEXTS[tier.name], device=device, model=model.name)


def _main_memory(model: catalog.Model, count: int) -> Iterator[CheckResult]:
    """What the usual model takes when so many workers draw on the CPU, where weights are kept whole."""
    try:
        sizes = {part: size if part == "vae" else 2 * size for part, size in tiers.weights(model.path).items()}
    except (BadFile, OSError):
        return  # said of the model already
    memory = machine.memory()
    pixels = model.width * model.height
    tier = tiers.choose_tier(sizes, pixels, memory // count, "cpu")
    needed = tiers.needs(tier, sizes, pixels) * count
    key = "check.main_memory" if tier.name == "all" else "check.main_memory_tiles"
    if needed > memory:
        key = "check.main_memory_small"
    values = {"needed": f"{needed / 2**30:.1f}", "memory": f"{memory / 2**30:.1f}"}
    yield result("ok" if tier.name == "all" else "warn", key, model=model.name, **values)
