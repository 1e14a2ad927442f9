"""What it costs to change the LoRA or the model, and how far it is from the disk to the first step."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.files.catalog import builtin
from engine.models.loaded import Loaded, Loras
from tests.fakes import a_recipe
from tests.speed.figure import Figure

ROUNDS = 9


def step(loaded: Loaded, wanted: Sequence[Loras], weights: int | None = None) -> float:
    """Seconds for one step of a batch with a row for each of `wanted`, their beginnings not counted. `weights` takes
    the place of how many are worth merging (0: LoRAs stay beside the layers)."""
    from engine.adapters import low_rank
    from engine.worker import prepare
    from engine.worker.rows import Rows

    drawn = Rows()
    recipe = a_recipe(steps=2, model=loaded.model.name)
    for index, loras in enumerate(wanted):
        drawn.add(prepare.start("j", index, recipe, loaded, loras))
    usual = low_rank.WEIGHTS
    try:
        low_rank.WEIGHTS = usual if weights is None else weights
        drawn.turn()  # where adapters are put on or merged
        began = time.perf_counter()
        drawn.turn()
        return time.perf_counter() - began
    finally:
        low_rank.WEIGHTS = usual


def median(work: Callable[[], float]) -> float:
    work()
    return statistics.median(work() for _ in range(ROUNDS))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def figures() -> list[Figure]:
    import torch

    from engine.adapters import loras
    from engine.models import loading
    from engine.worker import prepare
    from engine.worker.rows import Rows
    from tests.lora_files import kohya

    cpu = torch.device("cpu")
    loaded = loading.load(builtin(), cpu)
    with tempfile.TemporaryDirectory() as name:
        files = [
            kohya(Path(name) / f"{number}.safetensors", loaded, number, ("attn", "ff", "mlp"), rank=16)
            for number in range(8)
        ]
        large = [
            kohya(Path(name) / f"large-{number}.safetensors", loaded, number, ("attn", "ff", "mlp"), rank=128)
            for number in range(8)
        ]
        each: list[Loras] = [((path, 0.8, 0.8),) for path in files]
        # In turns, so that a busy machine is unfair to none.
        kinds: dict[str, list[Loras]] = {
            "none": [()] * 8,
            "same": [each[0]] * 8,
            "beside": [each[0]] * 8,
            "other": each,
            "large": [((path, 0.8, 0.8),) for path in large],
        }
        steps: dict[str, list[float]] = {kind: [] for kind in kinds}
        for turn in range(ROUNDS + 1):
            for kind, wanted in kinds.items():
                seconds = step(loaded, wanted, 0 if kind == "beside" else None)
                if turn:
                    steps[kind].append(seconds * 1000)
        plain, same, beside, other, of_128 = (statistics.median(steps[kind]) for kind in kinds)

        def read() -> float:
            loaded.loras.clear()
            return timed(lambda: loras.choose(loaded, each[0]))

        def swapped() -> float:
            chosen = [loras.choose(loaded, wanted) for wanted in each[:2]]

            def put_on() -> None:
                for one in chosen:
                    with loras.on_unet(loaded, [one]):
                        pass

            return timed(put_on) / 2

        def merge() -> float:
            chosen = loras.choose(loaded, each[0])
            loras.drop_merged(loaded)

            def put_in() -> None:
                with loras.on_unet(loaded, [chosen], area=10**9):
                    pass

            return timed(put_in)

        from_disk, in_memory, merging = median(read), median(swapped), median(merge)

    def first_step() -> float:
        def work() -> None:
            drawn = Rows()
            drawn.add(prepare.start("j", 0, a_recipe(steps=20), loading.load(builtin(), cpu), ()))
            drawn.turn()

        return timed(work)

    return [
        Figure("a step of 8 rows with one LoRA for all, merged", same, "ms", plain, "no LoRA", "1.00"),
        Figure("a step of 8 rows with one LoRA for all, beside the layers", beside, "ms", same, "merged"),
        Figure("a step of 8 rows with 8 LoRAs", other, "ms", plain, "no LoRA"),
        Figure("a step of 8 rows with 8 LoRAs of rank 128", of_128, "ms", plain, "no LoRA", "1.25 on wide layers"),
        Figure("a LoRA from disk (in the background)", from_disk * 1000, "ms", plain, "a step of 8 rows"),
        Figure("a LoRA merged", merging * 1000, "ms", beside - same, "saved by each step of 8 rows"),
        Figure("a LoRA in memory put on", in_memory * 1000, "ms", plain, "a step of 8 rows", "under a step"),
        Figure("another model, from disk to the first step", median(first_step), "s"),
    ]
