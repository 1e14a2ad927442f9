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
