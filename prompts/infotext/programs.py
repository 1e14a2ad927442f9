"""The JSON that other programs write of a picture, as an infotext."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from prompts.infotext import comfyui, invokeai
from prompts.infotext.fooocus import of_fooocus
from prompts.infotext.graph import is_graph
from prompts.infotext.infotext import Infotext
from prompts.infotext.loaders import stem
from prompts.infotext.paper import Paper, fields_of, inside, named, number, rows, size, text_of, texts, with_loras
from prompts.infotext.samplers import sampler, schedule
from prompts.infotext.weights import from_novelai
from prompts.infotext.workflow import graph_of, is_workflow
from prompts.prompt import Json


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


def _novelais_file(paper: Paper) -> Infotext:
    """What NovelAI's files say: the paper is their "Comment", and "Source" tells the model but for the first ones."""
    source = paper.get("Source")
    known = {} if source == "Stable Diffusion" else {"source": source}
    return _novelai({**known, **inside(paper["Comment"])})


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
        "Size": size(paper.get("width"), paper.get("height")),
        "Model": paper.get("model") or paper.get("source"),
        "CFG rescale": paper.get("cfg_rescale") or None,
        "Denoising strength": paper.get("strength") if over else None,
        "SMEA": ("dyn" if paper.get("sm_dyn") else "on") if paper.get("sm") else None,
        "Decrisper": paper.get("dynamic_thresholding"),
        "Variety+": paper.get("skip_cfg_above_sigma"),
    }
    return Infotext(from_novelai(positive), from_novelai(negative), fields_of(fields), "novelai")


def _caption(value: Json) -> str:
    """The words of NovelAI's fourth kind of prompt: those of the whole, then each figure's."""
    caption = inside(inside(value).get("caption"))
    figures = (text_of(one.get("char_caption")) for one in rows(caption.get("char_captions")))
    return ", ".join(filter(None, (text_of(caption.get("base_caption")), *figures)))


def _swarmui(paper: Paper) -> Infotext:
    known = inside(paper.get("sui_image_params"))
    names, weights = texts(known.get("loras")), texts(known.get("loraweights"))
    loras = [(name, weights[index] if index < len(weights) else 1.0) for index, name in enumerate(names)]
    last = number(known.get("clipstopatlayer"), 0)
    files = rows(paper.get("sui_models"))
    fields = {
        "Steps": known.get("steps"),
        "Sampler": sampler(text_of(known.get("sampler")) or "euler"),
        "Schedule type": schedule(text_of(known.get("scheduler")) or "normal"),
        "CFG scale": known.get("cfgscale"),
        "Seed": known.get("seed"),
        "Size": size(known.get("width"), known.get("height")),
        "Model": stem(text_of(known.get("model"))),
        "VAE": named(text_of(known.get("vae"))),
        "Variation seed": known.get("variationseed") if known.get("variationseedstrength") else None,
        "Variation seed strength": known.get("variationseedstrength") or None,
        "Denoising strength": known.get("initimagecreativity"),
        "Model hash": next((one.get("hash") for one in files if one.get("param") == "model"), None),
        "Tiling": known.get("seamlesstileable") if known.get("seamlesstileable") != "false" else None,
        **_swarms_second(known),
        "Clip skip": str(int(-last)) if last < 0 else None,
        "Version": known.get("swarm_version"),
    }
    positive, negative = text_of(known.get("prompt")), text_of(known.get("negativeprompt"))
    return Infotext(with_loras(positive, loras), negative, fields_of(fields), "swarmui")


def _swarms_second(known: Paper) -> dict[str, Json]:
    """What SwarmUI's refiner does: a second pass over the picture enlarged, or the last steps with another model."""
    by, model = number(known.get("refinerupscale"), 1.0), named(text_of(known.get("refinermodel")))
    control = number(known.get("refinercontrolpercentage"), 0.0)
    method = text_of(known.get("refinerupscalemethod"))
    if by > 1:
        return {
            "Hires upscale": by,
            "Hires upscaler": "Latent"
            if method.startswith("latent")
            else stem(re.sub(r"^(?:model|pixel)-", "", method)),
            "Hires steps": known.get("refinersteps"),
            "Hires CFG Scale": known.get("refinercfgscale"),
            "Denoising strength": control,
            "Refiner model": model,
        }
    return {"Refiner": model, "Refiner switch at": f"{1 - control:.4g}"} if model and control else {}


def _easydiffusion(paper: Paper) -> Infotext:
    known = {name.casefold().replace(" ", "_"): value for name, value in paper.items()}

    def first(*names: str) -> Json:
        return next((known[name] for name in names if known.get(name) not in (None, "", "None")), None)

    names, strengths = texts(first("use_lora_model", "lora_model")), texts(first("lora_alpha", "lora_strength"))
    loras = [(name, strengths[index] if index < len(strengths) else 1.0) for index, name in enumerate(names)]
    fields = {
        "Steps": first("num_inference_steps", "steps"),
        "Sampler": sampler(text_of(first("sampler_name", "sampler"))),
        "CFG scale": first("guidance_scale"),
        "Seed": first("seed"),
        "Size": size(first("width"), first("height")),
        "Model": stem(text_of(first("use_stable_diffusion_model", "stable_diffusion_model"))),
        "VAE": stem(text_of(first("use_vae_model", "vae_model"))),
        "Clip skip": "2" if text_of(first("clip_skip")).casefold() == "true" else None,
        "Denoising strength": first("prompt_strength") if first("init_image") else None,
        "Postprocess upscaler": first("use_upscale", "use_upscaling"),
        "Postprocess upscale by": first("upscale_amount", "upscale_by")
        if first("use_upscale", "use_upscaling")
        else None,
        "Face restoration": first("use_face_correction"),
        "Tiling": named(text_of(first("tiling", "seamless_tiling"))),
        "Hypernet": named(text_of(first("use_hypernetwork_model", "hypernetwork_model"))),
        "ControlNet": named(text_of(first("use_controlnet_model", "controlnet_model"))),
    }
    positive = with_loras(text_of(first("prompt")), loras)
    return Infotext(positive, text_of(first("negative_prompt")), fields_of(fields), "easydiffusion")


def _drawthings(paper: Paper) -> Infotext:
    loras = [(text_of(one.get("model")), one.get("weight")) for one in rows(paper.get("lora"))]
    strength = number(paper.get("strength"), 1.0)
    more = inside(paper.get("v2"))
    first_pass: dict[str, Json] = {}
    if more.get("hiresFix"):  # whose size is that of the first pass
        first_pass = {
            "Size": size(more.get("hiresFixWidth"), more.get("hiresFixHeight")),
            "Hires resize": paper.get("size"),
            "Hires upscaler": "Latent",
            "Denoising strength": more.get("hiresFixStrength"),
        }
    fields = {
        "Steps": paper.get("steps"),
        "Sampler": sampler(text_of(paper.get("sampler"))),
        "CFG scale": paper.get("scale"),
        "Seed": paper.get("seed"),
        "Size": paper.get("size"),
        "Model": stem(text_of(paper.get("model"))),
        "Denoising strength": strength if strength < 1 else None,
        "Clip skip": more.get("clipSkip") if more.get("clipSkip") != 1 else None,
        "Refiner": stem(text_of(more.get("refinerModel"))),
        "Refiner switch at": more.get("refinerStart") if more.get("refinerModel") else None,
        "Postprocess upscaler": re.sub(r"_f16\Z", "", stem(text_of(more.get("upscaler")))),
        "Face restoration": stem(text_of(more.get("faceRestoration"))),
        "ControlNet": ", ".join(stem(text_of(one.get("file"))) for one in rows(more.get("controls"))),
        **first_pass,
    }
    return Infotext(
        with_loras(text_of(paper.get("c")), loras), text_of(paper.get("uc")), fields_of(fields), "drawthings"
    )


def _civitai(paper: Paper) -> Infotext:
    loras = [
        (text_of(one.get("name")), one.get("weight") or one.get("strength"))
        for one in rows(paper.get("resources"))
        if text_of(one.get("type")).casefold() in ("lora", "locon", "lycoris", "dora")
    ]
    fields = {
        "Steps": paper.get("steps"),
        "Sampler": sampler(text_of(paper.get("sampler"))),
        "CFG scale": paper.get("cfgScale"),
        "Seed": paper.get("seed"),
        "Size": paper.get("Size") or size(paper.get("width"), paper.get("height")),
        "Clip skip": paper.get("clipSkip"),
        "Civitai resources": json.dumps(paper["civitaiResources"]) if paper.get("civitaiResources") else None,
    }
    others = {name: value for name, value in paper.items() if name[:1].isupper() and name not in fields}
    positive = with_loras(text_of(paper.get("prompt")), loras)
    return Infotext(positive, text_of(paper.get("negativePrompt")), fields_of({**fields, **others}), "civitai")


def _has(*names: str) -> Callable[[Paper], bool]:
    return lambda paper: all(name in paper for name in names)


def _is_novelais_file(paper: Paper) -> bool:
    return "prompt" in inside(paper.get("Comment"))


_READERS: tuple[tuple[Callable[[Paper], bool], Callable[[Paper], Infotext | None]], ...] = (
    (_has("sui_image_params"), _swarmui),
    (_is_novelais_file, _novelais_file),
    (_has("invokeai_metadata"), invokeai.of_today),
    (_has("positive_prompt", "steps"), invokeai.of_today),
    (_has("positive_prompt", "generation_mode"), invokeai.of_today),
    (_has("image", "app_id"), invokeai.before_3),
    (_has("image", "model_weights"), invokeai.before_3),
    (_has("extraMetadata"), lambda paper: from_json(inside(paper["extraMetadata"])) or comfyui.from_graph(paper)),
    (is_graph, comfyui.from_graph),
    (is_workflow, lambda paper: comfyui.from_graph(graph_of(paper))),
    (_has("v4_prompt"), _novelai),
    (_has("prompt", "uc"), _novelai),
    (_has("prompt", "num_inference_steps"), _easydiffusion),
    (_has("prompt", "use_stable_diffusion_model"), _easydiffusion),
    (_has("Prompt", "Stable Diffusion model"), _easydiffusion),
    (_has("prompt", "base_model"), of_fooocus),
    (_has("prompt", "metadata_scheme"), of_fooocus),
    (_has("Prompt", "Base Model"), of_fooocus),
    (_has("c", "sampler", "scale"), _drawthings),
    (_has("prompt", "cfgScale"), _civitai),
    (_has("prompt", "negativePrompt"), _civitai),
    (lambda paper: is_graph(inside(paper.get("prompt"))), lambda paper: from_json(inside(paper["prompt"]))),
    (_has("prompt", "scale", "sampler"), _novelai),
)
