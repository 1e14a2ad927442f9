"""Whether the networks in a diffusers folder can be made of its files: what their configurations ask for, held against
the headers of their weights. The one table by which folders are listed and by which they are read. No torch here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from engine.errors import BadFile
from engine.files import (
    adapter_layers,
    net_layers,
    pickles,
    safetensors_header,
    text_layers,
    tiny_layers,
    unet_layers,
    vae_layers,
)
from engine.files.layers import WHOLE, Lack, lacking, under
from engine.files.safetensors_header import CutShort, Shapes, content

PIPELINE = re.compile(r"StableDiffusion(XL)?(Inpaint|Img2Img)?Pipeline")
Part = Literal["unet", "vae", "text_encoder", "text_encoder_2", "decoder", "control", "union", "adapter"]
HALF = re.compile(r"\.fp16[.-]")  # in the name of a file of weights, whole or in pieces
STEMS = ("diffusion_pytorch_model", "model"), ("diffusion_pytorch_model", "pytorch_model")  # of .safetensors, of .bin
_ALWAYS: tuple[Part, ...] = ("unet", "vae")
_PROJECTED = ("text_encoder_2",)  # which make a summary of the text
_OTHER = "model.other_kind"
BETAS = ("linear", "scaled_linear", "squaredcos_cap_v2")  # how a schedule's betas may lie between their ends
LEAST_WORDS = 256  # a tokenizer without its files knows two
# The schedulers with a noise schedule of Stable Diffusion's kind; a model says by one of them what it was trained with.
SCHEDULERS = frozenset(
    f"{name}Scheduler"
    for name in (
        "DDIM", "DDIMInverse", "DDIMParallel", "DDPM", "DDPMParallel", "DEISMultistep", "DPMSolverMultistep",
        "DPMSolverMultistepInverse", "DPMSolverSDE", "DPMSolverSinglestep", "EulerAncestralDiscrete", "EulerDiscrete",
        "HeunDiscrete", "KDPM2AncestralDiscrete", "KDPM2Discrete", "LCM", "LMSDiscrete", "PNDM", "SASolver", "TCD",
        "UniPCMultistep",
    )
)  # fmt: skip


def lack(folder: Path, index: Mapping[str, Any], *, arriving: bool = False) -> Lack:
    """Why the model in a diffusers folder cannot be drawn with: a part that lacks tensors or is of another kind, no
    tokenizer, or no schedule. `index` is what its model_index.json says; of one that is `arriving` the weights are not
    there yet."""
    schedule = content(folder / "scheduler" / "scheduler_config.json")
    if str(schedule.get("_class_name", "")).startswith("EDM"):
        return Lack("model.edm")
    if not PIPELINE.fullmatch(str(index.get("_class_name", ""))):
        return Lack(_OTHER)
    if not schedule:
        return Lack("model.incomplete", 1, "scheduler/scheduler_config.json")
    if not _schedule(schedule):
        return Lack(_OTHER)
    width = 0
    parts: list[Part] = ["text_encoder"] if has(index, "text_encoder") else []
    parts += ["text_encoder_2"] if has(index, "text_encoder_2") else []
    for part in (*parts, *_ALWAYS):
        if missing := network_lack(folder / part, part, arriving=arriving):
            return missing.within(f"{part}/")
    for part in parts:
        made = text_layers.told_by(content(folder / part / "config.json"), projected=part in _PROJECTED)
        tokenizer = part.replace("text_encoder", "tokenizer")
        if made is None or not LEAST_WORDS < words(folder / tokenizer) <= made.words:
            return Lack("model.incomplete", 1, f"{tokenizer}/tokenizer.json")
        width += made.width
    if not width or content(folder / "unet" / "config.json").get("cross_attention_dim") != width:
        return Lack(_OTHER)
    return WHOLE


def _schedule(said: Mapping[str, Any]) -> bool:
    """Whether a scheduler's configuration tells a noise schedule of Stable Diffusion's kind."""
    if str(said.get("_class_name")) not in SCHEDULERS or said.get("beta_schedule", BETAS[0]) not in BETAS:
        return False
    ends, count = (said.get("beta_start", 0.0001), said.get("beta_end", 0.02)), said.get("num_train_timesteps", 1000)
    return all(type(one) in (int, float) and 0 <= one < 1 for one in ends) and type(count) is int and count > 0


def has(index: Mapping[str, Any], part: Part) -> bool:
    """Whether a model has this text encoder, by its model_index.json: every one has the first unless it says that it
    has not."""
    said = index.get(part, [part not in _PROJECTED])
    return isinstance(said, list) and any(said)


def network_lack(folder: Path, part: Part, *, arriving: bool = False) -> Lack:
    """Why one network of a folder cannot be made of its files; tensors are named as in the files. Raises OSError."""
    config = content(folder / "config.json")
    if not config:
        return Lack("model.incomplete", 1, "config.json")
    try:
        shapes = {} if arriving else weights_of(folder)
    except CutShort as cut:
        return Lack("file.cut", cut.count, cut.first)
    except BadFile:
        return Lack("file.damaged")
    if shapes is None:
        return Lack("model.incomplete", 1, f"{STEMS[0][part.startswith('text')]}.safetensors")
    if part == "unet":
        unet = unet_layers.told_by(config)
        if unet is None or unet.taken not in unet_layers.TAKEN:
            return Lack(_OTHER)
        wanted, problem = unet_layers.wanted_by(unet), "model.incomplete"
    elif part == "vae":
        vae = vae_layers.told_by(config)
        if vae is None:
            return Lack(_OTHER)
        shapes, wanted, problem = vae_layers.named(shapes), vae_layers.wanted_by(vae), "vae.incomplete"
    elif part in ("control", "union"):
        net = net_layers.told_by(config, union=part == "union")
        if net is None:
            return Lack(net_layers.OTHER)
        wanted, problem = net_layers.wanted_by(net), net_layers.INCOMPLETE
    elif part == "adapter":
        adapter = adapter_layers.told_by(config)
        if adapter is None:
            return Lack(adapter_layers.OTHER)
        shapes, wanted, problem = adapter_layers.bare(shapes), adapter_layers.wanted_by(adapter), net_layers.INCOMPLETE
    elif part == "decoder":
        tiny = tiny_layers.told_by(config)
        if tiny is None:
            return Lack(_OTHER)
        shapes, wanted, problem = under(shapes, "decoder."), tiny_layers.decoder_layers(tiny), "decoder.incomplete"
    else:
        text = text_layers.told_by(config, projected=part in _PROJECTED)
        if text is None:
            return Lack(_OTHER)
        shapes, wanted, problem = text_layers.bare(shapes), text_layers.clip_layers(text), "model.incomplete"
    return WHOLE if arriving else lacking(shapes, wanted, problem)


def weights_of(folder: Path) -> Shapes | None:
    """The tensors of a network's weights as its library chooses their files: `.safetensors` before `.bin`, those of
    half precision only where there are no others, in pieces where an index lists them. None where there are no weights.
    Raises BadFile (Unsafe for one that would run something), OSError."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    variant = half(names)
    for end, stems in zip((".safetensors", ".bin"), STEMS, strict=True):
        for stem in stems:
            index = f"{stem}{end}.index{variant}.json"
            if index in names:
                pieces = content(folder / index, safetensors_header.MAX_HEADER).get("weight_map")
                listed = set(pieces.values()) if isinstance(pieces, dict) else set()
                if not listed <= names:
                    raise BadFile(f"pieces of {stem} are missing")
                return {name: shape for piece in sorted(listed) for name, shape in _shapes(folder / piece).items()}
            if f"{stem}{variant}{end}" in names:
                return _shapes(folder / f"{stem}{variant}{end}")
    return None


def half(names: set[str]) -> str:
    """ ".fp16" for a folder that has its weights only under that name."""
    weights = [name for name in names if Path(name).suffix in {".safetensors", ".bin"}]
    return ".fp16" if weights and all(map(HALF.search, weights)) else ""


def _shapes(path: Path) -> Shapes:
    if path.suffix == ".bin":
        return pickles.read_shapes(path)
    return safetensors_header.read_header(path).shapes


_counted: dict[bytes, int] = {}  # by the hash of a file: nearly all models have the same, read at every listing


def words(folder: Path) -> int:
    """How many words the tokenizer in a folder knows; 0 where its files are missing."""
    if known := _count(folder / "tokenizer.json", ("model", "vocab")):
        return known
    return _count(folder / "vocab.json", ()) if (folder / "merges.txt").is_file() else 0


def _count(path: Path, entry: Sequence[str]) -> int:
    """How much there is in an entry of a JSON file."""
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256(repr(entry).encode() + file.read(safetensors_header.MAX_HEADER)).digest()
    except OSError:
        return 0
    if digest not in _counted:
        found: Any = safetensors_header.content(path, safetensors_header.MAX_HEADER)
        for name in entry:
            found = found.get(name) if isinstance(found, dict) else None
        _counted[digest] = len(found) if isinstance(found, dict | list) else 0
    return _counted[digest]
