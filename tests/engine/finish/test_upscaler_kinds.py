"""Upscalers of every kind: what is listed can be drawn with, and what cannot is named."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bot.texts import say
from engine.files import catalog, upscaler_kinds, upscalers
from engine.files.identify import identify
from engine.files.upscaler_kinds import KINDS, library
from engine.finish import esrgan, spandrel_library
from prompts.errors import Refusal
from tests.engine.finish.test_upscaling import compact, rrdb, shades, wave

CPU = torch.device("cpu")
needs_library = pytest.mark.skipif(not library(), reason="spandrel is not installed")
SWIN = "layers.0.residual_group.blocks.0"
# A tiny network of each kind: spandrel's module and class, and its sizes.
MADE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "SwinIR": (
        "SwinIR", "SwinIR",
        {"img_size": 16, "embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 4, "mlp_ratio": 2,
         "upscale": 2, "upsampler": "pixelshuffledirect"},
    ),
    "HAT": (
        "HAT", "HAT",
        {"img_size": 16, "embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 4, "compress_ratio": 3,
         "squeeze_factor": 4, "mlp_ratio": 2, "upscale": 2, "upsampler": "pixelshuffle", "num_feat": 16},
    ),
    "DAT": (
        "DAT", "DAT",
        {"img_size": 16, "embed_dim": 32, "split_size": [2, 4], "depth": [2], "num_heads": [2], "expansion_factor": 2,
         "upscale": 2, "upsampler": "pixelshuffle"},
    ),
    "SPAN": ("span", "SPAN", {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 12, "upscale": 2}),
    "OmniSR": (
        "OmniSR", "OmniSR",
        {"num_feat": 16, "res_num": 1, "up_scale": 2, "block_num": 1, "pe": True, "window_size": 8},
    ),
    "PLKSR": ("RealPLKSR", "RealPLKSR", {"dim": 16, "n_blocks": 2, "upscaling_factor": 2}),
    "RealCUGAN": ("upcunet_v3", "UpCunet2x", {}),
    "MoSR": ("mosr_arch", "MoSR", {"upscale": 2, "n_block": 2, "dim": 16}),
    "SAFMN": ("safmn", "SAFMN", {"dim": 16, "n_blocks": 2, "upscaling_factor": 2}),
    "DITN": ("DITN_Real", "DITN_Real", {"dim": 12, "ITL_blocks": 2, "SAL_blocks": 2, "upscale": 2}),
    "CRAFT": ("CRAFT", "CRAFT", {"embed_dim": 12, "depths": [2], "num_heads": [2], "upscale": 2}),
    "SeemoRe": ("seemore_arch", "SeemoRe", {"scale": 2, "num_experts": 3, "num_layers": 2, "embedding_dim": 12}),
    "DCTLSA": ("dctlsa", "DCTLSA", {"nf": 10, "upscale": 2}),
    "SwiftSRGAN": ("SwiftSRGAN", "Generator", {"num_channels": 8, "num_blocks": 2, "upscale_factor": 2}),
    "MoESR": ("MoESR", "MoESR", {"scale": 2, "dim": 16, "n_blocks": 2, "n_block": 1}),
    "FDAT": (
        "fdat", "FDAT",
        {"scale": 2, "embed_dim": 16, "num_groups": 1, "depth_per_group": 2, "num_heads": 2, "window_size": 4},
    ),
}  # fmt: skip


@needs_library
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", MADE)
def test_a_network_that_spandrel_knows_is_listed_and_enlarges(kind: str, tmp_path: Path) -> None:
    spandrel_library._spandrel()
    module, name, sizes = MADE[kind]
    torch.manual_seed(1)
    made = getattr(import_module(f"spandrel.architectures.{kind}.__arch.{module}"), name)(**sizes)
    weights = {key: weight.clone().contiguous() for key, weight in made.state_dict().items()}
    save_file(weights, tmp_path / "net.safetensors")
    assert [one.name for one in catalog.upscalers([tmp_path])] == ["net"]
    assert (found := identify(tmp_path / "net.safetensors")).format == kind and not found.problem
    network = esrgan.load(tmp_path / "net.safetensors", CPU)
    for height, width in ((32, 32), (37, 21), (6, 5)):  # whatever sizes it wants for itself
        large = network.enlarge(shades(height, width))
        assert network.scale == 2 and large.shape == (2 * height, 2 * width, 3)
        assert np.isfinite(large).all() and 0 <= large.min() <= large.max() <= 1
    if kind != "SPAN":  # which joins its layers anew when it is loaded
        expected = spandrel_library.load_network(weights, CPU)
        assert expected and np.array_equal(expected.enlarge(shades(32, 32)), network.enlarge(shades(32, 32)))
    esrgan.load.cache_clear()


@needs_library
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
def test_our_own_networks_draw_what_spandrel_draws() -> None:
    plus = rrdb(2) | {f"model.1.sub.0.RDB{dense}.conv1x1.weight": wave(32, 8, 1, 1, start=dense) for dense in (1, 2, 3)}
    for weights in (rrdb(), rrdb(2), compact(), plus):
        own, other = esrgan._network(weights), spandrel_library.load_network(weights, CPU)
        assert own and other and own.scale == other.scale
        assert np.abs(own.enlarge(shades()) - other.enlarge(shades())).max() == 0


@needs_library
def test_nothing_is_left_where_torchvision_would_be() -> None:
    before = "torchvision" in sys.modules
    spandrel_library._spandrel()
    assert ("torchvision" in sys.modules) == before


def test_the_way_past_two_layers_of_esrgan_plus_counts(tmp_path: Path) -> None:
    plain = {name: weight * 5 for name, weight in rrdb().items()}
    plus = plain | {
        f"model.1.sub.0.RDB{dense}.conv1x1.weight": wave(32, 8, 1, 1, start=dense) * 9 for dense in (1, 2, 3)
    }
    pictures = []
    for name, weights in (("plain", plain), ("plus", plus)):
        save_file(weights, tmp_path / f"{name}.safetensors")
        assert identify(tmp_path / f"{name}.safetensors").format == "ESRGAN"
        pictures.append(esrgan.load(tmp_path / f"{name}.safetensors", CPU).enlarge(shades()))
    esrgan.load.cache_clear()
    assert np.abs(pictures[0] - pictures[1]).max() > 0.01


def test_what_is_not_whole_is_said_with_its_kind(tmp_path: Path) -> None:
    save_file(
        {f"{SWIN}.norm1.weight": torch.ones(8), "conv_first.weight": torch.ones(8, 3, 3, 3)}, tmp_path / "s.safetensors"
    )
    with pytest.raises(Refusal) as refused:
        upscalers.find_upscaler("s", [tmp_path])
    assert (refused.value.key, refused.value.values["format"]) == ("upscaler.incomplete", "SwinIR")
    for language in ("en", "zh"):
        assert "SwinIR" in say(language, refused.value.key, **refused.value.values)


def test_without_spandrel_its_kinds_are_named_with_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upscaler_kinds, "library", lambda: False)
    names = (
        "conv_first.weight",
        f"{SWIN}.norm1.weight",
        f"{SWIN}.mlp.fc1.bias",
        f"{SWIN}.attn.relative_position_index",
    )
    save_file({name: torch.ones(1) for name in names}, tmp_path / "swin.safetensors")
    save_file(compact(), tmp_path / "own.safetensors")
    assert [one.name for one in catalog.upscalers([tmp_path])] == ["own"]
    assert [(one.key, one.format) for one in catalog.skipped([tmp_path])] == [("upscaler.library", "SwinIR")]
    with pytest.raises(Refusal) as refused:
        upscalers.find_upscaler("swin", [tmp_path])
    for language in ("en", "zh"):
        said = say(language, refused.value.key, **refused.value.values)
        assert "SwinIR" in said and "spandrel" in said


@pytest.mark.parametrize(
    ("kind", "key", "names"),
    [
        ("GFPGAN", "upscaler.faces", ["conv_body_first.weight", "stylegan_decoder.style_mlp.1.weight"]),
        (
            "CodeFormer",
            "upscaler.faces",
            ["position_emb", "idx_pred_layer.1.weight", "fuse_convs_dict.16.scale.0.weight"],
        ),
        ("SCUNet", "upscaler.noise", ["m_head.0.weight", "m_tail.0.weight"]),
        (
            "FBCNN",
            "upscaler.noise",
            ["m_head.weight", "m_down1.0.res.0.weight", "m_tail.weight", "qf_pred.0.res.0.weight"],
        ),
        ("DRUNet", "upscaler.noise", ["m_head.weight", "m_down1.0.res.0.weight", "m_tail.weight"]),
        ("NAFNet", "upscaler.noise", ["intro.weight", "ending.weight", "middle_blks.0.conv1.weight"]),
        ("LaMa", "upscaler.holes", ["generator.model.1.bn_l.running_mean"]),
    ],
)
def test_a_network_that_enlarges_nothing_is_named_with_what_it_is_for(
    tmp_path: Path, kind: str, key: str, names: list[str]
) -> None:
    save_file({name: torch.ones(8, 4, 3, 3) for name in names}, tmp_path / "net.safetensors")
    assert not catalog.upscalers([tmp_path])
    with pytest.raises(Refusal) as refused:
        upscalers.find_upscaler("net", [tmp_path])
    assert (refused.value.key, refused.value.values["format"]) == (key, kind)
    for language in ("en", "zh"):
        assert kind in say(language, key, **refused.value.values)
    with pytest.raises(Refusal, match="upscaler"):
        esrgan.load(tmp_path / "net.safetensors", CPU)


def test_every_kind_is_told_once() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert set(MADE) <= {kind.name for kind in KINDS if not kind.own}
