"""The models, LoRAs and companions that can be drawn with, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from engine.files import bases, few_steps, model_folders, private
from engine.files.identity import Bundle, Identity, Kind
from engine.files.model_folders import Find
from engine.files.net_purposes import purpose_of
from engine.files.sidecars import Sidecar
from engine.files.taggers import is_clip
from engine.files.upscaler_kinds import readable
from engine.regions import BASE
from prompts.errors import Refusal
from prompts.prompt import LoraUse
from prompts.spelling import near

BUILTIN = "danqing-demo"
DEMO = Path(__file__).parents[1] / "demo" / "model"
COMPANIONS = DEMO.parent / "companions"  # what goes with the built-in model: LoRAs, an embedding and others
STEP = 8  # a latent pixel is eight picture pixels


@dataclass(frozen=True, slots=True)
class Family:
    """Sizes and defaults that a kind of model shares; lengths in pixels. `shared` is how much of the words for the
    whole picture its regions have (engine/regions.py)."""

    native: int
    smallest: int
    largest: int
    steps: int
    sampler: str
    guidance: float
    shared: float = BASE


FAMILIES: dict[str, Family] = {
    "demo": Family(native=128, smallest=64, largest=512, steps=20, sampler="DPM++ 2M Karras", guidance=4.0, shared=0.8),
    "sd15": Family(native=512, smallest=64, largest=2048, steps=25, sampler="DPM++ 2M Karras", guidance=7.0),
    "sd2": Family(native=512, smallest=64, largest=2048, steps=25, sampler="DPM++ 2M Karras", guidance=7.0),
    "sdxl": Family(native=1024, smallest=64, largest=4096, steps=30, sampler="DPM++ 2M Karras", guidance=6.0),
    "refiner": Family(native=1024, smallest=64, largest=4096, steps=30, sampler="DPM++ 2M Karras", guidance=6.0),
}
MAX_STEPS = 150
MAX_GUIDANCE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model in a diffusers folder or a single file, with the values a recipe gets where the person said nothing.

    `prediction` and `channels` are those of its UNet (9 channels: made for inpainting), `context` the width of the
    text it looks at (0: not known), `base` a row of bases.BASES or "", `vae` whether one is in it, `hash` that of a
    single file once it is computed.
    """

    name: str
    path: Path
    family: str
    base: str = ""
    builtin: bool = False
    width: int
    height: int
    steps: int
    sampler: str
    guidance: float
    prediction: str = "epsilon"
    zero_snr: bool = False
    channels: int = 4
    context: int = 0
    vae: bool = True
    triggers: tuple[str, ...] = ()
    preview: Path | None = None
    hash: str = ""

    @property
    def presets(self) -> str:
        """The name under which prompts/data/presets.yaml has what its prompts want."""
        return self.base or self.family


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that goes with a model: an embedding, a VAE, a ControlNet, an upscaler or a small decoder. `vectors`
    counts those of an embedding, `widths` says how long each is (two for SDXL), `bundle` is what it is called in a
    LoRA's file where it lies in one. Of a net (kind "controlnet") `format` and `types` are those of an Identity, and
    `purpose` is what it was trained to follow, a key of net_purposes.PURPOSES ("": its name and owner say nothing, or
    it follows maps of several kinds)."""

    kind: Kind
    name: str
    path: Path
    family: str = ""
    vectors: int = 0
    widths: tuple[int, ...] = ()
    triggers: tuple[str, ...] = ()
    preview: Path | None = None
    hash: str = ""
    bundle: str = ""
    format: str = ""
    types: int = 0
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA in a `.safetensors` file: for which family ("" where nothing tells), the width of the text it was made
    for (0: not known), its format as in engine/files/identify.py, what it changes, its maker's trigger words, the
    weight its maker wants, the tags that most of the pictures had that it was trained on, its base, a row of
    bases.BASES or "", the name that its trainer gave it, whatever the file is called now, and the embeddings in it."""

    name: str
    path: Path
    family: str = ""
    context: int = 0
    rank: int = 0
    format: str = "kohya"
    parts: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    weight: float = 1.0
    preview: Path | None = None
    hash: str = ""
    common: tuple[str, ...] = ()
    base: str = ""
    alias: str = ""
    bundled: tuple[Companion, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The words to write for it: its maker's, else the tags that most of its pictures had."""
        return self.triggers or self.common


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that looks like a model and cannot be drawn with; `key` is a text key of bot/texts that says why.
    `kind`, `alias`, `format` (the kind of file) and what is missing of it, `lacking` and `lacks`, are as in an
    Identity."""

    name: str
    path: Path
    key: str
    kind: Kind = "unknown"
    alias: str = ""
    format: str = ""
    lacking: int = 0
    lacks: str = ""

    @property
    def values(self) -> Mapping[str, str | int]:
        """What the text of the key is filled with."""
        return {"name": self.name, "format": self.format, "count": self.lacking, "first": self.lacks}

    @property
    def names(self) -> frozenset[str]:
        """What somebody may call it, in small letters: as it is listed, by its file, and as its trainer did."""
        return frozenset(filter(None, map(str.casefold, (self.name, self.path.name, self.alias))))


def lineage(one: Model | LoraFile) -> str:
    """The family of a model or LoRA and the base it was trained further from, where that is known: "sdxl · Pony"."""
    return " · ".join(filter(None, (one.family, bases.title(one.base))))


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def builtin() -> Model:
    """The model that comes with the program."""
    return _model(BUILTIN, DEMO, model_folders.of_folder(DEMO), builtin=True)


def models(folders: Sequence[Path]) -> tuple[Model, ...]:
    """Every model that can be drawn with: those in the folders by name, then the built-in one; of two with one name
    the first folder's counts."""
    found = (_model(find.name, find.path, find.identity, find) for find in _usable(folders, "checkpoint"))
    return *_sorted(model for model in found if model.name != BUILTIN), builtin()


def skipped(folders: Sequence[Path]) -> tuple[Skipped, ...]:
    """The files in the folders that cannot be used, each with the reason."""
    finds = (find for find in model_folders.finds(folders) if not private.hidden(find.path, find.identity.kind))
    found = ((find, _problem(find.identity)) for find in finds)
    return tuple(
        sorted(
            (
                Skipped(find.name, find.path, key, one.kind, one.alias, one.format, one.lacking, one.lacks)
                for find, key in found
                for one in [find.identity]
                if key and not (key == "file.unknown" and is_clip(find.path))  # no model, and of use
            ),
            key=lambda entry: entry.name.casefold(),
        )
    )


def unusable(folders: Sequence[Path], kind: Kind, name: str) -> Skipped | None:
    """The file of that name, whatever its case, which is of a kind, or so broken that it does not tell, and cannot be
    used; None where there is none."""
    wanted = name.strip().casefold()
    found = (one for one in skipped(folders) if wanted in one.names and one.kind in (kind, "unknown"))
    return min(found, key=lambda one: one.kind != kind, default=None)


def loras(folders: Sequence[Path]) -> tuple[LoraFile, ...]:
    """Every LoRA file in the folders and their subfolders, by name; of two with one name the first folder's counts."""
    return _sorted(_lora(find) for find in _usable(folders, "lora"))


def embeddings(folders: Sequence[Path]) -> tuple[Companion, ...]:
    """Every textual inversion in the folders, by name."""
    return companions(folders, "embedding")


def bundled(path: Path, bundles: Iterable[Bundle]) -> tuple[Companion, ...]:
    """The embeddings in a LoRA's file, which are words where the LoRA is named."""
    return tuple(
        Companion("embedding", one.name, path, vectors=one.vectors, widths=one.widths, bundle=one.name)
        for one in bundles
    )


def brought(files: Iterable[LoraFile], uses: Iterable[LoraUse]) -> tuple[Companion, ...]:
    """The embeddings in the files of the LoRAs that a prompt names."""
    known = tuple(files)
    named = {
        use.name.strip().casefold().removesuffix(".safetensors")
        for use in called(known, uses)
        if use.weight or use.text_weight
    }
    return tuple(one for file in known if file.name.casefold() in named for one in file.bundled)


def vaes(folders: Sequence[Path]) -> tuple[Companion, ...]:
    """Every VAE in the folders, by name."""
    return companions(folders, "vae")


def controlnets(folders: Sequence[Path]) -> tuple[Companion, ...]:
    """Every ControlNet and T2I-Adapter in the folders, by name."""
    return companions(folders, "controlnet")


def decoders(folders: Sequence[Path]) -> tuple[Companion, ...]:
    """Every tiny decoder in the folders, by name."""
    return companions(folders, "decoder")


def upscalers(folders: Sequence[Path]) -> tuple[Companion, ...]:
    """Every file of an upscaling network in the folders, by name."""
    return companions(folders, "upscaler")


def companions(folders: Sequence[Path], kind: Kind) -> tuple[Companion, ...]:
    """Everything of one kind in the folders, by name."""
    return _sorted(
        Companion(
            kind,
            find.name,
            find.path,
            find.identity.family or find.sidecar.family,
            find.identity.vectors,
            find.identity.widths,
            find.sidecar.triggers,
            find.sidecar.preview,
            find.hash,
            format=find.identity.format if kind == "controlnet" else "",
            types=find.identity.types,
            purpose=_purpose(find),
        )
        for find in _usable(folders, kind)
    )


def _purpose(find: Find) -> str:
    """What a net was trained to follow, as its owner says or its name tells."""
    net = find.identity.kind == "controlnet" and not find.identity.types
    return (find.sidecar.purpose or purpose_of(find.name)) if net else ""


def model(known: Iterable[Model], name: str, folders: Sequence[Path] = ()) -> Model:
    """The model of that name, whatever its case. Raises Refusal `model.unknown` with the nearest name, or why what is
    called so in these folders cannot be used."""
    return _find(known, name, "model.unknown", folders, "checkpoint")


def lora(known: Iterable[LoraFile], name: str, folders: Sequence[Path] = ()) -> LoraFile:
    """The LoRA of that name, whatever its case; where no file is called so, the one whose trainer called it so, as in
    A1111. Raises Refusal `lora.unknown` with the nearest name, `lora.unclear` with the files whose trainers all called
    them so, `lora.none` where there are no LoRA files at all, or why what is called so in the folders cannot be
    used."""
    files = tuple(known)
    [use] = called(files, [LoraUse(name)])
    wanted = use.name.strip().casefold()
    if len(found := _aliases(files).get(wanted, ())) > 1:
        raise Refusal("lora.unclear", name=name[:80], files=", ".join(found))
    return _find(files, use.name, "lora.unknown", folders, "lora", "lora.none")


def called(known: Iterable[LoraFile], uses: Iterable[LoraUse]) -> tuple[LoraUse, ...]:
    """The uses under the names of their files, where they say what a trainer called one of them and no other; the rest
    as they are."""
    only = {alias: names[0] for alias, names in _aliases(tuple(known)).items() if len(names) == 1}
    return tuple(replace(use, name=only.get(use.name.strip().casefold(), use.name)) for use in uses)


def _aliases(files: Sequence[LoraFile]) -> dict[str, tuple[str, ...]]:
    """What trainers called files, in small letters, with the names of those files; what is a file's own name is left
    out."""
    names = {one.name.casefold() for one in files}
    found: dict[str, tuple[str, ...]] = {}
    for one in files:
        if one.alias and (alias := one.alias.casefold()) not in names:
            found[alias] = (*found.get(alias, ()), one.name)
    return found


def vae(known: Iterable[Companion], name: str, folders: Sequence[Path] = ()) -> Companion:
    """The VAE of that name, whatever its case. Raises Refusal `vae.unknown` with the nearest name, `vae.none` where
    there are none, or why what is called so in the folders cannot be used."""
    return _find(known, name, "vae.unknown", folders, "vae", "vae.none")


def controlnet(known: Iterable[Companion], name: str, folders: Sequence[Path] = ()) -> Companion:
    """The ControlNet or T2I-Adapter of that name, whatever its case. Raises Refusal `control.unknown` with the nearest
    name, `control.none` where there are none, or why what is called so in the folders cannot be used."""
    return _find(known, name, "control.unknown", folders, "controlnet", "control.none")


def _find(known: Iterable[N], name: str, key: str, folders: Sequence[Path], kind: Kind, none: str = "") -> N:
    entries = {entry.name.casefold(): entry for entry in known}
    wanted = name.strip().casefold()
    if entry := entries.get(wanted) or entries.get(wanted.removesuffix(".safetensors")):
        return entry
    if spoiled := unusable(folders, kind, name):
        raise Refusal(spoiled.key, **spoiled.values)
    if none and not entries:
        raise Refusal(none, name=name[:80])
    found = near(wanted.removesuffix(".safetensors"), entries)
    raise Refusal(key, name=name[:80], near=entries[found].name if found else "")


def _usable(folders: Sequence[Path], kind: Kind) -> Iterable[Find]:
    finds = (find for find in model_folders.finds(folders) if find.identity.kind == kind)
    return (find for find in finds if not _problem(find.identity) and not private.hidden(find.path, kind))


def _problem(identity: Identity) -> str:
    """Why a file cannot be used, a text key; "" where it can. For some upscalers a library may be missing."""
    if identity.kind == "upscaler" and not identity.problem and not readable(identity.format):
        return "upscaler.library"
    return identity.problem


def _sorted(entries: Iterable[N]) -> tuple[N, ...]:
    """By name; of two with one name the first."""
    first: dict[str, N] = {}
    for entry in entries:
        first.setdefault(entry.name, entry)
    return tuple(sorted(first.values(), key=lambda entry: entry.name.casefold()))


def _model(name: str, path: Path, identity: Identity, find: Find | None = None, *, builtin: bool = False) -> Model:
    values = FAMILIES[identity.family]
    native = min(max(identity.resolution or values.native, values.smallest), values.largest)
    sidecar = find.sidecar if find else Sidecar()
    base = (sidecar.base or identity.base or bases.base_of([name])) if identity.family == "sdxl" else ""
    distilled = few_steps.few_steps(identity.title, name, guided=identity.guided)
    usual = distilled or bases.base(base, velocity=identity.prediction == "v_prediction") or values
    return Model(
        name=name,
        path=path,
        family=identity.family,
        base=base,
        builtin=builtin,
        width=native,
        height=native,
        steps=usual.steps,
        sampler=usual.sampler,
        guidance=usual.guidance,
        prediction=identity.prediction,
        zero_snr=identity.zero_snr,
        channels=identity.channels,
        context=identity.context,
        vae=identity.vae,
        triggers=sidecar.triggers or identity.triggers,
        preview=sidecar.preview,
        hash=find.hash if find else "",
    )


def _lora(find: Find) -> LoraFile:
    known, sidecar = find.identity, find.sidecar
    family = known.family or sidecar.family
    return LoraFile(
        find.name,
        find.path,
        family,
        known.context,
        known.rank,
        known.format,
        known.parts,
        sidecar.triggers or known.triggers,
        sidecar.weight or 1.0,
        sidecar.preview,
        find.hash,
        known.common,
        (sidecar.base or known.base or bases.base_of([find.name])) if family in ("sdxl", "") else "",
        known.alias,
        bundled(find.path, known.bundled),
    )
