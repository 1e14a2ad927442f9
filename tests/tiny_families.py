"""Tiny models of the other families, as diffusers folders and as single files in the layout of the original code.

Single files cannot say how wide an attention head is or how many channels a norm groups: here, as in real models, 64
(SD 1.x: eight heads) and 32 groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from engine.files import catalog
from engine.files.identity import Identity
from engine.models import tokenizers
from tests import tiny

CHANNELS = (32, 32, 64)
SMALL, LARGE = 32, 64  # widths of SDXL's text encoders
TIME = 8  # numbers each size is told in
SCHEDULE: dict[str, Any] = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1,
    "clip_sample": False, "set_alpha_to_one": False,
}  # fmt: skip


def unet(family: str, **changes: Any) -> UNet2DConditionModel:
    """A UNet of the family's layout, its last layer scaled until pictures have contrast."""
    values: dict[str, Any] = {
        "sample_size": 8,
        "block_out_channels": CHANNELS,
        "layers_per_block": 1,
        "cross_attention_dim": SMALL + LARGE if family == "sdxl" else LARGE if family == "refiner" else SMALL,
        "attention_head_dim": 8 if family == "sd15" else (1, 1, 1),
        "use_linear_projection": family != "sd15",
        "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    }
    if family in ("sdxl", "refiner"):
        values |= {
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (2, 1, 2),
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": TIME,
            "projection_class_embeddings_input_dim": LARGE + (5 if family == "refiner" else 6) * TIME,
        }
    made = UNet2DConditionModel(**values | changes)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "attn2.to_" in name and name.endswith("weight"):
                weight.mul_(2.0)
        width, channels = made.config.cross_attention_dim, made.config.in_channels
        told = None
        if family in ("sdxl", "refiner"):
            sizes = torch.full((8, 5 if family == "refiner" else 6), 64.0)
            told = {"text_embeds": torch.randn(8, LARGE), "time_ids": sizes}
        words, latents = torch.randn(8, 77, width), torch.randn(8, channels, 8, 8)
        times = torch.arange(8) * 120
        spread = made(latents, times, encoder_hidden_states=words, added_cond_kwargs=told).sample.std()
        made.conv_out.weight.div_(spread)
        made.conv_out.bias.zero_()
    return made.eval()


def vae(scaling: float = 0.18215, halvings: int = 1) -> AutoencoderKL:
    """A VAE with groups of 32 channels, that halves its pictures so many times; three, as real ones do, where pictures
    are of 64 pixels: attention would look at a thousand places of one that was halved once."""
    made = AutoencoderKL(
        block_out_channels=(32,) * (halvings + 1),
        down_block_types=("DownEncoderBlock2D",) * (halvings + 1),
        up_block_types=("UpDecoderBlock2D",) * (halvings + 1),
        layers_per_block=1,
        latent_channels=4,
        sample_size=64,
        scaling_factor=scaling,
    )
    with torch.no_grad():
        pixels = made.decode(torch.randn(4, 4, 8, 8) / scaling).sample
        made.decoder.conv_out.weight.div_(pixels.std() * 1.6)
        made.decoder.conv_out.bias.zero_()
        made.quant_conv.weight[4:].zero_()
        made.quant_conv.bias[4:].fill_(-3.0)
    return made.eval()


def open_clip(width: int = LARGE, projected: bool = True) -> Any:
    """A text encoder as OpenCLIP trains them."""
    config = tiny.text_config(width, hidden_act="gelu", num_attention_heads=max(1, width // 64), projection_dim=LARGE)
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def tokenizer(fill: str = "<|endoftext|>") -> CLIPTokenizer:
    """CLIP's, filling up with the token it ends texts with, or as OpenCLIP with "!". All who ask get the same."""
    return tokenizers.tokenizer(catalog.DEMO / "tokenizer", pad_token=fill)


def sd15(seed: int = 1, *, halvings: int = 1, **changes: Any) -> StableDiffusionPipeline:
    """SD 1.x with groups and heads as in real models."""
    torch.manual_seed(seed)
    encoder = CLIPTextModel(tiny.text_config(SMALL, num_attention_heads=1)).eval()
    return _plain(unet("sd15", **changes), encoder, tokenizer(), DDIMScheduler(**SCHEDULE), halvings)


def sd2(seed: int = 2, *, halvings: int = 1, zero_snr: bool = False) -> StableDiffusionPipeline:
    """SD 2 with v-prediction."""
    torch.manual_seed(seed)
    changes = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"} if zero_snr else {}
    schedule = DDIMScheduler(prediction_type="v_prediction", **SCHEDULE, **changes)
    return _plain(unet("sd2"), open_clip(SMALL, projected=False), tokenizer("!"), schedule, halvings)


def _plain(network: Any, encoder: Any, words: Any, schedule: Any, halvings: int) -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        unet=network,
        vae=vae(halvings=halvings),
        text_encoder=encoder,
        tokenizer=words,
        scheduler=schedule,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl(seed: int = 3, *, halvings: int = 1, refiner: bool = False, **changes: Any) -> StableDiffusionXLPipeline:
    """SDXL, or its refiner, which has the second text encoder alone."""
    torch.manual_seed(seed)
    schedule = EulerDiscreteScheduler.from_config({**SCHEDULE, "timestep_spacing": "leading"})
    small = CLIPTextModel(tiny.text_config(SMALL, num_attention_heads=1)).eval()
    return StableDiffusionXLPipeline(
        unet=unet("refiner" if refiner else "sdxl", **changes),
        vae=vae(0.13025, halvings),
        text_encoder=None if refiner else small,
        tokenizer=None if refiner else tokenizer(),
        text_encoder_2=open_clip(),
        tokenizer_2=tokenizer("!"),
        scheduler=schedule,
        force_zeros_for_empty_prompt=not refiner,
        add_watermarker=False,
    )


def entry(path: Path, known: Identity) -> catalog.Model:
    """A model as the list would have it, be its file whole or not."""
    return catalog.Model(
        name=path.stem,
        path=path,
        family=known.family,
        width=64,
        height=64,
        steps=1,
        sampler="Euler",
        guidance=1.0,
        prediction=known.prediction,
        context=known.context,
        vae=known.vae,
    )


# --- the layout of the original code ---

RESNET = {
    "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
    "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
}  # fmt: skip
BLOCK = {
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}  # fmt: skip
AUTOENCODER = {"norm1": "norm1", "norm2": "norm2", "conv1": "conv1", "conv2": "conv2", "nin_shortcut": "conv_shortcut"}
ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


def save_single(pipeline: Any, path: Path, *, metadata: dict[str, str] | None = None, **more: Tensor) -> Path:
    """The pipeline in one file; `more` are tensors to lie beside its own."""
    weights = dict(single(pipeline)) | more
    save_file({name: weight.detach().clone().contiguous() for name, weight in weights.items()}, path, metadata)
    return path


def single(pipeline: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights of a pipeline under their first names."""
    for name, weight in unet_names(pipeline.unet):
        yield f"model.diffusion_model.{name}", weight
    for name, weight in vae_names(pipeline.vae):
        yield f"first_stage_model.{name}", weight
    second = getattr(pipeline, "text_encoder_2", None)
    first = pipeline.text_encoder
    if second is None and first.config.hidden_act == "quick_gelu":
        for name, weight in first.state_dict().items():
            yield f"cond_stage_model.transformer.text_model.{name}", weight
    elif second is None:
        yield from open_clip_names(first, "cond_stage_model.model.", spare=True)
    else:
        if first is not None:
            for name, weight in first.state_dict().items():
                yield f"conditioner.embedders.0.transformer.text_model.{name}", weight
        yield from open_clip_names(second, f"conditioner.embedders.{0 if first is None else 1}.model.")


def unet_names(unet: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights of a UNet by block number."""
    weights = unet.state_dict()

    def under(new: str, old: str, names: dict[str, str] | None = None) -> Iterator[tuple[str, Tensor]]:
        for name, weight in weights.items():
            if name.startswith(f"{old}."):
                rest = name.removeprefix(f"{old}.")
                for said, own in (names or {}).items():
                    if rest.startswith(f"{own}."):
                        rest = f"{said}.{rest.removeprefix(f'{own}.')}"
                yield f"{new}.{rest}", weight

    for new, old in (
        ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"),
        ("time_embed.cond_proj", "time_embedding.cond_proj"),
        ("input_blocks.0.0", "conv_in"), ("out.0", "conv_norm_out"), ("out.2", "conv_out"),
        ("label_emb.0.0", "add_embedding.linear_1"), ("label_emb.0.2", "add_embedding.linear_2"),
        ("middle_block.1", "mid_block.attentions.0"),
    ):  # fmt: skip
        yield from under(new, old)
    for number in (0, 1):
        yield from under(f"middle_block.{2 * number}", f"mid_block.resnets.{number}", RESNET)
    levels, layers = len(unet.config.block_out_channels), unet.config.layers_per_block
    at = 1
    for level in range(levels):
        for layer in range(layers):
            yield from under(f"input_blocks.{at}.0", f"down_blocks.{level}.resnets.{layer}", RESNET)
            yield from under(f"input_blocks.{at}.1", f"down_blocks.{level}.attentions.{layer}")
            at += 1
        yield from under(f"input_blocks.{at}.0.op", f"down_blocks.{level}.downsamplers.0.conv")
        at += 1
    at = 0
    for level in range(levels):
        for layer in range(layers + 1):
            yield from under(f"output_blocks.{at}.0", f"up_blocks.{level}.resnets.{layer}", RESNET)
            attention = list(under(f"output_blocks.{at}.1", f"up_blocks.{level}.attentions.{layer}"))
            yield from attention
            if layer == layers:
                yield from under(
                    f"output_blocks.{at}.{2 if attention else 1}.conv", f"up_blocks.{level}.upsamplers.0.conv"
                )
            at += 1


def vae_names(vae: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights of a VAE under their first names; its attention was made of convolutions."""
    top = len(vae.config.block_out_channels) - 1
    for name, weight in vae.state_dict().items():
        name = name.replace("conv_norm_out", "norm_out")
        name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
        name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(
            r"up_blocks\.(\d)\.resnets\.(\d)", lambda found: f"up.{top - int(found[1])}.block.{found[2]}", name
        )
        name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda found: f"up.{top - int(found[1])}.upsample", name)
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
        for said, own in AUTOENCODER.items():
            name = re.sub(rf"\.{own}\.(weight|bias)$", rf".{said}.\1", name)
        if "mid_block.attentions.0." in name:
            for said, own in ATTENTION.items():
                name = name.replace(f"mid_block.attentions.0.{own}.", f"mid.attn_1.{said}.")
            weight = weight[:, :, None, None] if weight.dim() == 2 else weight
        yield name, weight


def open_clip_names(encoder: Any, prefix: str, spare: bool = False) -> Iterator[tuple[str, Tensor]]:
    """The weights of a text encoder as OpenCLIP names them; with `spare` a last layer that nobody looks at."""
    weights = {name.removeprefix("text_model."): weight for name, weight in encoder.state_dict().items()}
    yield f"{prefix}token_embedding.weight", weights["embeddings.token_embedding.weight"]
    yield f"{prefix}positional_embedding", weights["embeddings.position_embedding.weight"]
    for end in ("weight", "bias"):
        yield f"{prefix}ln_final.{end}", weights[f"final_layer_norm.{end}"]
    if "text_projection.weight" in weights:
        yield f"{prefix}text_projection", weights["text_projection.weight"].T
    count = encoder.config.num_hidden_layers
    for layer in range(count + spare):
        own = f"encoder.layers.{min(layer, count - 1)}."
        new = f"{prefix}transformer.resblocks.{layer}."
        for end in ("weight", "bias"):
            parts = [weights[f"{own}self_attn.{side}_proj.{end}"] for side in "qkv"]
            yield f"{new}attn.in_proj_{end}", torch.cat(parts)
            for said, name in BLOCK.items():
                yield f"{new}{said}.{end}", weights[f"{own}{name}.{end}"]
