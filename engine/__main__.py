"""`python -m engine`: a worker that speaks engine/wire.py on standard input and output and logs on standard error."""

from __future__ import annotations

import argparse
import logging
import os
import queue
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import BinaryIO

from engine import importing, machine, tuning
from engine.errors import WireError
from engine.json_lines import JsonLines
from engine.wire import Loading, Message, encode, read_message

log = logging.getLogger("engine")

# Rows at once where nobody says: a graphics card gains from every row it can hold; on a CPU four rows of the built-in
# model give most of what batching gives (a quarter more pictures), and the first of them is not kept waiting long; an
# Apple card shares the processor's memory and is nearer to that.
SLOTS = {"cuda": 8, "xpu": 8, "mps": 4, "cpu": 4}
LOST = 3  # the exit status of a worker whose device has failed
LEAVING = 4.0  # seconds in which the parent may still read what was said last


def main() -> None:
    """Draw until standard input closes."""
    importing.begin()
    arguments = _arguments()
    _log(arguments.log_level, arguments.log_format)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    warnings.simplefilter("ignore")  # the libraries' advice to programmers
    # Ctrl-C reaches the whole terminal; the parent closes our input when it wants us gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    # A picture is more than the pipe holds at once: the card is not to wait until somebody has read it.
    outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    writer = threading.Thread(target=_speak, args=(_wire(), outbox, inbox), name="writer", daemon=True)
    writer.start()
    if arguments.model:
        outbox.put(Loading(arguments.model))  # importing torch takes seconds already
    threading.Thread(target=_listen, args=(sys.stdin.buffer, inbox), name="wire", daemon=True).start()

    # All are read once, when torch is imported: threads that spin while they wait make a shared machine crawl, what an
    # Apple card cannot do is done by the processor, and nothing is to be asked of a model hub.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(machine.cores()))
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch

    from engine.models import card  # seconds, in which the wire is listened to already
    from engine.worker.worker import DeviceWorker

    importing.done()
    name = arguments.device
    others: list[str] = []
    if name == "auto":
        name, *others = card.devices()
    worker = DeviceWorker(
        outbox.put,
        device=torch.device(name),
        slots=arguments.slots or SLOTS[torch.device(name).type],
        models=arguments.models,
        loras=arguments.loras,
        upscalers=arguments.upscalers,
        vaes=arguments.vaes,
        embeddings=arguments.embeddings,
        controlnets=arguments.controlnets,
        detectors=arguments.detectors,
        taggers=arguments.taggers,
        rate=arguments.rate == "yes",
        trainings=arguments.trainings,
        share=arguments.training_share,
        others=others,
        tuning=_tuning(arguments),
    )
    try:
        worker.run(inbox, arguments.model)
    except card.DeviceLost as lost:
        log.error("the device can draw no more, and this worker ends: %s", lost)
        # Not in order: what waits for the device on other threads, and the device's own end, might never come.
        os._exit(LOST)
    outbox.put(None)
    writer.join(LEAVING)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine", description=__doc__)
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, xpu:0, mps or auto")
    parser.add_argument("--slots", type=int, default=0, help="rows drawn at once; 0 chooses for the device")
    parser.add_argument("--models", type=Path, action="append", default=[], help="a folder of diffusers folders")
    parser.add_argument("--loras", type=Path, action="append", default=[], help="a folder of .safetensors files")
    parser.add_argument("--upscalers", type=Path, action="append", default=[], help="a folder of upscaler files")
    parser.add_argument("--vaes", type=Path, action="append", default=[], help="a folder of VAEs")
    parser.add_argument("--embeddings", type=Path, action="append", default=[], help="a folder of embeddings")
    parser.add_argument("--controlnets", type=Path, action="append", default=[], help="a folder of ControlNets")
    parser.add_argument("--detectors", type=Path, action="append", default=[], help="a folder of .onnx detectors")
    parser.add_argument("--taggers", type=Path, action="append", default=[], help="a folder of .onnx taggers")
    parser.add_argument("--rate", default="no", choices=("no", "yes"), help="taggers look at every finished picture")
    parser.add_argument("--model", default="", help="load this model at once")
    parser.add_argument("--trainings", type=Path, default=None, help="a folder for what is learnt from")
    parser.add_argument(
        "--training-share",
        type=float,
        default=0.0,
        help="of the time of drawing, that a training may take while it is on",
    )
    for name, words in tuning.WORDS.items():
        parser.add_argument(f"--{name}", default=words[0], choices=words, help="see engine/tuning.py")
    parser.add_argument("--cache", type=Path, default=None, help="a folder for what takes long to make")
    parser.add_argument("--log-level", default="info", help="the least that is logged, as info or warning")
    parser.add_argument("--log-format", default="text", choices=("text", "json"))
    return parser.parse_args()


def _log(level: str, form: str) -> None:
    shown = logging.StreamHandler()
    shown.setFormatter(JsonLines() if form == "json" else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[shown])


def _tuning(arguments: argparse.Namespace) -> tuning.Tuning:
    return tuning.Tuning(**{name: getattr(arguments, name) for name in tuning.WORDS}, cache=arguments.cache)


def _wire() -> BinaryIO:
    """The real standard output, for frames alone: whatever else is printed goes to standard error from here on."""
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def _speak(out: BinaryIO, outbox: queue.SimpleQueue[Message | None], inbox: queue.SimpleQueue[Message | None]) -> None:
    try:
        while message := outbox.get():
            out.write(encode(message))
            out.flush()
    except OSError:  # the parent has gone
        inbox.put(None)


def _listen(stream: BinaryIO, inbox: queue.SimpleQueue[Message | None]) -> None:
    try:
        while message := read_message(stream):
            inbox.put(message)
    except WireError as error:
        log.error("the wire is broken: %s", error)
    inbox.put(None)


if __name__ == "__main__":
    main()
