"""Which layers a LoRA learns on, their names in the files of kohya's trainers, and the low-rank layers beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import nn

from engine.files import lora_names
from engine.train.dice import Purpose, dice
from engine.training_plan import TrainingPlan

ADAPTER = "default"  # peft's name for the only one
TEXT_LAYERS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def layers(part: str, network: nn.Module, plan: TrainingPlan) -> dict[str, tuple[int, float]]:
    """Rank and alpha of each layer of a part that is learnt on, by its name: of the UNet all linear ones and 1 × 1
    convolutions of its attention, with `conv_rank` the convolutions beside it; of a text encoder its attention and
    feed-forward. As in other trainers only convolutions over several pixels have the rank of convolutions."""
    found: dict[str, tuple[int, float]] = {}
    for name, layer in network.named_modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d):
            continue
        wide = isinstance(layer, nn.Conv2d) and layer.kernel_size != (1, 1)
        if part != "unet":
            wanted = name.rpartition(".")[2] in TEXT_LAYERS
        elif ".attentions." in f".{name}":
            wanted = True
        else:
            wanted = bool(plan.conv_rank) and any(
                f".{kind}." in f".{name}" for kind in ("resnets", "downsamplers", "upsamplers")
            )
        if wanted:
            found[name] = (plan.conv_rank, plan.conv_alpha) if wide else (plan.rank, plan.alpha)
    return found


def grown(part: str, network: Any, plan: TrainingPlan) -> dict[str, nn.Parameter]:
    """Put low-rank layers beside a network's own and give their weights by name, "down" ones random by the plan's seed
    and "up" ones 0, so that at first they change nothing."""
    wanted = layers(part, network, plan)
    network.requires_grad_(False)
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,
        target_modules=list(wanted),
        rank_pattern={_exactly(name): rank for name, (rank, _) in wanted.items() if rank != plan.rank},
        alpha_pattern={_exactly(name): alpha for name, (_, alpha) in wanted.items() if alpha != plan.alpha},
    )
    inject_adapter_in_model(config, network, ADAPTER)
    made: dict[str, nn.Parameter] = {}
    for place, name in enumerate(wanted):
        layer = network.get_submodule(name)
        down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
        random = dice(plan.seed, Purpose.WEIGHTS, sorted(lora_names.PARTS).index(part), place)
        bound = 1 / math.sqrt(down[0].numel())  # as in other trainers (Kaiming's with a = √5)
        with torch.no_grad():
            down.copy_(torch.from_numpy(random.uniform(-bound, bound, tuple(down.shape))))
            up.zero_()
        for half, weight in (("down", down), ("up", up)):
            weight.data = weight.data.float()
            weight.requires_grad_(True)
            made[f"{name}.lora_{half}.weight"] = weight
    return made


def _exactly(name: str) -> str:
    return "^" + name.replace(".", r"\.")


def alphas(part: str, network: nn.Module, plan: TrainingPlan) -> Mapping[str, float]:
    """The alpha of each layer that is learnt on."""
    return {name: alpha for name, (_, alpha) in layers(part, network, plan).items()}


def kohya_names(part: str, layers: Iterable[str], depth: int, *, xl: bool) -> dict[str, str]:
    """The names of a part's layers in files: "lora_unet_down_blocks_1_attentions_0_…" of SD 1 and 2, of SDXL the
    original code's "lora_unet_input_blocks_4_1_…"; text encoders keep the level `text_model` that transformers has
    taken away. `depth` is as lora_names.resnets says."""
    own = list(layers)
    if part != "unet":
        prefix = {"text_encoder": "lora_te1" if xl else "lora_te", "text_encoder_2": "lora_te2"}[part]
        return {name: f"{prefix}_text_model_{name.removeprefix('text_model.').replace('.', '_')}" for name in own}
    if not xl:
        return {name: "lora_unet_" + name.replace(".", "_") for name in own}
    attended = {name.split(".attentions.")[0] for name in own if ".attentions." in name}
    return {name: "lora_unet_" + lora_names.original(part, name, depth, attended=attended) for name in own}
