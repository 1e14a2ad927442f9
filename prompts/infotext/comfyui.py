"""ComfyUI's graphs: the sampler that makes the picture, and what its inputs lead to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from prompts.infotext import passes
from prompts.infotext.conditioning import acting, clip_skip, words
from prompts.infotext.graph import NOT_PICTURES, Graph, kind, linked, nodes_of, own, said, upstream
from prompts.infotext.infotext import Infotext
from prompts.infotext.loaders import stem, way
from prompts.prompt import Json

_SAMPLERS = 50  # samplers of a graph that are looked at
_NO_VAE = ("", "none", "baked vae", "automatic")
_SIZE = re.compile(r"(?<!\d)(\d{3,4})\s*[x×]\s*(\d{3,4})(?!\d)")  # in the name of a shape: "9:16 portrait 768x1344"


def from_graph(paper: Mapping[str, Json]) -> Infotext | None:
    """The infotext of the picture that a graph makes; None where no sampler is in it."""
    graph = nodes_of(paper)
    end, chains = _chains(graph)
    if not chains:
        return None
    firsts = [name for name, above in chains.items() if not any(one in chains for one in above)]
    first = max(firsts or list(chains), key=lambda name: sum(name in above for above in chains.values()))
    node = passes.gathered(graph, first)
    positive, negative = (words(graph, node.get(role), role) for role in ("positive", "negative"))
    model = way(graph, node.get("model"))
    named = (one for one in model.loras if f"<lora:{one.name}:".casefold() not in positive.casefold())
    latent = node.get("latent_image")
    size = _size(graph, latent)
    over = not size and any("pixels" in graph[one] or "image" in graph[one] for one in upstream(graph, [latent]))
    others = dict.fromkeys([*model.others, *acting(graph, (node.get("positive"), node.get("negative")))])
    fields = {
        **passes.sampled(graph, node),
        "Size": size,
        "Model": model.model,
        "VAE": _vae(graph, end),
        "Eta": own(graph, node, "eta"),
        "Sigma noise": own(graph, node, "s_noise"),
        "Denoising strength": passes.strength(graph, node) if over else "",
        "Clip skip": clip_skip(graph, node.get("positive")),
        "CFG rescale": model.rescale,
        **model.beside,
        "Nodes": ", ".join(others),
        **passes.later(graph, first, chains, model.model),
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
    graph = nodes_of(paper) or (nodes_of(inside) if isinstance(inside, dict) else {})
    roots = [node.get("positive") for node in graph.values()]
    waiting = [str(link[0]) for link in roots if isinstance(link, list) and link]
    told: list[str] = []
    seen: set[str] = set()
    for name in waiting or list(graph):
        if name not in seen:
            seen.add(name)
            for key, value in graph.get(name, {}).items():
                if isinstance(value, str) and key != "class_type":
                    told.append(value)
                elif isinstance(value, list) and value and key != "negative":
                    waiting.append(str(value[0]))
    return tuple(dict.fromkeys(filter(None, told)))


def _chains(graph: Graph) -> tuple[str, dict[str, Collection[str]]]:
    """The node that keeps the picture ("" where none does), and the samplers that it comes from, each with the nodes
    before it. Of several kept pictures the one that most samplers had a part in."""

    def before(name: str) -> dict[str, None]:
        own = (value for key, value in graph[name].items() if key not in (*NOT_PICTURES, *passes.ROLES))
        return dict.fromkeys(upstream(graph, own))

    samplers = dict.fromkeys([name for name, node in graph.items() if _samples(node)][:_SAMPLERS])
    given = {link[0] for node in graph.values() for value in node.values() if (link := linked(graph, value))}
    ends = [name for name, node in graph.items() if name not in given and {"images", "image", "pixels"} & node.keys()]
    ranked = {name: (sum(one in samplers for one in before(name)), "Save" in kind(graph[name])) for name in ends}
    end = max(ranked, key=lambda one: (ranked[one][0] > 0, ranked[one][1], ranked[one][0]), default="")
    mine = set(before(end)) | {end} if end and ranked[end][0] else set(samplers)
    return end, {name: before(name) for name in samplers if name in mine}


def _samples(node: Mapping[str, Json]) -> bool:
    if "Sampler" not in kind(node) and "sampler_name" not in node:
        return False
    return ("positive" in node and "negative" in node and ("steps" in node or "sigmas" in node)) or "guider" in node


def _size(graph: Graph, latent: Json) -> str:
    """Width and height of the empty latents that a picture begins from; "" where it begins from another."""
    for node in (graph[name] for name in upstream(graph, [latent])):
        if found := next(filter(None, map(_SIZE.search, _texts(node.values()))), None):
            width, height = found.groups()
            return f"{height}x{width}" if str(node.get("swap_dimensions")) in ("On", "True") else f"{width}x{height}"
        for sides in (("width", "height"), ("empty_latent_width", "empty_latent_height")):
            if all(side in node for side in sides):
                return "x".join(filter(None, (said(graph, node[side], side) for side in sides)))
        if "pixels" in node or "image" in node:
            return ""
    return ""


def _texts(values: Iterable[Json]) -> list[str]:
    return [one for one in values if isinstance(one, str)]


def _vae(graph: Graph, end: str) -> str:
    """The VAE that decodes the picture, where it is not the model's own; of a graph that keeps none, any."""
    names = list(graph)
    if end:
        decoder = next((one for one in upstream(graph, graph[end].values()) if "vae" in graph[one]), "")
        names = list(upstream(graph, [graph[decoder]["vae"]], ("model", "clip"))) if decoder else []
    named = (stem(str(graph[one]["vae_name"])) for one in names if isinstance(graph[one].get("vae_name"), str))
    return next((one for one in named if one.casefold() not in _NO_VAE), "")
