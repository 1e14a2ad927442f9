"""InvokeAI's papers: its JSON of today, that of before version 3, and the line that it wrote at first."""

from __future__ import annotations

import re

from prompts.infotext.infotext import Infotext
from prompts.infotext.paper import Paper, fields_of, inside, number, rows, size, text_of, with_loras
from prompts.infotext.samplers import sampler
from prompts.infotext.weights import from_invokeai
from prompts.prompt import Json


def of_today(paper: Paper) -> Infotext:
    """The infotext of what it writes today."""
    known = inside(paper.get("invokeai_metadata")) or paper
    loras = [(_model_name(one.get("model") or one.get("lora")), one.get("weight")) for one in rows(known.get("loras"))]
    fields = {
        "Steps": known.get("steps"),
        "Sampler": sampler(text_of(known.get("scheduler"))),
        "CFG scale": known.get("cfg_scale"),
        "Seed": known.get("seed"),
        "Size": size(known.get("width"), known.get("height")),
        "Model": _model_name(known.get("model")) or text_of(known.get("model")),
        "VAE": _model_name(known.get("vae")),
        "CFG rescale": known.get("cfg_rescale_multiplier") or None,
        "Denoising strength": known.get("strength") if known.get("init_image") else None,
        "Clip skip": _clip_skip(known.get("clip_skip")),
        "Refiner": _model_name(known.get("refiner_model")),
        "Refiner switch at": known.get("refiner_start") if known.get("refiner_model") else None,
        "High resolution fix": known.get("hrf_method") or "on" if known.get("hrf_enabled") else None,
        "Tiling": "".join(axis for axis in "xy" if known.get(f"seamless_{axis}")),
        **{label: str(len(beside)) for name, label in _BESIDE.items() if (beside := rows(known.get(name)))},
        "Version": known.get("app_version"),
    }
    positive, negative = (_prompt(known, role) for role in ("positive", "negative"))
    return Infotext(with_loras(positive, loras), negative, fields_of(fields), "invokeai")


# What lies beside the words, of which there is nothing like here.
_BESIDE = {"controlnets": "ControlNet", "ipAdapters": "IP Adapter", "t2iAdapters": "T2I Adapter"}


def _prompt(known: Paper, role: str) -> str:
    """A prompt, with what SDXL's second encoder is told beside where that is something else."""
    said = [from_invokeai(text_of(known.get(f"{role}{part}_prompt"))) for part in ("", "_style")]
    return ", ".join(dict.fromkeys(filter(None, said)))


def _model_name(value: Json) -> str:
    known = inside(value)
    return text_of(known.get("name") or known.get("model_name"))


def _clip_skip(value: Json) -> str:
    """A1111 counts the last layer as 1, InvokeAI the layers that are left out."""
    left_out = int(number(value, 0))
    return str(left_out + 1) if left_out > 0 else ""


def before_3(paper: Paper) -> Infotext:
    """The infotext of what it wrote before version 3."""
    image = inside(paper.get("image"))
    said = image.get("prompt")
    prompts = [text_of(one.get("prompt")) for one in rows(said)] if isinstance(said, list) else [text_of(said)]
    positive, negative = _bracketed(", ".join(prompts))
    fields = {
        "Steps": image.get("steps"),
        "Sampler": sampler(text_of(image.get("sampler"))),
        "CFG scale": image.get("cfg_scale"),
        "Seed": image.get("seed"),
        "Size": size(image.get("width"), image.get("height")),
        "Model": paper.get("model_weights"),
        "Denoising strength": image.get("strength") if image.get("type") == "img2img" else None,
        "Version": paper.get("app_version"),
    }
    return Infotext(from_invokeai(positive), from_invokeai(negative), fields_of(fields), "invokeai")


def _bracketed(prompt: str) -> tuple[str, str]:
    """InvokeAI's negatives stood in brackets inside the prompt."""
    negative = ", ".join(match.strip() for match in re.findall(r"\[([^\[\]]*)\]", prompt))
    return re.sub(r"\s*\[[^\[\]]*\]", "", prompt).strip(), negative


_DREAM = re.compile(r'\A"(?P<prompt>.*)"(?P<flags>(?:\s+-{1,2}\w+(?:[= ]?[^\s-]\S*)?)+)\s*\Z', re.DOTALL)
_DREAM_FIELDS = {"s": "Steps", "S": "Seed", "C": "CFG scale", "A": "Sampler", "W": "width", "H": "height"}


def from_dream(text: str) -> Infotext | None:
    """The line that InvokeAI wrote at first: `"a cat" -s 50 -S 7 -W 512 -H 512 -C 7.5 -A k_lms`."""
    match = _DREAM.match(text.strip())
    if match is None:
        return None
    said = dict(re.findall(r"\s-([sSCAWH])[= ]?(\S+)", match["flags"]))
    if len(said) < 3:
        return None
    fields: dict[str, Json] = {field: said.get(flag) for flag, field in _DREAM_FIELDS.items()}
    fields["Size"] = size(fields.pop("width"), fields.pop("height"))
    fields["Sampler"] = sampler(said.get("A", ""))
    positive, negative = _bracketed(match["prompt"])
    return Infotext(from_invokeai(positive), from_invokeai(negative), fields_of(fields), "invokeai")
