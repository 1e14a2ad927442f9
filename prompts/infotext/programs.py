"""The JSON that other programs write of a picture, as an infotext."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import cast

from prompts.infotext import comfyui
from prompts.infotext.infotext import Infotext
from prompts.infotext.samplers import sampler, schedule
from prompts.infotext.weights import from_invokeai, from_novelai
from prompts.prompt import Json, LoraUse

Paper = Mapping[str, Json]


def from_json(paper: Paper) -> Infotext | None:
    """The infotext that a program's JSON is; None where it is no program's."""
    for knows, read in _READERS:
        if knows(paper):
            made = read(paper)
            return made and _signed(made)
    return None


# What stands in "Version", so that the text written of it is read as this program's again.
_NAMES = {
    "comfyui": "ComfyUI",
    "novelai": "NovelAI",
    "fooocus": "Fooocus",
    "swarmui": "SwarmUI",
    "invokeai": "InvokeAI",
    "easydiffusion": "Easy Diffusion",
    "drawthings": "Draw Things",
}


def _signed(made: Infotext) -> Infotext:
    name, version = _NAMES.get(made.source, ""), made.fields.get("Version", "")
    if not name or version.startswith(name):
        return made
    return replace(made, fields={**made.fields, "Version": f"{name} {version}".strip()})


def fields_of(rows: Mapping[str, Json]) -> dict[str, str]:
    """The fields that something is said of, as text: 7.0 is "7"."""
    return {name: said for name, value in rows.items() if (said := text_of(value))}


def text_of(value: Json) -> str:
    """A value as A1111 writes it; "" where it says nothing."""
    if isinstance(value, bool) or value is None:
        return "True" if value else ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def with_loras(prompt: str, uses: Iterable[tuple[str, Json]]) -> str:
    """The prompt with `<lora:…>` behind it for those that it does not name itself."""
    named = (
        str(LoraUse(comfyui.stem(name), _number(weight, 1.0)))
        for name, weight in uses
        if name and f"<lora:{comfyui.stem(name)}:".casefold() not in prompt.casefold()
    )
    return " ".join(filter(None, (prompt, *named)))


def _number(value: Json, otherwise: float) -> float:
    try:
        return float(cast(float, value))
    except (TypeError, ValueError):
        return otherwise


def _inside(value: Json) -> Paper:
    """An object, also one that is written into a text; an empty one for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _rows(value: Json) -> list[Paper]:
    return [_inside(one) for one in value] if isinstance(value, list) else []


def _size(width: Json, height: Json) -> str:
    return f"{text_of(width)}x{text_of(height)}" if width and height else ""


def _novelais_file(paper: Paper) -> Infotext:
    """What NovelAI's files say: the paper is their "Comment", and "Source" tells the model but for the first ones."""
    source = paper.get("Source")
    known = {} if source == "Stable Diffusion" else {"source": source}
    return _novelai({**known, **_inside(paper["Comment"])})


def _novelai(paper: Paper) -> Infotext:
    positive = _caption(paper.get("v4_prompt")) or text_of(paper.get("prompt"))
    negative = _caption(paper.get("v4_negative_prompt")) or text_of(paper.get("uc"))
    over = "img2img" in text_of(paper.get("request_type")).casefold()
    fields = {
        "Steps": paper.get("steps"),
        "Sampler": sampler(text_of(paper.get("sampler"))),
        "Schedule type": schedule(text_of(paper.get("noise_schedule"))),
        "CFG scale": paper.get("scale"),
        "Seed": paper.get("seed"),
        "Size": _size(paper.get("width"), paper.get("height")),
        "Model": paper.get("model") or paper.get("source"),
        "CFG rescale": paper.get("cfg_rescale") or None,
        "Denoising strength": paper.get("strength") if over else None,
    }
    return Infotext(from_novelai(positive), from_novelai(negative), fields_of(fields), "novelai")


def _caption(value: Json) -> str:
    """The words of NovelAI's fourth kind of prompt: those of the whole, then each figure's."""
    caption = _inside(_inside(value).get("caption"))
    figures = (text_of(one.get("char_caption")) for one in _rows(caption.get("char_captions")))
    return ", ".join(filter(None, (text_of(caption.get("base_caption")), *figures)))


def _fooocus(paper: Paper) -> Infotext:
    known = {name.casefold().replace(" ", "_"): value for name, value in paper.items()}
    loras = [(text_of(one[0]), one[1]) for one in _lists(known.get("loras")) if len(one) > 1]
    for name, value in known.items():  # its older papers: "LoRA 1": "name : 0.5"
        if re.match(r"lora_(?:\d|\[)", name) and (match := re.match(r"(.+?)\s*:\s*(-?[\d.]+)\Z", text_of(value))):
            loras.append((match.group(1), match.group(2)))
    sides = re.findall(r"\d+", text_of(known.get("resolution")))
    refiner = text_of(known.get("refiner_model"))
    fields = {
        "Steps": known.get("steps"),
        "Sampler": sampler(text_of(known.get("sampler"))),
        "Schedule type": schedule(text_of(known.get("scheduler"))),
        "CFG scale": known.get("guidance_scale"),
        "Seed": known.get("seed"),
        "Size": _size(*sides[:2]) if len(sides) > 1 else "",
        "Model hash": known.get("base_model_hash"),
        "Model": comfyui.stem(text_of(known.get("base_model"))),
        "VAE": _named(text_of(known.get("vae"))),
        "Clip skip": known.get("clip_skip"),
        "Refiner": _named(refiner),
        "Refiner switch at": known.get("refiner_switch") if _named(refiner) else None,
        "Performance": known.get("performance"),
        "Sharpness": known.get("sharpness"),
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


def _named(name: str) -> str:
    """A file's name; "" for what says that there is none."""
    plain = comfyui.stem(name)
    return "" if plain.casefold() in ("none", "automatic", "default (model)", "default") else plain


def _swarmui(paper: Paper) -> Infotext:
    known = _inside(paper.get("sui_image_params"))
    names, weights = _texts(known.get("loras")), _texts(known.get("loraweights"))
    loras = [(name, weights[index] if index < len(weights) else 1.0) for index, name in enumerate(names)]
    last = _number(known.get("clipstopatlayer"), 0)
    fields = {
        "Steps": known.get("steps"),
        "Sampler": sampler(text_of(known.get("sampler")) or "euler"),
        "Schedule type": schedule(text_of(known.get("scheduler")) or "normal"),
        "CFG scale": known.get("cfgscale"),
        "Seed": known.get("seed"),
        "Size": _size(known.get("width"), known.get("height")),
        "Model": comfyui.stem(text_of(known.get("model"))),
        "VAE": _named(text_of(known.get("vae"))),
        "Variation seed": known.get("variationseed") if known.get("variationseedstrength") else None,
        "Variation seed strength": known.get("variationseedstrength") or None,
        "Denoising strength": known.get("initimagecreativity"),
        "Clip skip": str(int(-last)) if last < 0 else None,
        "Version": known.get("swarm_version"),
    }
    positive, negative = text_of(known.get("prompt")), text_of(known.get("negativeprompt"))
    return Infotext(with_loras(positive, loras), negative, fields_of(fields), "swarmui")


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return [text_of(one) for one in value] if isinstance(value, list) else []


def _invokeai(paper: Paper) -> Infotext:
    known = _inside(paper.get("invokeai_metadata")) or paper
    loras = [(_model_name(one.get("model") or one.get("lora")), one.get("weight")) for one in _rows(known.get("loras"))]
    fields = {
        "Steps": known.get("steps"),
        "Sampler": sampler(text_of(known.get("scheduler"))),
        "CFG scale": known.get("cfg_scale"),
        "Seed": known.get("seed"),
        "Size": _size(known.get("width"), known.get("height")),
        "Model": _model_name(known.get("model")) or text_of(known.get("model")),
        "VAE": _model_name(known.get("vae")),
        "CFG rescale": known.get("cfg_rescale_multiplier") or None,
        "Denoising strength": known.get("strength") if known.get("init_image") else None,
        "Clip skip": _clip_skip(known.get("clip_skip")),
        "Version": known.get("app_version"),
    }
    positive = from_invokeai(text_of(known.get("positive_prompt")))
    negative = from_invokeai(text_of(known.get("negative_prompt")))
    return Infotext(with_loras(positive, loras), negative, fields_of(fields), "invokeai")


def _model_name(value: Json) -> str:
    known = _inside(value)
    return text_of(known.get("name") or known.get("model_name"))


def _clip_skip(value: Json) -> str:
    """A1111 counts the last layer as 1, InvokeAI the layers that are left out."""
    left_out = int(_number(value, 0))
    return str(left_out + 1) if left_out > 0 else ""


def _invokeai_before_3(paper: Paper) -> Infotext:
    image = _inside(paper.get("image"))
    said = image.get("prompt")
    prompts = [text_of(one.get("prompt")) for one in _rows(said)] if isinstance(said, list) else [text_of(said)]
    positive, negative = _bracketed(", ".join(prompts))
    fields = {
        "Steps": image.get("steps"),
        "Sampler": sampler(text_of(image.get("sampler"))),
        "CFG scale": image.get("cfg_scale"),
        "Seed": image.get("seed"),
        "Size": _size(image.get("width"), image.get("height")),
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
    fields["Size"] = _size(fields.pop("width"), fields.pop("height"))
    fields["Sampler"] = sampler(said.get("A", ""))
    positive, negative = _bracketed(match["prompt"])
    return Infotext(from_invokeai(positive), from_invokeai(negative), fields_of(fields), "invokeai")


def _easydiffusion(paper: Paper) -> Infotext:
    known = {name.casefold().replace(" ", "_"): value for name, value in paper.items()}

    def first(*names: str) -> Json:
        return next((known[name] for name in names if known.get(name) not in (None, "", "None")), None)

    names, strengths = _texts(first("use_lora_model", "lora_model")), _texts(first("lora_alpha", "lora_strength"))
    loras = [(name, strengths[index] if index < len(strengths) else 1.0) for index, name in enumerate(names)]
    fields = {
        "Steps": first("num_inference_steps", "steps"),
        "Sampler": sampler(text_of(first("sampler_name", "sampler"))),
        "CFG scale": first("guidance_scale"),
        "Seed": first("seed"),
        "Size": _size(first("width"), first("height")),
        "Model": comfyui.stem(text_of(first("use_stable_diffusion_model", "stable_diffusion_model"))),
        "VAE": comfyui.stem(text_of(first("use_vae_model", "vae_model"))),
        "Clip skip": "2" if text_of(first("clip_skip")).casefold() == "true" else None,
        "Denoising strength": first("prompt_strength") if first("init_image") else None,
    }
    positive = with_loras(text_of(first("prompt")), loras)
    return Infotext(positive, text_of(first("negative_prompt")), fields_of(fields), "easydiffusion")


def _drawthings(paper: Paper) -> Infotext:
    loras = [(text_of(one.get("model")), one.get("weight")) for one in _rows(paper.get("lora"))]
    strength = _number(paper.get("strength"), 1.0)
    fields = {
        "Steps": paper.get("steps"),
        "Sampler": sampler(text_of(paper.get("sampler"))),
        "CFG scale": paper.get("scale"),
        "Seed": paper.get("seed"),
        "Size": paper.get("size"),
        "Model": comfyui.stem(text_of(paper.get("model"))),
        "Denoising strength": strength if strength < 1 else None,
        "Clip skip": _inside(paper.get("v2")).get("clipSkip")
        if _inside(paper.get("v2")).get("clipSkip") != 1
        else None,
    }
    return Infotext(
        with_loras(text_of(paper.get("c")), loras), text_of(paper.get("uc")), fields_of(fields), "drawthings"
    )


def _civitai(paper: Paper) -> Infotext:
    loras = [
        (text_of(one.get("name")), one.get("weight") or one.get("strength"))
        for one in _rows(paper.get("resources"))
        if text_of(one.get("type")).casefold() in ("lora", "locon", "lycoris", "dora")
    ]
    fields = {
        "Steps": paper.get("steps"),
        "Sampler": sampler(text_of(paper.get("sampler"))),
        "CFG scale": paper.get("cfgScale"),
        "Seed": paper.get("seed"),
        "Size": paper.get("Size") or _size(paper.get("width"), paper.get("height")),
        "Clip skip": paper.get("clipSkip"),
    }
    others = {name: value for name, value in paper.items() if name[:1].isupper() and name not in fields}
    positive = with_loras(text_of(paper.get("prompt")), loras)
    return Infotext(positive, text_of(paper.get("negativePrompt")), fields_of({**fields, **others}), "civitai")


def _has(*names: str) -> Callable[[Paper], bool]:
    return lambda paper: all(name in paper for name in names)


def _is_novelais_file(paper: Paper) -> bool:
    return "prompt" in _inside(paper.get("Comment"))


_READERS: tuple[tuple[Callable[[Paper], bool], Callable[[Paper], Infotext | None]], ...] = (
    (_has("sui_image_params"), _swarmui),
    (_is_novelais_file, _novelais_file),
    (_has("invokeai_metadata"), _invokeai),
    (_has("positive_prompt", "steps"), _invokeai),
    (_has("positive_prompt", "generation_mode"), _invokeai),
    (_has("image", "app_id"), _invokeai_before_3),
    (_has("image", "model_weights"), _invokeai_before_3),
    (_has("extraMetadata"), lambda paper: from_json(_inside(paper["extraMetadata"])) or comfyui.from_graph(paper)),
    (comfyui.is_graph, comfyui.from_graph),
    (_has("v4_prompt"), _novelai),
    (_has("prompt", "uc"), _novelai),
    (_has("prompt", "num_inference_steps"), _easydiffusion),
    (_has("prompt", "use_stable_diffusion_model"), _easydiffusion),
    (_has("Prompt", "Stable Diffusion model"), _easydiffusion),
    (_has("prompt", "base_model"), _fooocus),
    (_has("prompt", "metadata_scheme"), _fooocus),
    (_has("Prompt", "Base Model"), _fooocus),
    (_has("c", "sampler", "scale"), _drawthings),
    (_has("prompt", "cfgScale"), _civitai),
    (_has("prompt", "negativePrompt"), _civitai),
    (lambda paper: comfyui.is_graph(_inside(paper.get("prompt"))), lambda paper: from_json(_inside(paper["prompt"]))),
    (_has("prompt", "scale", "sampler"), _novelai),
)
