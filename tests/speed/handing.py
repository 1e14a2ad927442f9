"""How long a stranger's steps stand still while somebody's pictures are decoded and written."""

from __future__ import annotations

import queue
import statistics
import time
from dataclasses import replace
from itertools import pairwise

from engine.files.catalog import BUILTIN
from engine.wire import Draw, Drawn, Ended, Message, Step
from tests.fakes import a_recipe
from tests.speed.figure import Figure

SIDE = 256


def figures() -> list[Figure]:
    import torch

    from engine.worker.worker import DeviceWorker

    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    stepped: list[float] = []
    shown: list[float] = []

    def send(message: Message) -> None:
        if isinstance(message, Step) and message.job == "stranger":
            stepped.append(time.perf_counter())
        elif isinstance(message, Drawn):
            shown.append(time.perf_counter())
        elif isinstance(message, Ended) and message.job == "stranger":
            inbox.put(None)

    size = {"width": SIDE, "height": SIDE}
    inbox.put(Draw("stranger", 0, (replace(a_recipe(steps=40), **size),)))
    inbox.put(Draw("pictures", 0, tuple(replace(a_recipe(steps=4, seed=seed), **size) for seed in range(8))))
    began = time.perf_counter()
    DeviceWorker(send, device=torch.device("cpu"), slots=4).run(inbox, BUILTIN)
    waits = [later - sooner for sooner, later in pairwise(stepped)]
    usual = statistics.median(waits)
    return [
        Figure(f"a stranger's longest wait for a step, {SIDE}²", 1000 * max(waits), "ms", 1000 * usual, "median step"),
        Figure("8 pictures of 4 steps and one of 40, all of them", shown[-1] - began, "s"),
    ]
