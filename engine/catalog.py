"""What can be drawn with: the models and LoRA files found in the folders, and the sizes they allow. No torch here."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from prompts.errors import Refusal

BUILTIN = "danqing-demo"
DEMO = Path(__file__).parent / "demo" / "model"
STEP = 8  # a latent pixel is eight picture pixels


@dataclass(frozen=True, slots=True)
class Family:
    """Sizes and defaults that a kind of model shares; lengths in pixels."""

    native: int
    smallest: int
    largest: int
    steps: int
    sampler: str
    guidance: float


FAMILIES: dict[str, Family] = {
    "demo": Family(native=128, smallest=64, largest=512, steps=20, sampler="DPM++ 2M Karras", guidance=4.0),
    "sd15": Family(native=512, smallest=64, largest=2048, steps=25, sampler="DPM++ 2M Karras", guidance=7.0),
}
MAX_STEPS = 150
MAX_GUIDANCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model in a diffusers folder, with the values a recipe gets where the person said nothing."""

    name: str
    path: Path
    family: str
    builtin: bool = False
    width: int
    height: int
    steps: int
    sampler: str
    guidance: float


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA in a `.safetensors` file."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that looks like a model and cannot be drawn with; `key` is a text key of bot/texts that says why."""

    name: str
    path: Path
    key: str


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def builtin() -> Model:
    """The model that comes with the program."""
    return _model(BUILTIN, DEMO, "demo", builtin=True)


def models(folders: Sequence[Path]) -> tuple[Model, ...]:
    """Every model that can be drawn with: those in the folders by name, then the built-in one."""
    found = {entry.name: entry for entry in _scan(folders) if isinstance(entry, Model)}
    found.pop(BUILTIN, None)
    return *sorted(found.values(), key=lambda model: model.name.casefold()), builtin()


def skipped(folders: Sequence[Path]) -> tuple[Skipped, ...]:
    """What lies in the folders and cannot be used, each with the reason."""
    found = (entry for entry in _scan(folders) if isinstance(entry, Skipped))
    return tuple(sorted(found, key=lambda entry: entry.name.casefold()))


def loras(folders: Sequence[Path]) -> tuple[LoraFile, ...]:
    """Every LoRA file in the folders and their subfolders, by name; of two with one name the first folder's counts."""
    found: dict[str, LoraFile] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.safetensors")) if folder.is_dir() else ():
            found.setdefault(path.stem, LoraFile(path.stem, path))
    return tuple(sorted(found.values(), key=lambda lora: lora.name.casefold()))


def model(known: Iterable[Model], name: str) -> Model:
    """The model of that name, whatever its case. Raises Refusal `model.unknown` with the nearest name."""
    return _find(known, name, "model.unknown")


def lora(known: Iterable[LoraFile], name: str) -> LoraFile:
    """The LoRA of that name, whatever its case. Raises Refusal `lora.unknown` with the nearest name, `lora.none`
    where there are no LoRA files at all."""
    files = tuple(known)
    if not files:
        raise Refusal("lora.none", name=name[:80])
    return _find(files, name, "lora.unknown")


def check_size(model: Model, width: int, height: int) -> None:
    """Raises Refusal `size.not_allowed` with the nearest good size unless the model can draw this one."""
    family = FAMILIES[model.family]
    good = tuple(min(max(round(side / STEP) * STEP, family.smallest), family.largest) for side in (width, height))
    if good != (width, height):
        raise Refusal(
            "size.not_allowed",
            width=width,
            height=height,
            near=f"{good[0]}x{good[1]}",
            smallest=family.smallest,
            largest=family.largest,
        )


def _find(known: Iterable[N], name: str, key: str) -> N:
    entries = {entry.name.casefold(): entry for entry in known}
    wanted = name.strip().casefold()
    if entry := entries.get(wanted) or entries.get(wanted.removesuffix(".safetensors")):
        return entry
    near = difflib.get_close_matches(wanted, entries, n=1, cutoff=0.0)
    raise Refusal(key, name=name[:80], near=entries[near[0]].name if near else "")


def _scan(folders: Sequence[Path]) -> Iterator[Model | Skipped]:
    for folder in folders:
        if (folder / "model_index.json").is_file():
            yield _entry(folder)
            continue
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if (path / "model_index.json").is_file():
                yield _entry(path)
            elif path.suffix in {".safetensors", ".ckpt"} and path.is_file():
                yield Skipped(path.stem, path, "model.single_file")


def _entry(path: Path) -> Model | Skipped:
    index = _json(path / "model_index.json")
    kind = str(index.get("_class_name", ""))
    if not index:
        return Skipped(path.name, path, "model.no_index")
    if kind.startswith("StableDiffusionXL"):
        return Skipped(path.name, path, "model.sdxl_later")
    unet = _json(path / "unet" / "config.json")
    if kind != "StableDiffusionPipeline" or unet.get("in_channels", 4) != 4:
        return Skipped(path.name, path, "model.other_kind")
    return _model(path.name, path, "sd15", sample=unet.get("sample_size"))


def _model(name: str, path: Path, family: str, *, builtin: bool = False, sample: object = None) -> Model:
    values = FAMILIES[family]
    # A folder says its size in latent pixels; SD 1.x folders say 64.
    native = sample * STEP if isinstance(sample, int) and sample > 0 else values.native
    native = min(max(native, values.smallest), values.largest)
    return Model(
        name=name,
        path=path,
        family=family,
        builtin=builtin,
        width=native,
        height=native,
        steps=values.steps,
        sampler=values.sampler,
        guidance=values.guidance,
    )


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
