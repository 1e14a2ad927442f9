"""The switches: which are on by themselves, and that each can be turned back."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.models import loading
from engine.models.loaded import Loaded
from engine.speed import switches
from engine.tuning import Tuning
from tests.engine.drawing import draw, gap, recipe


def test_a_switch_can_be_turned_back(loaded: Loaded) -> None:
    own = loading.load(loaded.model, torch.device("cpu"))
    before = draw(own, [recipe(steps=2)])[0]
    able = [switch for switch in switches.SWITCHES if switch.here(own)]
    assert {"channels_last", "attention", "compile"} <= {switch.name for switch in able}
    for switch in able:
        switch.turn(own, True)
        assert gap(draw(own, [recipe(steps=2)])[0], before) <= 1
        switch.turn(own, False)
        assert gap(draw(own, [recipe(steps=2)])[0], before) == 0
    assert own.prepared is None and own.attention == ()


def test_weights_lie_channels_last_while_the_switch_is_on(loaded: Loaded) -> None:
    own = loading.load(loaded.model, torch.device("cpu"))
    [switch] = [switch for switch in switches.SWITCHES if switch.name == "channels_last"]
    for on in (True, False):
        switch.turn(own, on)
        assert own.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last) is on


@pytest.mark.parametrize(
    ("tuning", "device", "extra", "on"),
    [
        (Tuning(), "cuda", False, {"channels_last", "attention", "graphs"}),
        (Tuning(compile="none"), "cuda", False, {"channels_last", "attention"}),
        (Tuning(compile="compile"), "cuda", True, {"channels_last", "attention", "compile"}),
        (Tuning(), "cpu", False, set()),
        (Tuning(attention="math"), "cpu", False, {"attention"}),
        (Tuning(), "cpu", True, set()),
        (Tuning(cpu="auto"), "cpu", True, {"openvino"}),
        (Tuning(cpu="torch"), "cpu", True, set()),
        (Tuning(compile="compile", cpu="auto"), "cpu", True, {"compile"}),
    ],
)
def test_what_is_on_by_itself(
    tuning: Tuning, device: str, extra: bool, on: set[str], loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "has_openvino", lambda: extra)
    own = replace(loaded, device=torch.device(device), tuning=tuning)
    turned = {switch.name for switch in switches.SWITCHES if switches.usual(own, switch)}
    assert turned == on


def test_an_extra_that_is_asked_for_and_missing_is_said(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(switches, "has_openvino", lambda: False)
    own = loading.load(loaded.model, torch.device("cpu"), tuning=Tuning(cpu="openvino"))
    assert own.prepared is None and "pip install '.[openvino]'" in caplog.text


def test_a_switch_that_cannot_be_turned_on_costs_only_itself(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_loaded: Loaded, _on: bool) -> None:
        raise OSError("libsomething.so: cannot open shared object file")

    switch = switches.Switch("broken", broken, lambda _: True, lambda _: True)
    monkeypatch.setattr(switches, "SWITCHES", (switch,))
    own = loading.load(loaded.model, torch.device("cpu"))
    assert own.prepared is None and "broken is left out" in caplog.text
