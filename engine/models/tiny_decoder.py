"""Tiny decoders of TAESD's kind: from a folder of diffusers', or from a single file in its names or its makers'."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors.torch import load_file
from torch import nn


def tiny_decoder(path: Path) -> Any:
    """The decoder in float32; one from a single file cannot encode. Raises ValueError for a file of another layout, and
    what the loaders raise."""
    if path.is_dir():
        return AutoencoderTiny.from_pretrained(path, local_files_only=True, dtype=torch.float32)
    weights = {}
    for name, weight in load_file(path).items():
        if own := re.fullmatch(r"decoder\.(layers\..+)", name):
            weights[own[1]] = weight.float()
        elif own := re.fullmatch(r"(\d+)\.(.+)", name):  # its makers count the clamping before the first layer too
            weights[f"layers.{int(own[1]) - 1}.{own[2]}"] = weight.float()
    made = AutoencoderTiny()
    wanted = made.decoder.state_dict()
    if {name: weight.shape for name, weight in weights.items()} != {name: one.shape for name, one in wanted.items()}:
        raise ValueError("it has other layers than TAESD")
    made.decoder.load_state_dict(weights)
    made.encoder = nn.Identity()
    return made
