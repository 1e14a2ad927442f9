"""Identifying a file or folder by its tensors and metadata, never by where it lies or what it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from statistics import pstdev

from engine.errors import BadFile
from engine.files import (
    esrgan_layers,
    folder_layers,
    pickles,
    safetensors_header,
    text_layers,
    tiny_layers,
    unet_layers,
    vae_layers,
)
from engine.files.identity import (
    CONTEXTS,
    MAX_VECTORS,
    Identity,
    base_told,
    begins,
    clean,
    lacking,
    side_of,
    trigger_phrase,
)
from engine.files.layers import Lack, side, under
from engine.files.lora_identity import lora_identity
from engine.files.net_identity import film_lora, net_folder, net_identity
from engine.files.pickled_values import Unsafe
from engine.files.safetensors_header import CutShort, Header, Shapes, content
from engine.files.upscaler_kinds import other_purpose, upscaler_kind

UNET = "model.diffusion_model."
GUIDED = "time_embed.cond_proj.weight"  # of a UNet that is told the guidance (LCM)
SDXL_SCALE = 0.13025
FAMILIES = ("sd15", "sd2", "sdxl", "refiner", "demo")  # rows of catalog.FAMILIES
EDM = ("edm_vpred.", "edm_mean", "edm_std")  # tensors by which CosXL and Playground v2.5 say their noise schedule
# Of a tiny decoder or encoder: its first block, the layer before that, and whether it decodes.
TINY = (("decoder.layers.2.conv.", "decoder.layers.0", True), ("3.conv.", "1", True), ("1.conv.", "0", False))

# Kinds of torch's files that are read where they are wanted.
_DRAWN_WITH = ("embedding", "upscaler", "vae", "controlnet")
# In SD 2 the spread of one bias tells v-prediction: trained so it is above 0.09 (found by ComfyUI, model_detection.py).
V_BIAS, V_SPREAD = f"{UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias", 0.09


def identify(path: Path, *, arriving: bool = False) -> Identity:
    """The identity of a weights file or a diffusers folder; a damaged one has a `problem`. Of a folder that is
    `arriving` the small files are there, by which alone it is judged. Raises OSError."""
    if path.is_dir():
        return _folder(path, arriving=arriving)
    try:
        if path.suffix.lower() in pickles.SUFFIXES:
            return _pickled(path)
        header = safetensors_header.read_header(path)
        found = _of_header(header)
        return Identity(problem="file.motion") if found.kind == "lora" and film_lora(path, header.shapes) else found
    except CutShort as cut:
        found = of_tensors(cut.header.shapes, cut.header.metadata)
        return found if found.problem else lacking(found, Lack("file.cut", cut.count, cut.first))
    except Unsafe:
        return Identity(format="pickle", problem="file.unsafe")
    except BadFile:
        return Identity(problem="file.damaged")


def _pickled(path: Path) -> Identity:
    shapes = pickles.of_model(pickles.read_shapes(path))
    if any(name.startswith("string_to_param.") for name in shapes):
        return _embedding({name: shape for name, shape in shapes.items() if name.startswith("string_to_param.")})
    if shapes and all(re.match(r"\d+\.\d+\.", name) for name in shapes):
        return Identity(kind="hypernetwork", format="pickle", problem="file.hypernetwork")
    found = of_tensors(shapes, {})
    if found.kind == "lora" and film_lora(path, shapes):
        return Identity(problem="file.motion")
    if found.kind in _DRAWN_WITH or found.problem:
        return found
    return replace(found, format="pickle", problem="file.pickle")


def _of_header(header: Header) -> Identity:
    found = of_tensors(header.shapes, header.metadata)
    if found.kind == "checkpoint" and found.family == "sd2" and not _told(header.metadata) and V_BIAS in header.tensors:
        velocity = pstdev([number for number in header.numbers(V_BIAS) if isfinite(number)] or [0.0]) > V_SPREAD
        return replace(found, prediction="v_prediction", resolution=768) if velocity else found
    return found


def of_tensors(shapes: Shapes, metadata: Mapping[str, str]) -> Identity:
    """The identity of a file with tensors of these names and shapes."""
    if net := net_identity(shapes):
        return net
    if f"{UNET}input_blocks.0.0.weight" in shapes:  # asked early, as it is soon told and its tensors are the most
        return _checkpoint(shapes, metadata)
    if lora := lora_identity(shapes, metadata):
        return lora
    if begins(shapes, f"{UNET}input_blocks."):
        return _checkpoint(shapes, metadata)
    if vae_layers.is_vae(bare := vae_layers.named(shapes)):
        return lacking(Identity(kind="vae"), vae_layers.lack(bare))
    if tiny := _tiny(shapes):
        return tiny
    if _is_embedding(shapes):
        return _embedding(shapes)
    if kind := upscaler_kind(shapes):
        found = Identity(kind="upscaler", format=kind.name)
        if kind.own:
            return lacking(found, esrgan_layers.lack(shapes))
        return found if kind.whole(shapes) else replace(found, problem="upscaler.incomplete")
    name, purpose = other_purpose(shapes)
    return Identity(kind="upscaler", format=name, problem=purpose) if name else Identity(problem="file.unknown")


def _tiny(shapes: Shapes) -> Identity | None:
    """A tiny decoder or encoder of TAESD's kind, as its makers number the layers or as diffusers names them; None for
    what is neither."""
    for sign, layer, decodes in TINY:
        first = shapes.get(f"{layer}.weight", ())
        if begins(shapes, sign) and first[2:] == (3, 3):
            if not decodes:
                return Identity(problem="file.tiny_encoder")
            return lacking(Identity(kind="decoder", format="single"), tiny_layers.lack(shapes))
    return None


# --- checkpoints ---


def _checkpoint(shapes: Shapes, metadata: Mapping[str, str]) -> Identity:
    context = side_of(shapes, r"attn2\.to_k\.weight$", 1)
    channels = side(shapes, f"{UNET}input_blocks.0.0.weight", 1) or unet_layers.LATENTS
    if f"{UNET}label_emb.0.0.weight" in shapes:
        family = "refiner" if begins(shapes, "conditioner.embedders.0.model.") or context == 1280 else "sdxl"
    elif begins(shapes, "cond_stage_model.model.") or context == 1024:
        family = "sd2"
    else:
        family = CONTEXTS.get(context, "sd15")
    # Finetunes of SDXL say what they predict by two empty tensors.
    said = _told(metadata)
    velocity = said == "v_prediction" or (not said and "v_pred" in shapes)
    vae = begins(shapes, "first_stage_model.") or begins(shapes, "vae.")
    lack = checkpoint_lack(shapes, family, vae=vae)
    found = Identity(
        kind="checkpoint",
        family=family,
        base=base_told(metadata),
        format="single",
        prediction="v_prediction" if velocity else "epsilon",
        zero_snr="ztsnr" in shapes or metadata.get("ss_zero_terminal_snr") == "True",
        channels=channels,
        context=context,
        resolution=768 if velocity and family == "sd2" else 0,
        vae=vae,
        title=clean(metadata.get("modelspec.title", "")),
        guided=UNET + GUIDED in shapes,
        triggers=trigger_phrase(metadata),
    )
    return lacking(found, lack)


def checkpoint_lack(shapes: Shapes, family: str, *, vae: bool) -> Lack:
    """Why a checkpoint of that family cannot be drawn with, by its tensors; `vae`: it should have one."""
    if (side(shapes, f"{UNET}input_blocks.0.0.weight", 1) or unet_layers.LATENTS) not in unet_layers.TAKEN:
        return Lack("model.other_kind")
    if family not in FAMILIES:
        return Lack("model.other_kind")
    if any(name.startswith(EDM) for name in shapes):
        return Lack("model.edm")
    prefixes = (text_layers.CLIP.get(family), text_layers.OPEN_CLIP.get(family))
    if not all(begins(shapes, prefix) for prefix in prefixes if prefix):
        return Lack("model.no_text")
    context = side_of(shapes, r"attn2\.to_k\.weight$", 1)
    summary = text_layers.OPEN_CLIP.get(family, "")
    projection = side(shapes, f"{summary}text_projection", 1) if family in unet_layers.SIZES else 0
    return (
        unet_layers.lack(under(shapes, UNET), family, projection).within(UNET)
        or text_layers.lack(shapes, family, context)
        or (vae_layers.lack(vae_layers.named(shapes)) if vae else Lack())
    )


def _told(metadata: Mapping[str, str]) -> str:
    """The prediction type that the metadata says, "" where they say none."""
    said = metadata.get("modelspec.prediction_type", metadata.get("modelspec.predict_key", "")).lower()
    return {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon", "eps": "epsilon"}.get(said, "")


def _folder(path: Path, *, arriving: bool) -> Identity:
    index = content(path / "model_index.json")
    if not index:
        return _part(path, arriving=arriving)
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
    found = Identity(
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
    )
    return lacking(found, folder_layers.lack(path, index, arriving=arriving))


def _part(path: Path, *, arriving: bool) -> Identity:
    """A folder with one part of a pipeline."""
    config = content(path / "config.json")
    kind = str(config.get("_class_name", ""))
    if net := net_folder(path, config, arriving=arriving):
        return net
    if kind == "AutoencoderKL":
        # Nothing but the scale of the latents tells SDXL's from those of its forebears, which have one in common.
        family = "sdxl" if config.get("scaling_factor") == SDXL_SCALE else ""
        found = Identity(kind="vae", family=family, format="folder")
        return lacking(found, folder_layers.network_lack(path, "vae", arriving=arriving))
    if kind == "AutoencoderTiny":
        return lacking(
            Identity(kind="decoder", format="folder"), folder_layers.network_lack(path, "decoder", arriving=arriving)
        )
    return Identity(
        format="folder", problem="model.no_index" if (path / "model_index.json").exists() else "file.unknown"
    )


# --- embeddings ---


def _is_embedding(shapes: Shapes) -> bool:
    rows = [shape[0] if len(shape) == 2 else 1 for shape in shapes.values()]
    flat = all(len(shape) in (1, 2) for shape in shapes.values())
    named = not any("." in name.removeprefix("string_to_param.") for name in shapes)  # a dot has a layer before it
    return 1 <= len(shapes) <= 2 and named and flat and all(1 <= count <= 2 * MAX_VECTORS for count in rows)


def _embedding(shapes: Shapes) -> Identity:
    """Textual inversion: some vectors as wide as the text encoder's, for SDXL of both encoders."""
    if not _is_embedding(shapes):
        return Identity(problem="file.unknown")
    vectors = max(shape[0] if len(shape) == 2 else 1 for shape in shapes.values())
    widths = tuple(sorted(shape[-1] for shape in shapes.values()))
    family = "sdxl" if len(widths) == 2 else CONTEXTS.get(widths[0], "")
    problem = "embedding.too_long" if vectors > MAX_VECTORS else ""
    return Identity(kind="embedding", family=family, vectors=vectors, widths=widths, problem=problem)
