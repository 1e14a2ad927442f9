"""The engine's state, in words and numbers that need no language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from engine.files import catalog
from engine.files.tiers import TIERS
from engine.queue.hosts import HostsPool
from engine.queue.pool import Worker
from engine.queue.queue import Queue
from prompts.prompt import Json

NAMES = [tier.name for tier in TIERS]  # the more stays on the device, the earlier


def status(queue: Queue, usual: str) -> dict[str, Json]:
    """Whether it can draw, on what, with which model and how much of it on the device (of several devices, on the
    smallest), and what it is loading. `usual` is the model that is drawn with when nobody names one."""
    workers = queue.pool.workers
    best = max(workers, key=lambda worker: worker.slots, default=None)
    model = (best.model if best else "") or usual
    tiers = [worker.tiers[model] for worker in workers if model in worker.tiers]
    return {
        "ready": best is not None and best.slots > 0,
        "loading": next((worker.loading for worker in workers if worker.loading), ""),
        "device": _devices([worker for worker in workers if worker.slots] or ([best] if best else [])),
        "model": model,
        "builtin": model == catalog.BUILTIN,
        "tier": max(tiers, key=NAMES.index, default=""),
        "workers": len(workers),
        "waiting": len(queue),
        "running": queue.running,
        "elsewhere": isinstance(queue.pool, HostsPool),
        "hosts": cast(list[Json], [_shown(name, of) for name, of in hosts(workers).items()]),
    }


def hosts(workers: Sequence[Worker]) -> dict[str, list[Worker]]:
    """The workers on other machines, by the machine's name."""
    found: dict[str, list[Worker]] = {}
    for worker in workers:
        if worker.host:
            found.setdefault(worker.host, []).append(worker)
    return dict(sorted(found.items()))


def _shown(name: str, workers: Sequence[Worker]) -> dict[str, Json]:
    """What a machine has and does: its cards, how many models and LoRAs lie there, which models are in memory, how
    many pictures are being drawn. Several of one name, as two hosts on one machine are, are told together."""
    many = len({worker.id.partition("/")[0] for worker in workers})
    kinds = Counter(kind for kind, _ in frozenset().union(*(worker.lies for worker in workers)))
    return {
        "name": f"{name} × {many}" if many > 1 else name,
        "device": _devices([worker for worker in workers if worker.slots] or workers),
        "models": kinds["checkpoint"],
        "loras": kinds["lora"],
        "loaded": ", ".join(sorted({model for worker in workers for model in worker.tiers})),
        "drawing": sum(len(job.recipes) for worker in workers for job in worker.jobs.values()),
    }


def _devices(workers: Sequence[Worker]) -> str:
    counts = Counter(worker.device for worker in workers)
    return ", ".join(f"{count} × {device}" if count > 1 else device for device, count in counts.items())
