"""What ComfyUI's graphs do with a picture after its first pass: a refiner, a second pass, tiles, faces."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from prompts.infotext.graph import Graph, kind, linked, own, said, upstream
from prompts.infotext.loaders import stem, way
from prompts.infotext.samplers import sampler, schedule
from prompts.prompt import Json

_TIMES = re.compile(r"(?<![0-9.])([1-8])x|x([1-8])(?![0-9])", re.IGNORECASE)  # in the names of upscaling networks
_USUAL = 4.0  # what most of them do
_FIXES = "Detailer"
_TILES = "UltimateSDUpscale"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])")
ROLES = ("guider", "noise", "sampler", "sigmas", "basic_pipe")  # inputs by which a sampler has its parts


def gathered(graph: Graph, name: str) -> dict[str, Json]:
    """A sampler's inputs, together with those of the nodes that it has its guidance, noise and steps from."""
    made = dict(graph[name])
    for role in ROLES:
        values: list[Json] = [graph[name].get(role)]
        for part in (graph[one] for one in upstream(graph, values)):
            made = {**part, **{key: value for key, value in made.items() if key != role}}
            bare = "_".join(_CAMEL.split(kind(part)))
            if role == "sigmas" and "scheduler" not in part and bare.endswith("Scheduler"):
                made["scheduler"] = re.sub(r"_?Scheduler\Z|_?Sampling_Scheduler\Z|^SD_?(?=Turbo)", "", bare)
            if role == "sampler" and "sampler_name" not in part:
                made["sampler_name"] = bare.removeprefix("Sampler").strip("_")
            if role != "sigmas" or "steps" in part:  # those may be cut on the way
                break
    if "conditioning" in made:
        made.setdefault("positive", made["conditioning"])
    return made


def sampled(graph: Graph, node: Mapping[str, Json]) -> dict[str, str]:
    """The fields of how a sampler draws."""
    return {
        "Steps": own(graph, node, "steps"),
        "Sampler": sampler(own(graph, node, "sampler_name") or own(graph, node, "sampler")),
        "Schedule type": schedule(own(graph, node, "scheduler")),
        "CFG scale": own(graph, node, "cfg"),
        "Seed": own(graph, node, "seed", "noise_seed"),
        "Schedule max sigma": own(graph, node, "sigma_max"),
        "Schedule min sigma": own(graph, node, "sigma_min"),
        "Schedule rho": own(graph, node, "rho"),
    }


def strength(graph: Graph, node: Mapping[str, Json]) -> str:
    """How far a sampler may change what it draws over: said, or by the step at which it begins."""
    start, steps = own(graph, node, "start_at_step"), own(graph, node, "steps")
    if start.isdigit() and steps.isdigit() and int(steps):
        return f"{max(0.0, 1 - int(start) / int(steps)):.4g}"
    return own(graph, node, "denoise")


def later(graph: Graph, first: str, chains: Mapping[str, Collection[str]], model: str) -> dict[str, str]:
    """The fields of what is drawn over the first pass."""
    after = sorted((name for name, above in chains.items() if first in above), key=lambda one: len(chains[one]))
    fixes = [name for name in after if _FIXES in kind(graph[name])]
    tiles = [name for name in after if _TILES in kind(graph[name])]
    whole = [name for name in after if name not in (*fixes, *tiles)]
    made = _second(graph, whole[0], first, chains, model) if whole else {}
    return {**made, **(_tiles(graph, tiles[0]) if tiles else {}), **_fixes(graph, fixes)}


def _second(graph: Graph, second: str, first: str, chains: Mapping[str, Collection[str]], model: str) -> dict[str, str]:
    """A second pass, or the refiner that goes on with the first."""
    node = gathered(graph, second)
    start, steps = own(graph, node, "start_at_step"), own(graph, node, "steps")
    other = way(graph, node.get("model")).model
    if start not in ("", "0") and other != model and steps.isdigit() and start.isdigit() and int(steps):
        return {"Refiner": other, "Refiner switch at": f"{int(start) / int(steps):.4g}"}
    between = [graph[name] for name in chains[second] if name != first and name not in chains[first]]
    sized = next((one for one in between if "width" in one and "height" in one), None)
    network = next((one for one in between if isinstance(one.get("model_name"), str)), None)
    by = _number(graph, between, "scale_by") * (_times(str(network["model_name"])) if network else 1.0)
    if sized is None and by == 1.0:
        return {}
    size = "" if sized is None else f"{said(graph, sized['width'])}x{said(graph, sized['height'])}"
    told = gathered(graph, first)
    own_way, first_way = sampled(graph, node), sampled(graph, told)
    return {
        "Hires upscale": "" if size else f"{by:.4g}",
        "Hires resize": size,
        "Hires steps": steps,
        "Hires upscaler": stem(str(network["model_name"])) if network else "Latent",
        "Denoising strength": strength(graph, node),
        **{
            f"Hires {name}": own_way[field]
            for name, field in (("sampler", "Sampler"), ("schedule type", "Schedule type"), ("CFG Scale", "CFG scale"))
            if own_way[field] != first_way[field]
        },
    }


def _number(graph: Graph, nodes: Collection[Mapping[str, Json]], key: str) -> float:
    """The product of all that is said under a key."""
    made = 1.0
    for node in nodes:
        try:
            made *= float(said(graph, node.get(key)) or 1)
        except ValueError:
            continue
    return made


def _times(network: str) -> float:
    """How many times as large an upscaling network makes a picture, as its name says."""
    found = _TIMES.search(network)
    return float(found[1] or found[2]) if found else _USUAL


def _tiles(graph: Graph, name: str) -> dict[str, str]:
    node = graph[name]
    link = linked(graph, node.get("upscale_model"))
    network = stem(own(graph, graph[link[0]], "model_name")) if link else ""
    return {
        "Postprocess upscaler": network,
        "Postprocess upscale by": own(graph, node, "upscale_by"),
        "Upscale denoising strength": own(graph, node, "denoise"),
    }


def _fixes(graph: Graph, names: Collection[str]) -> dict[str, str]:
    """What finds faces and hands, as ADetailer numbers its tabs."""
    made: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        link = linked(graph, graph[name].get("bbox_detector"))
        found = stem(own(graph, graph[link[0]], "model_name")) if link else "face"
        tab = f" {number}{ {2: 'nd', 3: 'rd'}.get(number, 'th') }" if number > 1 else ""
        made[f"ADetailer model{tab}"] = found
        made[f"ADetailer denoising strength{tab}"] = own(graph, graph[name], "denoise")
    return made
