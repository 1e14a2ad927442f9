"""How often pictures are shown, at which rates, and what learns: tables by name that suit most, for each family of
models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prompts.prompt import Json


@dataclass(frozen=True, slots=True)
class TrainingPreset:
    """How a family of models is taught: how often each picture is shown, the least and the most in all (both alike
    where the number of pictures says nothing), and what of a plan is not as usual."""

    views: int
    least: int
    most: int
    changes: Mapping[str, Json]


# Counted in views, pictures shown: what trainers call epochs and repeats confuses everybody. The figures are the middle
# of what the common trainers' presets agree on; those of the built-in model were measured on it.
_SD15: dict[str, Json] = {"batch": 2, "accumulate": 2, "unet_rate": 2e-4, "text_rate": 2e-5}
_STYLE: dict[str, Json] = {"conv_rank": 8, "conv_alpha": 4.0, "text_rate": 0.0, "flips": True}
_SDXL: dict[str, Json] = {"batch": 1, "accumulate": 4, "unet_rate": 1e-4, "resolution": 1024}
_DEMO: dict[str, Json] = {
    "batch": 8, "unet_rate": 3e-3, "rank": 8, "alpha": 8.0, "resolution": 128, "bucket_step": 8, "snr_gamma": 0.0,
    "fall": 0.0,
}  # fmt: skip
_THING = {
    "sd15": TrainingPreset(100, 1500, 4000, _SD15),
    "sdxl": TrainingPreset(60, 1200, 3000, _SDXL),
    "demo": TrainingPreset(48, 480, 2400, _DEMO),
}
_CONSTANT: dict[str, Json] = {"warm": 0.0, "fall": 0.0}
# EasyPhoto's own: what it makes is a portrait of one person, of crops round the face.
_PORTRAIT: dict[str, Json] = {"batch": 1, "accumulate": 4, "unet_rate": 1e-4, "rank": 32, "alpha": 16.0, **_CONSTANT}
# Vectors have no decay to speak of and stand large rates: nothing else can break. Where nothing is said of a picture
# they would learn nothing of it.
_INVERSION: dict[str, Json] = {
    "learns": "inversion", "unet_rate": 5e-3, "text_rate": 0.0, "batch": 4, "accumulate": 1, "snr_gamma": 0.0,
    "warm": 0.0, "dropout": 0.0,
}  # fmt: skip
# As the tutorial's table has it: 512, 800 steps of four pictures one after another, 1e-4, 128/64, an even rate.
_TUTORIAL: dict[str, Json] = {
    "batch": 1, "accumulate": 4, "unet_rate": 1e-4, "text_rate": 1e-4, "rank": 128, "alpha": 64.0, "resolution": 512,
    "snr_gamma": 0.0, "dropout": 0.0, "shuffled": False, **_CONSTANT,
}  # fmt: skip
_FULL: dict[str, Json] = {
    "learns": "whole", "unet_rate": 2e-6, "text_rate": 0.0, "batch": 1, "accumulate": 4, "snr_gamma": 0.0, **_CONSTANT,
}  # fmt: skip
_CONTROLNET: dict[str, Json] = {
    "learns": "controlnet", "unet_rate": 1e-5, "text_rate": 0.0, "batch": 4, "accumulate": 1, "snr_gamma": 0.0,
    "dropout": 0.5, "shuffled": False, **_CONSTANT,
}  # fmt: skip
PRESETS: Mapping[str, Mapping[str, TrainingPreset]] = {
    "thing": _THING,
    "person": _THING,
    "style": {
        "sd15": TrainingPreset(
            50, 2000, 8000, _SD15 | _STYLE | {"batch": 4, "accumulate": 1, "noise_offset": 0.03}
        ),
        "sdxl": TrainingPreset(40, 1200, 8000, _SDXL | _STYLE),
        "demo": TrainingPreset(32, 640, 1600, _DEMO | _STYLE | {"conv_rank": 0, "unet_rate": 2e-3}),
    },
    "portrait": {
        "sd15": TrainingPreset(200, 800, 3200, _PORTRAIT | {"text_rate": 1e-5}),
        "sdxl": TrainingPreset(200, 800, 2400, _PORTRAIT | {"resolution": 1024}),
        "demo": TrainingPreset(48, 480, 2400, _DEMO),
    },
    "inversion": {
        "sd15": TrainingPreset(80, 1200, 6000, _INVERSION),
        "sdxl": TrainingPreset(80, 1200, 6000, _INVERSION | {"resolution": 1024}),
        "demo": TrainingPreset(40, 800, 1600, _DEMO | _INVERSION | {"unet_rate": 0.03, "batch": 8}),
    },
    "tutorial": {
        "sd15": TrainingPreset(0, 3200, 3200, _TUTORIAL),
        "sdxl": TrainingPreset(0, 3200, 3200, _TUTORIAL | {"text_rate": 0.0, "resolution": 1024}),
        "demo": TrainingPreset(0, 3200, 3200, _TUTORIAL | {"resolution": 128, "bucket_step": 8}),
    },
    "full": {
        "sd15": TrainingPreset(100, 1500, 4000, _FULL),
        "sdxl": TrainingPreset(100, 1500, 4000, _FULL | {"resolution": 1024, "optimiser": "Adafactor"}),
        "demo": TrainingPreset(40, 800, 2400, _DEMO | _FULL | {"unet_rate": 1e-4, "batch": 8, "accumulate": 1}),
    },
    "controlnet": {
        "sd15": TrainingPreset(4, 20_000, 80_000, _CONTROLNET),
        "sdxl": TrainingPreset(4, 20_000, 80_000, _CONTROLNET | {"resolution": 1024, "batch": 1, "accumulate": 4}),
        "demo": TrainingPreset(20, 1600, 8000, _DEMO | _CONTROLNET | {"unet_rate": 1e-3, "batch": 8}),
    },
}  # fmt: skip
OFFLINE = ("full", "controlnet")  # presets of trainings that are too large to be anybody's guest
