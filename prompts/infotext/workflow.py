"""ComfyUI's workflows, as its page saves them: nodes with unnamed values and numbered links, made a graph that runs."""

from __future__ import annotations

from collections.abc import Mapping

from prompts.infotext import subgraphs
from prompts.infotext.paper import Paper, inside, rows
from prompts.infotext.subgraphs import BYPASSED, MUTED, SHOWN, Link
from prompts.prompt import Json

_DEEP = 50  # nodes that hand something on
# The names of the values that a node's page shows, in its order; "" for one that the graph does not have.
_WIDGETS: Mapping[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler", "start_at_step",
                         "end_at_step", "return_with_leftover_noise"),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "RandomNoise": ("noise_seed", ""),
    "CFGGuider": ("cfg",),
    "CLIPTextEncode": ("text",),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "VAELoader": ("vae_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale_method", "scale_by"),
    "LoadImage": ("image", ""),
    "PrimitiveNode": ("value", ""),
    "PrimitiveInt": ("value", ""),
    "PrimitiveFloat": ("value",),
    "Seed (rgthree)": ("seed",),
    "easy seed": ("seed", ""),
    "SamplerCustom": ("add_noise", "noise_seed", "", "cfg"),
    "KarrasScheduler": ("steps", "sigma_max", "sigma_min", "rho"),
    "ExponentialScheduler": ("steps", "sigma_max", "sigma_min"),
    "SDTurboScheduler": ("steps", "denoise"),
    "SamplerEulerAncestral": ("eta", "s_noise"),
    "SamplerDPMPP_2M_SDE": ("solver_type", "eta", "s_noise"),
    "FluxGuidance": ("guidance",),
    "UpscaleModelLoader": ("model_name",),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "ImageScaleBy": ("upscale_method", "scale_by"),
    "CLIPTextEncodeSDXL": ("width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l"),
    "CLIPTextEncodeSDXLRefiner": ("ascore", "width", "height", "text"),
    "RescaleCFG": ("multiplier",),
    "UltralyticsDetectorProvider": ("model_name",),
    "FaceDetailer": ("guide_size", "guide_size_for", "max_size", "seed", "", "steps", "cfg", "sampler_name",
                     "scheduler", "denoise"),
    "UltimateSDUpscale": ("upscale_by", "seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
}  # fmt: skip


def is_workflow(paper: Paper) -> bool:
    """Whether a paper is a workflow."""
    nodes = paper.get("nodes")
    return isinstance(paper.get("links"), list) and any("type" in one and "id" in one for one in rows(nodes))


def graph_of(paper: Paper) -> dict[str, Json]:
    """The graph of a workflow, as far as its nodes are known here; the others keep their links, and their texts."""
    paper = subgraphs.opened(paper)
    nodes = {str(node.get("id")): node for node in rows(paper.get("nodes"))}
    links = dict(subgraphs.links(paper.get("links")))
    sources = {number: _source(nodes, links, link) for number, link in links.items()}
    return {
        name: {"class_type": str(node.get("type")), "inputs": _inputs(node, sources)}
        for name, node in nodes.items()
        if node.get("mode") not in (MUTED, BYPASSED)
    }


def _source(nodes: Mapping[str, Paper], links: Mapping[int, Link], link: Link) -> list[Json]:
    """What a link really comes from: through nodes that are bypassed, which hand on the input of the same kind, and
    from a node that gets by a name what another has set."""
    for _ in range(_DEEP):
        node = nodes.get(link.node, {})
        inputs = rows(node.get("inputs"))
        if node.get("type") == "GetNode":
            inputs = [one for other in nodes.values() if _sets(other, node) for one in rows(other.get("inputs"))]
        elif node.get("mode") == BYPASSED:
            inputs = inputs[link.output : link.output + 1] + inputs
        else:
            break
        before = [links[number] for one in inputs if isinstance(number := one.get("link"), int) and number in links]
        wanted = [one for one in before if one.kind == link.kind]
        if not wanted:
            break
        link = wanted[0]
    return [link.node, link.output]


def _sets(node: Paper, getter: Paper) -> bool:
    return node.get("type") == "SetNode" and node.get("widgets_values") == getter.get("widgets_values")


def _inputs(node: Paper, sources: Mapping[int, list[Json]]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    shown = node.get("widgets_values")
    if isinstance(shown, dict):
        made.update(shown)
    elif isinstance(shown, list):
        names = _WIDGETS.get(str(node.get("type")))
        made.update(zip(names, shown, strict=False) if names else (("text", one) for one in shown if _is_text(one)))
        loras = [one for one in shown if isinstance(one, dict) and "lora" in one]  # rows that people switch on and off
        made.update((f"lora_{number}", one) for number, one in enumerate(loras, 1))
    made.pop("", None)
    made.update(inside(node.get(SHOWN)))
    for one in rows(node.get("inputs")):
        link = one.get("link")
        if isinstance(link, int) and link in sources:
            made[str(one.get("name"))] = sources[link]
    return made


def _is_text(value: Json) -> bool:
    """Whether a value of a node nobody knows may be words: no name of a file or a choice."""
    return isinstance(value, str) and (" " in value.strip() or "," in value)
