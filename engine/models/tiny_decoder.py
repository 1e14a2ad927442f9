"""Tiny decoders of TAESD's kind: from a folder of diffusers', or from a single file in its names or its makers'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors.torch import load_file
from torch import nn

from engine.files import folder_layers, tiny_layers


def tiny_decoder(path: Path) -> Any:
    """The decoder in float32; one from a single file cannot encode. Raises ValueError for a file of another layout, and
    what the loaders raise."""
    if path.is_dir():
        if lack := folder_layers.network_lack(path, "decoder"):
            raise ValueError(lack)
        return AutoencoderTiny.from_pretrained(path, local_files_only=True, dtype=torch.float32)
    whole = load_file(path)
    if lack := tiny_layers.lack({name: tuple(weight.shape) for name, weight in whole.items()}):
        raise ValueError(lack)
    weights = {new: weight.float() for name, weight in whole.items() if (new := tiny_layers.called(name))}
    made = AutoencoderTiny()
    made.decoder.load_state_dict(weights)
    made.encoder = nn.Identity()
    return made
