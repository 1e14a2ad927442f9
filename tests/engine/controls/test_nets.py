"""Nets of every layout answer as diffusers' own do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel

from engine.controls import nets
from engine.controls.net import Net
from engine.files import catalog
from engine.files.catalog import Companion
from engine.models.loaded import Loaded
from prompts.errors import Refusal
from tests import tiny_nets


def companion(path: Path) -> Companion:
    return catalog.controlnet(catalog.controlnets([path.parent]), path.stem if path.is_file() else path.name)


def asked(net: Net, picture: torch.Tensor, **more: Any) -> list[torch.Tensor]:
    samples, times, words = tiny_nets.call(net.loaded)
    hint = net.hint(picture).expand(2, -1, -1, -1)
    down, middle = net.residuals(samples, times, words, hint, **more)
    return [*down, middle]


def test_a_net_answers_as_diffusers_does(loaded: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(loaded.unet).save_pretrained(tmp_path / "lines")
    net = nets.load(companion(tmp_path / "lines"), loaded)
    judge: Any = ControlNetModel.from_pretrained(tmp_path / "lines").eval()
    samples, times, words = tiny_nets.call(loaded)
    picture = tiny_nets.picture()
    with torch.no_grad():
        down, middle = judge(samples, times, words, picture.expand(2, -1, -1, -1), return_dict=False)
    for own, theirs in zip(asked(net, picture), [*down, middle], strict=True):
        assert theirs.abs().max() > 1e-3
        assert torch.allclose(own, theirs, atol=1e-5)


def test_a_net_is_read_once_and_again_when_its_file_is_another(loaded: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(loaded.unet).save_pretrained(tmp_path / "lines")
    first = nets.load(companion(tmp_path / "lines"), loaded)
    assert nets.ready([companion(tmp_path / "lines")], loaded)
    assert nets.load(companion(tmp_path / "lines"), loaded).network is first.network
    changed = tiny_nets.control(loaded.unet, seed=2)
    changed.register_to_config(norm_eps=2e-5)
    (tmp_path / "lines" / "note.txt").write_text("another")
    changed.save_pretrained(tmp_path / "lines")
    assert nets.load(companion(tmp_path / "lines"), loaded).network is not first.network


def test_a_damaged_net_is_refused_by_name(loaded: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(loaded.unet).save_pretrained(tmp_path / "lines")
    found = companion(tmp_path / "lines")
    [weights] = (tmp_path / "lines").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(Refusal) as refusal:
        nets.load(found, loaded)
    assert refusal.value.values["name"] == "lines"


def test_the_built_in_net_is_known() -> None:
    [edges] = catalog.controlnets([catalog.COMPANIONS])
    assert (edges.name, edges.family) == ("demo-edges", "demo")
