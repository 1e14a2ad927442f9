"""`python -m engine.train PLAN`: learn what a plan (engine/training_plan.py, as JSON) says, on this machine.

What happens is told on standard output, a JSON object a line: {"begun": step, "steps": n}, {"step": n, "loss": x,
"seconds": s}, {"half": "file"} of one that is kept on the way, {"written": "file"}, {"failed": "key", "values": {…}}
with the key of a text. On an interrupt what is learnt so far is kept, and the next time it goes on from there. The exit
status is 0 where it was written, 3 where it was interrupted, 1 where it failed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from engine import importing, machine
from engine.errors import BadPlan, TrainingFailed
from engine.files.catalog import Model
from engine.training_plan import TrainingPlan
from prompts.errors import Refusal

FAILED, INTERRUPTED = 1, 3
ENDING = ".safetensors"


def main() -> None:
    importing.begin()
    arguments = _arguments()
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGBREAK", signal.SIGTERM)):  # the last on Windows
        signal.signal(kind, lambda *_: stop.set())
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(machine.cores()))
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        sys.exit(_learn(arguments, stop))
    except (BadPlan, TrainingFailed) as error:
        print(error, file=sys.stderr)  # in English, for the log
        _refuse(Refusal(error.key, **error.values))
    except Refusal as refusal:
        _refuse(refusal)
    except OSError as error:  # a full disk
        _say(failed=f"{error.filename or arguments.plan.parent}: {error.strerror or error}")
    except (MemoryError, RuntimeError) as error:
        from engine.models import card  # only now, as torch

        if not card.out_of_memory(error):
            raise
        _refuse(Refusal("train.memory"))
    sys.exit(FAILED)


def _learn(arguments: argparse.Namespace, stop: threading.Event) -> int:
    try:
        plan = TrainingPlan.from_json(json.loads(arguments.plan.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadPlan(f"{arguments.plan} is no plan: {error}") from error

    import torch  # what is wrong with a plan is told at once

    from engine.files import catalog  # only now, as torch
    from engine.models import card
    from engine.models.loading import quieten
    from engine.models.model_cache import ModelCache
    from engine.train.faces import check_faces
    from engine.train.run import TrainingRun

    importing.done()
    quieten()
    models = catalog.models(arguments.models)
    check_faces(plan, arguments.plan.parent)
    device = torch.device(card.devices()[0] if arguments.device == "auto" else arguments.device)
    loaded = ModelCache(device).get(catalog.model(models, plan.model, arguments.models))
    folder = arguments.plan.parent
    path = arguments.out or folder / f"{plan.name}{_ending(plan, loaded.model)}"
    halves = {plan.steps * place // (arguments.files + 1) for place in range(1, arguments.files + 1)} - {0, plan.steps}
    run = TrainingRun(loaded, plan, folder)
    _say(begun=run.step, steps=plan.steps)
    while not run.done:
        if stop.is_set():
            run.keep()
            return INTERRUPTED
        try:
            taken = run.turn()
        except (MemoryError, RuntimeError) as error:
            if not (card.out_of_memory(error) and run.thinner()):
                raise
            run.rest()
            continue
        if taken:
            if arguments.keep_every and taken.step % arguments.keep_every == 0:
                run.keep()
            _say(step=taken.step, loss=taken.loss, seconds=round(taken.seconds, 4))
            if taken.step in halves:
                half = path.with_name(f"{path.name.removesuffix(ENDING)}-{taken.step:06}{path.suffix}")
                run.save(half)
                _say(half=str(half))
    run.save(path)
    run.keep()
    _say(written=str(path))
    return 0


def _ending(plan: TrainingPlan, model: Model) -> str:
    """Whole models are in the form of their own; nets of the built-in model, which no file tells, in a folder."""
    folder = not model.path.is_file() if plan.learns == "whole" else plan.learns == "controlnet" and model.builtin
    return "" if folder else ENDING


def _refuse(refusal: Refusal) -> None:
    _say(failed=refusal.key, values={name: str(value) for name, value in refusal.values.items()})


def _say(**what: object) -> None:
    print(json.dumps(what, ensure_ascii=False), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.train", description=__doc__)
    parser.add_argument("plan", type=Path, help="the plan; its pictures and checkpoints lie beside it")
    parser.add_argument("--models", type=Path, action="append", default=[], help="a folder of models")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 or auto")
    parser.add_argument("--out", type=Path, default=None, help="the file to write; beside the plan if not said")
    parser.add_argument(
        "--keep-every", type=int, default=0, help="steps from one checkpoint to the next; else a minute"
    )
    parser.add_argument("--files", type=int, default=0, help="how many files to keep on the way, evenly")
    return parser.parse_args()


if __name__ == "__main__":
    main()
