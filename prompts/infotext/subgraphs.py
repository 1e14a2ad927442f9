"""ComfyUI's subgraphs: nodes of a workflow that stand for a workflow of their own, put in the place of which its nodes
stand, as they run.

Source: `definitions.subgraphs` of the workflow files that ComfyUI_frontend writes since 1.24; values that a subgraph
shows of its nodes by `proxyWidgets`, and since ADR 0009 by its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prompts.infotext.paper import Paper, inside, rows
from prompts.prompt import Json

MUTED, BYPASSED = 2, 4  # modes of nodes: one gives nothing, the other hands on what it gets
SHOWN = "shown"  # of a node: what is said of its values where it is shown
_DEEP = 20  # subgraphs within subgraphs
_MOST = 2000  # nodes in all; only a hostile workflow has more


class Link(NamedTuple):
    """Where a link comes from, a node and the number of its output, where it leads, and of what kind it is."""

    node: str
    output: int
    kind: Json
    to: str = ""
    input: int = 0


def links(said: Json) -> Iterator[tuple[int, Link]]:
    """The links by their numbers: lists, and as newer ones are written, objects."""
    for link in said if isinstance(said, list) else ():
        if isinstance(link, dict):
            link = [link.get(name) for name in ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")]
        if isinstance(link, list) and len(link) > 3 and isinstance(link[0], int) and isinstance(link[2], int):
            slot = link[4] if len(link) > 4 and isinstance(link[4], int) else 0
            yield link[0], Link(str(link[1]), link[2], link[5] if len(link) > 5 else None, str(link[3]), slot)


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """A workflow, or a subgraph in the place of the node that stands for it (`host`, of the level `above`)."""

    paper: Paper
    links: Mapping[int, Link]
    prefix: str = ""
    host: Paper = field(default_factory=dict)
    above: _Level | None = None
    deep: int = 0
    within: dict[str, _Level] = field(default_factory=dict)

    def end(self, name: str) -> str:
        """The number of what stands for its inputs or its outputs."""
        return str(inside(self.paper.get(name)).get("id"))


def opened(paper: Paper) -> Paper:
    """A workflow with the nodes of its subgraphs in their places, numbered as they run ("5:2"); itself where it has
    none."""
    kinds = {str(one.get("id")): one for one in rows(inside(paper.get("definitions")).get("subgraphs"))}
    if not any(str(node.get("type")) in kinds for node in rows(paper.get("nodes"))):
        return paper
    nodes: list[Json] = []
    numbered: list[Json] = []
    for level, node in _nodes(paper, kinds):
        inputs: list[Json] = []
        for one in rows(node.get("inputs")):
            link = _origin(level, one.get("link"))
            inputs.append({**one, "link": len(numbered) if link else None})
            numbered.extend([[len(numbered), link.node, link.output, None, None, link.kind]] if link else [])
        nodes.append({**node, "inputs": inputs})
    return {"nodes": nodes, "links": numbered}


def _nodes(paper: Paper, kinds: Mapping[str, Paper]) -> list[tuple[_Level, Paper]]:
    """The nodes of a workflow and of the subgraphs in it, with the level that their links are numbered in."""
    found: list[tuple[_Level, Paper]] = []
    levels: list[tuple[_Level, Mapping[tuple[str, str], Json]]] = [(_Level(paper, dict(links(paper.get("links")))), {})]
    for level, shown in levels:
        for node in rows(level.paper.get("nodes")):
            name, kind = str(node.get("id")), kinds.get(str(node.get("type")))
            said: dict[str, Json] = {value: one for (of, value), one in shown.items() if of == name}
            if kind is None or node.get("mode") in (MUTED, BYPASSED):
                found.append((level, {**node, "id": level.prefix + name, SHOWN: said}))
            elif level.deep < _DEEP and len(levels) < _MOST:
                own = dict(links(kind.get("links")))
                below = _Level(kind, own, f"{level.prefix}{name}:", node, level, level.deep + 1)
                level.within[name] = below
                levels.append((below, _shown(below, said)))
        if len(found) >= _MOST:
            break
    return found


def _shown(level: _Level, said: Mapping[str, Json]) -> dict[tuple[str, str], Json]:
    """What the node that stands for a subgraph says of values within, by the node within and the value's name; `said`
    is what is said of its own where these are shown further out."""
    fed, proxies = _fed(level), inside(level.host.get("properties")).get("proxyWidgets")
    if isinstance(proxies, str):
        proxies = inside(f'{{"all": {proxies}}}').get("all")
    names: list[tuple[str, str]] = []
    for one in proxies if isinstance(proxies, list) else ():
        of, value = map(str, one[:2]) if isinstance(one, list) and len(one) > 1 else ("", "")
        names.append(fed.get(value, ("", "")) if of == "-1" else (of, value))
    values = level.host.get("widgets_values")
    found = dict(zip(names or fed.values(), values if isinstance(values, list) else (), strict=False))
    called = {value: (of, value) for of, value in names} | fed
    return found | {called[value]: one for value, one in said.items() if value in called}


def _fed(level: _Level) -> dict[str, tuple[str, str]]:
    """The inputs of a subgraph that are values of nodes within: by their names, the node and the value's name."""
    nodes = {str(node.get("id")): node for node in rows(level.paper.get("nodes"))}
    entry, found = level.end("inputNode"), dict[str, tuple[str, str]]()
    for number, one in enumerate(rows(level.paper.get("inputs"))):
        for link in level.links.values():
            inputs = rows(nodes.get(link.to, {}).get("inputs"))[link.input : link.input + 1]
            if link.node == entry and link.output == number and inputs and inputs[0].get("widget"):
                found.setdefault(str(one.get("name")), (link.to, str(inputs[0].get("name"))))
    return found


def _origin(level: _Level, number: Json) -> Link | None:
    """Where a link really comes from, in and out of subgraphs, with the node's number as it runs; None where it comes
    from nowhere."""
    for _ in range(_MOST):
        link = level.links.get(number) if isinstance(number, int) else None
        if link is None:
            return None
        if level.above and link.node == level.end("inputNode"):
            given = rows(level.host.get("inputs"))
            name = [one.get("name") for one in rows(level.paper.get("inputs"))[link.output : link.output + 1]]
            ours = [one for one in given if [one.get("name")] == name] or given[link.output : link.output + 1]
            level, number = level.above, ours[0].get("link") if ours else None
        elif below := level.within.get(link.node):
            out = below.end("outputNode")
            last = (at for at, one in below.links.items() if (one.to, one.input) == (out, link.output))
            level, number = below, next(last, None)
        else:
            return link._replace(node=level.prefix + link.node)
    return None
