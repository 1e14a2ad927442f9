"""Pictures of a model folder, many prompts at once, as the engine encodes prompts: for sheets and measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.demo.store import floats
from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.worker import prompt_encoding

AT_ONCE = 32


def load(folder: Path) -> Loaded:
    """The model of a folder as the engine loads it. Raises Refusal `model.damaged`."""
    loading.quieten()
    entry = replace(catalog.builtin(), path=folder)
    return loading.load(entry, torch.device("cuda" if torch.cuda.is_available() else "cpu"))


@torch.no_grad()
def draw(
    loaded: Loaded,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    negative: str = "",
    steps: int = 20,
    guidance: float = 4.0,
    source: NDArray[np.uint8] | None = None,
    strength: float = 1.0,
) -> NDArray[np.uint8]:
    """One picture for each prompt and its seed, (n, 128, 128, 3), by DPM++ 2M Karras.

    With `source`, a picture for each prompt, it begins with those under as much noise as `strength` says.
    """
    done = []
    for start in range(0, len(prompts), AT_ONCE):
        own = prompts[start : start + AT_ONCE]
        sides = [prompt_encoding.embed(loaded, prompt, negative) for prompt in own]
        words = torch.cat([second for _, second in sides] + [first for first, _ in sides])
        noise = [
            torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
            for seed in seeds[start : start + AT_ONCE]
        ]
        latents = torch.cat(noise).to(loaded.device, loaded.dtype)
        scheduler = DPMSolverMultistepScheduler.from_config(dict(loaded.schedule), use_karras_sigmas=True)
        scheduler.set_timesteps(steps, device=loaded.device)
        first = 0
        if source is not None:
            first = steps - min(steps, max(1, round(steps * strength)))
            given = loaded.vae.encode(floats(source[start : start + AT_ONCE]).to(loaded.device)).latent_dist.mean
            latents = scheduler.add_noise(given.to(loaded.dtype), latents, scheduler.timesteps[first : first + 1])
            scheduler.set_begin_index(first)
        for time in scheduler.timesteps[first:]:
            without, wanted = loaded.unet(torch.cat([latents] * 2), time, words, return_dict=False)[0].chunk(2)
            latents = scheduler.step(without + guidance * (wanted - without), time, latents, return_dict=False)[0]
        pixels = loaded.vae.decode(latents.float() / loaded.vae.config.scaling_factor, return_dict=False)[0]
        done.append(((pixels * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(done)


def sheet(pictures: NDArray[np.uint8], labels: Sequence[str], columns: int = 8) -> Image.Image:
    """The pictures side by side with a line of text under each."""
    side, line = pictures.shape[1], 14
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * (side + 2), rows * (side + line + 2)), "white")
    pen = ImageDraw.Draw(whole)
    for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left, top = index % columns * (side + 2), index // columns * (side + line + 2)
        whole.paste(Image.fromarray(picture), (left, top))
        pen.text((left + 1, top + side), label[:24], fill="black")
    return whole
