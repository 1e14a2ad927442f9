"""Single-file checkpoints: the networks of a `.safetensors` file in the layout of the original code.

Their shapes are read from the tensors; what tensors cannot say (heads, activations, betas) is the family's. The
renaming is diffusers' own (`diffusers.loaders.single_file_utils`); nothing is asked of a hub.
"""

from __future__ import annotations

import re
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

from engine.files import catalog, pickles, vae_layers
from engine.files.identify import GUIDED, UNET
from engine.models.torch_file import load_torch_file

Weights = dict[str, Tensor]
HEAD = 64  # channels of an attention head, but in SD 1.5, which has eight heads whatever their size
# What a latent is multiplied by for the UNet: SDXL's VAE has its own factor.
SCALING = {"sdxl": 0.13025, "refiner": 0.13025}
SIZES = {"sdxl": 6, "refiner": 5}  # numbers about the picture's size that the UNet is told
SCALES = (".scale_weight", ".weight_scale", ".scale_input", ".input_scale")  # beside weights of eight bits
CLIP = {"sd15": "cond_stage_model.transformer.", "sdxl": "conditioner.embedders.0.transformer."}
OPEN_CLIP = {
    "sd2": "cond_stage_model.model.",
    "sdxl": "conditioner.embedders.1.model.",
    "refiner": "conditioner.embedders.0.model.",
}


def networks(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    """The UNet and text encoders in `dtype` and, where it is in the file, the VAE in float32, by the names they have
    in a diffusers folder. Raises ValueError and KeyError for a file that lacks something, OSError."""
    weights = unscaled(load_file(model.path), dtype)
    family = "sd15" if model.family == "demo" else model.family
    made: dict[str, Any] = {"unet": _unet(weights, family, dtype)}
    if model.vae:
        made["vae"] = vae(weights, SCALING.get(family, 0.18215))
    if prefix := CLIP.get(family):
        made["text_encoder"] = _clip(weights, prefix, dtype)
    if prefix := OPEN_CLIP.get(family):
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
    if model.family in SIZES:  # the others leave the spacing to the sampler
        values["timestep_spacing"] = "leading"
    if model.zero_snr:
        values |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return values


def vae(weights: Mapping[str, Tensor], scaling: float) -> AutoencoderKL:
    """The VAE among the weights of a checkpoint, or a file of its own, in float32; in the original layout or in that of
    diffusers. Raises ValueError for one that lacks something or has odd channels."""
    weights = {vae_layers.called(name): weight for name, weight in weights.items()}
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    if problem := vae_layers.problem(shapes):
        raise ValueError(problem)
    told = vae_layers.layers(shapes)
    config = told.config | {"scaling_factor": scaling}
    if told.original:
        weights = renaming.convert_ldm_vae_checkpoint(weights, config)
    return _filled(lambda: AutoencoderKL.from_config(config), weights, torch.float32)


def _unet(weights: Weights, family: str, dtype: torch.dtype) -> UNet2DConditionModel:
    own = {name.removeprefix(UNET): weight for name, weight in weights.items() if name.startswith(UNET)}
    config = unet_config(own, family)
    if family in SIZES:
        projection = weights[OPEN_CLIP[family] + "text_projection"].shape[1]
        told = own["label_emb.0.0.weight"].shape[1]
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (told - projection) // SIZES[family],
            "projection_class_embeddings_input_dim": told,
        }
    renamed = renaming.convert_ldm_unet_checkpoint(weights, config)
    if GUIDED in own:  # for which diffusers' table has no name
        renamed["time_embedding.cond_proj.weight"] = own[GUIDED]
    return _filled(lambda: UNet2DConditionModel.from_config(config), renamed, dtype)


def unet_config(own: Mapping[str, Tensor], family: str) -> dict[str, Any]:
    """The configuration of a UNet of the original layout, in diffusers' words."""
    levels: list[list[tuple[int, int]]] = [[]]  # of each residual block of each level: channels, transformer depth
    for index in range(1, _count(own, r"input_blocks\.(\d+)\.")):
        if f"input_blocks.{index}.0.op.weight" in own:
            levels.append([])
            continue
        width = len(own[f"input_blocks.{index}.0.out_layers.3.bias"])
        levels[-1].append((width, _count(own, rf"input_blocks\.{index}\.1\.transformer_blocks\.(\d+)\.")))
    middle = _count(own, r"middle_block\.1\.transformer_blocks\.(\d+)\.")
    crossed = [level[0][1] > 0 for level in levels]
    channels = [level[0][0] for level in levels]
    linear = own["middle_block.1.proj_in.weight"].dim() == 2
    return {
        "in_channels": own["input_blocks.0.0.weight"].shape[1],
        "block_out_channels": channels,
        "layers_per_block": len(levels[0]),
        "transformer_layers_per_block": [level[0][1] or middle for level in levels],
        "down_block_types": ["CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in crossed],
        "up_block_types": ["CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(crossed)],
        "cross_attention_dim": own["middle_block.1.transformer_blocks.0.attn2.to_k.weight"].shape[1],
        "attention_head_dim": 8 if family == "sd15" else [max(1, count // HEAD) for count in channels],
        "use_linear_projection": linear,
        "upcast_attention": family == "sd2",
        "time_cond_proj_dim": own[GUIDED].shape[1] if GUIDED in own else None,
    }


def _clip(weights: Weights, prefix: str, dtype: torch.dtype) -> CLIPTextModel:
    own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
    own = {name.removeprefix("text_model."): weight for name, weight in own.items()}
    width = own["embeddings.token_embedding.weight"].shape[1]
    config = _text_config(own["embeddings.token_embedding.weight"], own["embeddings.position_embedding.weight"])
    config.num_hidden_layers = _count(own, r"encoder\.layers\.(\d+)\.")
    config.intermediate_size = len(own["encoder.layers.0.mlp.fc1.bias"])
    config.hidden_act, config.projection_dim = "quick_gelu", width
    return _filled(lambda: CLIPTextModel(config), own, dtype)


def _open_clip(weights: Weights, prefix: str, family: str, dtype: torch.dtype) -> Any:
    config = _text_config(weights[prefix + "token_embedding.weight"], weights[prefix + "positional_embedding"])
    config.num_hidden_layers = _count(weights, rf"{re.escape(prefix)}transformer\.resblocks\.(\d+)\.")
    config.intermediate_size = len(weights[prefix + "transformer.resblocks.0.mlp.c_fc.bias"])
    config.hidden_act = "gelu"
    if family == "sd2":  # which looks at the last layer but one, so that in diffusers the last is left away
        config.num_hidden_layers -= 1
        made: Callable[[], nn.Module] = lambda: CLIPTextModel(config)  # noqa: E731
    else:
        config.projection_dim = weights[prefix + "text_projection"].shape[1]
        made = lambda: CLIPTextModelWithProjection(config)  # noqa: E731
    shell = type("Shell", (), {"config": config})
    renamed = renaming.convert_open_clip_checkpoint(shell, weights, prefix)
    if family == "sd2":
        renamed = {name.removeprefix("text_model."): weight for name, weight in renamed.items()}
    return _filled(made, renamed, dtype)


def _text_config(words: Tensor, places: Tensor) -> CLIPTextConfig:
    width = words.shape[1]
    return CLIPTextConfig(
        vocab_size=words.shape[0],
        hidden_size=width,
        max_position_embeddings=places.shape[0],
        num_attention_heads=max(1, width // HEAD),
        bos_token_id=49406,
        eos_token_id=49407,
    )


def _filled(make: Callable[[], Any], weights: Mapping[str, Tensor], dtype: torch.dtype) -> Any:
    """A network made without drawing random weights, filled with copies of these: the file may change under us."""
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


def _count(weights: Mapping[str, Tensor], pattern: str) -> int:
    """How many numbers stand where the group of the pattern is."""
    sign = re.compile(pattern)
    return len({match[1] for name in weights if (match := sign.match(name))})


def vae_file(path: Path, scaling: float) -> AutoencoderKL:
    """A VAE from a file of its own."""
    return vae(load_torch_file(path) if path.suffix.lower() in pickles.SUFFIXES else load_file(path), scaling)
