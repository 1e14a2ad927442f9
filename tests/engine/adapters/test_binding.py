"""Which files of LoRAs are read and listed: every layout, whole or in part, by one table of kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.adapters import changes, loras
from engine.adapters.beside import REACHED
from engine.files import lora_kinds, lora_names
from engine.files.identify import identify
from engine.models import loading
from engine.models.loaded import Loaded
from tests.engine.adapters.test_lycoris import written
from tests.lycoris_files import MAKERS


@pytest.fixture(scope="module")
def own(entry: Any) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


STEM = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_k"


@pytest.mark.parametrize(
    "extra",
    [
        {"lora_te_text_model_encoder_layers_11_mlp_fc1": (32, 64)},  # a layer more than this encoder has
        {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_v": (17, 16)},
        {"lora_unet_mid_block_attentions_7_proj_in": (16, 16)},
    ],
)
def test_layers_that_do_not_fit_are_left_out(extra: dict[str, tuple[int, int]], own: Loaded, tmp_path: Path) -> None:
    def pair(stem: str, into: int, out: int) -> dict[str, Tensor]:
        return {f"{stem}.lora_down.weight": torch.ones(2, into), f"{stem}.lora_up.weight": torch.ones(out, 2)}

    weights = pair(STEM, 16, 16) | {"logit_scale": torch.ones(1)}
    [(stem, (into, out))] = extra.items()
    save_file(weights, tmp_path / "fits.safetensors")
    save_file(weights | pair(stem, into, out), tmp_path / "more.safetensors")
    (fits, *_), (more, *_) = loras.choose(
        own, tuple((tmp_path / f"{name}.safetensors", 1.0, 1.0) for name in ("fits", "more"))
    )
    assert fits.left == ("logit_scale",) and set(more.left) == {"logit_scale", stem}
    assert {part: set(adapter) for part, adapter in fits.adapters.items()} == {
        part: set(adapter) for part, adapter in more.adapters.items()
    }


NAME = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
ORIGINAL = "input_blocks.1.1.transformer_blocks.0.attn2.to_k"
FLAT, FLAT_ORIGINAL = NAME.replace(".", "_"), ORIGINAL.replace(".", "_")
TEXT = "text_model.encoder.layers.0.mlp.fc1"
KOHYA, PEFT = ("lora_down.weight", "lora_up.weight"), ("lora_A.weight", "lora_B.weight")
# The layouts that people's files have, for one layer of the UNet and one of the text encoder.
LAYOUTS = [
    (f"lora_unet_{FLAT}", f"lora_te_{TEXT.replace('.', '_')}", KOHYA),
    (f"lora_unet_{FLAT_ORIGINAL}", "", KOHYA),
    (f"lycoris_{FLAT}", "", KOHYA),
    (f"diffusion_model.{ORIGINAL}", "", KOHYA),
    (f"diffusion_model.{ORIGINAL}", f"text_encoders.clip_l.transformer.{TEXT}", PEFT),
    (f"diffusion_model.{NAME}", "", PEFT),
    (f"unet.{NAME}", f"text_encoder.{TEXT}", PEFT),
    (f"unet.{NAME}", f"text_encoder.{TEXT}", ("lora_A.default.weight", "lora_B.default.weight")),
    (f"unet.{NAME}", f"text_encoder.{TEXT}", ("lora_linear_layer.down.weight", "lora_linear_layer.up.weight")),
    (f"unet.{NAME}", f"text_encoder.{TEXT}", ("lora.down.weight", "lora.up.weight")),
    (f"base_model.model.{NAME}", "", PEFT),
]


@pytest.mark.parametrize(("unet", "text", "ends"), LAYOUTS)
def test_every_layout_is_listed_and_read(
    unet: str, text: str, ends: tuple[str, str], own: Loaded, tmp_path: Path
) -> None:
    weights = {f"{unet}.{ends[0]}": torch.ones(2, 32), f"{unet}.{ends[1]}": torch.ones(16, 2)}
    if text:
        weights |= {f"{text}.{ends[0]}": torch.ones(2, 32), f"{text}.{ends[1]}": torch.ones(64, 2)}
    save_file(weights, tmp_path / "lora.safetensors")
    found = identify(tmp_path / "lora.safetensors")
    parts = ("unet", "text_encoder") if text else ("unet",)
    assert (found.kind, found.problem, found.parts, found.context) == ("lora", "", parts, 32)
    [(lora, *_)] = loras.choose(own, ((tmp_path / "lora.safetensors", 1.0, 1.0),))
    assert (set(lora.adapters), lora.left) == (set(parts), ())
    assert set(lora.adapters["unet"]) == {NAME}


@pytest.mark.parametrize(
    "end",
    ["dora_scale", "lora_magnitude_vector", "lora_magnitude_vector.weight", "lora_magnitude_vector.default.weight"],
)
def test_dora_is_told_in_every_spelling(end: str) -> None:
    assert lora_names.split(f"unet.{NAME}.{end}") == (
        f"unet.{NAME}", "dora_scale" if end == "dora_scale" else "magnitude",
    )  # fmt: skip


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_read_is_listed(kind: str, own: Loaded, tmp_path: Path) -> None:
    """Files are identified and read by one table: every kind that it has is in both, whole or not at all."""
    made = written(tmp_path / "whole.safetensors", own, kind)
    found = identify(tmp_path / "whole.safetensors")
    assert (found.kind, found.problem, found.parts) == ("lora", "", ("unet", "text_encoder"))
    [(lora, *_)] = loras.choose(own, ((tmp_path / "whole.safetensors", 1.0, 1.0),))
    assert sum(map(len, lora.adapters.values())) == len(made) and not lora.left


def test_every_kind_of_the_table_has_a_rule_and_a_file() -> None:
    kinds = {kind.name for kind in lora_kinds.KINDS}
    assert kinds - {"bias"} == set(changes.RULES)
    noise = torch.Generator().manual_seed(1)
    made = set()
    for maker in MAKERS.values():
        ends = maker(torch.Size([16, 16]), noise).tensors
        kind = lora_kinds.kind_of({lora_names.split(f"lora_unet_x.{end}")[1] for end in ends})
        assert kind is not None
        made.add(kind.name)
    assert made == kinds - {"bias"}


def test_parts_are_told_as_layers_are_found(own: Loaded) -> None:
    """Whatever name the loader knows a layer by, identification tells the same part for it."""
    reached = {
        part: [name for name, layer in network.named_modules() if isinstance(layer, REACHED)]
        for part, network in loras._networks(own).items()
    }
    known = lora_names.known(reached, 2)
    assert len(known) > 500
    assert [alias for alias, (part, _) in known.items() if lora_names.part_of(alias) != part] == []
