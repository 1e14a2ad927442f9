"""Single-file checkpoints: the networks of a `.safetensors` file in the layout of the original code.

What they are made of is told by the tables by which such files are listed (unet_layers, text_layers and vae_layers in
engine/files/); what tensors cannot say (activations, betas) is the family's. The
renaming is diffusers' own (`diffusers.loaders.single_file_utils`); nothing is asked of a hub.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders import single_file_utils as renaming
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from engine.files import catalog, layers, pickles, text_layers, unet_layers, vae_layers
from engine.files.identify import GUIDED, UNET, checkpoint_lack
from engine.files.text_layers import TextLayers
from engine.models.torch_file import load_torch_file

Weights = dict[str, Tensor]
# What a latent is multiplied by for the UNet: SDXL's VAE has its own factor.
SCALING = {"sdxl": 0.13025, "refiner": 0.13025}
SCALES = (".scale_weight", ".weight_scale", ".scale_input", ".input_scale")  # beside weights of eight bits


def networks(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    """The UNet and text encoders in `dtype` and, where it is in the file, the VAE in float32, by the names they have
    in a diffusers folder. Raises ValueError and KeyError for a file that lacks something, OSError."""
    weights = unscaled(load_file(model.path), dtype)
    family = "sd15" if model.family == "demo" else model.family
    if lack := checkpoint_lack(shapes_of(weights), family, vae=model.vae):
        raise ValueError(lack)
    made: dict[str, Any] = {"unet": _unet(weights, family, dtype)}
    if model.vae:
        made["vae"] = vae(weights, SCALING.get(family, 0.18215))
    if prefix := text_layers.CLIP.get(family):
        made["text_encoder"] = _clip(weights, prefix, dtype)
    if prefix := text_layers.OPEN_CLIP.get(family):
        made["text_encoder" if family == "sd2" else "text_encoder_2"] = _open_clip(weights, prefix, family, dtype)
    return made


def unscaled(weights: Weights, dtype: torch.dtype) -> Weights:
    """The weights, those that were squeezed into eight bits with a factor beside them multiplied out in `dtype`: the
    factor is called `scale_weight` (ComfyUI) or `weight_scale`, one for all of a weight or one for each output. Those
    for inputs are for arithmetic in eight bits, which nothing here does."""
    factors = {
        name.removesuffix(end) + "weight": factor
        for name, factor in weights.items()
        for end in ("scale_weight", "weight_scale")
        if name.endswith(f".{end}")
    }
    if not factors:
        return weights
    made: Weights = {}
    for name, weight in weights.items():
        if name.endswith(SCALES) or name == "scaled_fp8":
            continue
        if (factor := factors.get(name)) is not None:
            shape = [1] * weight.dim() if factor.numel() == 1 else [-1] + [1] * (weight.dim() - 1)
            weight = (weight.float() * factor.float().reshape(shape)).to(dtype)
        made[name] = weight
    return made


def schedule(model: catalog.Model) -> dict[str, Any]:
    """The noise schedule that all families were trained with, as a scheduler's configuration."""
    values: dict[str, Any] = {
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000,
    }
    values |= {"prediction_type": model.prediction, "steps_offset": 1, "clip_sample": False, "set_alpha_to_one": False}
    if model.family in unet_layers.SIZES:  # the others leave the spacing to the sampler
        values["timestep_spacing"] = "leading"
    if model.zero_snr:
        values |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return values


def vae(weights: Mapping[str, Tensor], scaling: float) -> AutoencoderKL:
    """The VAE among the weights of a checkpoint, or a file of its own, in float32; in the original layout or in that of
    diffusers. Raises ValueError for one that lacks something or has odd channels."""
    weights = {vae_layers.called(name): weight for name, weight in weights.items()}
    shapes = shapes_of(weights)
    if lack := vae_layers.lack(shapes):
        raise ValueError(lack)
    told = vae_layers.layers(shapes)
    config = told.config | {"scaling_factor": scaling}
    if told.original:
        weights = renaming.convert_ldm_vae_checkpoint(weights, config)
    return filled(lambda: AutoencoderKL.from_config(config), weights, torch.float32)


def _unet(weights: Weights, family: str, dtype: torch.dtype) -> UNet2DConditionModel:
    told = unet_layers.layers(layers.under(shapes_of(weights), UNET))
    config = told.config(family)
    if family in unet_layers.SIZES:
        projection = weights[text_layers.OPEN_CLIP[family] + "text_projection"].shape[1]
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (told.told - projection) // unet_layers.SIZES[family],
            "projection_class_embeddings_input_dim": told.told,
        }
    renamed = renaming.convert_ldm_unet_checkpoint(weights, config)
    if told.guided:  # which the renaming leaves out
        renamed["time_embedding.cond_proj.weight"] = weights[UNET + GUIDED]
    return filled(lambda: UNet2DConditionModel.from_config(config), renamed, dtype)


def _clip(weights: Weights, prefix: str, dtype: torch.dtype) -> CLIPTextModel:
    own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
    own = {name.removeprefix("text_model."): weight for name, weight in own.items()}
    config = _text_config(text_layers.clip(shapes_of(own)))
    config.hidden_act, config.projection_dim = "quick_gelu", config.hidden_size
    return filled(lambda: CLIPTextModel(config), own, dtype)


def _open_clip(weights: Weights, prefix: str, family: str, dtype: torch.dtype) -> Any:
    told = text_layers.open_clip(layers.under(shapes_of(weights), prefix), family)
    config = _text_config(told)
    config.hidden_act = "gelu"
    if family == "sd2":  # which looks at the last layer but one, so that in diffusers the last is left away
        config.num_hidden_layers -= 1
        made: Callable[[], nn.Module] = lambda: CLIPTextModel(config)  # noqa: E731
    else:
        config.projection_dim = told.projection
        made = lambda: CLIPTextModelWithProjection(config)  # noqa: E731
    shell = type("Shell", (), {"config": config})
    renamed = renaming.convert_open_clip_checkpoint(shell, weights, prefix)
    if family == "sd2":
        renamed = {name.removeprefix("text_model."): weight for name, weight in renamed.items()}
    return filled(made, renamed, dtype)


def _text_config(told: TextLayers) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=told.words,
        hidden_size=told.width,
        intermediate_size=told.inner,
        num_hidden_layers=told.depth,
        max_position_embeddings=told.places,
        num_attention_heads=max(1, told.width // text_layers.HEAD),
        bos_token_id=49406,
        eos_token_id=49407,
    )


def filled(make: Callable[[], Any], weights: Mapping[str, Tensor], dtype: torch.dtype) -> Any:
    """A network made without drawing random weights, filled with copies of these: the file may change under us. Raises
    ValueError where some are missing."""
    with torch.device("meta"):
        network = make()
    wanted = network.state_dict()
    if missing := sorted(wanted.keys() - weights.keys()):
        raise ValueError(f"{type(network).__name__} lacks {len(missing)} weights, first {missing[0]}")
    network.load_state_dict({name: weights[name].to(dtype, copy=True) for name in wanted}, assign=True)
    for part in network.modules():
        if isinstance(places := getattr(part, "position_ids", None), Tensor) and places.is_meta:
            part.position_ids = torch.arange(places.shape[-1])[None]
    return network


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """The shapes of tensors by their names."""
    return {name: tuple(weight.shape) for name, weight in weights.items()}


def vae_file(path: Path, scaling: float) -> AutoencoderKL:
    """A VAE from a file of its own."""
    return vae(load_torch_file(path) if path.suffix.lower() in pickles.SUFFIXES else load_file(path), scaling)
