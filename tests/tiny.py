"""Tiny Stable Diffusion 1.x models with random weights, made on the fly: every part is there, nothing is learnt.

Random networks paint grey on grey, where every picture equals every other within 1/255; so the last layers are scaled
until pictures have contrast and the prompt shows in them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from engine.files import catalog
from engine.models import tokenizers

WIDTH = 32


def unet(width: int = WIDTH, **changes: Any) -> UNet2DConditionModel:
    """A UNet of the SD 1.x layout: four levels, attention in three of them."""
    made = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32, 32, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=4,
        cross_attention_dim=width,
        **changes,
    )
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "attn2.to_" in name and name.endswith("weight"):
                weight.mul_(2.0)
        words, latents = torch.randn(8, 77, width), torch.randn(8, 4, 8, 8)
        spread = made(latents, torch.arange(8) * 120, encoder_hidden_states=words).sample.std()
        made.conv_out.weight.div_(spread)
        made.conv_out.bias.zero_()
    return made


def vae() -> AutoencoderKL:
    """A VAE of the SD 1.x layout whose decoded noise fills about the whole range."""
    made = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=64,
    )
    with torch.no_grad():
        pixels = made.decode(torch.randn(4, 4, 8, 8) / made.config.scaling_factor).sample
        made.decoder.conv_out.weight.div_(pixels.std() * 1.6)
        made.decoder.conv_out.bias.zero_()
        latents = made.encode(torch.rand(4, 3, 64, 64) * 2 - 1).latent_dist.mode()
        # The first four channels are the mean, the others the logarithm of the variance: made small.
        made.quant_conv.weight[:4].div_(latents.std() * made.config.scaling_factor)
        made.quant_conv.weight[4:].zero_()
        made.quant_conv.bias[4:].fill_(-3.0)
    return made


def text_config(width: int = WIDTH, **changes: Any) -> CLIPTextConfig:
    """A small CLIP text encoder's, with the real vocabulary."""
    values: dict[str, Any] = {
        "vocab_size": 49408,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": 77,
        "hidden_act": "quick_gelu",
        "bos_token_id": 49406,
        "eos_token_id": 49407,
        "initializer_factor": 1.0,
    }
    return CLIPTextConfig(**values | changes)


def text_encoder(width: int = WIDTH) -> CLIPTextModel:
    """A CLIP text encoder with the real vocabulary."""
    return CLIPTextModel(text_config(width))


def scheduler(**changes: Any) -> PNDMScheduler:
    """The configuration that published SD 1.x models come with."""
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
        **changes,
    )


def make(folder: Path, seed: int = 0, *, width: int = WIDTH, **changes: Any) -> Path:
    """A tiny model saved as a diffusers folder; `width` is that of the text embeddings, `changes` go to the UNet."""
    torch.manual_seed(seed)
    pipeline = StableDiffusionPipeline(
        unet=unet(width, **changes).eval(),
        vae=vae().eval(),
        text_encoder=text_encoder(width).eval(),
        tokenizer=tokenizers.tokenizer(catalog.DEMO / "tokenizer"),
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def kohya_lora(path: Path, seed: int = 0, *, width: int = WIDTH, size: float = 1.0, text: bool = True) -> Path:
    """A LoRA in kohya's format over the cross-attention keys and values, and over the text encoder where asked."""
    noise = torch.Generator().manual_seed(seed)
    weights: dict[str, torch.Tensor] = {}

    def pair(name: str, rows: int, columns: int) -> None:
        weights[f"{name}.lora_down.weight"] = torch.randn((2, columns), generator=noise) * size
        weights[f"{name}.lora_up.weight"] = torch.randn((rows, 2), generator=noise) * size
        weights[f"{name}.alpha"] = torch.tensor(2.0)

    for block, channels in (("down_blocks_0", 16), ("down_blocks_1", 32), ("down_blocks_2", 32)):
        for part in ("to_k", "to_v"):
            pair(f"lora_unet_{block}_attentions_0_transformer_blocks_0_attn2_{part}", channels, width)
    for layer in range(3) if text else ():
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            pair(f"lora_te_text_model_encoder_layers_{layer}_self_attn_{part}", width, width)
    save_file(weights, path)
    return path


def damage(model: Path, part: str) -> None:
    """Cut the weights file of a part short, as a broken download does."""
    for file in (model / part).glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def copy(model: Path, folder: Path) -> Path:
    """Another copy of a model, to be changed."""
    return Path(shutil.copytree(model, folder))


def reconfigure(model: Path, part: str, **changes: Any) -> None:
    """Change entries of a part's configuration file."""
    path = next((model / part).glob("*config.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
