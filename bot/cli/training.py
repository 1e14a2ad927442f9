"""`bot.py train`: a LoRA from a folder of pictures, with a sheet that shows what was learnt."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import texts
from bot.buttons import comparing as begun
from bot.chat import Say
from bot.cli.terminal import Beside, DrawnFrom, drawn, seated, write
from bot.models.folders import places
from bot.settings.config import Config
from bot.studio import comparing
from bot.studio.contact_sheet import encoded
from bot.studio.translators import local_words, translators
from bot.training import faults
from bot.training.folder import pictures_of
from bot.training.learner import Learner
from bot.training.planning import Captioned, captioned, check_model, check_name, english, trigger_of
from engine.errors import BadFile, BadPlan
from engine.files import catalog
from engine.files.safetensors_header import read_header
from engine.pixels import buckets
from engine.training_plan import KINDS, MAX_PICTURES, MIN_PICTURES, TrainingPicture, TrainingPlan, planned
from prompts.errors import Refusal
from prompts.prompt import Json, Options
from prompts.translate.chain import close
from prompts.translate.personal_dictionary import with_personal
from storage.only_one import hold

CONSENT = 1  # the number of the text that says what is agreed to with --consent
PRIOR = 16  # pictures of the class that is not to be forgotten
SHOWN = 4  # seeds on the sheet


@dataclass(frozen=True, slots=True)
class TrainingWish:
    """What is asked for on the command line; 0 and "" mean what suits."""

    name: str
    folder: Path
    kind: str = "thing"
    trigger: str = ""
    model: str = ""
    steps: int = 0
    seed: int = 0
    rank: int = 0
    rate: float = 0.0
    prior: str = ""
    consent: bool = False
    out: Path | None = None
    preset: str = ""


async def train(
    config: Config, wish: TrainingWish, language: str, console: Console, err: Console, *, quiet: bool
) -> None:
    """Learn a LoRA, write its file and a sheet of samples. What was begun with the same pictures and options goes on
    where it was interrupted. Raises Refusal where there is no LoRA."""
    began = time.monotonic()

    def tell(*sentences: Say) -> None:
        for one in () if quiet else sentences:
            console.print(texts.say(language, one.key, **one.values), markup=False, soft_wrap=True)

    plan, shown, kept = await _planned(config, wish, tell)
    # With what is not to be forgotten it is another training, though the pictures of that are yet to be drawn.
    code = hashlib.sha256(f"{plan.code} {kept}".encode()).hexdigest()[:16] if kept else plan.code
    folder = config.data.folder / "trainings" / code
    out = wish.out or places(config.engine)["lora"] / f"{plan.name}.safetensors"
    sheet = out.with_suffix(".png")
    await asyncio.to_thread(_may_be_written, out, sheet)
    with _alone(folder):
        await asyncio.to_thread(_lay, folder, shown, consent=wish.consent)
        if kept:
            plan = await _with_prior(config, plan, folder, kept, language, console)
        await asyncio.to_thread(_check_same, out, plan)
        write(folder / "plan.json", json.dumps(plan.to_json(), ensure_ascii=False, indent=1).encode())
        count, trigger = len({one.hash for one in plan.new}), plan.trigger
        tell(Say("train.begins", {"count": count, "steps": plan.steps, "views": plan.views, "trigger": trigger}))
        loss = await _learnt(config, plan, folder, out, language, err)
        tell(Say("console.written", {"file": str(out)}))
        await _sheet(config, plan, folder, out, sheet, language, console)
    tell(Say("console.written", {"file": str(sheet)}), Say("train.use", {"text": f"{trigger} <lora:{out.stem}:1>"}))
    if quiet:
        told: dict[str, Json] = {
            "file": str(out), "sheet": str(sheet), "trigger": trigger, "steps": plan.steps, "pictures": count,
            "loss": loss, "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))


async def _planned(
    config: Config, wish: TrainingWish, tell: Callable[..., None]
) -> tuple[TrainingPlan, list[Captioned], str]:
    """The plan without what is not to be forgotten, its pictures, and that in English; what is to be known of the
    pictures is told."""
    name = check_name(wish.name)
    if wish.kind not in KINDS:
        raise Refusal("train.kind", kind=wish.kind[:40], kinds=", ".join(KINDS))
    models = config.engine.models
    known = catalog.models(models)
    model = catalog.model(known, wish.model, models) if wish.model else known[0]
    family = check_model(model)
    trigger, note = trigger_of(wish.trigger, name)
    found = await asyncio.to_thread(pictures_of, wish.folder)
    if len(found.pictures) < MIN_PICTURES:
        raise Refusal("train.count", count=len(found.pictures), least=MIN_PICTURES, most=MAX_PICTURES)
    asked = translators(config)
    try:
        chain = with_personal(await local_words(config), asked)
        shown, notes = await captioned(found.pictures, trigger, chain, person=wish.kind == "person")
        kept = await english(wish.prior.strip(), chain)
    finally:
        await close(asked)
    said: dict[str, Json] = {"consent": wish.consent, "seed": wish.seed}
    said |= {"rank": wish.rank, "alpha": wish.rank / 2} if wish.rank else {}
    said |= {"unet_rate": wish.rate} if wish.rate else {}
    pictures = [
        TrainingPicture(_file(one), one.picture.hash, one.caption) for one in shown for _ in range(one.picture.repeats)
    ]
    try:
        plan = planned(
            wish.kind, family, name=name, trigger=trigger, model=model.name, pictures=pictures, steps=wish.steps,
            preset=wish.preset, side=model.width, **said,
        )  # fmt: skip
    except BadPlan as error:
        raise Refusal(error.key, **error.values) from error
    sizes = buckets.sizes(plan.resolution, plan.bucket_step)
    wrong = await asyncio.to_thread(faults.faults, found.pictures, sizes, plan.resolution)
    tell(*found.notes, *([note] if note else []), *notes, *wrong)
    return plan, shown, kept


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A training's folder while nobody else learns the same. Raises Refusal."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("ab")
    except OSError as error:
        raise Refusal("cli.not_written", file=str(folder), reason=error.strerror or "") from error
    with lock:
        try:
            hold(lock)
        except OSError:
            raise Refusal("train.running") from None
        yield


def _file(one: Captioned) -> str:
    return one.picture.hash[:24] + one.picture.path.suffix.lower()


def _lay(folder: Path, shown: Sequence[Captioned], *, consent: bool) -> None:
    """Put the pictures where the plan finds them, and down that somebody agreed, with the time."""
    try:
        for one in shown:
            write(folder / _file(one), one.picture.content)
        agreed = folder / "consent.json"
        if consent and not agreed.exists():
            told = {"text": CONSENT, "at": datetime.now(UTC).isoformat(timespec="seconds")}
            write(agreed, json.dumps(told).encode())
    except OSError as error:
        raise Refusal("cli.not_written", file=str(folder), reason=error.strerror or "") from error


def _may_be_written(out: Path, sheet: Path) -> None:
    """Raises Refusal for a folder that is not, a file of another kind, and a picture in the place of the sheet."""
    if not out.absolute().parent.is_dir():
        raise Refusal("cli.no_folder", folder=str(out.absolute().parent))
    if out.suffix != ".safetensors":
        raise Refusal("train.out_kind", file=out.name)
    if sheet.exists() and not out.exists():
        raise Refusal("train.exists", file=str(sheet))


def _check_same(out: Path, plan: TrainingPlan) -> None:
    """Raises Refusal for a file that is there already and is not of this training."""
    if out.exists():
        try:
            told = read_header(out).metadata.get("danqing.training_code", "")
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
    config: Config, plan: TrainingPlan, folder: Path, out: Path, language: str, err: Console
) -> float | None:
    """Learn, with a bar; the last loss. An interrupt keeps what is learnt, and says that the same command goes on."""
    device = config.engine.devices[0] if config.engine.devices else "auto"
    learner = Learner(folder, config.engine.models, device, out)
    loss = None
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
    except asyncio.CancelledError:  # Ctrl-C
        await learner.stop()
        err.print(texts.say(language, "train.interrupted"), markup=False)
        raise
    return loss


async def _sheet(
    config: Config, plan: TrainingPlan, folder: Path, out: Path, sheet: Path, language: str, console: Console
) -> None:
    """Draw what was learnt beside what the model made of the word before, with the same seeds."""
    alone = folder / "lora"  # where no other file is called so
    await asyncio.to_thread(alone.mkdir, exist_ok=True)
    await asyncio.to_thread(write, alone / out.name, await asyncio.to_thread(out.read_bytes))
    config = config.model_copy(update={"engine": config.engine.model_copy(update={"loras": (alone,)})})
    async with seated(config, language, console, quiet=True) as seat:
        options = Options(model=plan.model, raw=True)  # the captions' words alone, as they were learnt
        text = plan.new[0].caption
        request = await seat.request(text, Beside(options, "", ()), DrawnFrom())
        first, weight = plan.seed + 1, texts.say(language, "train.weight")
        said = f"seed={first}-{first + SHOWN - 1} {weight}=0,1 lora={out.stem}"
        made = await comparing.compared(begun.anew(seat.studio), request, text, said, comparing.MOST)
        await seat.studio.submit(request, made.recipes)
        _, found = await drawn(seat)
        contents = [await seat.studio.db.files.get(row.hash) for row in found]
        (one,) = await asyncio.to_thread(comparing.sheets, made, contents)
        await asyncio.to_thread(write, sheet, encoded(one.image, "PNG"))
