"""Settings of other trainers, as their own programs write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.training.configs import read_config
from engine.training_plan import TrainingPicture, planned
from prompts.errors import Refusal
from tests.bot.training.test_folder import grain
from tests.bot.training.test_zips import png, zipped

GUI = {
    "LoRA_type": "Standard", "network_dim": 32, "network_alpha": 16, "learning_rate": 0.0001, "unet_lr": 0.0002,
    "text_encoder_lr": 5e-05, "optimizer": "AdamW8bit", "lr_scheduler": "cosine", "lr_warmup": 10, "epoch": 4,
    "train_batch_size": 2, "max_resolution": "768,512", "train_data_dir": "img", "reg_data_dir": "reg",
    "output_name": "xiao hong", "pretrained_model_name_or_path": "D:/models/anything-v5.safetensors",
    "shuffle_caption": True, "keep_tokens": "1", "min_snr_gamma": 5, "noise_offset": 0.03, "flip_aug": False,
    "adaptive_noise_scale": 0, "multires_noise_iterations": 6, "seed": "1234", "xformers": "xformers",
    "max_train_steps": 0,
}  # fmt: skip
SCRIPTS = """
model_train_type = "sd-lora"
pretrained_model_name_or_path = "./sd-models/model.ckpt"
train_data_dir = "./img"
resolution = "512,512"
max_train_epochs = 10
unet_lr = 1e-4
text_encoder_lr = 1e-5
lr_scheduler = "cosine_with_restarts"
network_module = "lycoris.kohya"
network_dim = 32
network_alpha = 32
network_args = ["conv_dim=8", "conv_alpha=4", "algo=locon"]
optimizer_type = "Lion"
"""
DATASET = """
[general]
shuffle_caption = true
keep_tokens = 2
caption_extension = ".txt"
[[datasets]]
resolution = 640
batch_size = 3
enable_bucket = true
  [[datasets.subsets]]
  image_dir = "a"
  class_tokens = "small cat"
  num_repeats = 6
  [[datasets.subsets]]
  image_dir = "b"
  num_repeats = 3
  caption_tag_dropout_rate = 0.1
  [[datasets.subsets]]
  image_dir = "c"
  is_reg = true
  class_tokens = "cat"
"""


def folder(path: Path, count: int = 1) -> None:
    path.mkdir(parents=True)
    for place in range(count):
        grain(place + sum(map(ord, path.name)), 24, 24).save(path / f"{place}.png")


def test_what_the_gui_of_kohya_ss_saves(tmp_path: Path) -> None:
    folder(tmp_path / "img" / "10_girl", 3)
    folder(tmp_path / "img" / "5_hat", 2)
    folder(tmp_path / "reg" / "1_woman")
    (tmp_path / "a.json").write_text(json.dumps(GUI))
    found = read_config(tmp_path / "a.json")
    assert found.said == {
        "rank": 32, "alpha": 16.0, "unet_rate": 2e-4, "text_rate": 5e-5, "optimiser": "AdamW8bit", "fall": 1.0,
        "warm": 0.1, "batch": 2, "resolution": 627, "shuffled": True, "kept_tags": 1, "snr_gamma": 5.0,
        "noise_offset": 0.03, "flips": False, "seed": 1234,
    }  # fmt: skip
    assert (found.name, found.model, found.unused) == ("xiao hong", "anything-v5", ("multires_noise_iterations",))
    pictures = found.found(None).pictures
    assert [(one.repeats, one.named, one.prior) for one in pictures] == [
        *[(2, "girl", False)] * 3, *[(1, "hat", False)] * 2, (1, "woman", True),
    ]  # fmt: skip
    assert found.length(pictures, 2) == 16  # four times (3 x 2 + 2), two at a step
    plan = planned(
        "person", "sd15", name="a", trigger="a", model="m", pictures=[TrainingPicture("a.png", "", "")], **found.said
    )  # type: ignore[arg-type]
    assert plan.optimiser == "AdamW8bit"


def test_what_lora_scripts_saves(tmp_path: Path) -> None:
    folder(tmp_path / "img")
    (tmp_path / "a.toml").write_text(SCRIPTS)
    found = read_config(tmp_path / "a.toml")
    assert found.said == {
        "resolution": 512, "unet_rate": 1e-4, "text_rate": 1e-5, "fall": 1.0, "rank": 32, "alpha": 32.0, "conv_rank": 8,
        "conv_alpha": 4.0,
    }  # fmt: skip
    assert found.unused == ("network_module=lycoris.kohya", "optimizer=lion") and found.model == "model"
    assert (found.epochs, len(found.found(None).pictures)) == (10, 1)
    other = tmp_path / "other"
    folder(other, 2)
    assert len(found.found(other).pictures) == 2
    (tmp_path / "other.zip").write_bytes(zipped({"1_hat/a.png": png(1)}))
    assert [one.named for one in found.found(tmp_path / "other.zip").pictures] == ["hat"]


def test_a_dataset_of_sd_scripts_whose_nearest_word_counts(tmp_path: Path) -> None:
    for name in "abc":
        folder(tmp_path / name)
    (tmp_path / "a.toml").write_text(DATASET)
    found = read_config(tmp_path / "a.toml")
    assert found.said == {"shuffled": True, "kept_tags": 2, "resolution": 640, "batch": 3}
    assert found.unused == ("caption_tag_dropout_rate",)
    assert [(one.repeats, one.named, one.prior) for one in found.found(None).pictures] == [
        (2, "small cat", False), (1, "", False), (1, "cat", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("a.json", "{", "train.config"), ("a.json", "[1]", "train.config"), ("a.toml", "a = ", "train.config"),
        ("a.toml", "[[datasets]]\nresolution = 512", "train.no_folder_said"),
        ("a.toml", '[[datasets]]\n[[datasets.subsets]]\nimage_dir = "gone"', "train.no_folder"),
        ("a.json", "[" * 100_000, "train.config"),
    ],
)  # fmt: skip
def test_files_that_are_none_are_refused(tmp_path: Path, name: str, text: str, key: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Refusal) as refused:
        read_config(tmp_path / name)
    assert refused.value.key == key


def test_values_that_are_no_numbers_say_nothing(tmp_path: Path) -> None:
    told = {"network_dim": "many", "unet_lr": None, "seed": -1, "max_train_steps": "1e9999", "resolution": "wide"}
    (tmp_path / "a.json").write_text(json.dumps(told))
    found = read_config(tmp_path / "a.json")
    assert found.said == {"seed": 0} and found.steps == 0 and found.unused == ("network_dim",)
    for odd in ({"resolution": "-512,512"}, {"resolution": "1e300,1e300"}, {"lr_warmup": -5}):
        (tmp_path / "b.json").write_text(json.dumps({**odd, "max_train_steps": 9, "lr_warmup_steps": -3}))
        assert read_config(tmp_path / "b.json").said in ({"resolution": 512}, {"resolution": 10**6}, {"warm": 0.0})
    with pytest.raises(Refusal) as refused:
        found.found(None)
    assert refused.value.key == "train.no_folder_said"
