"""Learning beside drawing: steps of a training against the same loop written plainly with peft and diffusers, what a
guest costs those who are drawn for, and the memory that it takes. On the built-in model; with GPU=1 on SD 1.5 at its
real size, with random weights. It is the process's own time that counts where a processor computes, as other programs
have the machine as well."""

from __future__ import annotations

import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.models.loaded import Loaded
from engine.training_plan import TrainingPlan, planned
from tests.fakes import a_recipe
from tests.speed.figure import Figure

if TYPE_CHECKING:
    from engine.train.run import TrainingRun

WARM, STEPS = 4, 40  # of either way, one after the other in turns
TURNS = 24  # of drawing, every other one after a guest's batch


def figures() -> list[Figure]:
    import torch

    from engine.files import catalog
    from engine.models import loading
    from engine.train.run import TrainingRun
    from tests.speed import card

    loading.quieten()
    real = os.environ.get("GPU") == "1"
    if real and not torch.cuda.is_available():
        raise SystemExit("there is no graphics card here")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = catalog.builtin()
        if real:
            card.random("sd15").to(torch.float16).save_pretrained(folder / "models" / "sd15")
            model = catalog.model(catalog.models([folder / "models"]), "sd15")
        loaded = loading.load(model, torch.device("cuda" if real else "cpu"))
        plan = _planned(folder, loaded, real)
        run = TrainingRun(loaded, plan, folder)
        return [*_steps(loaded, plan, run), *_beside(loaded, run), *_memory(loaded, run)]


def _planned(folder: Path, loaded: Loaded, real: bool) -> TrainingPlan:
    from tests.engine.drawing import photograph
    from tests.engine.train import plans

    side = 512 if real else 128
    pictures = [
        plans.picture(folder, f"{place}.png", photograph(side, side).rotate(18 * place), f"zwx, thing {place}")
        for place in range(20)
    ]
    # The encoders are left alone, so that both ways read each text once, and nothing is weighed.
    return planned(
        "thing", loaded.model.family, name="zwx", trigger="zwx", model=loaded.model.name, pictures=pictures,
        steps=10_000, text_rate=0.0, snr_gamma=0.0, dropout=0.0, shuffled=False, accumulate=1,
    )  # fmt: skip


def _clock(loaded: Loaded) -> Callable[[], float]:
    if loaded.device.type == "cpu":
        return time.process_time
    import torch

    def settled() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    return settled


def _steps(loaded: Loaded, plan: TrainingPlan, run: TrainingRun) -> list[Figure]:
    """Steps a second, ours and plainly, in turns."""
    plain, clock = _plainly(loaded, plan, run), _clock(loaded)
    times: dict[Callable[[], object], list[float]] = {run.turn: [], plain: []}
    for number in range(WARM + STEPS):
        for step in sorted(times, key=lambda one: (one is plain) == bool(number % 2)):  # each as often first
            began = clock()
            step()
            if number >= WARM:
                times[step].append(clock() - began)
    ours, theirs = (1 / statistics.median(own) for own in times.values())
    what = f"{loaded.model.name}: steps of {plan.batch}, rank {plan.rank}, at {plan.resolution}"
    return [Figure(what, ours, "steps/s", theirs, "peft and diffusers, written plainly", "at least 1.0")]


def _plainly(loaded: Loaded, plan: TrainingPlan, run: TrainingRun) -> Callable[[], object]:
    """A step of the usual loop, over the same latents, texts and layers."""
    import torch
    from diffusers import DDPMScheduler
    from peft import LoraConfig

    from engine.train.lora_layers import layers
    from engine.train.words import Reader

    unet = copy.deepcopy(loaded.unet)
    unet.requires_grad_(False)
    names = list(layers("unet", unet, plan))
    unet.add_adapter(LoraConfig(r=plan.rank, lora_alpha=plan.alpha, target_modules=names))
    weights = [weight for weight in unet.parameters() if weight.requires_grad]
    for weight in weights:
        weight.data = weight.data.float()
    optimiser = torch.optim.AdamW(weights, lr=plan.unet_rate, weight_decay=0.01)
    scaler = torch.amp.GradScaler(loaded.device.type, enabled=loaded.dtype == torch.float16)
    schedule = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    latents = torch.cat([one.latents for one in run._new]).to(loaded.device)
    read = Reader(loaded, {})
    texts = [read([one.caption])[0] for one in plan.new]
    half = loaded.dtype != torch.float32

    def step() -> None:
        shown = torch.randperm(len(latents))[: plan.batch]
        states = torch.cat([texts[place] for place in shown])
        noise = torch.randn_like(latents[shown])
        times = torch.randint(0, 1000, (len(shown),), device=loaded.device)
        noisy = schedule.add_noise(latents[shown], noise, times).to(loaded.dtype)
        with torch.autocast(loaded.device.type, loaded.dtype, enabled=half):
            found = unet(noisy, times, states, return_dict=False)[0]
        loss = torch.nn.functional.mse_loss(found.float(), noise)
        scaler.scale(loss).backward()
        scaler.unscale_(optimiser)
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        scaler.step(optimiser)
        scaler.update()
        optimiser.zero_grad(set_to_none=True)
        loss.item()

    return step


def _beside(loaded: Loaded, run: TrainingRun) -> list[Figure]:
    """A turn of drawing after a guest's batch and after another turn; and how long a batch is, the most that somebody
    new waits for it."""
    from dataclasses import replace

    from engine.worker import prepare
    from engine.worker.rows import Rows

    clock, rows = _clock(loaded), Rows()
    for seed in (1, 2):
        own = replace(a_recipe(seed=seed, steps=3 * TURNS, model=loaded.model.name), width=run.plan.resolution)
        rows.add(prepare.start("j", seed, replace(own, height=run.plan.resolution), loaded, ()))
    rows.turn()
    alone, beside, batches = list[float](), list[float](), list[float]()
    for turn in range(2 * TURNS):
        if turn % 4 == 0:
            began = clock()
            run.turn()
            batches.append(clock() - began)
        began = clock()
        rows.turn()
        took = clock() - began
        if turn % 4 in (0, 2):  # neighbours, so that what else the machine does is the same for both
            (beside if turn % 4 == 0 else alone).append(took)
    ours, theirs = statistics.median(beside) * 1e3, statistics.median(alone) * 1e3
    return [
        Figure(
            "a turn of two rows right after a guest's batch", ours, "ms", theirs, "after another turn", "at most 1.02"
        ),
        Figure("a guest's batch: the longest that a picture waits for it", statistics.median(batches) * 1e3, "ms"),
    ]


def _memory(loaded: Loaded, run: TrainingRun) -> list[Figure]:
    """Mebibytes of a guest's own, by what they are."""
    import torch

    own: Any = run._pupil
    shared = {id(weight) for part in loaded.parts for weight in (*part.parameters(), *part.buffers())}
    twin = [weight for weight in own._unet.parameters() if id(weight) not in shared and not weight.requires_grad]
    learnt = [weight for part in own.weights.values() for weight in part.values()]
    state = [
        value for one in run._optimiser.state.values() for value in one.values() if isinstance(value, torch.Tensor)
    ]

    def size(tensors: list[Any]) -> float:
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 2**20

    copied = size(list(loaded.unet.parameters()))
    return [
        Figure("memory of the twin, beside the weights that it shares", size(twin), "MiB", copied, "a copy"),
        Figure("memory of the LoRA's weights and the optimiser's state", size(learnt) + size(state), "MiB"),
        Figure("memory of the latents of 20 pictures", size([one.latents for one in run._new]), "MiB"),
    ]
