"""ComfyUI's graphs: the sampler that makes the picture, and what its inputs lead to."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import cast

from prompts.infotext.infotext import Infotext
from prompts.infotext.samplers import sampler, schedule
from prompts.prompt import Json, LoraUse

Graph = Mapping[str, Mapping[str, Json]]  # nodes by their numbers; of each its inputs, and "class_type"

_FILE = re.compile(r"\.(?:safetensors|ckpt|pt|pth|bin|sft|gguf)\Z", re.IGNORECASE)
_TEXTS = ("populated_text", "text", "prompt", "text_g", "text_l", "clip_g", "clip_l", "t5xxl", "string", "value")
_VALUES = ("value", "seed", "noise_seed", "int", "float", "number", "Number", "string", "text")
_DEEP = 150  # nodes of a conditioning
_SAMPLERS = 50  # samplers of a graph that are looked at
_LATENTS = ("latent_image", "samples", "optional_latent")
_NOT_LATENTS = ("model", "clip", "vae", "positive", "negative")  # inputs that lead to no latents
_MOST = 2000  # nodes and steps between them; only a hostile graph has more


def stem(name: str) -> str:
    """The name of a file without its folders and its ending."""
    return _FILE.sub("", re.split(r"[\\/]", name.strip())[-1])


def is_graph(paper: Mapping[str, Json]) -> bool:
    """Whether a paper is a graph as ComfyUI runs it."""
    nodes = [one for one in paper.values() if isinstance(one, dict) and "class_type" in one]
    return any(isinstance(one.get("inputs"), dict) for one in nodes)


def from_graph(paper: Mapping[str, Json]) -> Infotext | None:
    """The infotext of the picture that a graph makes; None where no sampler is in it."""
    graph = _graph(paper)
    samplers = [name for name, node in graph.items() if _samples(node)][:_SAMPLERS]
    chains = {
        name: dict.fromkeys(_upstream(graph, [graph[name].get(key) for key in _LATENTS], _NOT_LATENTS))
        for name in samplers
    }
    if not chains:
        return None
    firsts = [name for name, above in chains.items() if not any(one in chains for one in above)]
    first = max(firsts or list(chains), key=lambda name: sum(name in above for above in chains.values()))
    node = _gathered(graph, first)
    positive, negative = (_words(graph, node.get(role), role) for role in ("positive", "negative"))
    model, loras = _model(graph, node.get("model"))
    named = (one for one in loras if f"<lora:{one.name}:".casefold() not in positive.casefold())
    latent = _node_with(graph, node.get("latent_image"), "width", "height")
    over = latent is None and _node_with(graph, node.get("latent_image"), "pixels", "image") is not None
    fields = {
        "Steps": _said(graph, node.get("steps")),
        "Sampler": sampler(_said(graph, node.get("sampler_name")) or _said(graph, node.get("sampler"))),
        "Schedule type": schedule(_said(graph, node.get("scheduler"))),
        "CFG scale": _said(graph, node.get("cfg")),
        "Seed": _said(graph, node.get("seed")) or _said(graph, node.get("noise_seed")),
        "Size": "x".join(filter(None, (_said(graph, latent[side]) for side in ("width", "height")))) if latent else "",
        "Model": model,
        "VAE": next((stem(str(one["vae_name"])) for one in graph.values() if isinstance(one.get("vae_name"), str)), ""),
        "Denoising strength": _said(graph, node.get("denoise")) if over else "",
        "Clip skip": _clip_skip(graph, node.get("positive")),
        **_later(graph, first, chains, model),
    }
    return Infotext(
        " ".join(filter(None, (positive, *map(str, named)))),
        negative,
        {name: value for name, value in fields.items() if value},
        "comfyui",
    )


def positives(paper: Mapping[str, Json]) -> tuple[str, ...]:
    """Every text from which a "positive" input of a graph draws; all of its texts where there is none."""
    inside = paper.get("prompt")
    graph = _graph(paper) or (_graph(inside) if isinstance(inside, dict) else {})
    roots = [node.get("positive") for node in graph.values()]
    waiting = [str(link[0]) for link in roots if isinstance(link, list) and link]
    said: list[str] = []
    seen: set[str] = set()
    for name in waiting or list(graph):
        if name not in seen:
            seen.add(name)
            for key, value in graph.get(name, {}).items():
                if isinstance(value, str) and key != "class_type":
                    said.append(value)
                elif isinstance(value, list) and value and key != "negative":
                    waiting.append(str(value[0]))
    return tuple(dict.fromkeys(filter(None, said)))


def _graph(paper: Mapping[str, Json]) -> Graph:
    made: dict[str, dict[str, Json]] = {}
    for name, node in paper.items():
        if isinstance(node, dict) and isinstance(inputs := node.get("inputs"), dict):
            made[name] = {**inputs, "class_type": str(node.get("class_type", ""))}
    return made


def _linked(graph: Graph, value: Json) -> tuple[str, int] | None:
    """The node and the number of its output that an input is linked to."""
    if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph and isinstance(value[1], int):
        return str(value[0]), value[1]
    return None


def _upstream(graph: Graph, values: Iterable[Json], but: Collection[str]) -> Iterator[str]:
    """The nodes that inputs come from, the nearest first; `but` are the inputs of them that lead elsewhere."""
    waiting, seen = deque(values), set[str]()
    while waiting and len(seen) < _MOST:
        link = _linked(graph, waiting.popleft())
        if link and link[0] not in seen:
            seen.add(link[0])
            yield link[0]
            waiting.extend(value for key, value in graph[link[0]].items() if key not in but)


def _samples(node: Mapping[str, Json]) -> bool:
    if "Sampler" not in str(node["class_type"]) and "sampler_name" not in node:
        return False
    return ("positive" in node and "negative" in node and ("steps" in node or "sigmas" in node)) or "guider" in node


def _gathered(graph: Graph, name: str) -> dict[str, Json]:
    """A sampler's inputs, together with those of the nodes that it has its guidance, noise and steps from."""
    made = dict(graph[name])
    for role in ("guider", "noise", "sampler", "sigmas", "basic_pipe"):
        if link := _linked(graph, graph[name].get(role)):
            part = graph[link[0]]
            made = {**part, **{key: value for key, value in made.items() if key != role}}
            if role == "sigmas" and "scheduler" not in part:
                made["scheduler"] = re.sub(r"Scheduler\Z", "", str(part["class_type"])).removeprefix("SDTurbo")
    if "conditioning" in made:
        made.setdefault("positive", made["conditioning"])
    return made


def _said(graph: Graph, value: Json, deep: int = 0) -> str:
    """A number or a name, also one that another node holds."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float):
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    if (link := _linked(graph, value)) and deep < 20:
        node = graph[link[0]]
        names = [name for name in (*_VALUES, *(["width", "height"][link[1] : link[1] + 1])) if name in node]
        held = [node[name] for name in names] or [one for one in node.values() if _linked(graph, one)]
        return _said(graph, held[0], deep + 1) if held else ""
    return ""


def _words(graph: Graph, value: Json, role: str) -> str:
    """What a conditioning says; `role` is which of the two prompts it is for."""
    seen: set[tuple[str, int]] = set()

    def said(value: Json, role: str) -> str:
        if isinstance(value, str):
            return value
        link = _linked(graph, value)
        if link is None or link in seen or len(seen) > _DEEP:
            return ""
        seen.add(link)
        node = graph[link[0]]
        kind = str(node["class_type"])
        if "ZeroOut" in kind:
            return ""
        if "positive" in node and "negative" in node:  # a ControlNet between, whose outputs stand in this order
            return said(node["negative" if link[1] == 1 else "positive" if link[1] == 0 else role], role)
        if role in node and ("positive" in node or "negative" in node):
            return said(node[role], role)
        parts = [said(node[key], role) for key in _TEXTS if key in node]
        if any(parts):
            return ", ".join(dict.fromkeys(filter(None, parts)))
        sign = " BREAK " if "Concat" in kind and "Conditioning" in kind else " AND " if "Conditioning" in kind else ""
        others = [
            said(one, role) for key, one in node.items() if _linked(graph, one) and key not in ("clip", "model", "vae")
        ]
        pieces = [key for key in node if re.fullmatch(r"(?:string|text)_?\w{1,2}", key) and isinstance(node[key], str)]
        others += [str(node[key]) for key in pieces if str(node[key]).strip()]
        return (sign or ", ").join(filter(None, others))

    return said(value, role).strip()


def _model(graph: Graph, value: Json) -> tuple[str, tuple[LoraUse, ...]]:
    """The checkpoint that a model comes from, and the LoRAs on the way, the first to be loaded first."""
    loras: list[LoraUse] = []
    seen: set[str] = set()
    while (link := _linked(graph, value)) and link[0] not in seen:
        seen.add(link[0])
        node = graph[link[0]]
        loras[:0] = _loras(graph, node)
        for key in ("ckpt_name", "unet_name", "model_name", "base_ckpt_name"):
            if isinstance(node.get(key), str):
                return stem(str(node[key])), tuple(loras)
        value = next((node[key] for key in ("model", "model1", "basic_pipe", "any", "") if key in node), None)
        if value is None:
            value = next((one for one in node.values() if _linked(graph, one)), None)
    return "", tuple(loras)


def _loras(graph: Graph, node: Mapping[str, Json]) -> Iterator[LoraUse]:
    """The LoRAs that a node loads: one, or some in numbered rows."""
    for key, value in node.items():
        if isinstance(value, dict):  # a row of a list that people switch on and off
            if value.get("on", True) and isinstance(value.get("lora"), str):
                yield _use(str(value["lora"]), value.get("strength"), value.get("strengthTwo"))
        elif isinstance(value, str) and (match := re.fullmatch(r"lora(?:_name|_)(\w*)|lora_name", key)):
            tail = match.group(1) or ""
            names = (f"strength_model{tail}", f"model_str{tail}", f"model_weight{tail}", f"lora_wt{tail}", "strength")
            weight = next((node[name] for name in names if name in node), 1.0)
            encoder = next((node[f"{name}{tail}"] for name in _ENCODERS if f"{name}{tail}" in node), None)
            if stem(value).casefold() not in ("none", ""):
                yield _use(value, _said(graph, weight), _said(graph, encoder) or None)


_ENCODERS = ("strength_clip", "clip_str", "clip_weight")


def _use(name: str, weight: Json, encoder: Json) -> LoraUse:
    def number(value: Json, otherwise: float) -> float:
        try:
            return float(cast(float, value))
        except (TypeError, ValueError):
            return otherwise

    strength = number(weight, 1.0)
    own = number(encoder, strength)
    return LoraUse(stem(name), strength, None if own == strength else own)


def _node_with(graph: Graph, value: Json, *keys: str) -> Mapping[str, Json] | None:
    """The nearest node upstream that has all of the keys."""
    for node in (graph[name] for name in _upstream(graph, [value], _NOT_LATENTS)):
        if all(key in node for key in keys) or (keys[0] == "pixels" and any(key in node for key in keys)):
            return node
    return None


def _clip_skip(graph: Graph, value: Json) -> str:
    """A1111's number of the last layer that a text encoder runs to."""
    for node in (graph[name] for name in _upstream(graph, [value], ("model", "vae", "image", "control_net"))):
        for key in ("stop_at_clip_layer", "clip_skip"):
            if isinstance(number := node.get(key), int) and number < -1:
                return str(-number)
    return ""


def _later(graph: Graph, first: str, chains: Mapping[str, Collection[str]], model: str) -> dict[str, str]:
    """The fields of the pass that is drawn over the first one: a second pass enlarged, or a refiner's."""
    second = min(
        (name for name, above in chains.items() if first in above), key=lambda one: len(chains[one]), default=""
    )
    if not second:
        return {}
    node = _gathered(graph, second)
    start, steps = _said(graph, node.get("start_at_step")), _said(graph, node.get("steps"))
    other = _model(graph, node.get("model"))[0]
    if start not in ("", "0"):
        if other == model or not steps.isdigit() or not start.isdigit() or not int(steps):
            return {}
        return {"Refiner": other, "Refiner switch at": f"{int(start) / int(steps):.4g}"}
    between = [graph[name] for name in chains[second] if name != first and name not in chains[first]]
    by = next((_said(graph, one["scale_by"]) for one in between if "scale_by" in one), "")
    sized = next((one for one in between if "width" in one and "height" in one), None)
    if not by and sized is None:
        return {}
    size = "" if sized is None else f"{_said(graph, sized['width'])}x{_said(graph, sized['height'])}"
    network = next((stem(str(one["model_name"])) for one in between if isinstance(one.get("model_name"), str)), "")
    return {
        "Hires upscale": by,
        "Hires resize": "" if by else size,
        "Hires steps": steps,
        "Hires upscaler": network or "Latent",
        "Denoising strength": _said(graph, node.get("denoise")),
    }
