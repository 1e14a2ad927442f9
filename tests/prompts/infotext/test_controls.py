"""Controls in infotexts: sd-webui-controlnet's of today and of its past."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.control import Control
from engine.pixels.parameters import parameters
from prompts.infotext import fields, reading
from prompts.prompt import Options
from tests.storage.samples import recipe

CANNY = "canny:net=control_v11p_sd15_canny"
TODAY = (
    '"Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, Resize Mode: Just Resize, Processor Res: '
    "512, Threshold A: 50, Threshold B: 150, "
    "Guidance Start: 0.1, Guidance End: 0.9, Pixel Perfect: True, "
    'Control Mode: My prompt is more important, Hr Option: Low res only"'
)


def options_of(text: str) -> tuple[Options, tuple[str, ...]]:
    infotext = reading.read(text)
    assert infotext is not None
    return fields.options(infotext)


@pytest.mark.parametrize(
    ("said", "controls"),
    [
        (f"ControlNet 0: {TODAY}",
         ("canny:0.8:0.1-0.9:mode=prompt:fit=stretch:pass=first:net=control_v11p_sd15_canny:low=50:high=150",)),
        ('ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 1", ControlNet 1: '
         '"Module: depth_midas, Model: control_v11f1p_sd15_depth [cfd03158], Weight: 0.5"',
         (CANNY, "depth_midas:0.5:net=control_v11f1p_sd15_depth")),
        ('ControlNet 0: "Module: none, Model: control_v11p_sd15_openpose [cab727d4], Weight: 1"',
         ("control_v11p_sd15_openpose:by=none",)),
        ('ControlNet: "preprocessor: canny, model: control_v11p_sd15_canny [d14c016b], weight: 1, starting/ending: '
         '(0, 0.5), resize mode: Envelope (Outer Fit), pixel perfect: True, control mode: ControlNet is more '
         'important, preprocessor params: (512, 100, 200)"',
         ("canny:0-0.5:mode=control:fit=fill:net=control_v11p_sd15_canny:low=100:high=200",)),
        ("ControlNet Enabled: True, ControlNet Module: canny, ControlNet Model: control_v11p_sd15_canny [d14c016b], "
         "ControlNet Weight: 0.7, ControlNet Guidance Strength: 0.6", ("canny:0.7:0-0.6:net=control_v11p_sd15_canny",)),
        ("ControlNet-0 Enabled: True, ControlNet-0 Preprocessor: canny, ControlNet-0 Model: control_v11p_sd15_canny "
         "[d14c016b], ControlNet-0 Weight: 1, ControlNet-0 Guidance Start: 0, ControlNet-0 Guidance End: 1, "
         "ControlNet-1 Enabled: False, ControlNet-1 Module: none", (CANNY,)),
    ],
)  # fmt: skip
def test_every_form_is_read(said: str, controls: tuple[str, ...]) -> None:
    text = f"a girl\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, {said}, Version: v1.6.0"
    options, aside = options_of(text)
    assert options.controls == controls
    assert aside == ()


@pytest.mark.parametrize(
    "unit",
    ["Module: canny, Model: None", "Module: canny, Model: net, Weight: 7",
     "Module: canny, Model: net, Resize Mode: odd",
     "Module: canny, Model: net, Control Mode: odd", "model.safetensors"],
)  # fmt: skip
def test_what_cannot_be_is_put_aside_by_its_name(unit: str) -> None:
    options, aside = options_of(f'a\nSteps: 20, Sampler: Euler, Seed: 5, ControlNet 0: "{unit}"')
    assert options.controls is None
    assert aside == (f"ControlNet 0: {unit}"[:94],)


def test_a_fifth_is_put_aside() -> None:
    units = ", ".join(f'ControlNet {at}: "Module: canny, Model: net{at}, Weight: 1"' for at in range(5))
    options, aside = options_of(f"a\nSteps: 20, Sampler: Euler, Seed: 5, {units}")
    assert len(options.controls or ()) == 4
    assert len(aside) == 1 and aside[0].startswith("ControlNet 4: ")


def test_ours_are_written_as_the_extension_writes_them_and_read_back() -> None:
    one = Control("control_v11p_sd15_canny", "ab" * 32, 0.8, 0.1, 0.9, mode="control", fit="fill", stages="second",
                  preprocessor="canny", low=50, high=150)  # fmt: skip
    text = parameters(replace(recipe(), controls=(one, Control("my pose net", "cd" * 32))))
    assert (
        'ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny, Weight: 0.8, Resize Mode: Resize and Fill, '
        "Processor Res: 64, Threshold A: 50, Threshold B: 150, Guidance Start: 0.1, Guidance End: 0.9, Pixel Perfect: "
        'True, Control Mode: ControlNet is more important, Hr Option: High res only"' in text
    )
    options, aside = options_of(text)
    assert options.controls == (
        "canny:0.8:0.1-0.9:mode=control:fit=fill:pass=second:net=control_v11p_sd15_canny:low=50:high=150",
        "my pose net:by=none",
    )
    assert aside == ()
