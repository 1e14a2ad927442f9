"""ComfyUI's graphs as such: nodes, what their inputs are linked to, and the values that come along links."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

from prompts.prompt import Json

Graph = Mapping[str, Mapping[str, Json]]  # nodes by their numbers; of each its inputs, and "class_type"

NOT_PICTURES = ("model", "clip", "vae", "positive", "negative", "conditioning")  # inputs that lead to no picture
_VALUES = ("value", "seed", "noise_seed", "int", "float", "number", "Number", "string", "text")
_RECKONS = re.compile(r"Math|Expression|Operation", re.IGNORECASE)  # nodes that make numbers of numbers
_MOST = 2000  # nodes and steps between them; only a hostile graph has more


def is_graph(paper: Mapping[str, Json]) -> bool:
    """Whether a paper is a graph as ComfyUI runs it."""
    nodes = [one for one in paper.values() if isinstance(one, dict) and "class_type" in one]
    return any(isinstance(one.get("inputs"), dict) for one in nodes)


def nodes_of(paper: Mapping[str, Json]) -> Graph:
    """The nodes of a paper; none where it is no graph."""
    made: dict[str, dict[str, Json]] = {}
    for name, node in paper.items():
        if isinstance(node, dict) and isinstance(inputs := node.get("inputs"), dict):
            made[name] = {**inputs, "class_type": str(node.get("class_type", ""))}
    return made


def kind(node: Mapping[str, Json]) -> str:
    """What a node is called."""
    return str(node["class_type"])


def linked(graph: Graph, value: Json) -> tuple[str, int] | None:
    """The node and the number of its output that an input is linked to."""
    if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph and isinstance(value[1], int):
        return str(value[0]), value[1]
    return None


def upstream(graph: Graph, values: Iterable[Json], but: Collection[str] = NOT_PICTURES) -> Iterator[str]:
    """The nodes that inputs come from, the nearest first; `but` are the inputs of them that lead elsewhere."""
    waiting, seen = deque(values), set[str]()
    while waiting and len(seen) < _MOST:
        link = linked(graph, waiting.popleft())
        if link and link[0] not in seen:
            seen.add(link[0])
            yield link[0]
            waiting.extend(value for key, value in graph[link[0]].items() if key not in but)


def said(graph: Graph, value: Json, key: str = "", deep: int = 0) -> str:
    """A number or a name, also one that another node holds, under the input's own `key` or as its value; "" for what
    a node reckons."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float):
        return f"{value:.10g}" if isinstance(value, float) else str(value)
    if (link := linked(graph, value)) and deep < 20:
        node = graph[link[0]]
        if _RECKONS.search(kind(node)):
            return ""
        names = [one for one in (key, *_VALUES, *(["width", "height"][link[1] : link[1] + 1])) if one in node]
        held = [node[name] for name in names] or [one for one in node.values() if linked(graph, one)]
        return said(graph, held[0], key, deep + 1) if held else ""
    return ""


def own(graph: Graph, node: Mapping[str, Json], *keys: str) -> str:
    """What a node says under the first of these keys that says anything."""
    return next(filter(None, (said(graph, node.get(key), key) for key in keys)), "")
