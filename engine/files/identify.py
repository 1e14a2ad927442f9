"""What a file or folder is, told by its tensors and metadata, never by where it lies or what it is called. No torch."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from statistics import pstdev
from typing import Any, Literal, Self

from engine.errors import BadFile
from engine.files import pickles, safetensors_header
from engine.files.safetensors_header import Header, Shapes, content
from prompts.prompt import Json

Kind = Literal["checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler", "decoder", "hypernetwork", "unknown"]

UNET = "model.diffusion_model."
# How wide the text is that the UNet looks at, which no two families share; "" for one that is not known.
CONTEXTS = {128: "demo", 768: "sd15", 1024: "sd2", 2048: "sdxl", 1280: "refiner"}
SDXL_SCALE = 0.13025
TRIGGERS = 5
OFTEN = 0.8  # a tag on so many of the pictures of the commonest one names what was trained
MAX_VECTORS = 75  # of an embedding: it has to fit into one chunk

# In SD 2 the spread of one bias tells v-prediction: trained so it is above 0.09 (found by ComfyUI, model_detection.py).
V_BIAS, V_SPREAD = f"{UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias", 0.09


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What is known of a file without loading it.

    `family` is a row of catalog.FAMILIES or "" where nothing tells it; `context` the width of the text that the UNet
    looks at (0: not told). `problem` is a text key that says why it cannot be used. `format` is "folder", "single" or
    "pickle" for a checkpoint and "kohya", "diffusers", "locon", "loha", "lokr" or "other" for a LoRA; `parts` what a
    LoRA changes ("unet", "text_encoder", "text_encoder_2"); `vectors` and `widths` belong to embeddings. `title` is
    the one in a checkpoint's metadata; `guided` says that its UNet takes the guidance as an input.
    """

    kind: Kind = "unknown"
    family: str = ""
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
    parts: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    vectors: int = 0
    widths: tuple[int, ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Json]:
        """All fields, as storage keeps them."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The other way. Raises TypeError for what another version wrote."""
        values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in value.items()}
        return cls(**values)


def identify(path: Path) -> Identity:
    """What a weights file or a diffusers folder is; a damaged one has a `problem`. Raises OSError."""
    if path.is_dir():
        return _folder(path)
    try:
        if path.suffix.lower() in pickles.SUFFIXES:
            return _pickled(path)
        return _of_header(safetensors_header.read_header(path))
    except pickles.Unsafe:
        return Identity(format="pickle", problem="file.unsafe")
    except BadFile:
        return Identity(problem="file.damaged")


def _pickled(path: Path) -> Identity:
    shapes = pickles.read_shapes(path)
    if any(name.startswith("string_to_param.") for name in shapes):
        return _embedding({name: shape for name, shape in shapes.items() if name.startswith("string_to_param.")})
    if shapes and all(re.match(r"\d+\.\d+\.", name) for name in shapes):
        return Identity(kind="hypernetwork", format="pickle", problem="file.hypernetwork")
    outer = ("state_dict.", "params_ema.", "params.")
    shapes = {_without(name, outer): shape for name, shape in shapes.items()}
    found = of_tensors(shapes, {})
    if found.kind == "embedding" or found.problem:
        return found
    return replace(found, format="pickle", problem="file.pickle")


def _without(name: str, prefixes: tuple[str, ...]) -> str:
    return next((name.removeprefix(prefix) for prefix in prefixes if name.startswith(prefix)), name)


def _of_header(header: Header) -> Identity:
    found = of_tensors(header.shapes, header.metadata)
    if found.kind == "checkpoint" and found.family == "sd2" and not _told(header.metadata) and V_BIAS in header.tensors:
        velocity = pstdev([number for number in header.numbers(V_BIAS) if isfinite(number)] or [0.0]) > V_SPREAD
        return replace(found, prediction="v_prediction", resolution=768) if velocity else found
    return found


def of_tensors(shapes: Shapes, metadata: Mapping[str, str]) -> Identity:
    """What tensors of these names and shapes are."""
    if any(
        re.search(r"lora_(down|up|A|B)\b|\.lora\.(down|up)|\.hada_w|\.lokr_w|\.oft_|_lora\.|\.diff(_b)?$", name)
        for name in shapes
    ):
        return _lora(shapes, metadata)
    if f"{UNET}input_blocks.0.0.weight" in shapes:
        return _checkpoint(shapes, metadata)
    if any(name.startswith(("control_model.", "controlnet_cond_embedding.", "input_hint_block.")) for name in shapes):
        context = _side(shapes, r"attn2\.to_k\.weight$", 1)
        return Identity(kind="controlnet", family=CONTEXTS.get(context, ""), context=context)
    bare = {name.removeprefix("first_stage_model.").removeprefix("vae."): shape for name, shape in shapes.items()}
    if "decoder.conv_in.weight" in bare and "encoder.conv_in.weight" in bare:
        channels = bare["decoder.conv_in.weight"][1:2]
        return Identity(kind="vae", problem="" if channels == (4,) else "model.other_kind")
    if _is_embedding(shapes):
        return _embedding(shapes)
    if any(
        re.match(r"(conv_first\.|model\.1\.sub\.|body\.\d+\.(rdb1|weight)|layers\.0\.residual_group\.)", name)
        for name in shapes
    ):
        return Identity(kind="upscaler")
    return Identity(problem="file.unknown")


# --- checkpoints ---


def _checkpoint(shapes: Shapes, metadata: Mapping[str, str]) -> Identity:
    context = _side(shapes, r"attn2\.to_k\.weight$", 1)
    channels = _side(shapes, re.escape(f"{UNET}input_blocks.0.0.weight"), 1)
    clip, open_clip = "conditioner.embedders.0.transformer.", "conditioner.embedders.0.model."
    if f"{UNET}label_emb.0.0.weight" in shapes:
        family = "refiner" if _any(shapes, open_clip) or context == 1280 else "sdxl"
        text = _any(shapes, open_clip) or (_any(shapes, clip) and _any(shapes, "conditioner.embedders.1.model."))
    elif _any(shapes, "cond_stage_model.model.") or context == 1024:
        family, text = "sd2", _any(shapes, "cond_stage_model.model.")
    else:
        family, text = CONTEXTS.get(context, "sd15"), _any(shapes, "cond_stage_model.transformer.")
    # Finetunes of SDXL say what they predict by two empty tensors.
    said = _told(metadata)
    velocity = said == "v_prediction" or (not said and "v_pred" in shapes)
    problem = "" if text else "model.no_text"
    if channels not in (4, 9) or family not in ("sd15", "sd2", "sdxl", "refiner", "demo"):
        problem = "model.other_kind"
    return Identity(
        kind="checkpoint",
        family=family,
        format="single",
        prediction="v_prediction" if velocity else "epsilon",
        zero_snr="ztsnr" in shapes or metadata.get("ss_zero_terminal_snr") == "True",
        channels=channels,
        context=context,
        resolution=768 if velocity and family == "sd2" else 0,
        vae=_any(shapes, "first_stage_model.") or _any(shapes, "vae."),
        title=_clean(metadata.get("modelspec.title", "")),
        guided=f"{UNET}time_embed.cond_proj.weight" in shapes,
        triggers=_said(metadata),
        problem=problem,
    )


def _told(metadata: Mapping[str, str]) -> str:
    """The prediction type that the metadata says, "" where they say none."""
    said = metadata.get("modelspec.prediction_type", metadata.get("modelspec.predict_key", "")).lower()
    return {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon", "eps": "epsilon"}.get(said, "")


def _folder(path: Path) -> Identity:
    index = content(path / "model_index.json")
    if not index:
        return _part(path)
    unet, text = content(path / "unet" / "config.json"), content(path / "text_encoder" / "config.json")
    schedule = content(path / "scheduler" / "scheduler_config.json")
    context, channels, sample = (unet.get(name, 0) for name in ("cross_attention_dim", "in_channels", "sample_size"))
    context, channels, sample = (value if isinstance(value, int) else 0 for value in (context, channels, sample))
    kind = str(index.get("_class_name", ""))
    if kind.startswith("StableDiffusionXL") or unet.get("addition_embed_type") == "text_time":
        family = "refiner" if index.get("text_encoder") == [None, None] else "sdxl"
    elif context == 1024 or text.get("hidden_act") == "gelu":
        family = "sd2"
    else:
        family = "demo" if context == 128 else "sd15"
    drawn = re.fullmatch(r"StableDiffusion(XL)?(Inpaint|Img2Img)?Pipeline", kind) and channels in (0, 4, 9)
    return Identity(
        kind="checkpoint",
        family=family,
        format="folder",
        prediction=str(schedule.get("prediction_type", "epsilon")),
        zero_snr=schedule.get("rescale_betas_zero_snr") is True,
        channels=channels or 4,
        context=context,
        resolution=sample * 8,  # a folder says its size in latent pixels
        vae=True,
        guided=unet.get("time_cond_proj_dim") is not None,
        problem="" if drawn else "model.other_kind",
    )


def _part(path: Path) -> Identity:
    """A folder with one part of a pipeline."""
    config = content(path / "config.json")
    kind = str(config.get("_class_name", ""))
    context = config.get("cross_attention_dim", 0)
    context = context if isinstance(context, int) else 0
    if kind == "ControlNetModel":
        return Identity(kind="controlnet", family=CONTEXTS.get(context, ""), format="folder", context=context)
    if kind == "AutoencoderKL":
        problem = "" if config.get("latent_channels", 4) == 4 else "model.other_kind"
        # Nothing but the scale of the latents tells SDXL's from those of its forebears, which have one in common.
        family = "sdxl" if config.get("scaling_factor") == SDXL_SCALE else ""
        return Identity(kind="vae", family=family, format="folder", problem=problem)
    if kind == "AutoencoderTiny":
        return Identity(kind="decoder", format="folder")
    return Identity(
        format="folder", problem="model.no_index" if (path / "model_index.json").exists() else "file.unknown"
    )


# --- LoRAs ---


def _lora(shapes: Shapes, metadata: Mapping[str, str]) -> Identity:
    names = " ".join(shapes)
    ranks = Counter(
        shape[0]
        for name, shape in shapes.items()
        if shape and re.search(r"lora_(down|A)\b|lora\.down|hada_w1_b|lokr_w1_b", name)
    )
    context = _side(shapes, r"attn2[._]to_[kv]\b.*(lora_down|lora_A|lora\.down)", 1)
    if not context:  # LoHa: w1_b is (rank, in)
        context = _side(shapes, r"attn2[._]to_[kv]\.hada_w1_b", 1)
    parts = (
        ("unet", r"lora_unet_|(^| )unet\.|base_model\.model\.(down|up|mid)_block"),
        ("text_encoder", r"lora_te1?_|(^| )(text_encoder|te1)\."),
        ("text_encoder_2", r"lora_te2_|(^| )(text_encoder_2|te2)\."),
    )
    found = tuple(part for part, sign in parts if re.search(sign, names))
    family = _lora_family(metadata) or CONTEXTS.get(context, "")
    if not family and ("text_encoder_2" in found or "lora_te1_" in names):
        family = "sdxl"
    return Identity(
        kind="lora",
        family=family,
        format=_lora_format(shapes, names),
        context=context,
        rank=ranks.most_common(1)[0][0] if ranks else 0,
        parts=found,
        triggers=tuple(dict.fromkeys((*_said(metadata), *_common(metadata))))[:TRIGGERS],
    )


def _lora_format(shapes: Shapes, names: str) -> str:
    if ".hada_w" in names:
        return "loha"
    if ".lokr_w" in names:
        return "lokr"
    if re.search(r"\.oft_|\.diff(_b)?( |$)|\.(a1|b1)\.weight|\.on_input|dora_scale", names):
        return "other"
    if "lora_down" not in names:
        return "diffusers"
    wide = any("lora_down" in name and shape[2:] not in ((), (1, 1)) for name, shape in shapes.items())
    return "locon" if wide or ".lora_mid." in names else "kohya"


def _lora_family(metadata: Mapping[str, str]) -> str:
    said = (metadata.get("ss_base_model_version") or metadata.get("modelspec.architecture") or "").lower()
    if "xl" in said:
        return "refiner" if "refiner" in said else "sdxl"
    if "v2" in said or metadata.get("ss_v2") == "True":
        return "sd2"
    if re.search(r"sd_v1|diffusion-v1|sd_1\.|sd15", said):
        return "sd15"
    return "demo" if "danqing-demo" in said else ""


def _said(metadata: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, map(_clean, metadata.get("modelspec.trigger_phrase", "").split(","))))


def _clean(word: str) -> str:
    """A word that a database takes: without NULs and halves of signs."""
    return word.encode("utf-8", "ignore").decode().replace("\0", "").strip()[:80]


def _common(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The tags that were on nearly all pictures the LoRA was trained with, as kohya's trainer notes them."""
    try:
        tables = json.loads(metadata.get("ss_tag_frequency", "{}"))
        counts: Counter[str] = Counter()
        for table in tables.values():
            counts.update({_clean(tag): int(count) for tag, count in table.items()})
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ()
    most = max(counts.values(), default=0)
    return tuple(tag for tag, count in counts.most_common(TRIGGERS) if tag and count >= OFTEN * most)


# --- embeddings ---


def _is_embedding(shapes: Shapes) -> bool:
    rows = [shape[0] if len(shape) == 2 else 1 for shape in shapes.values()]
    flat = all(len(shape) in (1, 2) for shape in shapes.values())
    return 1 <= len(shapes) <= 2 and flat and all(1 <= count <= 2 * MAX_VECTORS for count in rows)


def _embedding(shapes: Shapes) -> Identity:
    """Textual inversion: some vectors as wide as the text encoder's, for SDXL of both encoders."""
    if not _is_embedding(shapes):
        return Identity(problem="file.unknown")
    vectors = max(shape[0] if len(shape) == 2 else 1 for shape in shapes.values())
    widths = tuple(sorted(shape[-1] for shape in shapes.values()))
    family = "sdxl" if len(widths) == 2 else CONTEXTS.get(widths[0], "")
    problem = "embedding.too_long" if vectors > MAX_VECTORS else ""
    return Identity(kind="embedding", family=family, vectors=vectors, widths=widths, problem=problem)


def _any(shapes: Shapes, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)


def _side(shapes: Shapes, pattern: str, side: int) -> int:
    """One side of the first tensor whose name has this pattern; 0 where there is none."""
    sign = re.compile(pattern)
    return next((shape[side] for name, shape in shapes.items() if len(shape) > side and sign.search(name)), 0)
