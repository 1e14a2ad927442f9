"""The papers of programs other than A1111: their words, weights, samplers and LoRAs in A1111's."""

import json

import pytest

from prompts.infotext.block import written
from prompts.infotext.fields import options
from prompts.infotext.reading import read
from prompts.infotext.samplers import sampler
from prompts.infotext.weights import from_invokeai, from_novelai
from prompts.prompt import Json

BASE: dict[str, Json] = {"steps": 20, "guidance": 7.0, "seed": 7, "width": 512, "height": 768}
COMFY = {"like": "a1111", "rng": "CPU"}
OURS = {"like": "danqing"}  # of programs that drive diffusers, whatever is usual here
KSAMPLER = {"seed": 7, "steps": 20, "cfg": 7.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}


def graph(**more: Json) -> dict[str, Json]:
    """A graph that makes a picture from noise; `more` are nodes that join or replace its own."""
    nodes: dict[str, Json] = {
        "sampler": {
            "class_type": "KSampler",
            "inputs": {
                **KSAMPLER,
                "model": ["model", 0],
                "positive": ["wanted", 0],
                "negative": ["unwanted", 0],
                "latent_image": ["latent", 0],
            },
        },
        "model": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15\\painter_v2.safetensors"}},
        "latent": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
        "wanted": {"class_type": "CLIPTextEncode", "inputs": {"text": "a (blue:1.2) bird", "clip": ["model", 1]}},
        "unwanted": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["model", 1]}},
    }
    return nodes | more


def node(kind: str, **inputs: Json) -> Json:
    return {"class_type": kind, "inputs": inputs}


LORA = node("LoraLoader", model=["model", 0], clip=["model", 1], lora_name="ink.safetensors", strength_model=0.8,
            strength_clip=0.5)  # fmt: skip
LATER = node("KSampler", **{**KSAMPLER, "steps": 10, "denoise": 0.5}, model=["model", 0], positive=["wanted", 0],
             negative=["unwanted", 0], latent_image=["larger", 0])  # fmt: skip
LARGER = node("LatentUpscaleBy", samples=["sampler", 0], upscale_method="bislerp", scale_by=1.5)
WITH_LORA = graph(lora=LORA)
WITH_LORA["sampler"]["inputs"]["model"] = ["lora", 0]  # type: ignore[call-overload, index]
CUSTOM = {
    **{name: one for name, one in graph().items() if name != "sampler"},
    "sampler": node("SamplerCustomAdvanced", noise=["noise", 0], guider=["guider", 0], sampler=["kind", 0],
                    sigmas=["sigmas", 0], latent_image=["latent", 0]),
    "noise": node("RandomNoise", noise_seed=7),
    "guider": node("CFGGuider", model=["model", 0], positive=["wanted", 0], negative=["unwanted", 0], cfg=7.0),
    "kind": node("KSamplerSelect", sampler_name="dpmpp_2m"),
    "sigmas": node("BasicScheduler", model=["model", 0], scheduler="karras", steps=20, denoise=1.0),
}  # fmt: skip
WORKFLOW: dict[str, Json] = {
    "nodes": [
        {
            "id": 3,
            "type": "KSampler",
            "mode": 0,
            "widgets_values": [7, "fixed", 20, 7.0, "dpmpp_2m", "karras", 1.0],
            "inputs": [
                {"name": "model", "link": 1},
                {"name": "positive", "link": 2},
                {"name": "negative", "link": 3},
                {"name": "latent_image", "link": 4},
                {"name": "seed", "widget": {"name": "seed"}, "link": None},
            ],
        },
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["painter_v2.safetensors"]},
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a (blue:1.2) bird"], "inputs": []},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["ugly"]},
        {"id": 8, "type": "CLIPTextEncode", "mode": 4, "widgets_values": ["left out"]},
    ],
    "links": [
        [1, 4, 0, 3, 0, "MODEL"],
        [2, 6, 0, 3, 1, "CONDITIONING"],
        [3, 7, 0, 3, 2, "CONDITIONING"],
        [4, 5, 0, 3, 3, "LATENT"],
    ],
}
BIRD = BASE | COMFY | {"sampler": "DPM++ 2M", "schedule": "Karras", "model": "painter_v2"}

PAPERS: tuple[tuple[str, dict[str, Json], str, str, dict[str, Json]], ...] = (
    ("comfyui", graph(), "a (blue:1.2) bird", "ugly", BIRD),
    ("comfyui", {"prompt": graph(), "extra_data": {}}, "a (blue:1.2) bird", "ugly", BIRD),
    ("comfyui", WITH_LORA, "a (blue:1.2) bird <lora:ink:0.5:0.8>", "ugly", BIRD),
    ("comfyui", WORKFLOW, "a (blue:1.2) bird", "ugly", BIRD),
    ("comfyui", CUSTOM, "a (blue:1.2) bird", "ugly", BIRD),
    (
        "comfyui",
        graph(
            wanted=node("ConditioningCombine", conditioning_1=["one", 0], conditioning_2=["two", 0]),
            one=node("CLIPTextEncode", text=["words", 0], clip=["skip", 0]),
            two=node("CLIPTextEncodeSDXL", text_g="hill", text_l="hill", clip=["skip", 0]),
            words=node("PrimitiveString", value="a bird"),
            skip=node("CLIPSetLastLayer", clip=["model", 1], stop_at_clip_layer=-2),
            unwanted=node("ConditioningZeroOut", conditioning=["one", 0]),
        ),
        "a bird :0.5 AND hill :0.5",
        "",
        BIRD | {"clip_skip": 2},
    ),
    (
        "comfyui",
        graph(later=LATER, larger=LARGER),
        "a (blue:1.2) bird",
        "ugly",
        BIRD | {"hires_factor": 1.5, "hires_steps": 10, "hires_strength": 0.5, "hires_upscaler": "Latent"},
    ),
    (
        "novelai",
        {"prompt": "1girl, {smile}, (fog)", "uc": "lowres", "steps": 20, "scale": 7.0, "seed": 7, "width": 512,
         "height": 768, "sampler": "k_euler_ancestral", "noise_schedule": "karras", "cfg_rescale": 0.2},
        r"1girl, (smile:1.05), \(fog\)",
        "lowres",
        BASE | {"sampler": "Euler a", "schedule": "Karras", "rescale": 0.2, "like": "a1111", "rng": "GPU"},
    ),
    (
        "novelai",
        {"prompt": "2girls", "steps": 20, "scale": 7, "seed": 7, "width": 512, "height": 768, "sampler": "k_euler",
         "v4_prompt": {"caption": {"base_caption": "2girls", "char_captions": [
             {"char_caption": "girl, 1.5::red hair::", "centers": []}, {"char_caption": "girl, [blue hair]"}]}},
         "v4_negative_prompt": {"caption": {"base_caption": "blurry", "char_captions": []}}},
        "2girls, girl, (red hair:1.5), girl, (blue hair:0.9524)",
        "blurry",
        BASE | {"sampler": "Euler", "schedule": "Automatic", "like": "a1111", "rng": "GPU"},
    ),
    (
        "fooocus",
        {"metadata_scheme": "fooocus", "prompt": "a cat", "full_prompt": ["a cat", "cinematic"], "base_model":
         "painterXL.safetensors", "base_model_hash": "aeb7e9e689", "full_negative_prompt": ["dog"], "negative_prompt":
         "dog", "guidance_scale": 7.0, "loras": [["offset.safetensors", 0.1, "4852686128"]], "resolution": "(512, 768)",
         "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras", "seed": "7", "steps": 20, "vae": "Default (model)",
         "refiner_model": "None", "refiner_switch": 0.5, "version": "Fooocus v2.5.0"},
        "a cat, cinematic <lora:offset:0.1>",
        "dog",
        BASE | COMFY | {"sampler": "DPM++ 2M SDE", "schedule": "Karras", "model": "painterXL"},
    ),
    (
        "fooocus",
        {"Prompt": "a cat", "Negative Prompt": "dog", "Base Model": "painterXL.safetensors", "Resolution": "(512, 768)",
         "Guidance Scale": 7, "Sampler": "dpmpp_2m_sde_gpu", "Scheduler": "karras", "Seed": 7, "Steps": 20,
         "LoRA 1": "offset.safetensors : 0.1", "Version": "v2.1.8"},
        "a cat <lora:offset:0.1>",
        "dog",
        BASE | COMFY | {"sampler": "DPM++ 2M SDE", "schedule": "Karras", "model": "painterXL"},
    ),
    (
        "invokeai",
        {"generation_mode": "txt2img", "positive_prompt": "a cat++ in (fog)1.3", "negative_prompt": "(dog)0.5",
         "width": 512, "height": 768, "seed": 7, "cfg_scale": 7.0, "steps": 20, "scheduler": "dpmpp_2m_k", "clip_skip":
         1, "model": {"name": "painter", "base": "sd-1"}, "loras": [{"model": {"name": "ink"}, "weight": 0.75}],
         "app_version": "4.2.0"},
        "a (cat:1.21) in (fog:1.3) <lora:ink:0.75>",
        "(dog:0.5)",
        BASE | OURS | {"sampler": "DPM++ 2M Karras", "clip_skip": 2, "model": "painter"},
    ),
    (
        "invokeai",
        {"model": "stable diffusion", "model_weights": "painter", "app_id": "invoke-ai/InvokeAI", "app_version":
         "v2.3.5", "image": {"prompt": [{"prompt": "a cat [dog]", "weight": 1}], "steps": 20, "cfg_scale": 7.0, "seed":
         7, "width": 512, "height": 768, "sampler": "k_lms", "type": "txt2img"}},
        "a cat",
        "dog",
        BASE | OURS | {"sampler": "LMS", "model": "painter"},
    ),
    (
        "swarmui",
        {"sui_image_params": {"prompt": "a cat", "negativeprompt": "dog", "model": "SD/painter.safetensors", "seed": 7,
         "steps": 20, "cfgscale": 7.0, "width": 512, "height": 768, "sampler": "dpmpp_2m", "scheduler": "karras",
         "loras": ["ink"], "loraweights": ["0.7"], "clipstopatlayer": -2, "swarm_version": "0.9.3"}},
        "a cat <lora:ink:0.7>",
        "dog",
        BASE | COMFY | {"sampler": "DPM++ 2M", "schedule": "Karras", "model": "painter", "clip_skip": 2},
    ),
    (
        "easydiffusion",
        {"prompt": "a cat", "negative_prompt": "dog", "seed": 7, "num_inference_steps": 20, "guidance_scale": 7.0,
         "width": 512, "height": 768, "sampler_name": "euler_a", "use_stable_diffusion_model": "painter.ckpt",
         "use_lora_model": ["ink"], "lora_alpha": [0.5], "clip_skip": True},
        "a cat <lora:ink:0.5>",
        "dog",
        BASE | OURS | {"sampler": "Euler a", "model": "painter", "clip_skip": 2},
    ),
    (
        "drawthings",
        {"c": "a cat", "uc": "dog", "steps": 20, "scale": 7, "seed": 7, "sampler": "DPM++ 2M Karras", "size": "512x768",
         "model": "painter_f16.ckpt", "strength": 1, "lora": [{"model": "ink_f16.ckpt", "weight": 0.6}]},
        "a cat <lora:ink_f16:0.6>",
        "dog",
        BASE | OURS | {"sampler": "DPM++ 2M Karras", "model": "painter_f16"},
    ),
    (
        "civitai",
        {"prompt": "a cat", "negativePrompt": "dog", "steps": 20, "cfgScale": 7, "sampler": "Euler a", "seed": 7,
         "Size": "512x768", "Model": "painter", "clipSkip": 2, "resources": [{"type": "lora", "name": "ink", "weight":
         0.4}, {"type": "model", "name": "painter"}]},
        "a cat <lora:ink:0.4>",
        "dog",
        BASE | {"sampler": "Euler a", "schedule": "Automatic", "model": "painter", "clip_skip": 2, "like": "a1111",
                "rng": "GPU"},
    ),
    (
        "novelai",
        {"Source": "NovelAI Diffusion V4.5 1229B44F", "Software": "NovelAI", "Comment": json.dumps(
            {"prompt": "2girls", "steps": 20, "height": 768, "width": 512, "scale": 7, "cfg_rescale": 0.18, "seed": 7,
             "sampler": "k_dpmpp_2m_sde", "noise_schedule": "exponential", "uc": "lowres", "sm": False,
             "v4_prompt": {"caption": {"base_caption": "2girls", "char_captions": [{"char_caption": "1.2::hat::"}]}},
             "v4_negative_prompt": {"caption": {"base_caption": "lowres", "char_captions": [{"char_caption": "gun"}]}},
             "request_type": "Img2ImgRequest", "strength": 0.7, "noise": 0.1})},
        "2girls, (hat:1.2)",
        "lowres, gun",
        BASE | {"sampler": "DPM++ 2M SDE", "schedule": "Exponential", "rescale": 0.18, "strength": 0.7,
                "model": "NovelAI Diffusion V4.5 1229B44F", "like": "a1111", "rng": "GPU"},
    ),
    (
        "fooocus",
        {"Prompt": "a cat", "Negative Prompt": "", "Base Model": "painterXL.safetensors", "Resolution": "(512, 768)",
         "Guidance Scale": 7, "Sampler": "dpmpp_2m_sde_gpu", "Scheduler": "karras", "Seed": 7, "Performance": "Speed",
         "LoRA [offset.safetensors] weight": 0.1, "LoRA 2": "ink.safetensors : 0.5", "Version": "v2.1.860"},
        "a cat <lora:offset:0.1> <lora:ink:0.5>",
        "",
        BASE | COMFY | {"steps": 30, "sampler": "DPM++ 2M SDE", "schedule": "Karras", "model": "painterXL"},
    ),
    (
        "invokeai",
        {"generation_mode": "sdxl_txt2img", "positive_prompt": "a cat", "negative_prompt": "", "positive_style_prompt":
         "(oil)1.2", "negative_style_prompt": "", "width": 512, "height": 768, "seed": 7, "cfg_scale": 7.0, "steps": 20,
         "scheduler": "euler_a", "model": {"name": "Painter XL"}, "refiner_model": {"name": "Refiner"}, "refiner_start":
         0.8, "controlnets": [], "app_version": "4.2.7"},
        "a cat, (oil:1.2)",
        "",
        BASE | OURS | {"sampler": "Euler a", "model": "Painter XL", "refiner": "Refiner", "refiner_switch": 0.8},
    ),
    (
        "swarmui",
        {"sui_image_params": {"prompt": "a cat", "model": "painter.safetensors", "seed": 7, "steps": 20,
         "cfgscale": 7.0, "width": 512, "height": 768,
         "refinercontrolpercentage": 0.2, "refinermethod": "PostApply", "refinerupscale":
         1.5, "refinerupscalemethod": "model-4x-UltraSharp.pth", "refinersteps": 9, "sampler": "euler", "scheduler":
         "normal"}, "sui_models": [{"name": "painter.safetensors", "param": "model", "hash": "0xabcdef0123"}]},
        "a cat",
        "",
        BASE | COMFY | {"sampler": "Euler", "schedule": "Normal", "model": "painter", "hires_factor": 1.5,
                        "hires_strength": 0.2, "hires_steps": 9, "hires_upscaler": "4x-UltraSharp"},
    ),
    (
        "swarmui",
        {"sui_image_params": {"prompt": "a cat", "model": "painter.safetensors", "seed": 7, "steps": 20,
         "cfgscale": 7.0, "width": 512, "height": 768,
         "refinercontrolpercentage": 0.2, "refinermethod": "StepSwap", "refinermodel":
         "XL/refiner.safetensors"}},
        "a cat",
        "",
        BASE | COMFY | {"sampler": "Euler", "schedule": "Normal", "model": "painter", "refiner": "refiner",
                        "refiner_switch": 0.8},
    ),
    (
        "easydiffusion",
        {"Prompt": "a cat", "Negative Prompt": "dog", "Width": 512, "Height": 768, "Seed": 7, "Steps": 20,
         "Guidance Scale": 7.0, "Sampler": "euler_a", "Stable Diffusion model": "painter", "Use LoRA Model": "ink",
         "LoRA Strength": "0.6",
         "Use Upscaling": "RealESRGAN_x4plus", "Upscale By": 2, "Clip Skip": False},
        "a cat <lora:ink:0.6>",
        "dog",
        BASE | OURS | {"sampler": "Euler a", "model": "painter", "upscaler": "RealESRGAN_x4plus", "upscale": 2.0},
    ),
    (
        "drawthings",
        {"c": "a cat", "uc": "dog", "steps": 20, "scale": 7, "seed": 7, "sampler": "DPM++ SDE Karras", "size":
         "1024x1536", "model": "painter_f16.ckpt", "strength": 1,
         "v2": {"clipSkip": 2, "hiresFix": True, "hiresFixWidth": 512,
         "hiresFixHeight": 768, "hiresFixStrength": 0.6, "upscaler": "realesrgan_x4plus_f16.ckpt", "refinerModel":
         "refiner_f16.ckpt", "refinerStart": 0.7, "faceRestoration": ""}},
        "a cat",
        "dog",
        BASE | OURS | {"sampler": "DPM++ SDE Karras", "model": "painter_f16", "clip_skip": 2, "hires_width": 1024,
                       "hires_height": 1536, "hires_strength": 0.6, "hires_upscaler": "Latent", "upscaler":
                       "realesrgan_x4plus", "refiner": "refiner_f16", "refiner_switch": 0.7},
    ),
    (
        "civitai",
        graph() | {"extraMetadata": json.dumps({"prompt": "a cat", "negativePrompt": "dog", "steps": 20, "cfgScale": 7,
         "sampler": "Euler a", "seed": 7, "width": 512, "height": 768})},
        "a cat",
        "dog",
        BASE | {"sampler": "Euler a", "schedule": "Automatic", "like": "a1111", "rng": "GPU"},
    ),
)  # fmt: skip


@pytest.mark.parametrize(("program", "paper", "positive", "negative", "asked"), PAPERS)
def test_a_programs_paper_says_what_it_drew(
    program: str, paper: dict[str, Json], positive: str, negative: str, asked: dict[str, Json]
) -> None:
    infotext = read(json.dumps(paper))
    assert infotext is not None
    assert (infotext.source, infotext.positive, infotext.negative) == (program, positive, negative)
    assert options(infotext)[0].to_json() == asked
    assert options(infotext)[1] == ()


@pytest.mark.parametrize("paper", [paper for _, paper, *_ in PAPERS])
def test_written_in_a1111s_way_it_asks_for_the_same(paper: dict[str, Json]) -> None:
    infotext = read(json.dumps(paper))
    assert infotext is not None
    again = read(written(infotext))
    assert again is not None
    assert (again.positive, again.negative) == (infotext.positive, infotext.negative)
    assert options(again) == options(infotext)


def test_fooocus_says_its_loras_beside_the_prompt_in_a1111s_form_too() -> None:
    infotext = read(
        "a cat, cinematic\nNegative prompt: dog\nSteps: 20, Sampler: DPM++ 2M SDE, Scheduler: karras, Seed: 7, "
        'Size: 512x768, CFG scale: 7, Model: painterXL, Lora hashes: "offset: 4852686128, ink: aaaabbbbcc", '
        'Lora weights: "offset: 0.1, ink: 0.5", Raw prompt: a cat, Version: Fooocus v2.5.0'
    )
    assert infotext is not None
    assert infotext.positive == "a cat, cinematic <lora:offset:0.1> <lora:ink:0.5>"
    more = COMFY | {"sampler": "DPM++ 2M SDE", "schedule": "Karras", "model": "painterXL"}
    assert (options(infotext)[0].to_json(), options(infotext)[1]) == (BASE | more, ())


def test_the_first_line_of_invokeai_is_read() -> None:
    infotext = read('"a cat, (fog)1.2 [dog]" -s 20 -S 7 -W 512 -H 768 -C 7.0 -A k_euler_a')
    assert infotext is not None
    assert (infotext.source, infotext.positive, infotext.negative) == ("invokeai", "a cat, (fog:1.2)", "dog")
    assert options(infotext)[0].to_json() == BASE | OURS | {"sampler": "Euler a"}
    assert read('"a cat" she said - and left') is None


@pytest.mark.parametrize(
    "paper", [{"a": 1}, {"prompt": "a cat"}, {"class_type": "x"}, {"1": {"inputs": 3}}, {"prompt": {"1": {}}}, {}]
)
def test_other_json_is_none(paper: dict[str, Json]) -> None:
    assert read(json.dumps(paper)) is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{a}", "(a:1.05)"),
        ("{{{a b}}}, c", "(a b:1.1576), c"),
        ("[[a]]", "(a:0.907)"),
        ("2::a, b::, c", "(a, b:2), c"),
        ("-1::a::", "(a:-1)"),
        ("a (b)", r"a \(b\)"),
        (r"a \(b\)", r"a \(b\)"),
        ("{a", "(a:1.05)"),
        ("3d, 2girls", "3d, 2girls"),
        ("", ""),
    ],
)
def test_novelais_weights(theirs: str, ours: str) -> None:
    assert from_novelai(theirs) == ours


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("cat++", "(cat:1.21)"),
        ("cat--, mid-day", "(cat:0.81), mid-day"),
        ("(a cat)1.3", "(a cat:1.3)"),
        ("(a cat)+", "(a cat:1.1)"),
        ("(a cat), c", "(a cat), c"),
        ("a - b", "a - b"),
    ],
)
def test_invokeais_weights(theirs: str, ours: str) -> None:
    assert from_invokeai(theirs) == ours


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("k_euler_ancestral", "Euler a"),
        ("dpmpp_2m_sde_gpu", "DPM++ 2M SDE"),
        ("k_dpmpp_2s_ancestral", "DPM++ 2S a"),
        ("DPM++ 2M Karras", "DPM++ 2M Karras"),
        ("dpmpp_3m_sde", "DPM++ 3M SDE"),
        ("uni_pc_bh2", "UniPC"),
        ("ddim_v3", "DDIM"),
        ("heun_k", "Heun Karras"),
        ("Some New One", "Some New One"),
    ],
)
def test_samplers_have_one_name(theirs: str, ours: str) -> None:
    assert sampler(theirs) == ours


@pytest.mark.parametrize(
    ("paper", "aside"),
    [
        ({"prompt": "a", "uc": "", "sampler": "k_euler", "scale": 5, "sm": True, "sm_dyn": True}, ("SMEA: dyn",)),
        ({"prompt": "a", "uc": "", "dynamic_thresholding": True}, ("Decrisper: True",)),
        ({"prompt": "a", "metadata_scheme": "fooocus", "performance": "Extreme Speed"},
         ("Performance: extreme speed",)),
        ({"prompt": "a", "metadata_scheme": "fooocus", "freeu": "(1.1, 1.2)"}, ("FreeU: (1.1, 1.2)",)),
        ({"positive_prompt": "a", "steps": 3, "hrf_enabled": True, "hrf_method": "ESRGAN"},
         ("High resolution fix: ESRGAN",)),
        ({"positive_prompt": "a", "steps": 3, "seamless_x": True, "ipAdapters": [{}], "controlnets": [{}, {}]},
         ("ControlNet: 2", "IP Adapter: 1")),
        ({"prompt": "a", "num_inference_steps": 3, "use_face_correction": "GFPGANv1.4", "tiling": "xy"},
         ("Face restoration: GFPGANv1.4",)),
        ({"c": "a", "sampler": "DDIM", "scale": 3, "v2": {"faceRestoration": "former_f16.ckpt"}},
         ("Face restoration: former_f16",)),
    ],
)  # fmt: skip
def test_what_a_program_did_and_nothing_here_does_is_put_aside_by_name(
    paper: dict[str, Json], aside: tuple[str, ...]
) -> None:
    infotext = read(json.dumps(paper))
    assert infotext is not None
    assert options(infotext)[1] == aside


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ({"positive_prompt": "a", "steps": 3, "seamless_x": True}, {"tiling": "x"}),
        ({"positive_prompt": "a", "steps": 3, "seamless_x": True, "seamless_y": True}, {"tiling": "xy"}),
        ({"prompt": "a", "num_inference_steps": 3, "tiling": "y"}, {"tiling": "y"}),
        (
            {"prompt": "a", "metadata_scheme": "fooocus", "freeu": "(1.1, 1.2, 0.9, 0.2)"},
            {"freeu": (1.1, 1.2, 0.9, 0.2)},
        ),
    ],
)
def test_what_programs_say_of_edges_and_freeu(paper: dict[str, Json], said: dict[str, object]) -> None:
    infotext = read(json.dumps(paper))
    assert infotext is not None
    found, aside = options(infotext)
    assert {**found.to_json(), **said} == found.to_json() and not aside


def test_what_civitai_painted_with_is_kept_for_its_numbers() -> None:
    resources = [{"type": "lora", "weight": 0.8, "modelVersionId": 1, "modelName": "Ink"}]
    infotext = read(json.dumps({"prompt": "a", "cfgScale": 5, "negativePrompt": "", "civitaiResources": resources}))
    assert infotext is not None
    assert json.loads(infotext.fields["Civitai resources"]) == resources
