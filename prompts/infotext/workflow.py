"""ComfyUI's workflows, as its page saves them: nodes with unnamed values and numbered links, made a graph that runs."""

from __future__ import annotations

from collections.abc import Mapping

from prompts.infotext.paper import Paper, rows
from prompts.prompt import Json

_OFF = (2, 4)  # modes of nodes that are muted or left out
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
}  # fmt: skip


def is_workflow(paper: Paper) -> bool:
    """Whether a paper is a workflow."""
    nodes = paper.get("nodes")
    return isinstance(paper.get("links"), list) and any("type" in one and "id" in one for one in rows(nodes))


def graph_of(paper: Paper) -> dict[str, Json]:
    """The graph of a workflow, as far as its nodes are known here; the others keep their links, and their texts."""
    sources: dict[Json, list[Json]] = {}
    links = paper.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, list) and len(link) > 3 and isinstance(link[0], int):
            sources[link[0]] = [str(link[1]), link[2]]
    return {
        str(node.get("id")): {"class_type": str(node.get("type")), "inputs": _inputs(node, sources)}
        for node in rows(paper.get("nodes"))
        if node.get("mode") not in _OFF
    }


def _inputs(node: Paper, sources: Mapping[Json, list[Json]]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    shown = node.get("widgets_values")
    if isinstance(shown, dict):
        made.update(shown)
    elif isinstance(shown, list):
        names = _WIDGETS.get(str(node.get("type")))
        made.update(zip(names, shown, strict=False) if names else (("text", one) for one in shown if _is_text(one)))
    made.pop("", None)
    for one in rows(node.get("inputs")):
        link = one.get("link")
        if isinstance(link, int) and link in sources:
            made[str(one.get("name"))] = sources[link]
    return made


def _is_text(value: Json) -> bool:
    """Whether a value of a node nobody knows may be words: no name of a file or a choice."""
    return isinstance(value, str) and (" " in value.strip() or "," in value)
