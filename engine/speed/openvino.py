"""UNets on CPUs by OpenVINO (the extra `openvino`): converted once, kept in the cache, compiled for each shape.

What is converted is a twin of the UNet without LoRAs, so batches that carry some are drawn by torch. In float32 the
pictures are torch's within 1/255, in bfloat16 they are as far from those in float32 as torch's own.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.models.card import free
from engine.models.loaded import Loaded
from engine.models.twin import twin
from engine.speed.batched_call import Answering, Call

log = logging.getLogger(__name__)

# Converting has been seen to take two and a half times the memory of the weights in float32 (SD 1.5: 8.6 GB), each
# compiled shape once more what the weights take.
CONVERTING = 3
MOST = 8


class OpenVino:
    """A backend for the calls of one model's UNet, in the precision that torch would use."""

    name = "openvino"
    after = 2  # converting a large UNet takes a minute, but only once; a shape takes seconds
    aside = True
    slots = False
    room = 0  # what it holds is not measured; `most` is by the memory that is free

    def __init__(self, loaded: Loaded) -> None:
        # Its converter reports to its makers where their package for that can be imported. Ours tells nobody anything.
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        self._ov: Any = importlib.import_module("openvino")
        self._core = self._ov.Core()
        self._unet = twin(loaded.unet)
        self._bytes = 4 * sum(weight.numel() for weight in loaded.unet.parameters())
        self._device = loaded.device
        self._dtype = loaded.dtype
        self._path = _kept(loaded, self._ov.__version__)
        self._converted: Any = None
        self.most = min(max(1, free(loaded.device) // (2 * self._bytes)), MOST)

    def prepare(self, call: Call) -> Answering:
        model = self._model(call).clone()
        model.reshape(dict(zip(model.inputs, (list(one.shape) for one in call.tensors), strict=True)))
        whole = self._dtype == torch.float32
        compiled = self._core.compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "f32" if whole else "bf16",
                "INFERENCE_NUM_THREADS": torch.get_num_threads(),
                "PERFORMANCE_HINT": "LATENCY",
            },
        )
        request = compiled.create_infer_request()

        def answer(again: Call) -> Tensor:
            request.infer([tensor.float().numpy() for tensor in again.tensors], share_inputs=True)
            return torch.from_numpy(request.get_output_tensor(0).data.copy())

        return Answering(answer)

    def _model(self, call: Call) -> Any:
        """The UNet as OpenVINO has it, for any shape."""
        if self._converted is None and self._path and self._path.is_file():
            try:
                self._converted = self._core.read_model(self._path)
            except RuntimeError as error:
                log.warning("%s is damaged and made anew: %s", self._path.name, str(error).strip().partition("\n")[0])
        if self._converted is None:
            self._converted = self._convert(call)
        return self._converted

    def _convert(self, call: Call) -> Any:
        if free(self._device) < CONVERTING * self._bytes:
            raise MemoryError("too little memory is free to convert the UNet")
        example = tuple(tensor.float() for tensor in call.tensors)
        whole = self._unet if self._dtype == torch.float32 else copy.deepcopy(self._unet).float()
        # Not checked by tracing again: where the two differ in names alone, showing how takes longer than all the rest.
        plain = _Plain(whole, call).eval()
        traced = torch.jit.trace(plain, example, strict=False, check_trace=False)  # type: ignore[no-untyped-call]
        model = self._ov.convert_model(traced, example_input=example)
        self._unet = None
        if self._path is None:
            return model
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_name(f"{self._path.stem}.{os.getpid()}.xml")
        self._ov.save_model(model, half, compress_to_fp16=self._dtype != torch.float32)
        half.with_suffix(".bin").replace(self._path.with_suffix(".bin"))
        half.replace(self._path)
        return self._core.read_model(self._path)


class _Plain(nn.Module):
    """The UNet with tensors in and a tensor out."""

    def __init__(self, unet: Any, like: Call) -> None:
        super().__init__()
        self.unet = unet
        self._like = like

    def forward(self, *tensors: Tensor) -> Tensor:
        return self._like.of(tensors).answered(self.unet)


def _kept(loaded: Loaded, version: str) -> Path | None:
    """Where the converted UNet is kept: told by its files, its precision and the version that converts it."""
    if loaded.tuning.cache is None:
        return None
    path = loaded.model.path
    files = [path] if path.is_file() else sorted((path / "unet").glob("*"))
    said = [f"{file}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files]
    key = hashlib.sha256("\n".join((version, str(loaded.dtype), *said)).encode()).hexdigest()[:16]
    return loaded.tuning.cache / "openvino" / f"{loaded.model.name}-{key}.xml"
