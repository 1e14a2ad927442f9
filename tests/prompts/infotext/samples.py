"""Infotexts as A1111, Forge and SD.Next write them, each with the recipe that it asks for; made up for these tests."""

from __future__ import annotations

from prompts.prompt import Json

# What is taken for granted where an A1111 wrote it.
WAY: dict[str, Json] = {"like": "a1111", "rng": "GPU"}

A1111: tuple[tuple[str, dict[str, Json]], ...] = (
    (
        "a red fox, snow\nsecond line, 狐狸，雪\nNegative prompt: lowres, (blurry:1.2)\n"
        "Steps: 12, Sampler: Euler a, Schedule type: Automatic, CFG scale: 5.5, Seed: 424242, Size: 512x768, "
        'Model hash: 0011223344, Model: somemodel, Clip skip: 2, Lora hashes: "alpha: 0a1b2c3d4e5f, beta: 1122334455", '
        "Version: v1.9.4",
        {"steps": 12, "sampler": "Euler a", "schedule": "Automatic", "guidance": 5.5, "seed": 424242, "width": 512,
         "height": 768, "model": "somemodel", "clip_skip": 2},
    ),
    (
        "a harbour\nNegative prompt: people,\ncrowd,\n(boats:0.8)\nSteps: 30, Sampler: DPM++ 2M, Schedule type: "
        "Karras, CFG scale: 7, Seed: 1, Size: 640x512, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, "
        "VAE hash: c6a580b13a, VAE: vae-ft-mse-840000.safetensors, Version: v1.10.1",
        {"steps": 30, "sampler": "DPM++ 2M", "schedule": "Karras", "guidance": 7.0, "seed": 1, "width": 640,
         "height": 512, "model": "v1-5-pruned-emaonly", "vae": "vae-ft-mse-840000.safetensors"},
    ),
    (
        "1girl, (smile:1.1), <lora:ink_wash:0.7>\nNegative prompt: lowres\nSteps: 25, Sampler: DPM++ 2M Karras, "
        "CFG scale: 7, Seed: 99, Size: 512x512, Model hash: 879db523c3, Model: dreamshaper_8, "
        "Denoising strength: 0.45, Hires upscale: 2, Hires steps: 12, Hires upscaler: 4x-UltraSharp, Version: v1.6.0",
        {"steps": 25, "sampler": "DPM++ 2M", "schedule": "Karras", "guidance": 7.0, "seed": 99, "width": 512,
         "height": 512, "model": "dreamshaper_8", "hires_strength": 0.45, "hires_factor": 2.0, "hires_steps": 12,
         "hires_upscaler": "4x-UltraSharp", "downcast": True},
    ),
    (
        "a hill\nSteps: 20, Sampler: DPM++ SDE, CFG scale: 6, Seed: 3, Size: 512x512, Version: v1.5.1",
        {"steps": 20, "sampler": "DPM++ SDE", "schedule": "Uniform", "guidance": 6.0, "seed": 3, "width": 512,
         "height": 512, "downcast": True},
    ),
    (
        "a hill\nSteps: 20, Sampler: DPM++ 3M SDE Exponential, CFG scale: 6, Seed: 3, Size: 512x512, RNG: CPU, "
        "ENSD: 31337, Version: v1.7.0",
        {"steps": 20, "sampler": "DPM++ 3M SDE", "schedule": "Exponential", "guidance": 6.0, "seed": 3, "width": 512,
         "height": 512, "rng": "CPU", "ensd": 31337, "downcast": True},
    ),
    (
        "Steps: up the tower, a spiral\nNegative prompt: Steps: wood, stone\nSteps: 20, Sampler: LMS Karras, "
        "CFG scale: 6, Seed: 3, Size: 512x512, Version: v1.6.0",
        {"steps": 20, "sampler": "LMS", "schedule": "Karras", "guidance": 6.0, "seed": 3, "width": 512, "height": 512,
         "downcast": True},
    ),
    (
        "a hill\nSteps: 20, Sampler: Euler, Schedule type: SGM Uniform, CFG scale: 1.5, Seed: 3, Size: 1024x1024, "
        "Variation seed: 77, Variation seed strength: 0.25, Seed resize from: 512x768, Sigma churn: 2, "
        "Sigma tmin: 0.1, Sigma tmax: 9, Sigma noise: 1.003, NGMS: 0.4, Emphasis: No norm, SGM noise multiplier: True, "
        "Schedule max sigma: 14, Schedule min sigma: 0.03, Schedule rho: 7, Eta: 0.5, Version: v1.10.0",
        {"steps": 20, "sampler": "Euler", "schedule": "SGM Uniform", "guidance": 1.5, "seed": 3, "width": 1024,
         "height": 1024, "variation_seed": 77, "variation_strength": 0.25, "seed_resize": (512, 768), "churn": 2.0,
         "tmin": 0.1, "tmax": 9.0, "noise": 1.003, "ngms": 0.4, "emphasis": "No norm", "sgm_noise": True,
         "sigma_max": 14.0, "sigma_min": 0.03, "rho": 7.0, "eta": 0.5},
    ),
    (
        "a city\nSteps: 20, Sampler: Restart, CFG scale: 7, Seed: 4, Size: 1024x1024, Refiner: sd_xl_refiner_1.0 "
        "[7440042bbd], Refiner switch at: 0.8, Version: v1.8.0",
        {"steps": 20, "sampler": "Restart", "schedule": "Automatic", "guidance": 7.0, "seed": 4, "width": 1024,
         "height": 1024, "refiner": "sd_xl_refiner_1.0", "refiner_switch": 0.8},
    ),
    (
        "a face\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, ADetailer model: face_yolov8n.pt, "
        'ADetailer prompt: "a face, smiling: wide", ADetailer confidence: 0.3, ADetailer model 2nd: hand_yolov8n.pt, '
        "ADetailer version: 24.4.2, Version: v1.9.3",
        {"steps": 20, "sampler": "Euler a", "schedule": "Automatic", "guidance": 7.0, "seed": 5, "width": 512,
         "height": 512, "fix": "face+hand", "fix_prompts": ("a face, smiling: wide", "")},
    ),
    (
        "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 6, Size: 512x512, "
        'Hires prompt: "a cat, fur\\nlong", Hires negative prompt: "dog, \\"toy\\"", '
        "Denoising strength: 0.5, Hires resize: 1024x768, Hires sampler: "
        "DPM++ 2M Karras, Hires CFG Scale: 5, Hires upscaler: Latent (nearest), Version: f2.0.1v1.10.1-previous-313",
        {"steps": 20, "sampler": "Euler a", "schedule": "Automatic", "guidance": 7.0, "seed": 6, "width": 512,
         "height": 512, "hires_prompt": "a cat, fur\nlong", "hires_negative": 'dog, "toy"', "hires_strength": 0.5,
         "hires_width": 1024, "hires_height": 768, "hires_sampler": "DPM++ 2M", "hires_schedule": "Karras",
         "hires_guidance": 5.0, "hires_upscaler": "Latent (nearest)"},
    ),
    (
        "car, hill\nNegative prompt: dark\nSteps: 30, Sampler: DPM++ 2M Karras, CFG scale: 13.5, Seed: 839351144, "
        'Size: 832x1216, Clip skip: 2, Civitai resources: [{"type":"checkpoint","modelVersionId":290640},'
        '{"type":"lora","weight":0.4,"modelVersionId":426797}], Civitai metadata: {}',
        {"steps": 30, "sampler": "DPM++ 2M", "schedule": "Karras", "guidance": 13.5, "seed": 839351144, "width": 832,
         "height": 1216, "clip_skip": 2},
    ),
    (
        "a fox\nNegative prompt: low\nSteps: 8, Sampler: Euler a, CFG scale: 7, Seed: 11, Size: 96x64\n"
        "Template: a {fox|cat},\nin __place__\nNegative Template: low",
        {"steps": 8, "sampler": "Euler a", "schedule": "Automatic", "guidance": 7.0, "seed": 11, "width": 96,
         "height": 64},
    ),
    (
        "Negative prompt: low\nSteps: 8, Sampler: DDIM, CFG scale: 7, Seed: 11, Size: 96x64, Eta DDIM: 0.3, Tiling: "
        "True, Version: v1.3.0",
        {"steps": 8, "sampler": "DDIM", "schedule": "Automatic", "guidance": 7.0, "seed": 11, "width": 96, "height": 64,
         "eta": 0.3, "downcast": True, "pad": "v0", "tiling": "xy"},
    ),
    (
        "Steps: 8, Sampler: PLMS, CFG scale: 7, Seed: 11, Size: 96x64",
        {"steps": 8, "sampler": "PLMS", "schedule": "Automatic", "guidance": 7.0, "seed": 11, "width": 96,
         "height": 64},
    ),
    (
        'a girl\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, ControlNet 0: "Module: canny, '
        'Model: control_v11p_sd15_canny [d14c016b], Weight: 1, Resize Mode: Crop and Resize", TI hashes: '
        '"easynegative: c74b4e810b03", Hashes: {"model":"879db523c3","embed:easynegative":"c74b4e810b"}, '
        "Denoising strength: 0.7, Mask blur: 4, Version: v1.6.1",
        {"steps": 20, "sampler": "Euler a", "schedule": "Automatic", "guidance": 7.0, "seed": 5, "width": 512,
         "height": 512, "strength": 0.7, "mask_blur": 4, "downcast": True,
         "controls": ("canny:net=control_v11p_sd15_canny",)},
    ),
    (
        "a lake \nNegative prompt: mud \nSteps: 20, Size: 1024x1024, Sampler: Euler a, Seed: 5, CFG scale: 6, Model: "
        "sdxl-base, Model hash: 31e35c80fc, App: SD.Next, Version: 4d6a5c5, Pipeline: StableDiffusionXLPipeline, "
        "Operations: txt2img",
        {"steps": 20, "sampler": "Euler a", "schedule": "Automatic", "guidance": 6.0, "seed": 5, "width": 1024,
         "height": 1024, "model": "sdxl-base"},
    ),
    (
        "a lake\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 5, "
        "Size: 896x1152, Model hash: bea01d51bd, Model: flux1-dev-bnb-nf4-v2, Version: "
        "f2.0.1v1.10.1-previous-495-g4c9380c4, Module 1: ae, Module 2: clip_l",
        {"steps": 20, "sampler": "Euler", "schedule": "Simple", "guidance": 1.0, "seed": 5, "width": 896,
         "height": 1152, "model": "flux1-dev-bnb-nf4-v2"},
    ),
    (
        "one\n\ntwo, three\n\nNegative prompt: four\n\nfive\nSteps: 20, Sampler: DPM2 a Karras, CFG scale: 7, Seed: 5, "
        "Size: 512x512",
        {"steps": 20, "sampler": "DPM2 a", "schedule": "Karras", "guidance": 7.0, "seed": 5, "width": 512,
         "height": 512},
    ),
    (
        "a house\nSteps: 20, Sampler: DPM++ 2M SDE Heun, Schedule type: Align Your Steps, CFG scale: 7, Seed: 5, "
        "Size: 512x512, Version: v1.9.0",
        {"steps": 20, "sampler": "DPM++ 2M SDE Heun", "schedule": "Align Your Steps", "guidance": 7.0, "seed": 5,
         "width": 512, "height": 512},
    ),
)  # fmt: skip

_FIELDS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768"
_BLOCK = f"a red fox, snow\nNegative prompt: lowres\n{_FIELDS}"
# The same infotext as chats and keyboards leave it.
PASTED: tuple[str, ...] = (
    _BLOCK,
    _BLOCK.replace("\n", " "),
    _BLOCK.replace("\n", "\r\n") + "\r\n",
    _BLOCK.replace(": ", "：").replace(", C", "，C").replace(", S", "，S"),
    f"a red fox, snow\nNegative prompt: lowres\n{_FIELDS.replace(',', '，')}",
    _BLOCK.replace("Euler a, ", "Euler a,\n").replace("Seed: 5, ", "Seed: 5,\n"),
    _BLOCK.replace("Euler a, CFG scale: 7, Seed: 5, ", "Euler a\nCFG scale: 7\nSeed: 5\n"),
    f"```\n{_BLOCK}\n```",
    "> " + _BLOCK.replace("\n", "\n> "),
    f"Prompt: {_BLOCK}",
    f"正向提示词：a red fox, snow\n反向提示词：lowres\n{_FIELDS}",
    _BLOCK.lower().replace("euler a", "Euler a"),
    f'{_BLOCK}, Lora hashes: "ink: 0a1b2c, wa',
    f"{_BLOCK}, Mod",
    f"a red fox, snow\nNegative prompt: lowres\nCFG scale: 7, {_FIELDS.replace(' CFG scale: 7,', '')}",
)
