"""Latents to pictures and back: the VAE on several rows at once, and cheap previews by a linear latent → RGB map."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine import memory
from engine.models import Loaded
from engine.tiles import Joined, cut

# Float32 activations of the decoder take about 2 GB a megapixel; more rows than this are decoded in turns.
PIXELS_AT_ONCE = 2**20
# Pictures of more pixels are decoded in tiles of so many latents a side, which costs a little evenness of colour.
LARGEST, TILE = 4 * 2**20, 128
PREVIEW_SIDE = 160
STANDARD = 0.18215  # scaling factor of the VAE that all SD 1.x models share
# RGB in -1…1 for each latent channel of that VAE: a least-squares fit published by its users (Hugging Face forum,
# "Decoding latents to RGB without upscaling", 2022).
STANDARD_COLOURS = ((0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473))


@torch.no_grad()
def pictures(loaded: Loaded, latents: Sequence[Tensor]) -> list[Image.Image]:
    """The pictures of latents of one size, each (1, 4, h, w) float32 on the CPU, as diffusers' pipeline makes them."""
    area = latents[0].shape[-1] * latents[0].shape[-2] * loaded.scale**2
    at_once = max(1, PIXELS_AT_ONCE // area)
    done: list[Image.Image] = []
    for start in range(0, len(latents), at_once):
        batch = torch.cat(list(latents[start : start + at_once])).to(loaded.device)
        drawn = _decoded(loaded, batch / loaded.vae.config.scaling_factor)
        shades = (drawn * 0.5 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).float().numpy()
        done.extend(Image.fromarray(shade) for shade in (shades * 255).round().astype("uint8"))
    return done


def _decoded(loaded: Loaded, latents: Tensor) -> Tensor:
    height, width = latents.shape[-2:]
    if height * width * loaded.scale**2 <= LARGEST:
        return _call(loaded, latents)
    whole = Joined(width * loaded.scale, height * loaded.scale, TILE // 32 * loaded.scale)
    for box in cut(width, height, TILE, TILE // 8):
        part = _call(loaded, latents[..., box.top : box.bottom, box.left : box.right])
        whole.add(box.times(loaded.scale), part[0].float().cpu().permute(1, 2, 0).numpy())
    return torch.from_numpy(whole.shades.transpose(2, 0, 1)[None])


def _call(loaded: Loaded, latents: Tensor) -> Tensor:
    def call() -> Tensor:
        with memory.on_card(loaded, "vae"):
            decoded: Tensor = loaded.vae.decode(latents, return_dict=False)[0]
        return decoded

    return memory.trying(loaded, call)


def latents(loaded: Loaded, picture: Image.Image, generator: torch.Generator) -> Tensor:
    """A sample of the latents of an RGB picture, (1, 4, h, w) float32 on the CPU, already scaled for the UNet."""
    return encoded(loaded, pixels(picture), generator)


def pixels(picture: Image.Image) -> Tensor:
    """An RGB picture as (1, 3, height, width) float32 in -1…1."""
    shades = np.asarray(picture, dtype=np.uint8).astype(np.float32) / 255.0
    return torch.from_numpy(shades.transpose(2, 0, 1)[None]) * 2.0 - 1.0


@torch.no_grad()
def encoded(loaded: Loaded, shades: Tensor, generator: torch.Generator) -> Tensor:
    """A sample of the latents of `pixels`, as `latents` gives them."""
    with memory.on_card(loaded, "vae"):
        sample: Tensor = loaded.vae.encode(shades.to(loaded.device)).latent_dist.sample(generator)
    scaled: Tensor = loaded.vae.config.scaling_factor * sample
    return scaled.cpu()


def preview(loaded: Loaded, clean: Tensor) -> bytes:
    """A JPEG of at most 160 pixels a side from the denoised latents foreseen, (1, 4, h, w) on the CPU."""
    weights, bias = colours(loaded)
    shades = torch.einsum("chw,cr->hwr", clean[0].float(), weights) + bias
    image = Image.fromarray(((shades * 0.5 + 0.5).clamp(0, 1).nan_to_num() * 255).round().to(torch.uint8).numpy())
    grow = min(PREVIEW_SIDE / max(image.size), float(loaded.scale))
    size = max(1, round(image.width * grow)), max(1, round(image.height * grow))
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def colours(loaded: Loaded) -> tuple[Tensor, Tensor]:
    """The latent → RGB map of a model, (4, 3) and (3,), for RGB in -1…1."""
    if loaded.colours is None:
        if abs(loaded.vae.config.scaling_factor - STANDARD) < 1e-6 and loaded.vae.config.latent_channels == 4:
            loaded.colours = torch.tensor(STANDARD_COLOURS), torch.zeros(3)
        else:
            loaded.colours = _fit(loaded)
    return loaded.colours


@torch.no_grad()
def _fit(loaded: Loaded) -> tuple[Tensor, Tensor]:
    """Least squares over smooth random latents and what the VAE makes of them, averaged per latent pixel."""
    generator = torch.Generator("cpu").manual_seed(0)
    channels = loaded.vae.config.latent_channels
    coarse = torch.randn((8, channels, 3, 3), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(8, 8), mode="bicubic", align_corners=True)
    decoded = _decoded(loaded, (smooth / loaded.vae.config.scaling_factor).to(loaded.device))
    small = torch.nn.functional.avg_pool2d(decoded.float().cpu(), loaded.scale)
    inputs = smooth.permute(0, 2, 3, 1).reshape(-1, channels)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    solved = torch.linalg.lstsq(inputs, small.permute(0, 2, 3, 1).reshape(-1, 3)).solution
    return solved[:-1], solved[-1]
