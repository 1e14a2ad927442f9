"""Fooocus's papers: the JSON of its own scheme, and that of its older logs."""

from __future__ import annotations

import json
import re

from prompts.infotext.infotext import Infotext
from prompts.infotext.loaders import stem
from prompts.infotext.paper import Paper, fields_of, named, size, text_of, with_loras
from prompts.infotext.samplers import sampler, schedule
from prompts.prompt import Json

# Steps of what it calls performance, which its papers before 2.2 say instead.
STEPS = {"speed": 30, "quality": 60, "extreme speed": 8, "lightning": 4, "hyper-sd": 4}


def of_fooocus(paper: Paper) -> Infotext:
    """The infotext of what it writes."""
    known = {name.casefold().replace(" ", "_"): value for name, value in paper.items()}
    loras = [(text_of(one[0]), one[1]) for one in _lists(known.get("loras")) if len(one) > 1]
    for name, value in known.items():  # its older papers: "LoRA 1": "name : 0.5"
        if re.match(r"lora_\d", name) and (match := re.match(r"(.+?)\s*:\s*(-?[\d.]+)\Z", text_of(value))):
            loras.append((match.group(1), match.group(2)))
        elif match := re.fullmatch(r"lora_\[(.+)\]_weight", name):
            loras.append((match.group(1), value))
    sides = re.findall(r"\d+", text_of(known.get("resolution")))
    performance = text_of(known.get("performance")).casefold()
    refiner = text_of(known.get("refiner_model"))
    fields = {
        "Steps": known.get("steps") or STEPS.get(performance),
        "Sampler": sampler(text_of(known.get("sampler"))),
        "Schedule type": schedule(text_of(known.get("scheduler"))),
        "CFG scale": known.get("guidance_scale"),
        "Seed": known.get("seed"),
        "Size": size(*sides[:2]) if len(sides) > 1 else "",
        "Model hash": known.get("base_model_hash"),
        "Model": stem(text_of(known.get("base_model"))),
        "VAE": named(text_of(known.get("vae"))),
        "Clip skip": known.get("clip_skip"),
        "Refiner": named(refiner),
        "Refiner switch at": known.get("refiner_switch") if named(refiner) else None,
        "Performance": performance if performance not in ("speed", "quality") else None,  # which are steps alone
        "Sharpness": known.get("sharpness"),
        "FreeU": known.get("freeu"),
        "Version": known.get("version"),
    }
    positive = _joined(known.get("full_prompt")) or text_of(known.get("prompt"))
    negative = _joined(known.get("full_negative_prompt")) or text_of(known.get("negative_prompt"))
    return Infotext(with_loras(positive, loras), negative, fields_of(fields), "fooocus")


def _lists(value: Json) -> list[list[Json]]:
    if isinstance(value, str):
        try:
            value = json.loads(value.replace("'", '"').replace("(", "[").replace(")", "]"))
        except (ValueError, RecursionError):
            return []
    return [one for one in value if isinstance(one, list)] if isinstance(value, list) else []


def _joined(value: Json) -> str:
    return ", ".join(filter(None, map(text_of, value))) if isinstance(value, list) else text_of(value)
