"""LoRAs: as diffusers applies them, only on the rows that name them, and gone without a trace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.adapters import loras
from engine.files import catalog, lora_names
from engine.models import card, loading
from engine.models.loaded import Loaded, Loras
from prompts.errors import Refusal
from prompts.grammar.lora_blocks import BLOCKS, block_weights
from prompts.prompt import LoraUse
from tests import tiny
from tests.engine.drawing import draw, gap, recipe, reference
from tests.lora_files import kohya, layers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("loras")
    tiny.kohya_lora(made / "both.safetensors", seed=1)
    tiny.kohya_lora(made / "unet.safetensors", seed=2, text=False)
    tiny.kohya_lora(made / "wide.safetensors", width=48)
    (made / "cut.safetensors").write_bytes((made / "both.safetensors").read_bytes()[:999])
    save_file({"lora_unet_x.hada_w1_a": torch.zeros(2, 2)}, made / "half.safetensors")
    alien = {f"transformer.blocks.0.attn.to_q.lora_{side}.weight": torch.ones(2, 2) for side in "AB"}
    save_file(alien, made / "elsewhere.safetensors")
    save_file({"something.else": torch.zeros(2, 2)}, made / "other.safetensors")
    return made


@pytest.fixture
def own(entry: catalog.Model) -> Loaded:
    """A model of its own, as LoRAs change it."""
    return loading.load(entry, torch.device("cpu"))


def find(folder: Path, *uses: LoraUse) -> Loras:
    return loras.resolve(uses, [folder])


def by_diffusers(tiny_folder: Path, files: list[tuple[Path, dict[str, float]]]) -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(tiny_folder, dtype=torch.float32)
    for path, _ in files:
        pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=path.stem)
    pipeline.set_adapters([path.stem for path, _ in files], [dict(weights) for _, weights in files])
    return pipeline


@pytest.mark.parametrize(
    ("layer", "block"),
    [  # of SD 1.5, whose blocks have two resnets on the way down
        ("conv_in", "IN00"),
        ("down_blocks.0.attentions.0.proj_in", "IN01"),
        ("down_blocks.0.downsamplers.0.conv", "IN03"),
        ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", "IN04"),
        ("down_blocks.3.resnets.1.conv1", "IN11"),
        ("mid_block.resnets.1.conv2", "M00"),
        ("up_blocks.0.resnets.0.conv1", "OUT00"),
        ("up_blocks.0.upsamplers.0.conv", "OUT02"),
        ("up_blocks.1.attentions.2.proj_out", "OUT05"),
        ("up_blocks.3.attentions.2.transformer_blocks.0.norm1", "OUT11"),
        ("time_embedding.linear_1", ""),
        ("conv_out", ""),
    ],
)
def test_every_layer_lies_in_its_block(layer: str, block: str) -> None:
    assert lora_names.block(layer, 2) == block


def test_block_weights_are_the_file_with_its_tensors_scaled(own: Loaded, tmp_path: Path) -> None:
    weights = load_file(kohya(tmp_path / "whole.safetensors", own, 1, ("attn", "conv", "proj")))
    depth = lora_names.resnets(own.unet.config.layers_per_block)
    block = {"lora_unet_" + name.replace(".", "_"): lora_names.block(name, depth) for name in layers(own.unet)}
    lists = ["OUTALL", "INS", ",".join(str(round(0.1 * number - 0.3, 1)) for number in range(26)), "NONE"]
    for number, said in enumerate(lists):
        share = dict(zip(BLOCKS, block_weights(said) or (), strict=True))
        scaled = {
            name: tensor * share.get(block.get(name.partition(".")[0], "BASE"), 1.0) if "lora_up" in name else tensor
            for name, tensor in weights.items()
        }
        save_file(scaled, tmp_path / f"scaled{number}.safetensors")
    uses = [LoraUse("whole", 0.7, 0.5, said) for said in lists]
    uses += [LoraUse(f"scaled{number}", 0.7, 0.5) for number in range(len(lists))]
    wanted = [find(tmp_path, use) for use in (*uses, LoraUse("whole", 0.7, 0.5))]
    *pictures, whole = draw(own, [recipe(steps=2)] * len(wanted), wanted=wanted)
    for number, said in enumerate(lists):
        expected = pictures[number + len(lists)]
        assert gap(pictures[number], expected) <= 1, said
        assert gap(draw(own, [recipe(steps=2)], wanted=[wanted[number]])[0], expected) <= 1, said  # alone
        assert gap(pictures[number], whole) > 5, said


def test_weights_of_elements_are_the_file_with_its_tensors_scaled(own: Loaded, tmp_path: Path) -> None:
    """Rules for attention alone, for all but it, for the text encoders, and over the weights of blocks."""
    weights = load_file(kohya(tmp_path / "whole.safetensors", own, 1, ("attn", "conv", "proj")))
    depth = lora_names.resnets(own.unet.config.layers_per_block)
    block = {"lora_unet_" + name.replace(".", "_"): lora_names.block(name, depth) for name in layers(own.unet)}

    def scaled(share: Callable[[str, str], float]) -> dict[str, Tensor]:
        """The file with each layer at the share that its block and its name have."""
        made = {}
        for name, tensor in weights.items():
            where = name.partition(".")[0]
            made[name] = tensor * share(block.get(where, "BASE"), where) if "lora_up" in name else tensor
        return made

    in_attention = ("attn1", "attn2", "self_attn")
    cases: list[tuple[str, str, Callable[[str, str], float]]] = [
        ("", ":attn:0", lambda block, name: 0.0 if any(one in name for one in in_attention) else 1.0),
        ("", "NOT BASE:NOT attn:0.25", lambda block, name: 1.0 if block == "BASE" or "attn" in name else 0.25),
        ("", "BASE::0", lambda block, name: 0.0 if block == "BASE" else 1.0),
        ("NONE", "BASE IN00-IN11:attn:0.5", lambda block, name: (
            0.5 if "attn" in name and (block == "BASE" or block.startswith("IN")) else 0.0 if block else 1.0
        )),
    ]  # fmt: skip
    for number, (_, _, share) in enumerate(cases):
        save_file(scaled(share), tmp_path / f"scaled{number}.safetensors")
    uses = [LoraUse("whole", 0.7, 0.5, blocks, elements=rules) for blocks, rules, _ in cases]
    uses += [LoraUse(f"scaled{number}", 0.7, 0.5) for number in range(len(cases))]
    wanted = [find(tmp_path, use) for use in (*uses, LoraUse("whole", 0.7, 0.5))]
    *pictures, whole = draw(own, [recipe(steps=2)] * len(wanted), wanted=wanted)
    for number, (_, rules, _) in enumerate(cases):
        expected = pictures[number + len(cases)]
        assert gap(pictures[number], expected) <= 1, rules
        assert gap(draw(own, [recipe(steps=2)], wanted=[wanted[number]])[0], expected) <= 1, rules  # alone
        assert gap(pictures[number], whole) > 1, rules


@pytest.mark.parametrize(
    ("part", "layer", "name"),
    [
        ("unet", "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k",
         "input_blocks_4_1_transformer_blocks_0_attn2_to_k"),
        ("unet", "up_blocks.0.resnets.0.conv1", "output_blocks_0_0_in_layers_2"),
        ("text_encoder", "encoder.layers.0.self_attn.q_proj", "encoder_layers_0_self_attn_q_proj"),
        ("text_encoder_2", "text_model.encoder.layers.3.mlp.fc1", "text_model_encoder_layers_3_mlp_c_fc"),
    ],
)  # fmt: skip
def test_elements_are_pieces_of_the_first_names(part: str, layer: str, name: str) -> None:
    assert lora_names.original(part, layer, 2) == name


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`")  # diffusers' own loading of two
def test_rows_with_and_without_share_a_worker(own: Loaded, tiny_folder: Path, pipeline: Any, folder: Path) -> None:
    both = find(folder, LoraUse("both", 0.8, 0.4))
    pair = find(folder, LoraUse("both", 0.5), LoraUse("UNET", 0.7))
    one = recipe(steps=3)
    plain, with_one, with_two = draw(own, [one, one, one], wanted=[(), both, pair])
    assert gap(plain, reference(pipeline, one)) <= 1
    weights = {"unet": 0.8, "text_encoder": 0.4}
    theirs = reference(by_diffusers(tiny_folder, [(folder / "both.safetensors", weights)]), one)
    assert gap(theirs, plain) > 5
    assert gap(with_one, theirs) <= 1
    parts: list[tuple[Path, dict[str, float]]] = [
        (folder / "both.safetensors", {"unet": 0.5, "text_encoder": 0.5}),
        (folder / "unet.safetensors", {"unet": 0.7}),
    ]
    assert gap(with_two, reference(by_diffusers(tiny_folder, parts), one)) <= 1


def test_weight_zero_is_none_and_the_last_word_counts(folder: Path) -> None:
    assert find(folder, LoraUse("both", 0.0)) == ()
    assert find(folder, LoraUse("both", 0.0, 0.5)) != ()
    assert find(folder, LoraUse("both", 0.2), LoraUse("BOTH", 0.9)) == find(folder, LoraUse("both", 0.9))
    assert find(folder, LoraUse("both"), LoraUse("unet")) == find(folder, LoraUse("unet"), LoraUse("both"))


def test_unloading_restores_the_model(own: Loaded, folder: Path) -> None:
    before = draw(own, [recipe(steps=2)])[0]
    weights = {name: weight.clone() for name, weight in own.unet.state_dict().items()}
    draw(own, [recipe(steps=2)], wanted=[find(folder, LoraUse("both"))])
    assert gap(draw(own, [recipe(steps=2)])[0], before) == 0
    assert all(torch.equal(weight, weights[name]) for name, weight in own.unet.state_dict().items())


def test_the_least_recently_wanted_files_are_forgotten(
    own: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tiny.kohya_lora(tmp_path / f"lora{seed}.safetensors", seed=seed) for seed in range(4)]
    [(first, *_)] = loras.choose(own, ((paths[0], 1.0, 1.0),))
    monkeypatch.setattr(card, "total", lambda _: loras.SHARE * first.bytes * 5 // 2)  # room for two and a half
    for path in (paths[1], paths[0], paths[2]):
        loras.choose(own, ((path, 1.0, 1.0),))
    assert [key[0] for key in own.loras] == [paths[0], paths[2]]
    assert loras.choose(own, ((paths[0], 1.0, 1.0),))[0][0] is first
    many = loras.choose(own, tuple((path, 1.0, 1.0) for path in paths))  # what is in use stays, whatever it takes
    assert len(own.loras) == len(many) == 4


def test_a_file_that_changed_is_read_again(own: Loaded, tmp_path: Path) -> None:
    path = tiny.kohya_lora(tmp_path / "lora.safetensors", seed=1)
    one = recipe(steps=2)
    before = draw(own, [one], wanted=[((path, 1.0, 1.0),)])[0]
    tiny.kohya_lora(path, seed=2)
    assert gap(before, draw(own, [one], wanted=[((path, 1.0, 1.0),)])[0]) > 5


def test_a_file_is_read_while_others_draw(own: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    read = loras._read

    def slowly(*arguments: Any) -> Any:
        assert gate.wait(60)
        return read(*arguments)

    monkeypatch.setattr(loras, "_read", slowly)
    wanted = find(folder, LoraUse("both"))
    assert not loras.ready(own, wanted)
    draw(own, [recipe(steps=2)])
    assert not loras.ready(own, wanted)
    gate.set()
    assert len(loras.choose(own, wanted)) == 1
    assert loras.ready(own, wanted)


def test_a_file_that_vanished_is_refused(own: Loaded, tmp_path: Path) -> None:
    path = tiny.kohya_lora(tmp_path / "lora.safetensors")
    wanted = find(tmp_path, LoraUse("lora"))
    path.unlink()
    with pytest.raises(Refusal) as caught:
        loras.choose(own, wanted)
    assert caught.value.key == "lora.damaged"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("wide", "lora.wrong_base"),
        ("cut", "lora.damaged"),
        ("half", "lora.damaged"),
        ("other", "lora.damaged"),
        ("elsewhere", "lora.wrong_base"),
    ],
)
def test_files_that_do_not_fit_are_refused(name: str, key: str, own: Loaded, folder: Path) -> None:
    before = draw(own, [recipe(steps=2)])[0]
    with pytest.raises(Refusal) as caught:
        loras.choose(own, ((folder / f"{name}.safetensors", 1.0, 1.0),))
    assert caught.value.key == key
    assert gap(draw(own, [recipe(steps=2)])[0], before) == 0
    loras.choose(own, find(folder, LoraUse("both")))  # the next one still works
    assert gap(draw(own, [recipe(steps=2)])[0], before) == 0


def test_a_name_nobody_knows(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        find(folder, LoraUse("bth"))
    assert (caught.value.key, caught.value.values["near"]) == ("lora.unknown", "both")
    with pytest.raises(Refusal) as caught:
        find(tmp_path, LoraUse("both"))
    assert caught.value.key == "lora.none"
