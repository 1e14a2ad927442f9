"""Pictures that somebody sends to be learnt from: checked as every upload is, and looked at for what is wrong with
them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from bot.chat import Upload
from bot.studio import uploads
from bot.training import flags
from bot.training.classroom import Classroom
from engine.pixels import buckets, likeness, papers, png_recipe
from engine.pixels.dressing import dressed
from engine.pixels.sharpness import BLURRED, sharpness
from engine.tagging import ADULT, DETECTORS, FaceBox, PictureTags, Thresholds
from engine.training_plan import TrainingPlan
from engine.wire import ReadTags
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.safety import judge
from prompts.safety.signs import Signs, verdict
from storage import maps
from storage.database import Database
from storage.trainings import KeptPicture

SURE = Thresholds(0.35, 0.85, 0.0)
NEAREST = 2  # of the others that a picture is laid beside, which takes a tenth of a second


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture that somebody sends to be learnt from: what its file is called, the file, what is said of it ("":
    nothing), how often it counts, what its folder is called ("": nothing), and whether it shows the class that is not
    to be forgotten."""

    name: str
    content: bytes
    caption: str = ""
    repeats: int = 1
    named: str = ""
    prior: bool = False


def checked(new: NewPicture) -> tuple[KeptPicture, bytes]:
    """The picture as it may be used, with its pixels, and whether it is blurred; and its file as it is kept, which says
    nothing of when, where and with what it was taken. Takes a tenth of a second: call it in a thread. Raises Refusal as
    uploads do."""
    content = dressed(uploads.checked(Upload(new.name, new.content)).content, "strip")
    width, height = uploads.measured(content)
    small = likeness.opened(content)
    seen: dict[str, Json] = {"print": likeness.print_of(content)}
    if small is not None and sharpness(small) < BLURRED:
        seen["blurred"] = True
    picture = KeptPicture(
        place=0, hash="", name=new.name, named=new.named, repeats=new.repeats, width=width, height=height, flags=seen,
        prior=new.prior,
    )  # fmt: skip
    return picture, content


async def signs_inside(content: bytes) -> Signs:
    """What a picture's own prompts say of it."""
    found: Signs = frozenset()
    inside = await asyncio.to_thread(png_recipe.read_recipe, content)
    for text in [inside.prompt.positive] if inside else await asyncio.to_thread(papers.texts, content):
        found |= await asyncio.to_thread(judge.signs_of_text, text)
    return found


async def twin_of(db: Database, content: bytes, others: Sequence[KeptPicture]) -> int:
    """The place of the first of the others that shows the same; 0 where none does."""
    image = await asyncio.to_thread(likeness.opened, content)
    if image is None:
        return 0
    own = await asyncio.to_thread(likeness.readings, image)
    asked = likeness.signs(own)
    near = [(likeness.distance(str(one.flags.get("print", "")), asked), one.place, one) for one in others]
    for far, place, one in sorted(near, key=lambda row: row[:2])[:NEAREST]:
        if far > likeness.NEAR:
            break
        other = await asyncio.to_thread(likeness.opened, await db.files.get(one.hash))
        if other and await asyncio.to_thread(likeness.agreement, own, other) >= likeness.SAME:
            return place
    return 0


async def read(studio: Classroom, person: str, hash: str, reader: str, limits: Thresholds) -> PictureTags:
    """What a reader sees in a picture, at the cost of the person's seconds."""
    wish = ReadTags(
        secrets.token_hex(8), hash, reader, limits.general, limits.character, limits.rating, limits.mcut, ()
    )

    async def charge(seconds: float) -> None:
        await maps.charge(studio.db, person, studio.now().date(), seconds)

    return PictureTags.from_json((await studio.queue.read_tags(wish, person, charge)).tags)


async def seen(studio: Classroom, person: str, picture: KeptPicture) -> dict[str, Json]:
    """What the detectors see in a picture, as flags of it: the faces, and on what it lies."""
    found = await read(studio, person, picture.hash, DETECTORS, SURE)
    names = sorted(one.name for one in found.shown)
    ground = next((name for name in names if name.endswith(" background") and name != "simple background"), "")
    faces: list[Json] = [[round(side, 4) for side in box] for box in found.faces]
    return {"faces": faces, "ground": ground}


def is_seen(picture: KeptPicture) -> bool:
    """Whether the detectors have looked at it."""
    return "faces" in picture.flags


def is_adult(found: PictureTags) -> bool:
    """Whether tags or a rating say that a picture is for adults."""
    words = ", ".join(one.name for one in found.shown)
    return found.rating in ADULT or bool(verdict(judge.signs_of_text(words)))


def told(found: Sequence[KeptPicture], plan: TrainingPlan, kind: str, preset: str) -> list[KeptPicture]:
    """The pictures with all that is to be known of them once it is known how they are learnt (bot/training/flags.py);
    `plain` are those that all lie on one background."""
    sizes = buckets.sizes(plan.resolution, plan.bucket_step)
    new = [one for one in found if not one.prior]
    grounds = {one.flags.get("ground") for one in new}
    plain = len(new) > 2 and len(grounds) == 1 and bool(*grounds)
    made = []
    for one in found:
        faces = cast(tuple[FaceBox, ...], one.faces) if is_seen(one) else None
        fitted = flags.fitted(
            (one.width or plan.resolution, one.height or plan.resolution), faces, kind="" if one.prior else kind,
            preset=preset, sizes=sizes, least=plan.resolution,
        )  # fmt: skip
        own = {"plain": True} if plain and not one.prior else {}
        made.append(replace(one, flags={**one.flags, **fitted.to_json(), **own}))
    return made


def check_adult(picture: KeptPicture) -> None:
    """Raises Refusal `training.adult_picture` for what is for adults, by its own words or by what was seen in it:
    nobody is learnt from that."""
    if picture.flags.get("adult"):
        raise Refusal("training.adult_picture", file=picture.name or str(picture.place))
