"""What is asked for with `bot.py train`, and the plan that comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.chat import Say
from bot.cli.tag_files import TagQueue
from bot.settings.config import Config
from bot.studio.translators import local_words, translators
from bot.training import faults
from bot.training.configs import TrainersConfig, read_config
from bot.training.flags import CUT, PictureFlags, flags
from bot.training.folder import FolderPicture
from bot.training.planning import Captioned, captioned, check_model, check_name, english, trigger_of
from engine.errors import BadPlan
from engine.files import catalog
from engine.files.catalog import Model
from engine.pixels import buckets
from engine.tagging import DETECTORS, PictureTags, Thresholds, caption
from engine.training_plan import KINDS, MAX_PICTURES, MIN_PICTURES, TrainingPicture, TrainingPlan, planned
from engine.wire import ReadTags
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.translate.chain import close
from prompts.translate.personal_dictionary import with_personal

ANY = "any"  # who reads the captions: the first tagger that there is


@dataclass(frozen=True, slots=True)
class TrainingWish:
    """What is asked for on the command line; 0, "" and None mean what suits. `said` are fields of a plan, `tags` is who
    reads captions where there are none, `files` how many are kept on the way, and with `cut` much of a picture may be
    cut off."""

    name: str
    folder: Path | None = None
    kind: str = ""
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
    said: Mapping[str, Json] = field(default_factory=dict)
    tags: str = ""
    config: Path | None = None
    cut: bool = False
    files: int = 0


@dataclass(frozen=True, slots=True)
class Wished:
    """The plan without what is to be drawn first, its pictures, what is not to be forgotten in English ("": nothing
    that is to be drawn), and the model."""

    plan: TrainingPlan
    shown: tuple[Captioned, ...]
    kept: str
    model: Model


async def wished(config: Config, wish: TrainingWish, tell: Callable[..., None]) -> Wished:
    """The plan that a wish comes to; what is to be known of the pictures is told. Raises Refusal."""
    name = check_name(wish.name)
    kind = wish.kind or ("person" if wish.preset == "portrait" else "thing")
    if kind not in KINDS:
        raise Refusal("train.kind", kind=kind[:40], kinds=", ".join(KINDS))
    other = await asyncio.to_thread(read_config, wish.config) if wish.config else TrainersConfig()
    if other.unused:
        tell(Say("train.not_used", {"names": ", ".join(other.unused)}))
    model = _model(config, wish.model, other.model, tell)
    family = check_model(model)
    trigger, note = trigger_of(wish.trigger, name)
    found = await asyncio.to_thread(other.found, wish.folder)
    new = [one for one in found.pictures if not one.prior]
    if len(new) < MIN_PICTURES:
        raise Refusal("train.count", count=len(new), least=MIN_PICTURES, most=MAX_PICTURES)
    said = _said(wish, other)

    def plan_of(pictures: Sequence[TrainingPicture], steps: int) -> TrainingPlan:
        try:
            return planned(
                kind, family, name=name, trigger=trigger, model=model.name, pictures=pictures, steps=steps,
                preset=wish.preset, side=model.width, **said,
            )  # fmt: skip
        except BadPlan as error:
            raise Refusal(error.key, **error.values) from error

    bare = plan_of([TrainingPicture("a.png", "", "", prior=one.prior) for one in found.pictures], 0)
    sizes = buckets.sizes(bare.resolution, bare.bucket_step)
    cut = any(buckets.placed(one.size, sizes).lost > CUT / 4 for one in new)
    seen: list[PictureTags | None] = []
    if kind == "person" or cut:
        seen = list(await looked(config, found.pictures, DETECTORS))
    told = await asyncio.to_thread(
        flags, found.pictures, seen, kind=kind, preset=wish.preset, sizes=sizes, least=bare.resolution
    )
    of_new = [own for one, own in zip(found.pictures, told, strict=True) if not one.prior]
    if kind == "person":
        faults.check_person(of_new, consent=wish.consent)
    if not wish.cut:
        faults.check_cut(new, of_new)
    pictures = await _read(config, found.pictures, wish.tags)
    asked = translators(config)
    try:
        chain = with_personal(await local_words(config), asked)
        shown, notes = await captioned(pictures, trigger, chain, person=kind == "person")
        kept = await english(wish.prior.strip(), chain)
    finally:
        await close(asked)
    tell(*found.notes, *([note] if note else []), *notes, *faults.faults(new, of_new, bare.resolution))
    plan = plan_of(_pictures(shown, told), wish.steps or other.length(new, bare.batch * bare.accumulate))
    return Wished(plan, tuple(shown), kept, model)


def _model(config: Config, said: str, theirs: str, tell: Callable[..., None]) -> Model:
    """The model that is said, else the one of another trainer's file where it is here, else the first."""
    models = config.engine.models
    known = catalog.models(models)
    if said:
        return catalog.model(known, said, models)
    if not theirs:
        return known[0]
    try:
        return catalog.model(known, theirs, models)
    except Refusal:
        tell(Say("train.model_instead", {"name": theirs[:80], "taken": known[0].name}))
        return known[0]


def _said(wish: TrainingWish, other: TrainersConfig) -> dict[str, Json]:
    """The fields of the plan that are not as the preset has them; the command line's own before the file's."""
    said: dict[str, Json] = {**other.said, "consent": wish.consent}
    said |= {"seed": wish.seed} if wish.seed or "seed" not in said else {}
    said |= {"rank": wish.rank, "alpha": wish.rank / 2} if wish.rank else {}
    said |= {"unet_rate": wish.rate} if wish.rate else {}
    said |= wish.said
    if said.get("optimiser") == "Prodigy" and not wish.rate and "unet_rate" not in other.said:
        said["unet_rate"] = 1.0  # by which it multiplies the one that it finds
    if said.get("conv_rank") and "conv_alpha" not in said:
        said["conv_alpha"] = float(str(said["conv_rank"])) / 2
    return said


async def looked(config: Config, pictures: Sequence[FolderPicture], reader: str) -> list[PictureTags]:
    """What a reader of tags sees in each picture. Raises Refusal as engine.files.taggers.chosen does."""

    def content(name: str) -> bytes:
        return pictures[int(name)].content

    usual = Thresholds(config.tags.general, config.tags.character, config.tags.rating)
    found = []
    async with TagQueue(config, content) as queue:
        for place in range(len(pictures)):
            asked = ReadTags(
                f"train{place}", str(place), reader, usual.general, usual.character, usual.rating, usual.mcut
            )
            found.append(PictureTags.from_json((await queue.read_tags(asked)).tags))
    return found


async def _read(config: Config, pictures: Sequence[FolderPicture], reader: str) -> list[FolderPicture]:
    """The pictures, those without a word with what a reader sees in them."""
    silent = [place for place, one in enumerate(pictures) if not (one.caption or one.prior)]
    if not reader or not silent:
        return list(pictures)
    found = await looked(config, [pictures[place] for place in silent], "" if reader == ANY else reader)
    made = list(pictures)
    for place, tags in zip(silent, found, strict=True):
        names = [*([made[place].named] if made[place].named else []), *(one.name for one in tags.shown)]
        made[place] = replace(made[place], caption=caption(names, escaped=False))
    return made


def file_of(one: Captioned) -> str:
    """What a picture is called in a training's folder."""
    return one.picture.hash[:24] + one.picture.path.suffix.lower()


def _pictures(shown: Sequence[Captioned], told: Sequence[PictureFlags]) -> list[TrainingPicture]:
    return [
        TrainingPicture(
            file_of(one), one.picture.hash, one.caption, one.picture.prior, own.part, own.focus if own.lost else ()
        )
        for one, own in zip(shown, told, strict=True)
        for _ in range(one.picture.repeats)
    ]
