"""Adapters of every format beside a network's layers: as diffusers adds them, alone and each for its own row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.loaders import lora_conversion_utils
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.adapters import binding, loras
from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Layer
from engine.files import catalog, lora_kinds, lora_names
from engine.models import loading
from engine.models.loaded import Loaded, Loras
from prompts.errors import Refusal
from tests import tiny_families
from tests.engine.drawing import draw, gap, pixels, recipe, reference
from tests.lora_files import kohya, layers, pair


@pytest.fixture(scope="module")
def own(entry: Any) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


def first_layout(path: Path, loaded: Loaded) -> Path:
    """The attention processors that diffusers once had."""
    noise = torch.Generator().manual_seed(3)
    weights = {}
    for name, shape in layers(loaded.unet).items():
        if ".attn2.to_" in name:
            stem = name.replace(".attn2.to_out.0", ".attn2.to_out").replace(".attn2.", ".attn2.processor.")
            weights[f"unet.{stem}_lora.down.weight"], weights[f"unet.{stem}_lora.up.weight"] = pair(shape, 3, noise)
    save_file(weights, path)
    return path


def by_peft(path: Path, tiny_folder: Path) -> Path:
    """What diffusers' own training scripts write: alphas in the header."""
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(tiny_folder, dtype=torch.float32)
    unet = LoraConfig(r=4, lora_alpha=6, target_modules=["to_q", "conv1", "proj_in"], alpha_pattern={"conv1": 2})
    text = LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "fc1"])
    torch.manual_seed(5)
    for network, config in ((pipeline.unet, unet), (pipeline.text_encoder, text)):
        network.add_adapter(config)
        for name, weight in network.named_parameters():
            if "lora_" in name:
                nn.init.normal_(weight, std=0.2)
    pipeline.save_lora_weights(
        path.parent,
        unet_lora_layers=get_peft_model_state_dict(pipeline.unet),
        text_encoder_lora_layers=get_peft_model_state_dict(pipeline.text_encoder),
        weight_name=path.name,
        unet_lora_adapter_metadata=unet.to_dict(),
        text_encoder_lora_adapter_metadata=text.to_dict(),
    )
    return path


@pytest.fixture(scope="module")
def files(own: Loaded, tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = tmp_path_factory.mktemp("formats")
    return {
        "kohya": kohya(made / "kohya.safetensors", own, 1, ("attn2.to_", "self_attn", "mlp.")),
        "locon": kohya(
            made / "locon.safetensors", own, 2, ("conv1", "conv_shortcut", "samplers", "proj_out", "ff.net")
        ),
        "first": first_layout(made / "first.safetensors", own),
        "peft": by_peft(made / "peft.safetensors", tiny_folder),
    }


def theirs(tiny_folder: Path, uses: dict[Path, float]) -> Any:
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(tiny_folder, dtype=torch.float32)
    for path in uses:
        pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=path.stem)
    pipeline.set_adapters([path.stem for path in uses], list(uses.values()))
    return pipeline


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`")  # diffusers' own loading of two
def test_rows_of_one_batch_have_their_own_and_each_is_diffusers(
    own: Loaded, tiny_folder: Path, files: dict[str, Path]
) -> None:
    uses = [{files["kohya"]: 0.8}, {files["locon"]: 0.6}, {files["first"]: -0.7}, {files["peft"]: 0.9}, {}]
    uses.append({files["kohya"]: 0.4, files["locon"]: 0.5, files["peft"]: 0.3})
    wanted: list[Loras] = [tuple((path, weight, weight) for path, weight in use.items()) for use in uses]
    one = recipe(steps=3)
    together = draw(own, [one] * len(uses), wanted=wanted, late=[3])
    plain = together[uses.index({})]
    for index, use in enumerate(uses):
        expected = reference(theirs(tiny_folder, use), one) if use else draw(own, [one])[0]
        assert gap(together[index], expected) <= 1, list(use)
        assert gap(draw(own, [one], wanted=[wanted[index]])[0], expected) <= 1, list(use)
        assert gap(expected, plain) > 5 or not use


@pytest.mark.parametrize("original", [True, False], ids=["the original code's names", "diffusers' names"])
def test_sdxl_has_two_encoders_and_the_original_codes_names(original: bool, tmp_path: Path) -> None:
    pipeline: Any = tiny_families.sdxl()
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(tmp_path / "grand")
    grand = loading.load(catalog.models([tmp_path])[0], torch.device("cpu"))
    path = kohya(tmp_path / "sdxl.safetensors", grand, 4, ("attn", "mlp", "ff.net", "conv1", "proj_in"))
    if original:
        depth = grand.unet.config.layers_per_block
        names = {
            f"lora_unet_{name.replace('.', '_')}": f"lora_unet_{other[0].replace('.', '_')}"
            for name in layers(grand.unet)
            if (other := lora_names._original(name, depth))
        }
        weights = {names.get(key.split(".")[0], key.split(".")[0]) + key[key.index(".") :]: value
                   for key, value in load_file(path).items()}  # fmt: skip
        assert any("lora_unet_output_blocks_" in key for key in weights)
        save_file(weights, path)
    own = recipe(model="grand", steps=2)
    inked, plain = draw(grand, [own, own], wanted=[((path, 0.7, 0.7),), ()])
    pipeline.load_lora_weights(tmp_path, weight_name=path.name, adapter_name="sdxl")
    pipeline.set_adapters(["sdxl"], [0.7])
    schedule = diffusers.EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.scheduler = schedule
    values = {"width": own.width, "height": own.height, "num_inference_steps": 2, "guidance_scale": own.guidance}
    noise = torch.Generator("cpu").manual_seed(own.seed)
    expected = pixels(pipeline(own.prompt.positive, generator=noise, **values).images[0])
    assert gap(inked, expected) <= 1
    assert gap(plain, expected) > 5
    assert {part for lora, *_ in loras.choose(grand, ((path, 1.0, 1.0),)) for part in lora.adapters} == {
        "unet", "text_encoder", "text_encoder_2",
    }  # fmt: skip


def test_each_part_has_its_weight_and_zero_is_none_exactly(own: Loaded, files: dict[str, Path]) -> None:
    one, path = recipe(steps=2), files["kohya"]
    plain, nothing, unet, text, both = draw(
        own,
        [one] * 5,
        wanted=[(), ((path, 0.0, 0.0),), ((path, 1.0, 0.0),), ((path, 0.0, 1.0),), ((path, 1.0, 1.0),)],
    )
    assert gap(plain, nothing) == 0
    assert min(gap(plain, unet), gap(plain, text), gap(unet, both), gap(text, both)) > 3


def test_without_adapters_a_call_is_the_bases_bit_for_bit(own: Loaded, files: dict[str, Path]) -> None:
    latents, words = torch.randn(2, 4, 8, 8), torch.randn(2, 77, 32)

    def call() -> Tensor:
        with torch.no_grad():
            output: Tensor = own.unet(latents, torch.tensor([500, 500]), encoder_hidden_states=words).sample
        return output

    before = call()
    chosen = loras.choose(own, ((files["locon"], 1.0, 1.0),))
    with loras.on_unet(own, [chosen, ()]):
        mixed = call()
    assert torch.equal(before, call())  # outside of it, whatever was on
    assert (mixed[0] - before[0]).abs().max() > 1e-2
    assert (mixed[1] - before[1]).abs().max() < 1e-5
    with loras.on_unet(own, [(), ()]):
        assert not any(layer._forward_hooks for layer in own.unet.modules())
        assert torch.equal(before, call())


def test_tuckers_form_is_what_it_multiplies_out_to() -> None:
    layer = nn.Conv2d(5, 6, 3, padding=1)
    halves = {"down": torch.randn(2, 5, 1, 1), "mid": torch.randn(2, 2, 3, 3), "up": torch.randn(6, 2, 1, 1)}
    fitted = binding.fit(layer, lora_kinds.KINDS[0], halves | {"alpha": torch.tensor(1.0)}, None)
    assert isinstance(fitted, Layer)
    adapted = Adapted(nn.Sequential(layer))
    x = torch.randn(3, 5, 7, 7)
    with torch.no_grad(), adapted.acting([(({"0": fitted}, 0.5),)]):
        ours = adapted._layers[""](x)
    conv = nn.functional.conv2d
    with torch.no_grad():
        low = conv(conv(x, halves["down"]), halves["mid"], padding=1)
        expected = layer(x) + 0.5 * 0.5 * conv(low, halves["up"])
    assert torch.allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({".lora_up.weight": None}, "lora.damaged"),
        ({".lora_up.weight": torch.ones(17, 4)}, "lora.wrong_base"),
        ({".lora_down.weight": torch.ones(4, 31)}, "lora.wrong_base"),
        ({".lora_down.weight": None, ".hada_w1_a": torch.ones(16, 2)}, "lora.damaged"),
    ],
)
def test_one_bad_layer_spoils_the_file(
    changes: dict[str, Tensor | None], key: str, own: Loaded, tmp_path: Path
) -> None:
    stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    good = {f"{stem}.lora_down.weight": torch.ones(4, 32), f"{stem}.lora_up.weight": torch.ones(16, 4)}
    other = stem.replace("attn2", "attn1")
    good |= {f"{other}.lora_down.weight": torch.ones(4, 16), f"{other}.lora_up.weight": torch.ones(16, 4)}
    for end, value in changes.items():
        good.pop(stem + end, None)
        if value is not None:
            good[stem + end] = value
    save_file(good, tmp_path / "lora.safetensors")
    with pytest.raises(Refusal) as caught:
        loras.choose(own, ((tmp_path / "lora.safetensors", 1.0, 1.0),))
    assert (caught.value.key, caught.value.values["name"]) == (key, "lora")


def test_the_original_codes_names_are_those_diffusers_knows() -> None:
    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel(
            block_out_channels=(32, 64, 64),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 3),
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=80,
            cross_attention_dim=64,
        )
    known = lora_names.known({"unet": layers(unet)}, 2)
    original = [name for name in known if "put_blocks" in name or "middle_block" in name or "_out_2" in name]
    original += [name for name in known if name.startswith(("lora_unet_time_embed_", "lora_unet_label_emb"))]
    original = [f"{name}.lora_down.weight" for name in original if name.startswith("lora_unet_")]
    # Of the two places an upsampler may have, diffusers is asked for the one that SDXL's blocks have.
    original = [key for key in original if "_1_conv." not in key]
    mapped = lora_conversion_utils._maybe_map_sgm_blocks_to_diffusers(dict.fromkeys(original), unet.config)
    assert len(mapped) == len(original) > 100
    reached = set()
    for ours, key in ((known[lora_names.split(key)[0]][1], key) for key in original):
        [theirs] = lora_conversion_utils._maybe_map_sgm_blocks_to_diffusers({key: None}, unet.config)
        theirs = lora_conversion_utils._convert_unet_lora_key(theirs).replace(".processor.", ".")
        spelt = lora_names.split(theirs)[0].replace("to_out", "to_out.0")
        assert spelt.replace(".lora", "") == ours, key
        reached.add(ours)
    assert reached == set(layers(unet))
