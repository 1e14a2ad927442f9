"""Previews of what a picture will become, by a tiny decoder where one goes with the model, else by a linear map from
latents to colours.

Nothing in a tiny decoder's file says which VAE it was trained to stand in for. So each is tried on a picture that the
model's own VAE encoded, and the one that comes nearest is taken, unless it is plainly another VAE's.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.files import catalog
from engine.models import card, streams
from engine.models.loaded import BROKEN, Loaded
from engine.models.tiny_decoder import tiny_decoder
from engine.patches import circular
from engine.worker import autoencoder

log = logging.getLogger(__name__)

BUILTIN = catalog.COMPANIONS / "demo-tiny"
SIDE, COARSE_SIDE = 256, 160  # pixels of a preview's longer side: by a tiny decoder, by the linear map
# A decoder is another VAE's when it is off by so many times as much as the linear map. The built-in model's, with its
# sharp edges a pixel aside, is off by 1.3 times as much on what it is tried on (0.8 … 1.2 on pictures of the model).
OTHERS = 2.0
LATENTS = 64  # the most latents a side that a tiny decoder is given: 512 pixels are enough for a preview
STANDARD = 0.18215  # scaling factor of the VAE that all SD 1.x models share
# RGB in -1…1 for each latent channel of that VAE: a least-squares fit published by its users (Hugging Face forum,
# "Decoding latents to RGB without upscaling", 2022).
STANDARD_COLOURS = ((0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473))


@torch.no_grad()
def preview(loaded: Loaded, clean: Tensor, after: Any = None, tiling: str = "") -> bytes:
    """A JPEG from the denoised latents foreseen, (1, 4, h, w); nothing where no previews are wanted. Any thread may ask
    for one once the thread that draws has prepared them; `after` is the mark behind which the latents are done. With
    `tiling` its edges meet as the picture's."""
    if loaded.tuning.previews == "none":
        return b""
    tiny = decoder(loaded)
    with streams.beside(loaded.device, after):
        if tiny is None:
            return _jpeg(_mapped(loaded, streams.fetched(clean)), COARSE_SIDE, float(loaded.scale))
        longest = max(clean.shape[-2:])
        if longest > LATENTS:
            height, width = (max(1, round(side * LATENTS / longest)) for side in clean.shape[-2:])
            clean = torch.nn.functional.interpolate(clean, size=(height, width), mode="area")
        with circular.padding(tiny.decoder, tiling):
            shades = _decoded(loaded, tiny, clean)
    return _jpeg(shades, SIDE, 1.0)


def prepare(loaded: Loaded) -> None:
    """Have at hand what previews of a model are made with, which is sought or computed once."""
    if loaded.tuning.previews != "none" and decoder(loaded) is None:
        colours(loaded)


def _jpeg(shades: Tensor, side: int, grow: float) -> bytes:
    """A JPEG of colours (height, width, 3) in -1…1, enlarged by `grow` at most."""
    image = Image.fromarray(((shades * 0.5 + 0.5).clamp(0, 1).nan_to_num() * 255).round().to(torch.uint8).numpy())
    grow = min(side / max(image.size), grow)
    size = max(1, round(image.width * grow)), max(1, round(image.height * grow))
    if size != image.size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


# --- the tiny decoder ---


def _decoded(loaded: Loaded, tiny: Any, clean: Tensor) -> Tensor:
    drawn: Tensor = tiny.decode(clean.to(loaded.device, tiny.dtype), return_dict=False)[0]
    return streams.fetched(drawn[0].float()).permute(1, 2, 0)


def decoder(loaded: Loaded) -> Any:
    """The tiny decoder that goes with a model's VAE, sought once; None where there is none."""
    if not loaded.tiny_sought:
        loaded.tiny_sought = True
        if loaded.tuning.previews == "auto":
            try:
                loaded.tiny = _nearest(loaded)
            except Exception as error:
                if not card.out_of_memory(error):
                    raise
                log.warning("no room for a tiny decoder; previews of %s are coarse", loaded.model.name)
    return loaded.tiny


def _nearest(loaded: Loaded) -> Any:
    known = [BUILTIN, *(one.path for one in catalog.decoders(loaded.tuning.tiny))]
    found = [(path, tiny) for path in known if (tiny := _read(path, loaded)) is not None]
    if not found:
        return None
    picture = _picture()
    clean = autoencoder.latents(loaded, picture, torch.Generator("cpu").manual_seed(0))
    truth = autoencoder.pixels(picture)[0].permute(1, 2, 0)

    def off(shades: Tensor) -> float:
        grown = shades.permute(2, 0, 1)[None]
        if grown.shape[-2:] != truth.shape[:2]:
            grown = torch.nn.functional.interpolate(grown, size=truth.shape[:2], mode="bicubic")
        return float((grown[0].permute(1, 2, 0).clamp(-1, 1) - truth).abs().mean())

    offs = [off(_decoded(loaded, tiny, clean)) for _, tiny in found]
    nearest = min(range(len(found)), key=offs.__getitem__)
    coarse = off(_mapped(loaded, clean))
    if not offs[nearest] < OTHERS * coarse:
        return None
    log.info("model %s has its previews from %s", loaded.model.name, found[nearest][0].name)
    return found[nearest][1]


def _read(path: Path, loaded: Loaded) -> Any:
    """A tiny decoder for latents of the model's shape; None for one of another shape or a broken one."""
    try:
        made = tiny_decoder(path)
    except BROKEN as error:
        log.warning("tiny decoder %s cannot be loaded: %s", path.name, error)
        return None
    scale = 2 ** (len(made.config.decoder_block_out_channels) - 1)
    if (made.config.latent_channels, scale) != (loaded.vae.config.latent_channels, loaded.scale):
        return None
    half = torch.float16 if loaded.device.type in ("cuda", "xpu") else torch.float32
    return made.eval().requires_grad_(False).to(loaded.device, half)


def _picture() -> Image.Image:
    """Something to try decoders on: a colourful slope with discs and bars, 128 × 128."""
    down, across = np.mgrid[0:128, 0:128] / 127
    shades = np.stack([across, down, 1 - (across + down) / 2], axis=-1)
    for x, y, radius, colour in ((0.3, 0.35, 0.2, (0.9, 0.2, 0.1)), (0.7, 0.6, 0.25, (0.95, 0.95, 0.9))):
        shades[(across - x) ** 2 + (down - y) ** 2 < radius**2] = colour
    shades[104:116] = np.where((np.arange(128) // 8 % 2)[:, None], (0.05, 0.1, 0.3), (0.2, 0.7, 0.3))
    return Image.fromarray((shades * 255).round().astype(np.uint8))


# --- the linear map ---


def _mapped(loaded: Loaded, clean: Tensor) -> Tensor:
    weights, bias = colours(loaded)
    return torch.einsum("chw,cr->hwr", clean[0].float(), weights) + bias


def colours(loaded: Loaded) -> tuple[Tensor, Tensor]:
    """The latent → RGB map of a model, (4, 3) and (3,), for RGB in -1…1."""
    if loaded.colours is None:
        if abs(loaded.vae.config.scaling_factor - STANDARD) < 1e-6 and loaded.vae.config.latent_channels == 4:
            loaded.colours = torch.tensor(STANDARD_COLOURS), torch.zeros(3)
        else:
            loaded.colours = _fit(lambda latents: autoencoder.decoded(loaded, latents), loaded)
    return loaded.colours


@torch.no_grad()
def _fit(decoded: Callable[[Tensor], Tensor], loaded: Loaded) -> tuple[Tensor, Tensor]:
    """Least squares over smooth random latents and what the VAE makes of them, averaged per latent pixel."""
    generator = torch.Generator("cpu").manual_seed(0)
    channels = loaded.vae.config.latent_channels
    coarse = torch.randn((8, channels, 3, 3), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(8, 8), mode="bicubic", align_corners=True)
    drawn = decoded((smooth / loaded.vae.config.scaling_factor).to(loaded.device))
    small = torch.nn.functional.avg_pool2d(drawn.float().cpu(), loaded.scale)
    inputs = smooth.permute(0, 2, 3, 1).reshape(-1, channels)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    solved = torch.linalg.lstsq(inputs, small.permute(0, 2, 3, 1).reshape(-1, 3)).solution
    return solved[:-1], solved[-1]
