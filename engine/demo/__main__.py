"""`python -m engine.demo data|train|companions|evaluate|sheet`: the built-in model, from the emoji to the weights."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import torch

from engine.demo import (
    autoencoder,
    control,
    drawing,
    embedding,
    evaluate,
    export,
    judge,
    lesson,
    lora,
    samples,
    sibling,
    sources,
    store,
    text,
    tiny,
    unet,
)  # fmt: skip
from engine.demo.concepts import concepts
from engine.demo.scale import SCALES, Scale
from engine.demo.tokens import vocabulary

MODEL = Path(__file__).parent / "model"
COMPANIONS = Path(__file__).parent / "companions"
NAMES = (tiny.NAME, sibling.NAME, embedding.NAME, control.NAME, *lora.LOOKS)
Note = Callable[[str], None]
PARTS = ("autoencoder", "text", "unet", "folder")
JUDGE_STEPS = 3000


def main() -> None:
    """Do the one thing asked for."""
    arguments = _arguments()
    scale = _scale(arguments)
    began = time.monotonic()

    def note(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    if arguments.task == "data":
        cut = sources.cutouts(concepts(scale.concepts), arguments.packages)
        for path in store.make(scale, arguments.run / "data", cut, MODEL / "tokenizer", arguments.threads):
            note(path.name)
    elif arguments.task == "train":
        _train(scale, arguments, note)
    elif arguments.task == "evaluate":
        loaded = drawing.load(arguments.model)
        judged = judge.train(scale, arguments.run, loaded.vae, JUDGE_STEPS, note)
        judge.keep(judged, arguments.judge)
        for figure in evaluate.report(loaded, scale, judged):
            note(str(figure))
    elif arguments.task == "companions":
        _companions(scale, arguments, note)
    else:
        loaded = drawing.load(arguments.model)
        prompts = samples.SHEET
        pictures = drawing.draw(loaded, prompts, [scale.seed] * len(prompts), negative=evaluate.NEGATIVE)
        drawing.sheet(pictures, prompts).save(arguments.sheet)


def _train(scale: Scale, arguments: argparse.Namespace, note: Note) -> None:
    """The parts asked for, one after the other; with all of them, the folder at the end."""
    torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    run: Path = arguments.run
    parts: list[str] = arguments.parts
    examples = store.examples(scale, run / "data")
    known = vocabulary(examples.ids)
    pictures = store.pictures(scale, run / "data") if "autoencoder" in parts else None
    if pictures is not None:
        autoencoder.train(scale, pictures, run, device, note, arguments.seconds, arguments.start)
    if "text" in parts:
        text.train(scale, examples, known, run, device, note, arguments.seconds, arguments.start)
    if "unet" in parts:
        encoder = text.schooled(scale, len(known) + 1, run, device)
        unet.train(scale, examples, known, encoder, run, device, note, arguments.seconds, arguments.start)
    if "folder" in parts:
        vae = autoencoder.trained(scale, run)
        pair = unet.trained(scale, len(known) + 1, run)
        whole = text.expanded(pair.encoder, known)
        size = export.write(vae, pair.unet, whole, MODEL / "tokenizer", arguments.model)
        note(f"{arguments.model}: {size / 1e6:.1f} MB")


def _companions(scale: Scale, arguments: argparse.Namespace, note: Note) -> None:
    """Those asked for, one after the other."""
    torch.set_num_threads(arguments.threads)
    folder: Path = arguments.companions
    folder.mkdir(parents=True, exist_ok=True)
    wanted: list[str] = arguments.only
    if tiny.NAME in wanted:
        tiny.train(scale, store.pictures(scale, arguments.run / "data"), arguments.run, folder, note)
    if sibling.NAME in wanted:
        trained, known = sibling.train(scale, sibling.lesson(scale, arguments.run), arguments.run, note)
        sibling.write(trained, known, arguments.model, folder)
    if not set(wanted) - {tiny.NAME, sibling.NAME}:
        return
    taught = lesson.prepare(scale, arguments.model, arguments.packages)
    if embedding.NAME in wanted:
        embedding.train(taught, scale, folder, note)
    if control.NAME in wanted:
        control.train(taught, scale, folder, note)
    for name in lora.LOOKS:
        if name in wanted:
            lora.train(name, taught, scale, folder, note)


def _scale(arguments: argparse.Namespace) -> Scale:
    """The scale of that name with the settings changed that were named, such as `unet_steps=500`."""
    types = {field.name: field.type for field in fields(Scale)}
    changes = {}
    for setting in arguments.set:
        name, _, value = setting.partition("=")
        changes[name] = {"int": int, "float": float}[str(types[name])](value)
    return replace(SCALES[arguments.scale], **changes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.demo", description=__doc__)
    parser.add_argument("task", choices=("data", "train", "companions", "evaluate", "sheet"))
    parser.add_argument("--scale", choices=SCALES, default="laptop")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="change settings of the scale")
    parser.add_argument("--run", type=Path, default=Path("demo-run"), help="folder of the pictures and checkpoints")
    parser.add_argument("--packages", type=Path, default=Path("demo-packages"), help="folder of the files of npm pack")
    parser.add_argument("--model", type=Path, default=MODEL, help="model folder to write or to draw with")
    parser.add_argument("--start", type=Path, help="model folder whose weights training begins with")
    parser.add_argument("--judge", type=Path, default=judge.WEIGHTS, help="file of the judge's weights to write")
    parser.add_argument("--companions", type=Path, default=COMPANIONS, help="folder of the companions to write")
    parser.add_argument("--only", nargs="*", default=list(NAMES), choices=NAMES, help="which companions")
    parser.add_argument("--sheet", type=Path, default=Path("demo-sheet.png"))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="longest sitting for each part of training")
    parser.add_argument(
        "--parts", nargs="*", default=list(PARTS), choices=PARTS, help="what to train, or to write from checkpoints"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
