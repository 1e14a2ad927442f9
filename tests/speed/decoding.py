"""A picture decoded by SD 1.5's VAE at its real size, with random weights, and by the built-in model's: in float32 and
bfloat16, by torch and by OpenVINO where it is installed. In seconds of this process's own time on one thread, so that
other programs do not count; each the quickest of several. The built-in VAE decodes a picture of the built-in model, the
other one noise, so its pictures differ more than real ones do."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

from engine import tuning
from engine.files.catalog import builtin
from tests.speed.figure import Figure

SIDE = 32  # latents along a side: 256 pixels, a quarter of SD 1.5's own picture
TRIES = 3


def figures() -> list[Figure]:
    import torch

    from engine.models import loading
    from engine.speed import precision
    from tests.fakes import a_recipe
    from tests.speed.card import networks
    from tests.speed.switches import latents

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        loaded = loading.load(builtin(), torch.device("cpu"))
        torch.manual_seed(0)
        own = latents(loaded, a_recipe("a black cat on a red background", steps=12))
        large = networks("sd15", only="vae")["vae"].eval().requires_grad_(False)
        found = [Figure("this processor gains by bfloat16: 1 yes, 0 no", float(precision.gains()), "")]
        found += decoded("built-in", loaded.vae, own / loaded.vae.config.scaling_factor)
        found += decoded("SD 1.5's, random", large, torch.randn(1, 4, SIDE, SIDE))
        return found
    finally:
        torch.set_num_threads(threads)


def decoded(name: str, vae: Any, latents: Any) -> list[Figure]:
    """All ways to decode for one VAE: seconds beside torch's in float32, and how far their pixels are from its."""
    import torch

    def by_torch(dtype: torch.dtype) -> Callable[[], Any]:
        def call() -> Any:
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
                return vae.decode(latents, return_dict=False)[0].float()

        return call

    ways = {"torch, bfloat16": by_torch(torch.bfloat16)}
    if tuning.has_openvino():
        ways |= {f"OpenVINO, {kind}": by_openvino(vae, latents, hint) for kind, hint in HINTS.items()}
    base, whole = quickest(by_torch(torch.float32))
    found = []
    for way, call in ways.items():
        seconds, picture = quickest(call)
        away = (shades(picture) - shades(whole)).abs()
        found += [
            Figure(f"{name} VAE, {tuple(latents.shape[2:])} latents, {way}", seconds, "s", base, "torch, float32"),
            Figure(f"{name} VAE, {way}: mean difference of the picture", float(away.mean()), "/255", aim="2"),
            Figure(f"{name} VAE, {way}: largest difference", float(away.max()), "/255"),
        ]
    return found


HINTS = {"float32": "f32", "bfloat16": "bf16"}


def by_openvino(vae: Any, latents: Any, hint: str) -> Callable[[], Any]:
    """The VAE as OpenVINO compiles it for these latents."""
    import torch

    class Decoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vae = vae

        def forward(self, one: Any) -> Any:
            return self.vae.decode(one, return_dict=False)[0]

    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    openvino: Any = importlib.import_module("openvino")
    traced = torch.jit.trace(Decoder(), latents, check_trace=False)  # type: ignore[no-untyped-call]
    model = openvino.convert_model(traced, example_input=latents)
    model.reshape(list(latents.shape))
    asked = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(model, "CPU", asked).create_infer_request()

    def call() -> Any:
        request.infer([latents.numpy()])
        return torch.from_numpy(request.get_output_tensor(0).data.copy())

    return call


def quickest(call: Callable[[], Any]) -> tuple[float, Any]:
    """The least seconds of processor time of some tries after one that warms up, and what was returned."""
    made = call()
    times = []
    for _ in range(TRIES):
        began = time.process_time()
        made = call()
        times.append(time.process_time() - began)
    return min(times), made


def shades(picture: Any) -> Any:
    """Whole shades, 0…255."""
    return (picture * 0.5 + 0.5).clamp(0, 1).mul(255).round()
