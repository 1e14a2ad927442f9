"""The file: names that other programs know, the same bytes for the same content, and no number that is none."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors import safe_open
from transformers import CLIPTextModel

from engine.files import lora_names
from engine.files.identify import identify
from engine.files.safetensors_header import read_header
from engine.train.lora_file import content, lora_file, write
from engine.train.lora_layers import kohya_names, layers
from tests import tiny, tiny_families
from tests.engine.train import plans

TENSORS = {
    "lora_unet_b.lora_up.weight": torch.arange(6.0).half().reshape(3, 2),
    "lora_unet_b.lora_down.weight": torch.ones(2, 4).half(),
    "lora_unet_b.alpha": torch.tensor(1.0),
    "lora_unet_a.lora_down.weight": torch.zeros(2, 4, 1, 1).half(),
}


def test_the_same_content_is_the_same_bytes_in_whatever_order_it_came(tmp_path: Path) -> None:
    metadata = {"ss_steps": "4", "ss_output_name": "猫", "modelspec.title": "cat"}
    made = lora_file(TENSORS, metadata)
    assert made == lora_file(dict(reversed(TENSORS.items())), dict(reversed(metadata.items())))
    path = tmp_path / "made.safetensors"
    write(path, made)
    assert not list(tmp_path.glob("*.part"))
    with safe_open(path, framework="pt") as file:
        told = file.metadata()
        names = list(file.keys())
        assert sorted(names) == sorted(TENSORS)
        assert all(torch.equal(file.get_tensor(name), TENSORS[name]) for name in names)
    header = read_header(path)
    assert list(header.tensors) == sorted(TENSORS) and metadata.items() <= told.items()
    (length,) = struct.unpack_from("<Q", made)
    assert told["sshs_model_hash"] == hashlib.sha256(made[8 + length :]).hexdigest()
    assert told["sshs_legacy_hash"] == "e3b0c442"  # of nothing, in a file of less than a mebibyte
    assert json.loads(made[8 : 8 + length])["__metadata__"] == told


def test_the_old_hash_is_of_a_part_of_the_file_with_the_metadata_of_the_training_alone() -> None:
    tensors = {"lora_unet_a.lora_down.weight": torch.randn(1000, 1000).half()}
    made = lora_file(tensors, {"ss_steps": "4", "modelspec.title": "cat"})
    own = content(tensors, {"ss_steps": "4"})
    (length,) = struct.unpack_from("<Q", made)
    said = json.loads(made[8 : 8 + length])["__metadata__"]["sshs_legacy_hash"]
    assert said == hashlib.sha256(own[0x100000:0x110000]).hexdigest()[:8]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="lora_unet_a"):
        lora_file({"lora_unet_a.lora_down.weight": torch.tensor([[1.0, number]])}, {})


# SD 1.5 and SDXL as they are, without their weights.
SD15 = {
    "sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3, "block_out_channels": (320, 640, 1280, 1280),
}  # fmt: skip
SDXL = {
    "sample_size": 128, "cross_attention_dim": 2048, "attention_head_dim": (5, 10, 20),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (320, 640, 1280), "transformer_layers_per_block": (1, 2, 10), "use_linear_projection": True,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
# Names as they stand in files that kohya's trainer has written.
KNOWN = {
    "sd15": {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0",
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_ff_net_0_proj",
        "lora_unet_up_blocks_3_attentions_2_proj_out",
    },
    "sdxl": {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q", "lora_unet_input_blocks_8_1_proj_in",
        "lora_unet_middle_block_1_transformer_blocks_9_ff_net_2",
        "lora_unet_output_blocks_5_1_transformer_blocks_1_attn2_to_out_0",
    },
}  # fmt: skip


@pytest.mark.parametrize(("family", "config", "plain", "wide"), [("sd15", SD15, 192, 86), ("sdxl", SDXL, 722, 66)])
def test_the_layers_and_names_are_those_of_other_trainers(
    family: str, config: dict[str, object], plain: int, wide: int, tmp_path: Path
) -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(**config)
    attention = layers("unet", unet, plans.small(tmp_path))
    everything = layers("unet", unet, plans.small(tmp_path, conv_rank=2, conv_alpha=1.0))
    assert (len(attention), len(everything) - len(attention)) == (plain, wide)
    assert set(attention.values()) == {(4, 2.0)}
    depth = lora_names.resnets(unet.config.layers_per_block)
    names = set(kohya_names("unet", everything, depth, xl=family == "sdxl").values())
    assert len(names) == len(everything) and names >= KNOWN[family]
    # By another road: the names of the weights in the original code's files, and those of diffusers' own.
    given = {name for name, _ in tiny_families.unet_names(unet)} if family == "sdxl" else set(unet.state_dict())
    assert names <= {"lora_unet_" + name.removesuffix(".weight").replace(".", "_") for name in given}
    assert everything["down_blocks.0.resnets.0.conv1"] == (2, 1.0)
    assert everything["down_blocks.0.resnets.0.time_emb_proj"] == (4, 2.0)


def test_text_encoders_have_the_level_that_transformers_took_away() -> None:
    layer = "encoder.layers.0.self_attn.q_proj"
    for own in (layer, f"text_model.{layer}"):
        for part, xl, prefix in (
            ("text_encoder", False, "te"),
            ("text_encoder", True, "te1"),
            ("text_encoder_2", True, "te2"),
        ):
            (name,) = kohya_names(part, [own], 2, xl=xl).values()
            assert name == f"lora_{prefix}_text_model_encoder_layers_0_self_attn_q_proj"


@pytest.mark.parametrize(("depth", "width", "count"), [(12, 768, 72), (32, 1280, 192)])
def test_text_encoders_have_the_layers_and_names_of_other_trainers(
    depth: int, width: int, count: int, tmp_path: Path
) -> None:
    told = tiny.text_config(width, num_hidden_layers=depth, num_attention_heads=width // 64)
    with torch.device("meta"):
        encoder = CLIPTextModel(told)
    found = layers("text_encoder", encoder, plans.small(tmp_path, text_rate=1e-4))
    kinds = [*(f"self_attn_{kind}_proj" for kind in ("q", "k", "v", "out")), "mlp_fc1", "mlp_fc2"]
    for part, xl, prefix in (
        ("text_encoder", False, "te"),
        ("text_encoder", True, "te1"),
        ("text_encoder_2", True, "te2"),
    ):
        # sd-scripts' rule: the prefix, and the module's path with lines for dots.
        golden = {f"lora_{prefix}_text_model_encoder_layers_{at}_{kind}" for at in range(depth) for kind in kinds}
        assert set(kohya_names(part, found, 2, xl=xl).values()) == golden and len(golden) == count


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a.safetensors", lora_file(TENSORS, {"ss_output_name": "zwx", "modelspec.trigger_phrase": "zwx"}))
    assert identify(tmp_path / "a.safetensors").triggers == ("zwx",)


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        write(tmp_path / "a.safetensors", b"made")
    assert not list(tmp_path.iterdir())
