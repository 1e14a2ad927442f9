"""What the conditionings of ComfyUI's graphs say: the words, the clip skip, and what acts on them beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prompts.infotext.graph import Graph, kind, linked, upstream
from prompts.prompt import Json

_TEXTS = ("populated_text", "text", "prompt", "text_g", "text_l", "clip_g", "clip_l", "t5xxl", "string", "value")
_PIECE = re.compile(r"(?:string|text)_?\w{1,2}")
_NOT_WORDS = ("clip", "model", "vae")
_DEEP = 150  # nodes of a conditioning
_AND = "\0"  # between conditionings that are combined; A1111's sign may stand in the words
# Nodes on the way that do something to the words which nothing here does.
_ACTS = re.compile(
    r"ControlNetApply|ControlLoraApply|Conditioning(?:Set|Average|Stretch)|unCLIP|StyleModel|GLIGEN|IPAdapter"
    r"|InstructPix|FluxGuidance|ReferenceLatent"
)


def words(graph: Graph, value: Json, role: str) -> str:
    """What a conditioning says; `role` is which of the two prompts it is for. Of combined ones A1111 adds the guidance
    of each, where ComfyUI takes their mean: each has its share."""
    parts = _words(graph, value, role).split(_AND)
    share = f" :{1 / len(parts):.4g}" if len(parts) > 1 else ""
    return " AND ".join(f"{_escaped(part.strip())}{share}" for part in parts)


def _escaped(text: str) -> str:
    """Brackets are plain signs to ComfyUI."""
    return re.sub(r"(?<!\\)([\[\]])", r"\\\1", text)


def _words(graph: Graph, value: Json, role: str) -> str:
    seen: set[tuple[str, int]] = set()

    def said(value: Json) -> str:
        if isinstance(value, str):
            return value
        link = linked(graph, value)
        if link is None or link in seen or len(seen) > _DEEP:
            return ""
        seen.add(link)
        node = graph[link[0]]
        name = kind(node)
        if "ZeroOut" in name:
            return ""
        if role in node:  # a ControlNet between, or a node that loads all and has both prompts
            return said(node[role])
        parts = [said(node[key]) for key in _TEXTS if key in node]
        if any(parts):
            return ", ".join(dict.fromkeys(filter(None, parts)))
        sign = " BREAK " if "Concat" in name and "Conditioning" in name else _AND if "Conditioning" in name else ", "
        others = [said(one) for key, one in node.items() if linked(graph, one) and key not in _NOT_WORDS]
        others += [str(node[key]) for key in node if _PIECE.fullmatch(key) and isinstance(node[key], str)]
        return _joined(others, sign)

    return said(value).strip()


def _joined(pieces: Iterable[str], sign: str) -> str:
    kept = [one for one in pieces if one.strip()]
    if sign == ", " and len(kept) > 1:  # whose commas may stand at the ends already
        kept = [one.strip(" ,\n") for one in kept]
    return sign.join(filter(None, kept))


def clip_skip(graph: Graph, value: Json) -> str:
    """A1111's number of the last layer that a text encoder runs to."""
    for node in (graph[name] for name in upstream(graph, [value], ("model", "vae", "image", "control_net"))):
        for key in ("stop_at_clip_layer", "clip_skip"):
            if isinstance(number := node.get(key), int) and number < -1:
                return str(-number)
    return ""


def acting(graph: Graph, values: Iterable[Json]) -> Iterator[str]:
    """The kinds of nodes between conditionings and their words that nothing here is like."""
    for name in upstream(graph, values, _NOT_WORDS):
        if _ACTS.search(kind(graph[name])):
            yield kind(graph[name])
