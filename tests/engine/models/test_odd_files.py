"""Files as people have them: squeezed, of old names, with bytes too many, or of a kind that is not drawn here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.files import catalog
from engine.files.identify import UNET, identify
from engine.models import loading, single_file
from engine.models.tiny_decoder import tiny_decoder
from tests import tiny_families
from tests.engine.drawing import draw, gap, recipe

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    loading.quieten()
    return tiny_families.save_single(tiny_families.sdxl(3), tmp_path_factory.mktemp("odd") / "plain.safetensors")


def squeezed(weights: dict[str, Tensor], ends: tuple[str, str], *, rows: bool) -> dict[str, Tensor]:
    """The weights of a UNet's linear layers in eight bits, each with its factor, or one for each output."""
    made: dict[str, Tensor] = {}
    for name, weight in weights.items():
        made[name] = weight
        if name.startswith(UNET) and weight.dim() == 2 and name.endswith(".weight"):
            factor = (weight.abs().amax(1, keepdim=True) if rows else weight.abs().max()) / 448
            made[name] = (weight / factor).to(torch.float8_e4m3fn)
            made[name.removesuffix("weight") + ends[0]] = factor if rows else factor.reshape(())
            made[name.removesuffix("weight") + ends[1]] = torch.ones(())
    return made


@pytest.mark.parametrize(
    ("ends", "rows"),
    [(("scale_weight", "scale_input"), False), (("weight_scale", "input_scale"), False), (("weight_scale", "x"), True)],
)
def test_a_model_squeezed_into_eight_bits_draws_nearly_as_before(
    ends: tuple[str, str], rows: bool, plain: Path, tmp_path: Path
) -> None:
    weights = load_file(plain)
    extra = {"scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn)} if ends[0] == "scale_weight" else {}
    save_file(squeezed(weights, ends, rows=rows) | extra, tmp_path / "fp8.safetensors")
    made = single_file.networks(catalog.model(catalog.models([tmp_path]), "fp8"), torch.float32)["unet"].state_dict()
    whole = single_file.networks(catalog.model(catalog.models([plain.parent]), "plain"), torch.float32)["unet"]
    for name, weight in whole.state_dict().items():
        assert (made[name] - weight).abs().max() <= weight.abs().max() / 16, name  # four bits of a number's own
    one = recipe(width=16, height=16, steps=2)
    models = [(tmp_path, "fp8"), (plain.parent, "plain")]
    loaded = [loading.load(catalog.model(catalog.models([folder]), name), CPU) for folder, name in models]
    assert gap(draw(loaded[0], [one])[0], draw(loaded[1], [one])[0]) < 60


def test_a_vae_with_the_names_of_before_2023_is_the_same(tmp_path: Path) -> None:
    vae = tiny_families.vae()
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    renamed: dict[str, Tensor] = {}
    for name, weight in vae.state_dict().items():
        for new, old in names.items():
            name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
        renamed[name] = weight
    save_file(renamed, tmp_path / "old.safetensors")
    assert len(renamed.keys() - vae.state_dict().keys()) == 16
    assert (identify(tmp_path / "old.safetensors").kind, identify(tmp_path / "old.safetensors").problem) == ("vae", "")
    made = single_file.vae_file(tmp_path / "old.safetensors", 0.18215).state_dict()
    assert all(torch.equal(made[name], weight) for name, weight in vae.state_dict().items())


@pytest.mark.parametrize("keys", [("edm_vpred.sigma_max", "edm_vpred.sigma_min"), ("edm_mean", "edm_std")])
def test_models_of_another_noise_schedule_are_refused_by_name(
    keys: tuple[str, ...], plain: Path, tmp_path: Path
) -> None:
    save_file(load_file(plain) | {key: torch.ones(4) for key in keys}, tmp_path / "cosxl.safetensors")
    assert [one.name for one in catalog.models([tmp_path])] == [catalog.BUILTIN]
    assert [(one.name, one.key) for one in catalog.skipped([tmp_path])] == [("cosxl", "model.edm")]


def test_a_folder_of_another_noise_schedule_is_refused_by_name(tmp_path: Path) -> None:
    tiny_families.sdxl(3).save_pretrained(tmp_path / "playground")
    assert identify(tmp_path / "playground").problem == ""
    schedule = tmp_path / "playground" / "scheduler" / "scheduler_config.json"
    for name in ("EDMEulerScheduler", "EDMDPMSolverMultistepScheduler"):
        schedule.write_text(f'{{"_class_name": "{name}", "sigma_data": 0.5}}')
        assert identify(tmp_path / "playground").problem == "model.edm"


@pytest.mark.parametrize("extra", [1, 8, 4096])
def test_bytes_behind_the_end_are_damage_in_the_list_and_in_the_loader(extra: int, tmp_path: Path) -> None:
    path = tmp_path / "long.safetensors"
    save_file({"encoder.conv_in.weight": torch.ones(1), "decoder.conv_in.weight": torch.ones(1)}, path)
    path.write_bytes(path.read_bytes() + bytes(extra))
    assert identify(path).problem == "file.damaged"
    with pytest.raises(SafetensorError):
        load_file(path)


def taesd() -> tuple[Any, dict[str, Tensor]]:
    """A decoder of TAESD's layers, and its weights as its makers number them: they count its first clamping too."""
    torch.manual_seed(5)
    made = AutoencoderTiny().eval()
    weights = made.decoder.state_dict()
    parts = (name.removeprefix("layers.").partition(".") for name in weights)
    return made, {
        f"{int(at) + 1}.{rest}": weight for (at, _, rest), weight in zip(parts, weights.values(), strict=True)
    }


@torch.no_grad()
def test_a_tiny_decoder_in_a_single_file_decodes_as_in_a_folder(tmp_path: Path) -> None:
    whole, numbered = taesd()
    save_file({name: weight.half() for name, weight in numbered.items()}, tmp_path / "taesd_decoder.safetensors")
    save_file(whole.state_dict(), tmp_path / "taesd.safetensors")
    latents = torch.randn(1, 4, 4, 4)
    expected = whole.decode(latents).sample
    assert [one.name for one in catalog.decoders([tmp_path])] == ["taesd", "taesd_decoder"]
    for one in catalog.decoders([tmp_path]):
        made = tiny_decoder(one.path).decode(latents).sample
        assert (made - expected).abs().max() < (1e-6 if one.name == "taesd" else 0.02)
    other = AutoencoderTiny(latent_channels=16)
    save_file(other.state_dict(), tmp_path / "taef1.safetensors")
    assert identify(tmp_path / "taef1.safetensors").problem == "model.other_kind"
    encoder = {name.removeprefix("layers."): weight for name, weight in whole.encoder.state_dict().items()}
    save_file(encoder, tmp_path / "taesd_encoder.safetensors")
    assert identify(tmp_path / "taesd_encoder.safetensors").problem == "file.tiny_encoder"
