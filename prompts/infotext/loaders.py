"""The models of ComfyUI's graphs: what is loaded, which LoRAs lie on the way, and what else acts there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from prompts.infotext.graph import Graph, kind, linked, own, said
from prompts.prompt import Json, LoraUse

_FILE = re.compile(r"\.(?:safetensors|ckpt|pt|pth|bin|sft|gguf)\Z", re.IGNORECASE)
_FILES = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_WAYS = ("model", "model1", "basic_pipe", "any", "")  # inputs by which a model comes
_ENCODERS = ("strength_clip", "clip_str", "clip_weight", "lora_clip_strength")
# Nodes on a model's way that change nothing which a picture here would lack; what a model predicts shows in its file.
_PLAIN = re.compile(r"Load|Lora|Lyco|Reroute|ModelSampling|Switch|Primitive|Pipe|^(?:Any|Get|Set)", re.IGNORECASE)

# Nodes that are Forge's extensions, too: what its fields begin with, and what the simpler ones take for granted.
_DYNTHRES = {"dynthres_enabled": "True"}
_BESIDE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "PerturbedAttentionGuidance": (
        "PerturbedAttentionGuidance_",
        {"PerturbedAttentionGuidance_enabled": "True"},
    ),
    "DynamicThresholdingFull": ("dynthres_", _DYNTHRES),
    "DynamicThresholdingSimple": ("dynthres_", _DYNTHRES | {"dynthres_separate_feature_channels": "disable"}),
}
_SAID = frozenset(
    {"scale", "mimic_scale", "threshold_percentile", "mimic_mode", "mimic_scale_min", "cfg_mode", "cfg_scale_min"}
    | {"sched_val", "separate_feature_channels", "scaling_startpoint", "variability_measure", "interpolate_phi"}
)


@dataclass(slots=True)
class Way:
    """What was found on a model's way: its name, the LoRAs, the first to be loaded first, the guidance's rescale, what
    acts beside guidance in Forge's fields, and the kinds of nodes that nothing here is like."""

    model: str = ""
    loras: list[LoraUse] = field(default_factory=list)
    rescale: str = ""
    beside: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def stem(name: str) -> str:
    """The name of a file without its folders and its ending."""
    return _FILE.sub("", re.split(r"[\\/]", name.strip())[-1])


def way(graph: Graph, value: Json) -> Way:
    """The way of a model from the checkpoint that it comes from."""
    found = Way()
    seen: set[str] = set()
    while (link := linked(graph, value)) and link[0] not in seen:
        seen.add(link[0])
        node = graph[link[0]]
        found.loras[:0] = [*_stacked(graph, node.get("lora_stack"), seen), *_loras(graph, node)]
        if kind(node) == "RescaleCFG":
            found.rescale = said(graph, node.get("multiplier"))
        elif kind(node) in _BESIDE:
            prefix, always = _BESIDE[kind(node)]
            found.beside |= {f"{prefix}{name}": said(graph, value) for name, value in node.items() if name in _SAID}
            found.beside |= always
        elif not _PLAIN.search(kind(node)):
            found.others.append(kind(node))
        for key in _FILES:
            if isinstance(node.get(key), str):
                found.model = stem(str(node[key]))
                return found
        value = next((node[key] for key in _WAYS if key in node), None)
        if value is None:
            value = next((one for one in node.values() if linked(graph, one)), None)
    return found


def _stacked(graph: Graph, value: Json, seen: set[str]) -> Iterator[LoraUse]:
    """The LoRAs of a stack, and of those that it stands on."""
    if (link := linked(graph, value)) and link[0] not in seen:
        seen.add(link[0])
        node = graph[link[0]]
        yield from _stacked(graph, node.get("lora_stack"), seen)
        yield from _loras(graph, node)


def _loras(graph: Graph, node: Mapping[str, Json]) -> Iterator[LoraUse]:
    """The LoRAs that a node loads: one, or some in numbered rows, of which it may say how many count."""
    count = node.get("lora_count")
    simple = node.get("input_mode") == "simple"  # one weight for both networks
    for key, value in node.items():
        if isinstance(value, dict):  # a row of a list that people switch on and off
            if value.get("on", True) and isinstance(value.get("lora"), str):
                yield from _use(str(value["lora"]), value.get("strength"), value.get("strengthTwo"))
        elif isinstance(value, str) and (match := re.fullmatch(r"lora(?:_name|_)(\w*)|lora_name", key)):
            tail = match.group(1) or ""
            number = tail.strip("_")
            off = number.isdigit() and isinstance(count, int) and int(number) > count
            if off or str(node.get(f"switch{tail}", "On")).casefold() in ("off", "false"):
                continue
            whole = (f"lora_wt{tail}",) if simple else ()
            each = (f"strength_model{tail}", f"model_str{tail}", f"model_weight{tail}", f"lora_model_strength{tail}")
            weight = own(graph, node, *whole, *each, f"lora_wt{tail}", "strength")
            encoder = "" if simple else own(graph, node, *(f"{name}{tail}" for name in _ENCODERS))
            yield from _use(value, weight, encoder)


def _use(name: str, weight: Json, encoder: Json) -> Iterator[LoraUse]:
    """A LoRA at its weights; nothing for none, and for one that does nothing."""
    strength = _number(weight, 1.0)
    text = _number(encoder, strength)
    if stem(name).casefold() not in ("none", "") and (strength or text):
        yield LoraUse(stem(name), strength, None if text == strength else text)


def _number(value: Json, otherwise: float) -> float:
    try:
        return float(cast(float, value))
    except (TypeError, ValueError):
        return otherwise
