"""The fields of infotexts old and new ask for what they meant when they were written."""

import pytest

from bot.texts import say
from prompts.infotext.fields import options, parted
from prompts.infotext.reading import read
from prompts.options import read_options
from prompts.prompt import Json, Options


def asked(line: str) -> tuple[Options, tuple[str, ...]]:
    infotext = read(f"a cat\nSteps: 20, Seed: 7, {line}")
    assert infotext is not None
    return options(infotext)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Sampler: DPM++ 2M", {"sampler": "DPM++ 2M", "schedule": "Uniform"}),
        ("Sampler: DPM++ 2M, Version: v1.8.0", {"sampler": "DPM++ 2M", "schedule": "Uniform"}),
        ("Sampler: DPM++ 2M, Version: v1.9.0", {"sampler": "DPM++ 2M", "schedule": "Automatic"}),
        ("Sampler: DPM++ 2M, Version: f2.0.1v1.10.1-previous-1", {"sampler": "DPM++ 2M", "schedule": "Automatic"}),
        ("Sampler: Euler a, Schedule type: Use same scheduler", {"sampler": "Euler a", "schedule": "Automatic"}),
        ("Sampler: Euler a, Schedule type: Turbo", {"sampler": "Euler a", "schedule": "Turbo"}),
        ("Hires resize: 1024x0, Denoising strength: 0.5", {"hires_width": 1024, "hires_strength": 0.5}),
        ("Hires resize: 0x768, Denoising strength: 0.5", {"hires_height": 768, "hires_strength": 0.5}),
        (
            "Hires upscale: 2, Hires sampler: Use same sampler, Hires schedule type: Use same scheduler",
            {"hires_factor": 2.0},
        ),
        (
            "Size: 1024x768, First pass size: 512x384, Denoising strength: 0.7",
            {"width": 512, "height": 384, "hires_width": 1024, "hires_height": 768, "hires_upscaler": "Latent",
             "hires_strength": 0.7},
        ),
        ("Denoising strength: 0.6", {"strength": 0.6}),
        ("Upscaler: Lanczos, Upscale by: 2", {"upscaler": "Lanczos", "upscale": 2.0}),
        ("RNG: NV", {"rng": "NV"}),
        ("Mask blur: 4", {"mask_blur": 4}),
        ("Masked content: latent nothing", {"fill": "latent nothing"}),
        ("Masked content: original, Inpaint area: Whole picture", {"fill": "original"}),
        ("Inpaint area: Only masked", {"padding": 32}),
        ("Inpaint area: Only masked, Masked area padding: 0", {"padding": 0}),
        ("Masked area padding: 64, Inpaint area: Only masked", {"padding": 64}),
        (
            "Soft inpainting enabled: True, Soft inpainting schedule bias: 1, "
            "Soft inpainting preservation strength: 0.5, "
            "Soft inpainting transition contrast boost: 4, Soft inpainting mask influence: 0, "
            "Soft inpainting difference threshold: 0.5, Soft inpainting difference contrast: 2",
            {"soft": True, "soft_bias": 1.0, "soft_preservation": 0.5, "soft_boost": 4.0, "soft_influence": 0.0,
             "soft_threshold": 0.5, "soft_contrast": 2.0},
        ),
        ("Refiner: base [31e35c80fc], Refiner switch at: 0.8", {"refiner": "base", "refiner_switch": 0.8}),
        # before 1.0 it chose the first pass itself
        (
            "Size: 768x1152, First pass size: 0x0, Denoising strength: 0.7",
            {"width": 448, "height": 640, "hires_width": 768, "hires_height": 1152, "hires_upscaler": "Latent",
             "hires_strength": 0.7},
        ),
        ("ADetailer model: face_yolov8n.pt, ADetailer denoising strength: 0.3, ADetailer model 2nd: hand_yolov8n.pt, "
         "ADetailer denoising strength 2nd: 0.3", {"fix": "face+hand", "fix_strength": 0.3}),
        (
            'ADetailer model: face_yolov8n.pt, ADetailer prompt: "[PROMPT], a smile", ADetailer confidence: 0.3, '
            "ADetailer dilate erode: 4, ADetailer mask blur: 4, ADetailer denoising strength: 0.4, "
            "ADetailer inpaint only masked: True, ADetailer inpaint padding: 32, ADetailer model 2nd: hand_yolov8s.pt, "
            "ADetailer negative prompt 2nd: claws, ADetailer confidence 2nd: 0.3, ADetailer version: 24.5.1",
            {"fix": "face+hand", "fix_strength": 0.4, "fix_prompts": ("[PROMPT], a smile", ""),
             "fix_negatives": ("", "claws")},
        ),
        ("Emphasis: None", {"emphasis": "None"}),
        # SD.Next, with a second pass and without one
        (
            "Second pass: True, Hires force: True, Hires steps: 9, Hires upscaler: ESRGAN, Hires scale: 2.0, "
            "Hires size: 1024x1024, Denoising strength: 0.3, Hires sampler: Default, App: SD.Next, "
            "Operations: hires; upscale; txt2img",
            {"hires_steps": 9, "hires_upscaler": "ESRGAN", "hires_factor": 2.0, "hires_strength": 0.3},
        ),
        (
            "Second pass: True, Hires force: False, Hires steps: 9, Hires upscaler: ESRGAN, Hires scale: 2.0, "
            "Denoising strength: 0.3, App: SD.Next, Operations: upscale; txt2img",
            {"upscaler": "ESRGAN", "upscale": 2.0},
        ),
        ("Variation seed: 3, Variation strength: 0.2, Refiner: r, Refiner start: 0.8, App: SD.Next",
         {"variation_seed": 3, "variation_strength": 0.2, "refiner": "r", "refiner_switch": 0.8}),
        # what Civitai's own painter notes for itself
        ("process: txt2img, workflow: txt2img, draft: false, width: 832, height: 1216, quantity: 4, baseModel: Pony, "
         "disablePoi: true, aspectRatio: 13:19, experimental: false, Created Date: 2025-01-01T10:00:00Z", {}),
        ("Discard penultimate sigma: True", {"discard": True}),
        ("Discard penultimate sigma: False", {}),
        ("Skip Early CFG: 0.15, NGMS: 2, NGMS all steps: True", {"skip_early": 0.15, "ngms": 2.0, "ngms_all": True}),
        ("Tiling: True", {"tiling": "xy"}),
        ("Tiling: y", {"tiling": "y"}),
        ("Token merging ratio: 0.5, Token merging ratio hr: 0.3", {"token_merging": 0.5, "hires_token_merging": 0.3}),
        ("Hypertile U-Net: True", {"hypertile": 256}),
        (
            "Hypertile U-Net second pass: True, Hypertile U-Net max depth: 1, Hypertile U-Net max tile size: 128, "
            "Hypertile U-Net swap size: 2",
            {"hypertile": 128, "hypertile_swap": 2, "hypertile_depth": 1, "hypertile_second": True},
        ),
        ("freeu_enabled: True, freeu_b1: 1.3, freeu_s2: 0.2", {"freeu": (1.3, 1.02, 0.99, 0.2)}),
        ("FreeU: b1=1.1 b2=1.2 s1=0.9 s2=0.2", {"freeu": (1.1, 1.2, 0.9, 0.2)}),
        ("CFG start: 0.2, CFG end: 0.75", {"guidance_start": 0.2, "guidance_end": 0.75}),
        ("CFG schedule: Linear Down", {"guidance_curve": "linear down"}),
        ("Perp-Neg: 0.8", {"perpendicular": 0.8}),
        # A1111's extension, old and new, and Forge's
        ("Dynamic thresholding enabled: True, Mimic scale: 7, Threshold percentile: 100",
         {"mimic": "7:percentile=100"}),
        ("Dynamic thresholding enabled: True, Mimic scale: 11, Threshold percentile: 99.9, Mimic mode: Half Cosine Up, "
         "Mimic scale minimum: 5, CFG mode: Power Down, CFG scale minimum: 2.5, Power scheduler value: 3",
         {"mimic": "11:percentile=99.9:mode=half-cosine-up:min=5:cfg-mode=power-down:cfg-min=2.5:value=3"}),
        ("Dynamic thresholding enabled: True, Mimic scale: 1, Separate Feature Channels: False, Scaling Startpoint: "
         "ZERO, Variability Measure: STD, Interpolate Phi: 0.3, Threshold percentile: 100, Scheduler value: 2",
         {"mimic": "1:percentile=100:value=2:channels=together:from=zero:measure=std:mix=0.3"}),
        ("dynthres_enabled: True, dynthres_mimic_scale: 7, dynthres_threshold_percentile: 0.995, dynthres_mimic_mode: "
         "Linear Down, dynthres_mimic_scale_min: 0, dynthres_cfg_mode: Constant, dynthres_cfg_scale_min: 0, "
         "dynthres_sched_val: 1, dynthres_separate_feature_channels: enable, dynthres_scaling_startpoint: MEAN, "
         "dynthres_variability_measure: AD, dynthres_interpolate_phi: 1",
         {"mimic": "7:by=time:percentile=99.5:mode=linear-down:min=0:cfg-mode=constant:cfg-min=0:value=1"
                   ":channels=separate:from=mean:measure=ad:mix=1"}),
        ("dynthres_enabled: False, dynthres_mimic_scale: 7", {}),
        # PAG and SEG, of Forge, sd-perturbed-attention and incantations
        ("PerturbedAttentionGuidance_enabled: True, PerturbedAttentionGuidance_scale: 3", {"pag": "3"}),
        ("pag_enabled: True, pag_scale: 2.5, pag_rescale: 0, pag_rescale_mode: full, pag_adaptive_scale: 0.1, "
         "pag_block: middle, pag_block_id: 0, pag_block_list: , pag_hr_override: False",
         {"pag": "2.5:layers=mid:adaptive=0.00025"}),
        ("pag_enabled: True, pag_scale: 3, pag_block: input, pag_block_id: 4", {"pag": "3:layers=down.1.0"}),
        ("pag_enabled: True, pag_scale: 3, pag_block: output, pag_block_id: 5", {"pag": "3:layers=up.1.2"}),
        ("pag_enabled: True, pag_scale: 3, pag_layers: mid+up.1", {"pag": "3:layers=mid+up.1"}),
        ("PAG Active: True, PAG Scale: 1, PAG SANF: False, PAG Start Step: 0, PAG End Step: 2048",
         {"pag": "1:layers=mid.0.0"}),
        ("seg_enabled: True, seg_scale: 3, seg_rescale: 0, seg_blur_sigma: -1, seg_block: middle, seg_block_id: 0",
         {"seg": "3:layers=mid:blur=0"}),
        ("seg_enabled: True, seg_scale: 3, seg_blur_sigma: 12.5", {"seg": "3:blur=12.5"}),
        ("Extra noise: 0.2, Noise multiplier: 0.9", {"extra_noise": 0.2, "noise_multiplier": 0.9}),
        ("Conditional mask weight: 0.4", {"mask_weight": 0.4}),
        ("Beta schedule alpha: 0.5, Beta schedule beta: 0.7", {"beta_alpha": 0.5, "beta_beta": 0.7}),
        (
            "UniPC variant: vary_coeff, UniPC skip type: logSNR, UniPC order: 2, UniPC lower order final: False",
            {"unipc_variant": "vary_coeff", "unipc_skip": "logSNR", "unipc_order": 2, "unipc_high_end": True},
        ),
        ("UniPC variant: bh2, UniPC lower order final: True", {"unipc_variant": "bh2"}),
        ("Pad conds: True", {"pad": "empty"}),
        ("Pad conds: True, Pad conds v0: True", {"pad": "v0"}),
        ("Pad conds v0: True, Pad conds: True", {"pad": "v0"}),
        ("Pad conds: False", {}),
        (
            "Hires upscale: 2, Hires checkpoint: grand v3 [31e35c80fc], Hires VAE: soft.safetensors",
            {"hires_factor": 2.0, "hires_checkpoint": "grand v3", "hires_vae": "soft.safetensors"},
        ),
        ("Denoising strength: 0, Hires upscale: 2", {"hires_factor": 2.0, "hires_strength": 0.0}),
        ("Hires upscale: 2, Hires Module 1: soft", {"hires_factor": 2.0, "hires_vae": "soft"}),
        (
            "Hires upscale: 2, Hires checkpoint: Use same checkpoint, Hires Module 1: Use same choices",
            {"hires_factor": 2.0},
        ),
        ("Hires refiner: both passes", {"refined": "both passes"}),
        ("Refiner switch by sampling steps: True", {"by_steps": True}),
        ("Old prompt editing timelines: True", {"old_timelines": True}),
        ("Downcast alphas_cumprod: True", {"downcast": True}),
        ("Noise Schedule: Zero Terminal SNR", {"zero_snr": True}),
        ("Noise Schedule: Default", {}),
    ],
)  # fmt: skip
def test_a_field_is_read(line: str, said: dict[str, Json]) -> None:
    found, aside = asked(line)
    assert aside == ()
    always: dict[str, Json] = {"steps": 20, "seed": 7, "like": "a1111", "rng": "GPU"}
    assert found.to_json() == always | said


@pytest.mark.parametrize(
    ("version", "sampler", "said"),
    [
        ("v1.5.2", "DDIM", {"old_timelines": True, "pad": "v0", "downcast": True, "by_steps": True}),
        ("v1.6.0-RC-12-gabcdef01", "PLMS", {"old_timelines": True, "pad": "v0", "downcast": True, "by_steps": True}),
        ("v1.5.1-3-gabcdef01", "Euler a", {"old_timelines": True, "downcast": True, "by_steps": True}),
        ("v1.6.0", "DDIM", {"downcast": True, "by_steps": True}),
        ("1.6.0", "Euler a", {"downcast": True, "by_steps": True}),
        ("v1.7.0-224-gabcdef01", "Euler a", {"downcast": True, "by_steps": True}),
        ("v1.7.0-225-gabcdef01", "Euler a", {"by_steps": True}),
        ("v1.8.0-RC", "Euler a", {"by_steps": True}),
        ("v1.8.0", "Euler a", {}),
        ("v1.10.1", "DDIM", {}),
        ("f0.0.17v1.8.0rc-latest-276-g29be1da7", "DDIM", {}),  # Forge began with what A1111 has now
        ("v1.10.1-Danqing-1.2", "DDIM", {}),
        ("b9ba1a1e", "DDIM", {}),
        ("", "DDIM", {}),
    ],
)
def test_what_an_old_version_did_otherwise_is_done_again(version: str, sampler: str, said: dict[str, Json]) -> None:
    """As A1111 itself decides of the version that it reads."""
    line = f"Steps: 20, Seed: 7, Sampler: {sampler}, Refiner: base{f', Version: {version}' if version else ''}"
    infotext = read(f"a [red:blue:0.5] cat\n{line}")
    assert infotext is not None
    found, aside = options(infotext)
    names = ("old_timelines", "pad", "downcast", "by_steps")
    assert {name: value for name, value in found.to_json().items() if name in names} == said
    assert aside == ()
    plain = read(f"a red cat\n{line}")
    assert plain is not None
    assert not options(plain)[0].old_timelines


@pytest.mark.parametrize(
    "field",
    ["Face restoration: CodeFormer", "Tiling: perhaps", "Mask blur: 400", "Masked content: gold",
     "Inpaint area: somewhere", "Schedule type: New", "Hires resize: 0x0",
     "Token merging ratio: 1.5", "freeu_b1: 9", "Hypertile VAE: True", "FreeU: b1=1",
     "VAE Decoder: TAESD", "Noise Schedule: odd",
     "UniPC variant: bh3", "UniPC order: 0", "UniPC order: 8", "Skip Early CFG: 2", "Hires refiner: no pass",
     "Extra noise: much", "CFG schedule: zigzag", "CFG end: 0", "CFG start: 1",
     "Soft inpainting mask influence: 2",
     "RNG: dice", "ADetailer model: shoes.pt", "ADetailer prompt: a smile",
     "ADetailer confidence: 0.5", "ADetailer inpaint padding 2nd: 64",
     "ADetailer steps: 28", "ADetailer checkpoint: other", "ADetailer denoising strength 2nd: 0.9",
     "Refiner model: x", "VAE Encoder: x", "Size: 7x7", "Clip skip: many"],
)  # fmt: skip
def test_what_there_is_nothing_like_is_put_aside_by_name(field: str) -> None:
    assert asked(f"Model: x, {field}")[1] == (field,)


@pytest.mark.parametrize(
    "field",
    [
        "ADetailer prompt: a [SEP] b",
        "ADetailer prompt: [SKIP]",
        "ADetailer prompt 2nd: another",
        "ADetailer prompt 3rd: x",
    ],
)
def test_words_for_each_face_or_for_what_is_not_looked_for_are_put_aside(field: str) -> None:
    line = (
        f"ADetailer model: face_yolov8n.pt, ADetailer model 2nd: mediapipe_face, ADetailer negative prompt: y, {field}"
    )
    first = "" if field.startswith("ADetailer prompt:") else "ADetailer prompt: one, "
    found, aside = asked(f"{first}{line}")
    assert aside == (field,) and found.fix == "face" and found.fix_negatives == ("y",)


@pytest.mark.parametrize(
    "field",
    ["Face restoration: CodeFormer", "Face restoration: GFPGAN", "CodeFormer visibility: 0.5", "CodeFormer weight: 0.2",
     "GFPGAN visibility: 1", "Restore faces: True", "Nodes: FaceRestoreCFWithModel"],
)  # fmt: skip
def test_what_smooths_faces_elsewhere_is_put_aside_with_what_draws_them_here(field: str) -> None:
    found = read_options(f"a cat\nSteps: 20, Seed: 7, {field}, Token merging: odd")
    assert [(note.key, note.values["options"]) for note in found.notes] == [
        ("note.option_aside", "Token merging: odd"),
        ("note.faces_aside", field),
    ]
    for language in ("en", "zh"):
        assert "--fix face" in say(language, "note.faces_aside", options=field)
    assert read_options("a cat\nSteps: 20, Seed: 7, Face restoration: None").notes == ()


@pytest.mark.parametrize(
    "written",
    ["--restore-faces", "--face-restoration", "--face-restoration CodeFormer", "--codeformer", "--面部修复"],
)
def test_so_is_the_switch_of_it(written: str) -> None:
    found = read_options(f"a cat {written} --seed 7")
    assert (found.text, found.options.seed) == ("a cat", 7)
    assert [(note.key, note.values["options"]) for note in found.notes] == [("note.faces_aside", written)]


def test_hashes_and_versions_are_no_wishes() -> None:
    line = 'Model hash: 0a1b2c3d4e, VAE hash: 0a1b2c3d4e, Lora hashes: "a: 1", TI hashes: "b: 2", Hashes: {"model":"x"}'
    assert asked(f'{line}, Wildcard prompt: "a __b__", Wildcard negative prompt: c')[1] == ()
    assert asked(f"{line}, Civitai resources: [], User: ann, Version: v1.9.4, Created Date: 2024-01-01T00:00")[1] == ()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("DPM++ 2M SDE Heun Exponential", ("DPM++ 2M SDE Heun", "Exponential")),
        ("dpm++ 2m karras", ("dpm++ 2m", "Karras")),
        ("DPM++ 2M SGMUniform", ("DPM++ 2M", "SGM Uniform")),
        ("DPM++ 2M SGM Uniform", ("DPM++ 2M", "SGM Uniform")),
        ("Euler a", ("Euler a", "")),
        ("DDIM", ("DDIM", "")),
        ("Karras", ("Karras", "")),
    ],
)
def test_old_sampler_names_end_in_a_schedule(name: str, parts: tuple[str, str]) -> None:
    assert parted(name) == parts


@pytest.mark.parametrize(
    ("seed", "fields", "found"),
    [
        ("4294967295", "Version: v1.10.1", 4294967295),
        ("4294967296", "Version: v1.10.1", 4294967296),  # Philox looks at all of it
        ("4294967296", "RNG: CPU", 4294967296),  # and so does the path of the SDE samplers
        ("1125899906842747", "Version: ComfyUI", 1125899906842747),
        ("18446744073709551615", "RNG: NV, Version: ComfyUI", 2**64 - 1),
        ("18446744073709551616", "Version: ComfyUI", None),  # more than torch takes
    ],
)
def test_a_long_seed_is_taken_whole(seed: str, fields: str, found: int | None) -> None:
    infotext = read(f"a cat\nSteps: 20, Seed: {seed}, Variation seed: {seed}, Sampler: Euler a, {fields}")
    assert infotext is not None
    made, aside = options(infotext)
    assert (made.seed, made.variation_seed) == (found, found)
    assert aside == (() if found is not None else (f"Seed: {seed}", f"Variation seed: {seed}"))


@pytest.mark.parametrize(
    ("line", "said", "aside"),
    [
        ("CFG start: 0.8, CFG end: 0.2, CFG rescale: 0.5", {"rescale": 0.5}, ("CFG start: 0.8", "CFG end: 0.2")),
        ("CFG end: 0.5, CFG start: 0.5", {}, ("CFG end: 0.5", "CFG start: 0.5")),
        ("Mimic scale: 7", {}, ("Mimic scale: 7",)),  # of an extension that was off
        ("Dynamic thresholding enabled: True", {}, ("Dynamic thresholding enabled: True",)),
        (
            "Dynamic thresholding enabled: True, Mimic scale: many, Mimic mode: Linear Up",
            {},
            ("Mimic scale: many", "Mimic mode: Linear Up"),
        ),
        (
            "Dynamic thresholding enabled: True, Mimic scale: 7, Mimic mode: Zigzag, Threshold percentile: 500",
            {"mimic": "7"},
            ("Threshold percentile: 500", "Mimic mode: Zigzag"),
        ),
        (
            "pag_enabled: True, pag_scale: 3, pag_block: sideways, pag_rescale: 0.5, pag_sigma_start: 8, "
            "pag_hr_override: True, pag_hr_scale: 4",
            {"pag": "3"},
            ("pag_block: sideways", "pag_rescale: 0.5", "pag_sigma_start: 8", "pag_hr_override: True",
             "pag_hr_scale: 4"),
        ),
        ("PAG Active: True, PAG Scale: 1, PAG SANF: True", {"pag": "1:layers=mid.0.0"}, ("PAG SANF: True",)),
        (
            "pag_enabled: True, pag_scale: 3, PAG Active: True, PAG Scale: 1",
            {"pag": "3"},
            ("PAG Active: True",),
        ),
    ],
)  # fmt: skip
def test_of_what_acts_beside_guidance_only_what_cannot_be_is_put_aside(
    line: str, said: dict[str, Json], aside: tuple[str, ...]
) -> None:
    found, wrong = asked(line)
    assert wrong == aside
    always: dict[str, Json] = {"steps": 20, "seed": 7, "like": "a1111", "rng": "GPU"}
    assert found.to_json() == always | said
