"""LyCORIS' kinds of adapters against the library itself: what its module makes of a layer, ours makes of the file that
it saves."""

from __future__ import annotations

from copy import deepcopy
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import nn

from engine.adapters.low_rank import Adapted
from tests.engine.adapters.test_lycoris import read

pytest.importorskip("lycoris", reason="lycoris-lora is not installed")

# By what it is: the library's module and class, and what it is made with beside its rank and alpha.
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "lora": ("locon", "LoConModule", {}),
    "lora_tucker": ("locon", "LoConModule", {"use_tucker": True}),
    "lora_scalar": ("locon", "LoConModule", {"use_scalar": True}),
    "lora_by_roots": ("locon", "LoConModule", {"rs_lora": True}),
    "dora_inputs": ("locon", "LoConModule", {"weight_decompose": True, "wd_on_output": False}),
    "dora_outputs": ("locon", "LoConModule", {"weight_decompose": True, "wd_on_output": True}),
    "loha": ("loha", "LohaModule", {}),
    "loha_tucker": ("loha", "LohaModule", {"use_tucker": True}),
    "loha_scalar": ("loha", "LohaModule", {"use_scalar": True}),
    "loha_dora": ("loha", "LohaModule", {"weight_decompose": True}),
    "lokr": ("lokr", "LokrModule", {"factor": 2}),
    "lokr_tucker": ("lokr", "LokrModule", {"factor": 2, "use_tucker": True}),
    "lokr_both": ("lokr", "LokrModule", {"factor": 4, "decompose_both": True}),
    "lokr_full": ("lokr", "LokrModule", {"factor": 4, "full_matrix": True}),
    "lokr_scalar": ("lokr", "LokrModule", {"factor": 2, "use_scalar": True}),
    "lokr_unbalanced": ("lokr", "LokrModule", {"factor": 4, "unbalanced_factorization": True}),
    "lokr_dora": ("lokr", "LokrModule", {"factor": 2, "weight_decompose": True}),
    "ia3_outputs": ("ia3", "IA3Module", {}),
    "ia3_inputs": ("ia3", "IA3Module", {"train_on_input": True}),
    "glora": ("glora", "GLoRAModule", {}),
    "oft": ("diag_oft", "DiagOFTModule", {}),
    "oft_bounded": ("diag_oft", "DiagOFTModule", {"constraint": 0.01}),
    "oft_rescaled": ("diag_oft", "DiagOFTModule", {"rescaled": True}),
    "boft": ("boft", "ButterflyOFTModule", {}),
    "boft_bounded": ("boft", "ButterflyOFTModule", {"constraint": 0.01}),
    "boft_rescaled": ("boft", "ButterflyOFTModule", {"rescaled": True}),
    "full": ("full", "FullModule", {}),
}
LAYERS: dict[str, nn.Module] = {
    "linear": nn.Linear(24, 16),
    "conv": nn.Conv2d(8, 16, 3, padding=1),
    "pointwise": nn.Conv2d(24, 16, 1),
    "strided": nn.Conv2d(8, 16, 3, stride=2, padding=1),
}
NORMS: dict[str, nn.Module] = {"group": nn.GroupNorm(2, 8), "layer": nn.LayerNorm(24)}
CASES = [(KINDS[kind], layer) for kind in KINDS for layer in LAYERS.values()]
CASES += [(("norms", "NormModule", {}), layer) for layer in NORMS.values()]
NAMES = [f"{kind} {layer}" for kind in KINDS for layer in LAYERS] + [f"norm {layer}" for layer in NORMS]


@torch.no_grad()
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("made", "layer"), CASES, ids=NAMES)
def test_a_saved_file_acts_as_the_module_that_saved_it(made: tuple[str, str, dict[str, Any]], layer: nn.Module) -> None:
    torch.manual_seed(3)
    file, name, more = made
    ours, theirs = deepcopy(layer), deepcopy(layer)
    module = getattr(import_module(f"lycoris.modules.{file}"), name)(
        "x", theirs, multiplier=1.0, lora_dim=4, alpha=2.0, **more
    )
    module.apply_to()
    for weight in module.parameters():
        weight.add_(torch.randn_like(weight) * 0.3)
    saved = module.custom_state_dict() or module.state_dict()
    change = read(ours, {end: tensor.detach().clone() for end, tensor in saved.items()})
    assert change is not None
    if isinstance(layer, nn.Linear | nn.LayerNorm):
        x = torch.randn(3, 5, 24)
    else:
        x = torch.randn(3, getattr(layer, "in_channels", 8), 6, 6)
    plain, expected = ours(x), theirs(x)
    with Adapted(ours).acting([(({"": change}, 1.0),)] * 3):
        got = ours(x)
    assert torch.allclose(got, expected, atol=1e-4, rtol=1e-4)
    assert (expected - plain).abs().max() > 0.005
