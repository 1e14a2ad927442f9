"""The engine's state, in words and numbers that need no language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.files import catalog
from engine.files.tiers import TIERS
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
    }


def _devices(workers: Sequence[Worker]) -> str:
    counts = Counter(worker.device for worker in workers)
    return ", ".join(f"{count} × {device}" if count > 1 else device for device, count in counts.items())
