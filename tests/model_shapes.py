"""Models as far as identification looks: names and shapes of all their tensors, small but whole, told by the tables."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.files import text_layers, unet_layers, vae_layers
from engine.files.identify import UNET
from engine.files.text_layers import TextLayers
from engine.files.unet_layers import UnetLayers
from engine.files.vae_layers import VaeLayers

Shapes = dict[str, tuple[int, ...]]
CHANNELS = (64, 128)
WIDTHS = {"demo": (128,), "sd15": (768,), "sd2": (1024,), "sdxl": (768, 1280), "refiner": (1280,)}
TIME = 64  # numbers each size is told in
VAE = VaeLayers((32, 32), 1, original=False)


def write(path: Path, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, Any] | None = None) -> Path:
    """A file of zeros that take no room on the disk."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return path


def unet(family: str, channels: int = 4) -> UnetLayers:
    """A small UNet of the family."""
    levels = len(CHANNELS)
    return UnetLayers(
        channels=CHANNELS,
        down=((1,),) * levels,
        up=((1, 1),) * levels,
        middle=1,
        context=sum(WIDTHS[family]),
        taken=channels,
        linear=family not in ("sd15", "demo"),
        told=WIDTHS[family][-1] + unet_layers.SIZES[family] * TIME if family in unet_layers.SIZES else 0,
        original=True,
    )


def text(width: int, projection: int = 0) -> TextLayers:
    """A small text encoder."""
    return TextLayers(words=49408, places=77, width=width, inner=64, depth=2, projection=projection)


def checkpoint(family: str, channels: int = 4, *, vae: bool = False, words: bool = True) -> Shapes:
    """Everything in a single file of that family; with a VAE and text encoders or without."""
    shapes = {f"{UNET}{name}": shape for name, shape in unet_layers.wanted_by(unet(family, channels))}
    if words and (prefix := text_layers.CLIP.get(family)):
        shapes |= {f"{prefix}{name}": shape for name, shape in text_layers.clip_layers(text(WIDTHS[family][0]))}
    if words and (prefix := text_layers.OPEN_CLIP.get(family)):
        width = WIDTHS[family][-1]
        told = text_layers.open_clip_layers(text(width, 0 if family == "sd2" else width), family)
        shapes |= {f"{prefix}{name}": shape for name, shape in told}
    if vae:
        shapes |= {f"first_stage_model.{name}": shape for name, shape in vae_layers.wanted_by(VAE)}
    return shapes


def vae_folder(path: Path, **config: Any) -> Path:
    """A VAE in a folder of its own."""
    path.mkdir(parents=True)
    told = VAE.config | {"_class_name": "AutoencoderKL"} | config
    (path / "config.json").write_text(json.dumps(told))
    write(path / "diffusion_pytorch_model.safetensors", dict(vae_layers.wanted_by(VAE)))
    return path


def folder(path: Path, family: str = "sd15", pipeline: str = "", schedule: Any = None, **config: Any) -> Path:
    """A diffusers folder of that family; `config` goes into the UNet's configuration, `schedule` into the
    scheduler's."""
    path.mkdir(parents=True)
    xl, widths = family in unet_layers.SIZES, WIDTHS[family]
    parts = ["text_encoder"] if family != "refiner" else []
    parts += ["text_encoder_2"] if xl else []
    index: dict[str, Any] = {"_class_name": pipeline or f"StableDiffusion{'XL' if xl else ''}Pipeline"}
    index |= {part: ["transformers", "CLIP"] if part in parts else [None, None] for part in ("text_encoder", *parts)}
    (path / "model_index.json").write_text(json.dumps(index))
    made = UnetLayers(**{**_fields(unet(family, config.get("in_channels", 4))), "original": False})
    told = made.config(family) | {"norm_num_groups": made.groups} | config
    if made.told:
        told |= {"addition_embed_type": "text_time", "projection_class_embeddings_input_dim": made.told}
    _network(path / "unet", told, dict(unet_layers.wanted_by(made)), "diffusion_pytorch_model")
    for part, width in zip(parts, widths if len(parts) == len(widths) else widths[-1:], strict=True):
        own = text(width, width if part == "text_encoder_2" else 0)
        said = {
            "hidden_size": width, "intermediate_size": own.inner, "num_hidden_layers": own.depth,
            "projection_dim": width, "num_attention_heads": 1,
            "hidden_act": "gelu" if family == "sd2" else "quick_gelu",
        }  # fmt: skip
        _network(path / part, said, {f"text_model.{n}": s for n, s in text_layers.clip_layers(own)}, "model")
        tokenizer = path / part.replace("text_encoder", "tokenizer")
        tokenizer.mkdir()
        (tokenizer / "merges.txt").write_text("")
        (tokenizer / "vocab.json").write_text(json.dumps({str(number): number for number in range(300)}))
    vae_folder(path / "vae")
    (path / "scheduler").mkdir()
    (path / "scheduler" / "scheduler_config.json").write_text(
        json.dumps({"_class_name": "DDIMScheduler"} | (schedule or {}))
    )
    return path


def _fields(made: UnetLayers) -> dict[str, Any]:
    return {name: getattr(made, name) for name in UnetLayers.__dataclass_fields__}


def _network(path: Path, config: Mapping[str, Any], shapes: Shapes, stem: str) -> None:
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    names = {n: s for n, s in shapes.items() if n != "text_model.text_projection.weight"}
    if len(names) < len(shapes):  # which stands beside the encoder
        names["text_projection.weight"] = shapes["text_model.text_projection.weight"]
    write(path / f"{stem}.safetensors", names)
