"""Identifying a LoRA file: its format, what it changes, the model it was made for, and its trigger words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping

from engine.files.identity import CONTEXTS, Identity, base_told, clean, side_of, trigger_phrase
from engine.files.safetensors_header import Shapes

TRIGGERS = 5
OFTEN = 0.8  # a tag on so many of the pictures of the commonest one names what was trained


def lora_identity(shapes: Shapes, metadata: Mapping[str, str]) -> Identity:
    """The identity of a LoRA with these tensors and metadata."""
    names = " ".join(shapes)
    ranks = Counter(
        shape[0]
        for name, shape in shapes.items()
        if shape and re.search(r"lora_(down|A)\b|lora\.down|hada_w1_b|lokr_w1_b", name)
    )
    context = side_of(shapes, r"attn2[._]to_[kv]\b.*(lora_down|lora_A|lora\.down)", 1)
    if not context:  # LoHa: w1_b is (rank, in)
        context = side_of(shapes, r"attn2[._]to_[kv]\.hada_w1_b", 1)
    parts = (
        ("unet", r"lora_unet_|(^| )unet\.|base_model\.model\.(down|up|mid)_block"),
        ("text_encoder", r"lora_te1?_|(^| )(text_encoder|te1)\."),
        ("text_encoder_2", r"lora_te2_|(^| )(text_encoder_2|te2)\."),
    )
    found = tuple(part for part, sign in parts if re.search(sign, names))
    family = _lora_family(metadata) or CONTEXTS.get(context, "")
    if not family and ("text_encoder_2" in found or "lora_te1_" in names):
        family = "sdxl"
    common = _common(metadata)
    return Identity(
        kind="lora",
        family=family,
        base=base_told(metadata) or ("pony" if any(tag.startswith("score_9") for tag in common) else ""),
        format=_lora_format(shapes, names),
        context=context,
        rank=ranks.most_common(1)[0][0] if ranks else 0,
        parts=found,
        triggers=tuple(dict.fromkeys(trigger_phrase(metadata))),
        common=common,
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
