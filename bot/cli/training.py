"""`bot.py train`: what is learnt from a folder of pictures, with a sheet that shows it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import texts
from bot.buttons import comparing as begun
from bot.chat import Say
from bot.cli.terminal import Beside, DrawnFrom, drawn, seated, write
from bot.cli.training_wish import TrainingWish, file_of, wished
from bot.models.folders import places
from bot.settings.config import Config
from bot.studio import comparing
from bot.studio.contact_sheet import encoded
from bot.training.learner import Learner
from bot.training.planning import Captioned
from bot.training.templates import portraits
from engine.errors import BadFile
from engine.files.catalog import Model
from engine.files.only_one import hold
from engine.files.safetensors_header import read_header
from engine.training_plan import TrainingPicture, TrainingPlan
from prompts.errors import Refusal
from prompts.prompt import Json, Options

CONSENT = 1  # the number of the text that says what is agreed to with --consent
ENDING = ".safetensors"
UNET = "diffusion_pytorch_model.safetensors"  # in a model's folder
LOCK = "lock"
PRIOR = 16  # pictures of the class that is not to be forgotten
SHOWN = 4  # seeds on the sheet


async def train(
    config: Config, wish: TrainingWish, language: str, console: Console, err: Console, *, quiet: bool
) -> None:
    """Learn what is asked for, write its file and a sheet of samples. What was begun with the same pictures and options
    goes on where it was interrupted. Raises Refusal where nothing comes of it."""
    began = time.monotonic()

    def tell(*sentences: Say) -> None:
        for one in () if quiet else sentences:
            console.print(texts.say(language, one.key, **one.values), markup=False, soft_wrap=True)

    asked = await wished(config, wish, tell)
    plan, shown, kept = asked.plan, asked.shown, asked.kept
    if plan.learns == "controlnet":
        raise Refusal("train.maps")
    # With what is not to be forgotten it is another training, though the pictures of that are yet to be drawn.
    code = hashlib.sha256(f"{plan.code} {kept}".encode()).hexdigest()[:16] if kept else plan.code
    folder = config.data.folder / "trainings" / code
    out = wish.out or _place(config, plan, asked.model)
    sheet = out.with_name(f"{out.name.removesuffix(ENDING)}.png")
    await asyncio.to_thread(_may_be_written, out, sheet, _ending(plan, asked.model))
    with _alone(folder):
        await asyncio.to_thread(_lay, folder, shown, consent=wish.consent)
        if kept:
            plan = await _with_prior(config, plan, folder, kept, language, console)
        await asyncio.to_thread(_check_same, out, plan)
        write(folder / "plan.json", json.dumps(plan.to_json(), ensure_ascii=False, indent=1).encode())
        count = len({one.hash for one in plan.new})
        trigger = out.name.removesuffix(ENDING) if plan.learns == "inversion" else plan.trigger
        tell(Say("train.begins", {"count": count, "steps": plan.steps, "views": plan.views, "trigger": trigger}))
        try:
            loss, files = await _learnt(config, plan, folder, out, language, err, wish.files)
        except Refusal as refusal:
            if refusal.key == "train.consent":  # nothing is kept of whoever has not agreed
                await asyncio.to_thread(_empty, folder)
            raise
        tell(*(Say("console.written", {"file": file}) for file in [*files, str(out)]))
        if wish.preset == "portrait":
            tell(Say("train.portrait_step", {"steps": plan.steps}))
        await _sheet(config, plan, folder, out, sheet, language, console)
    use = _use(plan, out)
    tell(Say("console.written", {"file": str(sheet)}), Say("train.use", {"text": use}))
    if wish.preset == "portrait":
        tell(*(Say("train.template", {"text": text}) for text in portraits(use).values()))
    if quiet:
        told: dict[str, Json] = {
            "file": str(out), "sheet": str(sheet), "trigger": trigger, "steps": plan.steps, "pictures": count,
            "loss": loss, "seconds": round(time.monotonic() - began, 1), **({"files": [*files]} if files else {}),
        }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))


def forget(config: Config, name: str, console: Console, language: str) -> None:
    """Delete what is kept of the trainings of this name: pictures, checkpoints, the note of consent; their files stay.
    Raises Refusal `train.nothing_kept`, and `train.running` for one that is."""
    found = []
    for path in sorted((config.data.folder / "trainings").glob("*/plan.json")):
        try:
            own = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(own, dict) and own.get("name") == name:
            found.append(path.parent)
    if not found:
        raise Refusal("train.nothing_kept", name=name[:80])
    for folder in found:
        with _alone(folder):
            _empty(folder)
        shutil.rmtree(folder, ignore_errors=True)
    said = texts.say(language, "train.forgotten", name=name, count=len(found))
    console.print(said, markup=False, soft_wrap=True)


def _empty(folder: Path) -> None:
    """Delete all in a training's folder but what says that somebody is at it."""
    for path in folder.iterdir():
        if path.name != LOCK:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _ending(plan: TrainingPlan, model: Model) -> str:
    """How the name of what is written ends: a whole model is of the form of its own, a file or a folder."""
    return "" if plan.learns == "whole" and not model.path.is_file() else ENDING


def _place(config: Config, plan: TrainingPlan, model: Model) -> Path:
    kind = {"lora": "lora", "inversion": "embedding", "whole": "checkpoint"}[plan.learns]
    known = places(config.engine)
    if kind not in known:
        raise Refusal("train.no_place", kind=kind)
    return known[kind] / f"{plan.name}{_ending(plan, model)}"


def _use(plan: TrainingPlan, out: Path) -> str:
    """What to write to draw with it."""
    name = out.name.removesuffix(ENDING)
    match plan.learns:
        case "inversion":
            return name
        case "whole":
            return f"{plan.trigger} --model {name}"
        case _:
            return f"{plan.trigger} <lora:{name}:1>"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A training's folder while nobody else learns the same. Raises Refusal."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("ab")
    except OSError as error:
        raise Refusal("cli.not_written", file=str(folder), reason=error.strerror or "") from error
    with lock:
        try:
            hold(lock)
        except OSError:
            raise Refusal("train.running") from None
        yield


def _lay(folder: Path, shown: Sequence[Captioned], *, consent: bool) -> None:
    """Put the pictures where the plan finds them, and down that somebody agreed, with the time."""
    try:
        for one in shown:
            write(folder / file_of(one), one.picture.content)
        agreed = folder / "consent.json"
        if consent and not agreed.exists():
            told = {"text": CONSENT, "at": datetime.now(UTC).isoformat(timespec="seconds")}
            write(agreed, json.dumps(told).encode())
    except OSError as error:
        raise Refusal("cli.not_written", file=str(folder), reason=error.strerror or "") from error


def _may_be_written(out: Path, sheet: Path, ending: str) -> None:
    """Raises Refusal for a folder that is not, a file of another kind, and a picture in the place of the sheet."""
    if not out.absolute().parent.is_dir():
        raise Refusal("cli.no_folder", folder=str(out.absolute().parent))
    if ending and out.suffix != ending:
        raise Refusal("train.out_kind", file=out.name)
    if not ending and out.suffix == ENDING:
        raise Refusal("train.out_folder", file=out.name)
    if sheet.exists() and not out.exists():
        raise Refusal("train.exists", file=str(sheet))


def _check_same(out: Path, plan: TrainingPlan) -> None:
    """Raises Refusal for a file that is there already and is not of this training."""
    if out.exists():
        try:
            file = out / "unet" / UNET if out.is_dir() else out
            told = read_header(file).metadata.get("danqing.training_code", "")
        except (BadFile, OSError):
            told = ""
        if told != plan.code:
            raise Refusal("train.exists", file=str(out))


async def _with_prior(
    config: Config, plan: TrainingPlan, folder: Path, text: str, language: str, console: Console
) -> TrainingPlan:
    """The plan with pictures of what is not to be forgotten, which the model draws first, once."""
    paths = [folder / f"prior-{place:02}.png" for place in range(PRIOR)]
    if not all(path.is_file() for path in paths):
        async with seated(config, language, console, quiet=True) as seat:
            options = Options(model=plan.model, seed=plan.seed, raw=True, count=1)
            request = await seat.request(text, Beside(options, "", ()), DrawnFrom())
            (recipe,) = await seat.studio.recipes(request, text)
            recipes = [replace(recipe, seed=plan.seed + place) for place in range(PRIOR)]
            await seat.studio.submit(request, recipes)
            _, found = await drawn(seat)
            for path, row in zip(paths, found, strict=True):
                write(path, await seat.studio.db.files.get(row.hash))
    prior = [
        TrainingPicture(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), text, prior=True) for path in paths
    ]
    return replace(plan, pictures=(*plan.pictures, *prior))


async def _learnt(
    config: Config, plan: TrainingPlan, folder: Path, out: Path, language: str, err: Console, files: int
) -> tuple[float | None, list[str]]:
    """Learn, with a bar; the last loss, and the files that were kept on the way. An interrupt keeps what is learnt, and
    says that the same command goes on."""
    device = config.engine.devices[0] if config.engine.devices else "auto"
    learner = Learner(folder, config.engine.models, device, out, files)
    loss, kept = None, list[str]()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err) as bar:
            task = bar.add_task(texts.say(language, "train.looking"), total=plan.steps)
            async for event in learner.events():
                if "begun" in event:
                    bar.update(
                        task, completed=float(str(event["begun"])), description=texts.say(language, "train.learning")
                    )
                elif "step" in event:
                    loss = float(str(event["loss"]))
                    told = texts.say(language, "train.loss", loss=f"{loss:.3f}")
                    bar.update(task, completed=float(str(event["step"])), description=told)
                elif "half" in event:
                    kept.append(str(event["half"]))
    except asyncio.CancelledError:  # Ctrl-C
        await learner.stop()
        err.print(texts.say(language, "train.interrupted"), markup=False)
        raise
    return loss, kept


async def _sheet(
    config: Config, plan: TrainingPlan, folder: Path, out: Path, sheet: Path, language: str, console: Console
) -> None:
    """Draw what was learnt: a LoRA beside what the model made of the word before, with the same seeds."""
    model, text, name = plan.model, plan.new[0].caption, out.name.removesuffix(ENDING)
    said = f"seed={plan.seed + 1}-{plan.seed + SHOWN}"
    if plan.learns == "whole":
        model = name
        changes: dict[str, tuple[Path, ...]] = {"models": (out.absolute().parent, *config.engine.models)}
    else:
        alone = folder / "lora"  # where no other file is called so
        await asyncio.to_thread(alone.mkdir, exist_ok=True)
        await asyncio.to_thread(write, alone / out.name, await asyncio.to_thread(out.read_bytes))
        changes = {"loras" if plan.learns == "lora" else "embeddings": (alone,)}
    if plan.learns == "lora":
        weight = texts.say(language, "train.weight")
        said = f"{said} {weight}=0,1 lora={name}"
    if plan.learns == "inversion":  # files of it are called for by their names
        text = re.sub(rf"\b{re.escape(plan.trigger)}\b", lambda _: name, text, flags=re.IGNORECASE)
    config = config.model_copy(update={"engine": config.engine.model_copy(update=changes)})
    async with seated(config, language, console, quiet=True) as seat:
        options = Options(model=model, raw=True)  # the captions' words alone, as they were learnt
        request = await seat.request(text, Beside(options, "", ()), DrawnFrom())
        made = await comparing.compared(begun.anew(seat.studio), request, text, said, comparing.MOST)
        await seat.studio.submit(request, made.recipes)
        _, found = await drawn(seat)
        contents = [await seat.studio.db.files.get(row.hash) for row in found]
        (one,) = await asyncio.to_thread(comparing.sheets, made, contents)
        await asyncio.to_thread(write, sheet, encoded(one.image, "PNG"))
