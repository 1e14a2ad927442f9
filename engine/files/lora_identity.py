"""Identifying a LoRA file: its format, what it changes, the model it was made for, and its trigger words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from engine.files import lora_kinds, lora_names
from engine.files.bundles import bundles
from engine.files.identity import CONTEXTS, Identity, base_told, clean, trigger_phrase
from engine.files.lora_kinds import LayerTensors
from engine.files.safetensors_header import Shapes

TRIGGERS = 5
TEXT_SIDE = re.compile(r"attn2[._]to_[kv]$")
OFTEN = 0.8  # a tag on so many of the pictures of the commonest one names what was trained


def lora_identity(shapes: Shapes, metadata: Mapping[str, str]) -> Identity | None:
    """The identity of a LoRA with these tensors and metadata; None for what is none. What the loader would refuse
    whatever the model has a `problem`."""
    layers = lora_kinds.layers(shapes)
    if not any(layer.kind or layer.broken for layer in layers):
        return None
    context = _context(layers, shapes)
    found = {lora_names.part_of(layer.where) for layer in layers if layer.kind}
    family = _lora_family(metadata) or CONTEXTS.get(context, "")
    if not family and ("text_encoder_2" in found or any(layer.where.startswith("lora_te1_") for layer in layers)):
        family = "sdxl"
    common = _common(metadata)
    return Identity(
        kind="lora",
        family=family,
        base=base_told(metadata) or ("pony" if any(tag.startswith("score_9") for tag in common) else ""),
        format=_lora_format(layers, shapes),
        context=context,
        rank=_rank(layers, shapes),
        parts=tuple(part for part in lora_names.PARTS if part in found),
        triggers=tuple(dict.fromkeys(trigger_phrase(metadata))),
        common=common,
        alias=clean(metadata.get("ss_output_name", "")),
        bundled=bundles(shapes),
        problem=_problem(layers, found),
    )


def _problem(layers: Sequence[LayerTensors], parts: Set[str]) -> str:
    if any(layer.broken for layer in layers):
        return "file.damaged"
    return "" if "unet" in parts or not parts & {"", "unet"} else "file.other_lora"


def _rank(layers: Sequence[LayerTensors], shapes: Shapes) -> int:
    halves = ("down", "hada_w1_b", "lokr_w1_b")
    ranks = Counter(
        shape[0] for layer in layers for half in halves if half in layer.keys and (shape := shapes[layer.keys[half]])
    )
    return ranks.most_common(1)[0][0] if ranks else 0


def _context(layers: Sequence[LayerTensors], shapes: Shapes) -> int:
    """How wide the text is that the layers take which read it; 0 where none says it."""
    for where, _, keys in layers:
        if TEXT_SIDE.search(where):
            shape = {name: shapes[key] for name, key in keys.items()}
            for name in ("down", "hada_w1_b", "diff", "a2"):
                if len(shape.get(name, ())) > 1:
                    return shape[name][1]
            left, right = (shape.get(f"lokr_w{n}", shape.get(f"lokr_w{n}_b", ())) for n in (1, 2))
            if len(left) > 1 and len(right) > 1:
                return left[1] * right[1]
    return 0


def _lora_format(layers: Sequence[LayerTensors], shapes: Shapes) -> str:
    kinds = Counter(layer.kind.name for layer in layers if layer.kind and layer.kind.name != "bias")
    kind = kinds.most_common(1)[0][0] if kinds else "other"
    if any(layer.keys.keys() & {"dora_scale", "magnitude"} for layer in layers):
        return "dora"
    if kind != "lora":
        return kind
    downs = [layer.keys["down"] for layer in layers if "down" in layer.keys]
    if not any("lora_down" in key for key in downs):
        return "diffusers"
    wide = any(shapes[key][2:] not in ((), (1, 1)) for key in downs)
    return "locon" if wide or any("mid" in layer.keys for layer in layers) else "kohya"


def _lora_family(metadata: Mapping[str, str]) -> str:
    said = (metadata.get("ss_base_model_version") or metadata.get("modelspec.architecture") or "").lower()
    if "xl" in said:
        return "refiner" if "refiner" in said else "sdxl"
    if "v2" in said or metadata.get("ss_v2") == "True":
        return "sd2"
    if re.search(r"sd_v1|diffusion-v1|sd_1\.|sd15", said):
        return "sd15"
    return "demo" if "danqing-demo" in said else ""


def _common(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The tags that were on nearly all pictures the LoRA was trained with, as kohya's trainer notes them."""
    try:
        tables = json.loads(metadata.get("ss_tag_frequency", "{}"))
        counts: Counter[str] = Counter()
        for table in tables.values():
            counts.update({clean(tag): int(count) for tag, count in table.items()})
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ()
    most = max(counts.values(), default=0)
    return tuple(tag for tag, count in counts.most_common(TRIGGERS) if tag and count >= OFTEN * most)
