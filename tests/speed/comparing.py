"""A sheet of 4 × 4 pictures, drawn as one job by a worker, against the same 16 pictures drawn one after another by the
same worker: what cells have in common is drawn once, and all of them share calls. It is the process's own time that
counts, as other programs have the machine as well."""

from __future__ import annotations

import queue
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

from engine.files.catalog import BUILTIN
from engine.recipe import Fix, Hires, Recipe, Upscale
from engine.wire import Draw, Drawn, Ended, Message
from tests.fakes import a_recipe
from tests.speed.figure import Figure

SLOTS = 4
ROUNDS = 2
STEPS = 12


def sheets() -> dict[str, tuple[list[Recipe], str]]:
    """Sheets by what their axes are, with what is hoped for."""
    own = replace(a_recipe(seed=7, steps=STEPS, model=BUILTIN), width=128, height=128, guidance=4.0)
    guided = [0.4, 0.6, 0.8, 1.0]
    larger = [None, *(Upscale("Lanczos", factor) for factor in (1.5, 2.0, 3.0))]
    mended: list[tuple[Fix, ...]] = [(), *((Fix("face", strength),) for strength in (0.3, 0.5, 0.7))]
    passes = [Hires(1.5, strength, 8, "Lanczos") for strength in (0.25, 0.4, 0.55, 0.7)]
    return {
        "guidance end × upscaling": (
            [replace(own, guidance_end=end, upscale=last) for last in larger for end in guided],
            "at most 0.6",
        ),
        "second pass × fixes": (
            [replace(own, hires=again, fixes=fixes) for fixes in mended for again in passes],
            "at most 0.6",
        ),
        "steps × cfg": (
            [replace(own, steps=steps, guidance=guidance) for guidance in (2, 4, 6, 8) for steps in (8, 10, 12, 14)],
            "at most 0.9",
        ),
        "seeds × cfg": (
            [replace(own, seed=seed, guidance=guidance) for guidance in (2, 4, 6, 8) for seed in (1, 2, 3, 4)],
            "at most 0.9",
        ),
    }


def drawn(jobs: Sequence[Sequence[Recipe]]) -> float:
    """Seconds that a worker takes for jobs one after another, each of another person, once it is ready."""
    import torch

    from engine.worker.worker import DeviceWorker

    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    waiting = [Draw(f"job {at}", 0, tuple(recipes), f"person {at}") for at, recipes in enumerate(jobs)]
    waiting.insert(0, Draw("first", 0, (replace(jobs[0][0], seed=99, steps=2),), "nobody"))  # loads the model
    pictures, began = 0, 0.0

    def send(message: Message) -> None:
        nonlocal pictures, began
        pictures += isinstance(message, Drawn)
        if isinstance(message, Ended):
            if message.outcome != "done":
                raise RuntimeError(f"{message.job}: {message.key}")
            began = began or time.process_time()
            inbox.put(waiting.pop(0) if waiting else None)

    inbox.put(waiting.pop(0))
    DeviceWorker(send, device=torch.device("cpu"), slots=SLOTS).run(inbox)
    assert pictures == 1 + sum(map(len, jobs))
    return time.process_time() - began


def figures() -> list[Figure]:
    """Each sheet against its pictures by themselves."""
    found = []
    for name, (recipes, aim) in sheets().items():
        times: dict[str, list[float]] = {"sheet": [], "alone": []}
        for _ in range(ROUNDS):
            times["sheet"].append(drawn([recipes]))
            times["alone"].append(drawn([[recipe] for recipe in recipes]))
        ours, theirs = (statistics.median(times[one]) for one in ("sheet", "alone"))
        what = f"4 × 4: {name}, built-in model, 128×128, {SLOTS} rows"
        found.append(Figure(what, ours, "s", theirs, "16 pictures one after another", aim))
    return found
