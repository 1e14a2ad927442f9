"""ComfyUI's graphs and workflows, as people build them: what each drew, and what of it nothing here is like."""

import json
from typing import Any

import pytest

from prompts.infotext.fields import options
from prompts.infotext.infotext import Infotext
from prompts.infotext.reading import read
from prompts.prompt import Json
from tests.prompts.infotext.test_programs import BIRD, KSAMPLER, graph, node

Nodes = dict[str, Any]
# What begins a picture and keeps it, in the graphs below.
KEPT: Nodes = {
    "decoded": node("VAEDecode", samples=["sampler", 0], vae=["model", 2]),
    "kept": node("SaveImage", images=["decoded", 0]),
}
TOP = {"model": ["model", 0], "positive": ["wanted", 0], "negative": ["unwanted", 0]}


def with_inputs(nodes: Nodes, name: str = "sampler", **inputs: Json) -> Nodes:
    """The nodes with other inputs of one of them."""
    known = nodes.get(name) or graph()[name]
    return nodes | {name: {**known, "inputs": {**known["inputs"], **inputs}}}


def sampler(**inputs: Json) -> Any:
    return node("KSampler", **{**KSAMPLER, **TOP, "latent_image": ["latent", 0], **inputs})


def advanced(**inputs: Json) -> Any:
    usual: dict[str, Json] = {
        "add_noise": "enable", "noise_seed": 7, "steps": 20, "cfg": 7.0, "sampler_name": "dpmpp_2m", "scheduler":
        "karras", "start_at_step": 0, "end_at_step": 16, "return_with_leftover_noise": "enable",
        "latent_image": ["latent", 0],
    }  # fmt: skip
    return node("KSamplerAdvanced", **{**usual, **TOP, **inputs})


def of(nodes: Nodes) -> Infotext:
    infotext = read(json.dumps(graph(**KEPT) | nodes))
    assert infotext is not None and infotext.source == "comfyui"
    return infotext


STACK = node(
    "LoRA Stacker", input_mode="simple", lora_count=2, lora_name_1="ink.safetensors", lora_wt_1=0.7, model_str_1=1.0,
    clip_str_1=1.0, lora_name_2="None", lora_name_3="beyond.safetensors", lora_wt_3=1.0,
)  # fmt: skip
EFFICIENT = node(
    "Efficient Loader", ckpt_name="painter_v2.safetensors", vae_name="Baked VAE", clip_skip=-2, lora_name="None",
    positive="a hill", negative="people", empty_latent_width=512, empty_latent_height=768, lora_stack=["stack", 0],
)  # fmt: skip
LORA = node("LoraLoader", model=["model", 0], clip=["model", 1], lora_name="a\\ink.safetensors", strength_model=0.8,
            strength_clip=0.8)  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "positive", "more"),
    [
        # LoRAs one behind the other, one on the model alone, and one that does nothing
        (
            with_inputs({
                "first": LORA,
                "second": node("LoraLoaderModelOnly", model=["first", 0], lora_name="b.safetensors",
                               strength_model=-0.3),
                "third": node("LoraLoader", model=["second", 0], lora_name="c.safetensors", strength_model=0,
                              strength_clip=0),
            }, model=["third", 0]),
            "a (blue:1.2) bird <lora:ink:0.8> <lora:b:-0.3>", {},
        ),
        # a list of LoRAs that are switched on and off
        (
            with_inputs({"list": node("Power Lora Loader (rgthree)", model=["model", 0], PowerLoraLoaderHeaderWidget={},
                                      lora_1={"on": True, "lora": "ink.safetensors", "strength": 0.7},
                                      lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
                                      lora_3={"on": True, "lora": "b.safetensors", "strength": 0.5,
                                              "strengthTwo": 0.9})}, model=["list", 0]),
            "a (blue:1.2) bird <lora:ink:0.7> <lora:b:0.9:0.5>", {},
        ),
        (
            with_inputs({"list": node("CR LoRA Stack", switch_1="On", lora_name_1="ink.safetensors", model_weight_1=0.6,
                                      clip_weight_1=0.6, switch_2="Off", lora_name_2="off.safetensors"),
                         "put": node("CR Apply LoRA Stack", model=["model", 0], clip=["model", 1],
                                     lora_stack=["list", 0])}, model=["put", 0]),
            "a (blue:1.2) bird <lora:ink:0.6>", {},
        ),
        # one node that loads all, with both prompts
        (
            with_inputs({"loader": EFFICIENT, "stack": STACK}, model=["loader", 0], positive=["loader", 1],
                        negative=["loader", 2], latent_image=["loader", 3]),
            "a hill <lora:ink:0.7>", {"clip_skip": 2},
        ),
        # reroutes, primitives, and nodes of other makers that hold a value
        (
            {**with_inputs({"way": node("Reroute", **{"": ["model", 0]}), "number": node("PrimitiveInt", value=99),
                            "chosen": node("Sampler Selector", sampler_name="heun"),
                            "plan": node("Scheduler Selector", scheduler="exponential")},
                           model=["way", 0], seed=["number", 0], sampler_name=["chosen", 0], scheduler=["plan", 0]),
             "wanted": node("CLIPTextEncode", text=["words", 0]),
             "words": node("PrimitiveStringMultiline", value="a fox,\nsnow")},
            "a fox,\nsnow", {"seed": 99, "sampler": "Heun", "schedule": "Exponential"},
        ),
        # words put together
        (
            {"wanted": node("CLIPTextEncode", text=["both", 0]),
             "both": node("StringFunction|pysssss", action="append", text_a=["left", 0], text_b=", snow", text_c=""),
             "left": node("ImpactWildcardProcessor", wildcard_text="a {fox|cat}", populated_text="a fox", seed=1)},
            "a fox, snow", {},
        ),
        ({"wanted": node("CLIPTextEncodeSDXL", text_g="a fox", text_l="snow")}, "a fox, snow", {}),
        # brackets are plain signs there, and would be a schedule here
        ({"wanted": node("CLIPTextEncode", text="a [fox:cat:0.5], (hat:1.2), embedding:sharp")},
         "a \\[fox:cat:0.5\\], (hat:1.2), embedding:sharp", {}),
        # sizes by the name of a shape
        ({"latent": node("CR SDXL Aspect Ratio", width=1024, height=1024, aspect_ratio="9:16 portrait 768x1344",
                         swap_dimensions="Off")}, "a (blue:1.2) bird", {"width": 768, "height": 1344}),
        ({"latent": node("SDXL Empty Latent Image", dimensions="1216 x 832 (landscape)", batch_size=1)},
         "a (blue:1.2) bird", {"width": 1216, "height": 832}),
        # the VAE that decodes it, and no other
        (with_inputs(KEPT | {"other": node("VAELoader", vae_name="clear.pt"), "spare": node("VAELoader", vae_name="x")},
                     "decoded", vae=["other", 0]), "a (blue:1.2) bird", {"vae": "clear"}),
        ({"spare": node("VAELoader", vae_name="unused.safetensors")}, "a (blue:1.2) bird", {}),
        # another picture in the same graph, which is only looked at
        ({"0": sampler(seed=5, steps=9), "seen": node("VAEDecode", samples=["0", 0]),
          "shown": node("PreviewImage", images=["seen", 0])}, "a (blue:1.2) bird", {}),
        # a sampler of parts
        (
            {"sampler": node("SamplerCustom", noise_seed=7, cfg=7.0, **TOP, sampler=["kind", 0], sigmas=["steps", 0],
                             latent_image=["latent", 0]),
             "kind": node("SamplerEulerAncestral", eta=0.8, s_noise=1.0),
             "steps": node("SDTurboScheduler", steps=20, denoise=1, model=["model", 0])},
            "a (blue:1.2) bird", {"sampler": "Euler a", "schedule": "Turbo", "eta": 0.8, "noise": 1.0},
        ),
        (
            {"sampler": node("SamplerCustomAdvanced", noise=["noise", 0], guider=["guider", 0], sampler=["kind", 0],
                             sigmas=["cut", 0], latent_image=["latent", 0]),
             "noise": node("RandomNoise", noise_seed=7), "guider": node("CFGGuider", **TOP, cfg=7.0),
             "kind": node("SamplerDPMPP_2M_SDE", solver_type="midpoint", eta=1.0, s_noise=1.0),
             "cut": node("SplitSigmas", sigmas=["steps", 0], step=10),
             "steps": node("KarrasScheduler", steps=20, sigma_max=14.6, sigma_min=0.03, rho=7.0)},
            "a (blue:1.2) bird", {"sampler": "DPM++ 2M SDE", "eta": 1.0, "noise": 1.0, "sigma_max": 14.6,
                                  "sigma_min": 0.03, "rho": 7.0},
        ),
        # what is drawn over
        ({"latent": node("VAEEncode", pixels=["photo", 0]), "photo": node("LoadImage", image="x.png"),
          "sampler": sampler(denoise=0.55)}, "a (blue:1.2) bird", {"strength": 0.55, "width": None, "height": None}),
        ({"latent": node("VAEEncode", pixels=["photo", 0]), "photo": node("LoadImage", image="x.png"),
          "sampler": advanced(start_at_step=8, end_at_step=10000)}, "a (blue:1.2) bird",
         {"strength": 0.6, "width": None, "height": None}),
        # guidance that is rescaled
        (with_inputs({"rescaled": node("RescaleCFG", model=["v", 0], multiplier=0.7),
                      "v": node("ModelSamplingDiscrete", model=["model", 0], sampling="v_prediction", zsnr=True)},
                     model=["rescaled", 0]), "a (blue:1.2) bird", {"rescale": 0.7}),
        # what acts beside it
        (with_inputs({"pag": node("PerturbedAttentionGuidance", model=["thresholded", 0], scale=2.5),
                      "thresholded": node("DynamicThresholdingSimple", model=["model", 0], mimic_scale=7.0,
                                          threshold_percentile=0.98)},
                     model=["pag", 0]), "a (blue:1.2) bird",
         {"pag": "2.5", "mimic": "7:by=time:percentile=98:channels=together"}),
        (with_inputs({"thresholded": node("DynamicThresholdingFull", model=["model", 0], mimic_scale=7.0,
                                          threshold_percentile=1.0, mimic_mode="Sawtooth", sched_val=2.0)},
                     model=["thresholded", 0]), "a (blue:1.2) bird",
         {"mimic": "7:by=time:percentile=100:mode=sawtooth:value=2"}),
    ],
)  # fmt: skip
def test_a_graph_says_what_it_drew(nodes: Nodes, positive: str, more: dict[str, Json]) -> None:
    infotext = of(nodes)
    assert infotext.positive == positive
    assert options(infotext)[1] == ()
    assert options(infotext)[0].to_json() == {name: one for name, one in (BIRD | more).items() if one is not None}


NETWORK = {
    "network": node("UpscaleModelLoader", model_name="4x-UltraSharp.pth"),
    "large": node("ImageUpscaleWithModel", upscale_model=["network", 0], image=["decoded", 0]),
    "again": node("VAEEncode", pixels=["sized", 0], vae=["model", 2]),
    "second": sampler(seed=9, steps=12, denoise=0.45, latent_image=["again", 0]),
    "finished": node("VAEDecode", samples=["second", 0], vae=["model", 2]),
    "kept": node("SaveImage", images=["finished", 0]),
}
SECOND: dict[str, Json] = {"hires_steps": 12, "hires_strength": 0.45, "hires_upscaler": "4x-UltraSharp"}
FACES = {
    "1": node("FaceDetailer", image=["decoded", 0], **TOP, bbox_detector=["found", 0], seed=3, steps=15, cfg=5,
              sampler_name="euler", scheduler="normal", denoise=0.35),
    "found": node("UltralyticsDetectorProvider", model_name="bbox/face_yolov8m.pt"),
    "kept": node("SaveImage", images=["1", 0]),
}  # fmt: skip
TILES = {
    "1": node("UltimateSDUpscale", image=["decoded", 0], **TOP, upscale_model=["network", 0], upscale_by=2, seed=3,
              steps=15, cfg=5, sampler_name="euler", scheduler="normal", denoise=0.3),
    "network": NETWORK["network"],
    "kept": node("SaveImage", images=["1", 0]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "more"),
    [
        ({**NETWORK, "sized": node("ImageScale", image=["large", 0], width=1024, height=1536)},
         SECOND | {"hires_width": 1024, "hires_height": 1536}),
        ({**NETWORK, "sized": node("ImageScaleBy", image=["large", 0], scale_by=0.5)}, SECOND | {"hires_factor": 2.0}),
        (with_inputs(NETWORK, "again", pixels=["large", 0]), SECOND | {"hires_factor": 4.0}),
        (with_inputs({**NETWORK, "sized": node("ImageScaleBy", image=["large", 0], scale_by=0.5)}, "second",
                     sampler_name="euler_ancestral", scheduler="normal", cfg=5.0),
         SECOND | {"hires_factor": 2.0, "hires_sampler": "Euler a", "hires_schedule": "Normal", "hires_guidance": 5.0}),
        (FACES, {"fix": "face", "fix_strength": 0.35}),
        (TILES, {"upscaler": "4x-UltraSharp", "upscale": 2.0, "redraw": 0.3}),
        (
            {"sampler": advanced(), "refiner": node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
             "1": advanced(add_noise="disable", start_at_step=16, end_at_step=10000, model=["refiner", 0],
                           latent_image=["sampler", 0]),
             "decoded": node("VAEDecode", samples=["1", 0], vae=["refiner", 2])},
            {"refiner": "refiner", "refiner_switch": 0.8},
        ),
    ],
)  # fmt: skip
def test_what_is_done_with_the_first_pass_is_read(nodes: Nodes, more: dict[str, Json]) -> None:
    """Whatever the order in which the nodes stand."""
    for ordered in (graph(**KEPT) | nodes, dict(reversed((graph(**KEPT) | nodes).items()))):
        infotext = read(json.dumps(ordered))
        assert infotext is not None and infotext.positive == "a (blue:1.2) bird"
        assert (options(infotext)[0].to_json(), options(infotext)[1]) == (BIRD | more, ())


@pytest.mark.parametrize(
    ("nodes", "aside"),
    [
        (with_inputs({"control": node("ControlNetApplyAdvanced", positive=["wanted", 0], negative=["unwanted", 0])},
                     positive=["control", 0], negative=["control", 1]), "ControlNetApplyAdvanced"),
        (with_inputs({"free": node("FreeU_V2", model=["model", 0], b1=1.3)}, model=["free", 0]), "FreeU_V2"),
        (with_inputs({"adapted": node("IPAdapterAdvanced", model=["model", 0], weight=0.5)}, model=["adapted", 0]),
         "IPAdapterAdvanced"),
        (with_inputs({"some": node("ConditioningSetTimestepRange", conditioning=["wanted", 0], start=0, end=0.5)},
                     positive=["some", 0]), "ConditioningSetTimestepRange"),
        (with_inputs({"area": node("ConditioningSetArea", conditioning=["wanted", 0], width=64)}, positive=["area", 0]),
         "ConditioningSetArea"),
    ],
)  # fmt: skip
def test_what_acts_in_a_graph_and_not_here_is_named(nodes: Nodes, aside: str) -> None:
    infotext = of(nodes)
    assert (infotext.positive, infotext.negative) == ("a (blue:1.2) bird", "ugly")
    assert options(infotext)[1] == (f"Nodes: {aside}",)


def test_a_number_that_a_node_reckons_is_left_open() -> None:
    reckoned = {
        "sum": node("MathExpression|pysssss", expression="a+1", a=["number", 0]),
        "number": node("INT", value=3),
    }
    assert options(of(with_inputs(reckoned, seed=["sum", 0])))[0].seed is None


# --- workflows ---


def shown(number: int, kind: str, values: list[Json], *inputs: tuple[str, int], mode: int = 0) -> dict[str, Json]:
    """A node as the page saves it."""
    return {
        "id": number, "type": kind, "mode": mode, "widgets_values": values,
        "inputs": [{"name": name, "link": link} for name, link in inputs],
    }  # fmt: skip


PAGE: list[dict[str, Json]] = [
    shown(3, "KSampler", [5, "randomize", 20, 7.0, "dpmpp_2m", "karras", 1.0], ("model", 1), ("positive", 2),
          ("negative", 3), ("latent_image", 4), ("seed", 9)),
    shown(4, "CheckpointLoaderSimple", ["painter_v2.safetensors"]),
    shown(5, "EmptyLatentImage", [512, 768, 1]),
    shown(6, "CLIPTextEncode", ["a (blue:1.2) bird"], ("clip", 5)),
    shown(7, "CLIPTextEncode", ["ugly"], ("clip", 6)),
    shown(10, "LoraLoader", ["ink.safetensors", 0.7, 0.7], ("model", 7), ("clip", 8), mode=4),  # bypassed
    shown(11, "Reroute", [], ("", 10)),
    shown(12, "PrimitiveNode", [7, "fixed"]),
]  # fmt: skip
LINKS: list[list[Json]] = [
    [1, 11, 0, 3, 0, "MODEL"], [2, 6, 0, 3, 1, "CONDITIONING"], [3, 7, 0, 3, 2, "CONDITIONING"],
    [4, 5, 0, 3, 3, "LATENT"], [5, 10, 1, 6, 0, "CLIP"], [6, 10, 1, 7, 0, "CLIP"], [7, 4, 0, 10, 0, "MODEL"],
    [8, 4, 1, 10, 1, "CLIP"], [9, 12, 0, 3, 4, "INT"], [10, 10, 0, 11, 0, "MODEL"],
]  # fmt: skip
NEWER = [
    dict(zip(("id", "origin_id", "origin_slot", "target_id", "target_slot", "type"), link, strict=True))
    for link in LINKS
]


def test_a_workflow_of_the_page_is_the_graph_that_it_runs() -> None:
    """With primitives, reroutes and bypassed nodes, its links as lists or as objects."""
    for links in (LINKS, NEWER):
        infotext = read(json.dumps({"nodes": PAGE, "links": links}))
        assert infotext is not None and infotext.positive == "a (blue:1.2) bird"
        assert options(infotext)[0].to_json() == BIRD


def test_what_one_node_sets_another_gets() -> None:
    nodes = [*PAGE, shown(20, "SetNode", ["MODEL"], ("MODEL", 20)), shown(21, "GetNode", ["MODEL"])]
    nodes[6] = shown(11, "LoraLoaderModelOnly", ["ink.safetensors", 0.7], ("model", 10))
    links = [[10, 21, 0, 11, 0, "MODEL"] if link[0] == 10 else link for link in LINKS]
    links.append([20, 4, 0, 20, 0, "MODEL"])
    infotext = read(json.dumps({"nodes": nodes, "links": links}))
    assert infotext is not None and infotext.positive == "a (blue:1.2) bird <lora:ink:0.7>"
    assert infotext.fields["Model"] == "painter_v2"


def test_lists_of_loras_on_the_page_are_read() -> None:
    nodes = list(PAGE)
    rows: list[Json] = [
        {},
        {"on": True, "lora": "ink.safetensors", "strength": 0.7},
        {"on": False, "lora": "b", "strength": 1},
    ]
    nodes[6] = shown(11, "Power Lora Loader (rgthree)", rows, ("model", 10))
    infotext = read(json.dumps({"nodes": nodes, "links": LINKS}))
    assert infotext is not None and infotext.positive == "a (blue:1.2) bird <lora:ink:0.7>"


@pytest.mark.parametrize("mode", [0, 4])
def test_a_workflow_in_circles_ends(mode: int) -> None:
    nodes = [shown(3, "KSampler", [], ("model", 1), ("positive", 2), ("negative", 2), ("latent_image", 1)),
             shown(4, "Reroute", [], ("", 1), ("model", 2), mode=mode), shown(5, "GetNode", ["a"]),
             shown(6, "SetNode", ["a"], ("x", 2))]  # fmt: skip
    links = [[1, 4, 0, 3, 0, "M"], [2, 5, 0, 3, 1, "M"]]
    infotext = read(json.dumps({"nodes": nodes, "links": links}))
    assert infotext is None or (infotext.positive, infotext.fields.get("Model")) == ("", None)


# --- subgraphs ---


def objects(*links: tuple[int, int, int, int, int, str]) -> list[Json]:
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    return [dict(zip(names, link, strict=True)) for link in links]


def subgraph(name: str, nodes: list[Json], links: list[Json], inputs: list[str], outputs: list[str]) -> Json:
    return {
        "id": name, "version": 1, "name": "New Subgraph", "inputNode": {"id": -10}, "outputNode": {"id": -20},
        "inputs": [{"name": one} for one in inputs], "outputs": [{"name": one} for one in outputs], "nodes": nodes,
        "links": links,
    }  # fmt: skip


def standing(number: int, kind: str, inputs: list[tuple[str, int | None]], mode: int = 0, **more: Json) -> Json:
    """The node that stands for a subgraph."""
    shows: dict[str, Json] = {"text": {"widget": {"name": "text"}}}
    named: list[Json] = [{"name": name, "link": link} | shows.get(name, {}) for name, link in inputs]  # type: ignore[operator]
    return {"id": number, "type": kind, "mode": mode, "inputs": named, **more}


def valued(number: int, kind: str, values: list[Json], *inputs: tuple[str, int | None]) -> Json:
    """A node whose inputs are its values, too."""
    slots: list[Json] = [{"name": name, "link": link, "widget": {"name": name}} for name, link in inputs]
    return {"id": number, "type": kind, "widgets_values": values, "inputs": slots}


# Words within words: the prompt's node lies in a subgraph of the one that holds the sampler.
WORDS = subgraph(
    "words",
    [{**valued(1, "CLIPTextEncode", ["a (blue:1.2) bird"], ("text", 2)),  # type: ignore[dict-item]
      "inputs": [{"name": "clip", "link": 1}, {"name": "text", "link": 2, "widget": {"name": "text"}}]}],
    objects((1, -10, 0, 1, 0, "CLIP"), (2, -10, 1, 1, 1, "STRING"), (3, 1, 0, -20, 0, "CONDITIONING")),
    ["clip", "text"],
    ["CONDITIONING"],
)  # fmt: skip
DRAWN = subgraph(
    "drawn",
    [
        shown(2, "LoraLoaderModelOnly", ["ink.safetensors", 0.7], ("model", 1)),
        standing(4, "words", [("clip", 2), ("text", 9)], properties={"proxyWidgets": []}),
        shown(5, "CLIPTextEncode", ["ugly"], ("clip", 3)),
        {**shown(3, "KSampler", [5, "randomize", 20, 7.0, "dpmpp_2m", "karras", 1.0], ("model", 4), ("positive", 5),
                 ("negative", 6), ("latent_image", 7)), },
        shown(8, "VAEDecode", [], ("samples", 8)),
    ],
    objects(
        (1, -10, 0, 2, 0, "MODEL"), (2, -10, 1, 4, 0, "CLIP"), (3, -10, 1, 5, 0, "CLIP"), (4, 2, 0, 3, 0, "MODEL"),
        (5, 4, 0, 3, 1, "CONDITIONING"), (6, 5, 0, 3, 2, "CONDITIONING"), (7, -10, 2, 3, 3, "LATENT"),
        (8, 3, 0, 8, 0, "LATENT"), (9, -10, 3, 4, 1, "STRING"), (10, 8, 0, -20, 0, "IMAGE"),
    ),
    ["model", "clip", "latent", "text"],
    ["IMAGE"],
)  # fmt: skip


def nested(host: Json, *more: Json, links: tuple[tuple[int, int, int, int, int, str], ...] = ()) -> str:
    """The workflow around them."""
    return json.dumps({
        "nodes": [
            shown(40, "CheckpointLoaderSimple", ["painter_v2.safetensors"]),
            shown(50, "EmptyLatentImage", [512, 768, 1]),
            host,
            shown(90, "SaveImage", ["x"], ("images", 4)),
            *more,
        ],
        "links": [[1, 40, 0, 57, 0, "MODEL"], [2, 40, 1, 57, 1, "CLIP"], [3, 50, 0, 57, 2, "LATENT"],
                  [4, 57, 0, 90, 0, "IMAGE"], *map(list, links)],
        "definitions": {"subgraphs": [DRAWN, WORDS]},
    })  # fmt: skip


USUAL: list[tuple[str, int | None]] = [("model", 1), ("clip", 2), ("latent", 3), ("text", None)]
LORA_BIRD = "a (blue:1.2) bird <lora:ink:0.7>"


def drawn(host: Json, *more: Json, links: tuple[tuple[int, int, int, int, int, str], ...] = ()) -> Infotext:
    infotext = read(nested(host, *more, links=links))
    assert infotext is not None
    return infotext


def test_subgraphs_are_read_through() -> None:
    infotext = drawn(standing(57, "drawn", USUAL))
    assert infotext.positive == LORA_BIRD and infotext.negative == "ugly"
    assert options(infotext)[0].to_json() == BIRD | {"seed": 5}
    assert "Nodes" not in infotext.fields


@pytest.mark.parametrize(
    ("more", "positive", "seed"),
    [
        ({"properties": {"proxyWidgets": [["3", "seed"], ["4", "text"]]}, "widgets_values": [7, "a red fox"]},
         "a red fox", 7),
        ({"properties": {"proxyWidgets": '[["3", "seed"], ["-1", "text"]]'}, "widgets_values": [7, "a red fox"]},
         "a red fox", 7),
        ({"properties": {"proxyWidgets": [["3", "seed"]]}, "widgets_values": []}, "a (blue:1.2) bird", 5),
        ({"properties": {}, "widgets_values": ["a red fox"]}, "a red fox", 5),  # by its inputs that are values within
    ],
)  # fmt: skip
def test_what_a_subgraph_shows_of_its_values_counts(more: dict[str, Json], positive: str, seed: int) -> None:
    infotext = drawn(standing(57, "drawn", USUAL, **more))
    assert infotext.positive == f"{positive} <lora:ink:0.7>" and infotext.fields["Seed"] == str(seed)


def test_what_is_linked_into_a_subgraph_counts_before_what_it_shows() -> None:
    host = standing(57, "drawn", [*USUAL[:3], ("text", 5)], widgets_values=["a red fox"])
    infotext = drawn(host, shown(60, "PrimitiveNode", ["a hill", ""]), links=((5, 60, 0, 57, 3, "STRING"),))
    assert infotext.positive == "a hill <lora:ink:0.7>"


def test_a_subgraph_that_is_bypassed_or_muted_has_no_part() -> None:
    for mode in (2, 4):
        assert read(nested(standing(57, "drawn", USUAL, mode=mode))) is None


def test_one_definition_may_stand_twice() -> None:
    """A second pass by the same subgraph, over what the first has drawn, with a seed of its own."""
    passed = subgraph(
        "pass",
        [shown(3, "KSampler", [5, "randomize", 20, 7.0, "dpmpp_2m", "karras", 1.0], ("model", 1), ("positive", 2),
               ("negative", 3), ("latent_image", 4))],
        objects((1, -10, 0, 3, 0, "MODEL"), (2, -10, 1, 3, 1, "C"), (3, -10, 2, 3, 2, "C"), (4, -10, 3, 3, 3, "LATENT"),
                (5, 3, 0, -20, 0, "LATENT")),
        ["model", "positive", "negative", "latent"],
        ["LATENT"],
    )  # fmt: skip
    shows: Json = {"proxyWidgets": [["3", "seed"], ["3", "denoise"]]}
    inputs: list[tuple[str, int | None]] = [("model", 1), ("positive", 2), ("negative", 3)]
    page = [
        *PAGE[1:5],
        standing(20, "pass", [*inputs, ("latent", 4)], properties=shows, widgets_values=[7, 1.0]),
        shown(21, "LatentUpscaleBy", ["bislerp", 2.0], ("samples", 20)),
        standing(22, "pass", [*inputs, ("latent", 21)], properties=shows, widgets_values=[8, 0.5]),
        shown(23, "VAEDecode", [], ("samples", 22)),
        shown(24, "SaveImage", [], ("images", 23)),
    ]
    links: list[Json] = [
        [1, 4, 0, 20, 0, "MODEL"], [2, 6, 0, 20, 1, "C"], [3, 7, 0, 20, 2, "C"], [4, 5, 0, 20, 3, "LATENT"],
        [5, 4, 1, 6, 0, "CLIP"], [6, 4, 1, 7, 0, "CLIP"], [20, 20, 0, 21, 0, "LATENT"], [21, 21, 0, 22, 3, "LATENT"],
        [22, 22, 0, 23, 0, "LATENT"], [23, 23, 0, 24, 0, "IMAGE"],
    ]  # fmt: skip
    infotext = read(json.dumps({"nodes": page, "links": links, "definitions": {"subgraphs": [passed]}}))
    assert infotext is not None and infotext.fields["Seed"] == "7"
    asked = options(infotext)[0]
    assert (asked.hires_factor, asked.hires_strength) == (2.0, 0.5)


def test_of_a_file_with_both_the_graph_that_ran_counts() -> None:
    """Its nodes are numbered by the subgraphs that they stand in."""
    ran = {
        name if name in ("model", "latent", "kept") else f"57:{name}": node for name, node in (graph(**KEPT)).items()
    }
    renamed = json.loads(
        json.dumps(ran), object_hook=lambda one: {
            key: [f"57:{value[0]}", value[1]] if isinstance(value, list) and f"57:{value[0]}" in ran else value
            for key, value in one.items()
        },
    )  # fmt: skip
    infotext = read(json.dumps({"prompt": renamed, "workflow": json.loads(nested(standing(57, "drawn", USUAL)))}))
    plain = read(json.dumps(graph(**KEPT)))
    assert infotext is not None and infotext == plain and infotext.positive


def test_subgraphs_in_themselves_end() -> None:
    own = subgraph(
        "a", [standing(1, "a", [("x", 1)]), standing(2, "a", [])], objects((1, -10, 0, 1, 0, "M")), ["x"], []
    )
    empty = [subgraph(str(at), [standing(n, str(at + 1), []) for n in range(10)], [], [], []) for at in range(30)]
    for kinds, first in (([own], "a"), (empty, "0")):
        paper = {"nodes": [standing(1, first, [("x", 1)])], "links": [[1, 1, 0, 1, 0, "M"]]}
        assert read(json.dumps(paper | {"definitions": {"subgraphs": kinds}})) is None
