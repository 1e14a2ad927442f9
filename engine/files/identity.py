"""The type for what a file is, and the signs in names, shapes and metadata that several kinds share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple, Self

from engine.files import bases
from engine.files.layers import Lack
from engine.files.safetensors_header import Shapes
from prompts.prompt import Json

Kind = Literal["checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler", "decoder", "hypernetwork", "unknown"]
RULES = 7  # counted up where files are told otherwise than before, so that they are looked into again
# How wide the text is that the UNet looks at, which no two families share; "" for one that is not known.
CONTEXTS = {128: "demo", 768: "sd15", 1024: "sd2", 2048: "sdxl", 1280: "refiner"}


MAX_VECTORS = 75  # of an embedding: it has to fit into one chunk


class Bundle(NamedTuple):
    """An embedding in a LoRA's file: its name, how many tokens it takes, and how long its vectors are (two for
    SDXL)."""

    name: str
    vectors: int
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Everything known of a file without loading it.

    `family` is a row of catalog.FAMILIES or "" where nothing tells it; `context` the width of the text that the UNet
    looks at (0: not told), `base` a row of bases.BASES or "". `problem` is a text key that says why it cannot be used;
    where tensors are missing or of another shape, `lacking` counts them and `lacks` is the first. `format` is "folder",
    "single" or "pickle" for a checkpoint and for a LoRA "kohya", "diffusers", "locon", "dora" or another name of
    lora_kinds.KINDS; for an upscaler a name of upscaler_kinds.KINDS; `parts` what a LoRA changes ("unet",
    "text_encoder", "text_encoder_2"); `triggers` are the words that its maker says it was trained on, `common` the tags
    that most of its pictures had; `vectors` and `widths` belong to embeddings. `title` is the one in a checkpoint's
    metadata; `guided` says that its UNet takes the guidance as an input. `alias` is the name that its trainer gave a
    LoRA, by which prompts may call it too, `bundled` are the embeddings in a LoRA's file. Of a net (kind "controlnet")
    `format` is "control", "union", "control_lora" or "adapter" (a T2I-Adapter), `types` how many kinds of maps a union
    net tells apart.
    """

    kind: Kind = "unknown"
    family: str = ""
    base: str = ""
    format: str = ""
    prediction: str = "epsilon"
    zero_snr: bool = False
    channels: int = 0
    context: int = 0
    resolution: int = 0
    vae: bool = False
    title: str = ""
    guided: bool = False
    rank: int = 0
    alias: str = ""
    parts: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    common: tuple[str, ...] = ()
    vectors: int = 0
    widths: tuple[int, ...] = ()
    bundled: tuple[Bundle, ...] = ()
    types: int = 0
    problem: str = ""
    lacking: int = 0
    lacks: str = ""

    def to_json(self) -> dict[str, Json]:
        """All fields, as storage keeps them, with the number of the rules they were told by."""
        fields = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {**fields, "rules": RULES}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The identity that `to_json` wrote. Raises TypeError for what another version wrote."""
        fields = {name: one for name, one in value.items() if name != "rules"}
        if fields.keys() != cls.__dataclass_fields__.keys() or value.get("rules") != RULES:
            raise TypeError("an identity of another version")
        values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()}
        values["bundled"] = tuple(Bundle(name, count, tuple(widths)) for name, count, widths in values["bundled"])
        return cls(**values)


def trigger_phrase(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The trigger words that metadata by the ModelSpec standard give."""
    return tuple(filter(None, map(clean, metadata.get("modelspec.trigger_phrase", "").split(","))))


NAMES = ("modelspec.title", "ss_sd_model_name", "ss_base_model_version", "modelspec.merged_from")


def base_told(metadata: Mapping[str, str]) -> str:
    """The base (a row of bases.BASES) that metadata name: in the title, or as the model that was trained further."""
    return bases.base_of(metadata.get(name, "") for name in NAMES)


def clean(word: str, limit: int = 80) -> str:
    """A word that a database takes: without NULs and halves of signs."""
    return word.encode("utf-8", "ignore").decode().replace("\0", "").strip()[:limit]


def lacking(found: Identity, lack: Lack) -> Identity:
    """The identity of a file whose network lacks this."""
    return replace(found, problem=lack.problem, lacking=lack.count, lacks=clean(lack.first, 200))


def begins(shapes: Shapes, prefix: str) -> bool:
    """Whether any tensor's name begins so."""
    return any(name.startswith(prefix) for name in shapes)


def side_of(shapes: Shapes, pattern: str, side: int) -> int:
    """One side of the first tensor whose name has this pattern; 0 where there is none."""
    sign = re.compile(pattern)
    return next((shape[side] for name, shape in shapes.items() if len(shape) > side and sign.search(name)), 0)
