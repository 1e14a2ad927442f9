"""Trainings: what somebody wants learnt, its pictures and captions, how far it is, and the samples of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Select, delete, func, select, update

from engine.training_plan import TrainingPlan
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import tables
from storage.database import Database
from storage.files import SENT, suffix_of
from storage.jobs import Place
from storage.spare import drop

TrainingState = Literal["draft", "waiting", "running", "paused", "done", "cancelled", "failed"]
ACTIVE: tuple[TrainingState, ...] = ("waiting", "running", "paused")
ENDED: tuple[TrainingState, ...] = ("done", "cancelled", "failed")


POINTS = 400  # of the curve that are told: as many as a card has pixels for


def each(steps: int) -> int:
    """How many steps a point of the curve stands for."""
    return max(1, -(-steps // POINTS))


@dataclass(frozen=True, slots=True)
class TrainingConsent:
    """That somebody agreed: the number of the text that was shown, who did, and when (ISO 8601, UTC)."""

    text: int
    person: str
    at: str

    def to_json(self) -> dict[str, Json]:
        return {"text": self.text, "person": self.person, "at": self.at}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTraining:
    """A training as it is remembered. `wishes` are what was chosen of how (preset, steps, seed, rank, keep, files),
    `plan` is there from the start on; `reason` with `reason_values` is a text key that says why it failed or pauses;
    `losses` are means of `each` steps; `daily` are the seconds that its owner has a day (0: no limit), `seconds` those
    that it took of the device; `chosen` is the step whose file is the LoRA's, `file` the name that LoRA is drawn by
    ("": none yet); `attempt` counts its starts on a worker."""

    id: str
    person: str
    name: str
    trigger: str
    kind: str
    model: str
    wishes: Mapping[str, Json] = field(default_factory=dict)
    plan: TrainingPlan | None = None
    state: TrainingState = "draft"
    reason: str = ""
    reason_values: Mapping[str, Json] = field(default_factory=dict)
    attempt: int = 0
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    daily: int = 0
    losses: tuple[float, ...] = ()
    consent: TrainingConsent | None = None
    shared: bool = False
    chosen: int = 0
    file: str = ""
    place: Place = Place("", "")  # noqa: RUF009  (frozen)
    language: str = "en"
    created: datetime
    changed: datetime
    ended: datetime | None = None

    @property
    def each(self) -> int:
        """How many steps a point of the curve stands for."""
        return each(self.steps)

    @property
    def active(self) -> bool:
        """Whether it is on its way."""
        return self.state in ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A picture of a training, the `place`-th from 1 on: the hash of its file, what that was called, what is said of it
    in English (`caption`) and in the Chinese it was said in (`source`, "" where it was not), what its folder was called
    (`named`), what was found in it (`flags`: bot/training/faults.py), how often it counts, its pixels and bytes, and
    whether it shows the class that is not to be forgotten."""

    place: int
    hash: str
    name: str = ""
    caption: str = ""
    source: str = ""
    named: str = ""
    flags: Mapping[str, Json] = field(default_factory=dict)
    repeats: int = 1
    width: int = 0
    height: int = 0
    size: int = 0
    prior: bool = False

    @property
    def faces(self) -> tuple[tuple[float, ...], ...]:
        """The faces found, each as left, top, right and bottom in shares of the sides."""
        found = cast(Sequence[Sequence[float]], self.flags.get("faces", []))
        return tuple(tuple(map(float, one)) for one in found)


@dataclass(frozen=True, slots=True)
class KeptSample:
    """The `place`-th sample of a step (0 and 1 with the trigger, 2 and 3 the same seeds without it): the picture's id,
    with the hash of its file and its pixels ("" and 0 while `job` still draws it, and where it was deleted)."""

    step: int
    place: int
    picture: str
    job: str
    hash: str = ""
    width: int = 0
    height: int = 0


async def add(db: Database, kept: KeptTraining, request_key: str) -> bool:
    """Write a draft; False where a request of this key has made one already."""
    row = db.insert(tables.Trainings).values(
        id=kept.id,
        request_key=request_key or None,
        plan=None,
        consent=None,
        attempt=0,
        ended=None,
        **{name: getattr(kept, name) for name in _PLAIN},
        wishes=dict(kept.wishes),
        reason_values={},
        losses=[],
        platform=kept.place.platform,
        chat=kept.place.chat,
        message=kept.place.message,
        created=kept.created,
        changed=kept.changed,
    )
    async with db.writing() as session:
        made = await session.execute(
            row.on_conflict_do_nothing(index_elements=["request_key"]).returning(tables.Trainings.id)
        )
        return made.first() is not None


_PLAIN = (
    "person", "name", "trigger", "kind", "model", "state", "reason", "step", "steps", "seconds", "daily", "shared",
    "chosen", "file", "language",
)  # fmt: skip


async def get(db: Database, training: str) -> KeptTraining | None:
    """The training, or None."""
    async with db.session() as session:
        row = await session.get(tables.Trainings, training)
        return None if row is None else _kept(row)


async def of_request(db: Database, request_key: str) -> KeptTraining | None:
    """The draft that a request of this key made."""
    found = await _listed(db, select(tables.Trainings).where(tables.Trainings.request_key == request_key))
    return found[0] if found else None


async def of_person(db: Database, person: str, states: Collection[str] = ()) -> list[KeptTraining]:
    """A person's trainings, newest first; of some states only."""
    table = tables.Trainings
    query = select(table).where(table.person == person)
    if states:
        query = query.where(table.state.in_(states))
    return await _listed(db, query.order_by(table.created.desc(), table.id.desc()))


async def in_states(db: Database, states: Collection[str]) -> list[KeptTraining]:
    """Everybody's trainings of these states, oldest first."""
    table = tables.Trainings
    return await _listed(db, select(table).where(table.state.in_(states)).order_by(table.created, table.id))


async def with_files(db: Database) -> list[KeptTraining]:
    """Everybody's trainings whose LoRA there is."""
    return await _listed(db, select(tables.Trainings).where(tables.Trainings.file != ""))


async def at(db: Database, place: Place) -> KeptTraining | None:
    """The training whose card stands there."""
    table = tables.Trainings
    here = (table.platform == place.platform, table.chat == place.chat, table.message == place.message)
    found = await _listed(db, select(table).where(*here)) if place.message else []
    return found[0] if found else None


async def every(db: Database) -> list[KeptTraining]:
    """Everybody's trainings, oldest first."""
    return await _listed(db, select(tables.Trainings).order_by(tables.Trainings.created, tables.Trainings.id))


async def that_go_on(db: Database) -> list[str]:
    """The ids of those that may be learnt further: whose pictures are there, and that are not done."""
    table, pictured = tables.Trainings, tables.TrainingPictures
    query = select(table.id).where(table.state != "done", table.id.in_(select(pictured.training)))
    async with db.session() as session:
        return list((await session.scalars(query)).all())


async def change(db: Database, training: str, new: Mapping[str, Json], *, only: Collection[str] = ()) -> bool:
    """Write down new values of its columns; False where it is gone, or in none of the states in which this is to be
    done."""
    table = tables.Trainings
    query = update(table).where(table.id == training)
    if only:
        query = query.where(table.state.in_(only))
    async with db.writing() as session:
        changed = await session.execute(query.values(**new, changed=db.now()).returning(table.id))
        return changed.first() is not None


async def losses(db: Database, training: str) -> list[float]:
    """The loss of every step so far."""
    async with db.session() as session:
        found = await session.scalar(select(tables.Trainings.losses).where(tables.Trainings.id == training))
        return list(found or [])


async def stands(db: Database, training: str, place: Place) -> None:
    """Remember where its card stands."""
    await change(db, training, {"platform": place.platform, "chat": place.chat, "message": place.message})


async def end(
    db: Database, training: str, state: TrainingState, reason: str = "", values: Mapping[str, Json] | None = None
) -> bool:
    """Write down how it ended; one that has ended stays so: False."""
    table = tables.Trainings
    query = update(table).where(table.id == training, table.state.in_(ACTIVE)).returning(table.id)
    now = db.now()
    async with db.writing() as session:
        row = query.values(state=state, reason=reason, reason_values=dict(values or {}), ended=now, changed=now)
        return (await session.execute(row)).first() is not None


async def agree(db: Database, training: str, consent: TrainingConsent) -> None:
    """Write down that somebody agreed; what was written first stays."""
    table = tables.Trainings
    async with db.writing() as session:
        row = await session.get(table, training)
        if row is not None and row.consent is None:
            row.consent, row.changed = consent.to_json(), db.now()


async def remove(db: Database, training: str) -> None:
    """Forget a training and where it was spoken of, and remove the pictures of it that nothing else needs."""
    table = tables.TrainingPictures
    async with db.writing() as session:
        await db.lock(session)  # no picture comes to it meanwhile, whose file nobody would look for
        gone = await session.scalars(delete(table).where(table.training == training).returning(table.hash))
        files = list(gone)
        await session.execute(delete(tables.Trainings).where(tables.Trainings.id == training))
        await session.execute(delete(tables.Posts).where(tables.Posts.job == training))
    await drop(db, files)


# --- its pictures ---


async def pictures(db: Database, training: str) -> list[KeptPicture]:
    """Its pictures, in order."""
    table = tables.TrainingPictures
    async with db.session() as session:
        rows = await session.scalars(select(table).where(table.training == training).order_by(table.place))
        return [_picture(row) for row in rows]


async def add_picture(db: Database, training: str, picture: KeptPicture, content: bytes) -> KeptPicture:
    """Keep a picture behind those that are there (its `place` and `hash` are found); a file that is in it already
    stays as it is. Raises Refusal `train.gone` where the training was deleted meanwhile."""
    hash = await db.files.patiently(lambda: db.files.put(content, suffix_of(content)), SENT)
    added = await _add_picture(db, training, replace(picture, hash=hash), content)
    if added is None:
        await drop(db, [hash])
        raise Refusal("train.gone")
    return added


async def _add_picture(db: Database, training: str, picture: KeptPicture, content: bytes) -> KeptPicture | None:
    table, hash = tables.TrainingPictures, picture.hash
    async with db.writing() as session:
        await db.lock(session)
        if await session.get(tables.Trainings, training) is None:
            return None
        known = await session.scalar(select(table).where(table.training == training, table.hash == hash))
        if known is not None:
            return _picture(known)
        last = await session.scalar(select(func.max(table.place)).where(table.training == training))
        row = table(
            training=training, place=(last or 0) + 1, hash=hash, name=picture.name, caption=picture.caption,
            source=picture.source, named=picture.named, flags=dict(picture.flags), repeats=picture.repeats,
            width=picture.width, height=picture.height, size=len(content), prior=picture.prior,
        )  # fmt: skip
        session.add(row)
        await session.flush()
        await db.files.put(content, suffix_of(content))  # again, should it have been removed just before the row
        return _picture(row)


async def say(db: Database, training: str, place: int, said: Mapping[str, str]) -> None:
    """Write down what is said of a picture: `caption` and `source`."""
    table = tables.TrainingPictures
    async with db.writing() as session:
        await session.execute(update(table).where(table.training == training, table.place == place).values(**said))


async def flag(db: Database, training: str, hash: str, flags: Mapping[str, Json]) -> None:
    """Write down what was found in a picture; what is known of it besides stays."""
    table = tables.TrainingPictures
    mine = table.training == training, table.hash == hash
    async with db.writing() as session:
        await db.lock(session)  # what somebody else finds meanwhile stays, too
        known = await session.scalar(select(table.flags).where(*mine))
        await session.execute(update(table).where(*mine).values(flags={**(known or {}), **flags}))


async def remove_picture(db: Database, training: str, place: int) -> bool:
    """Take a picture out; those behind it move up. False where there is none."""
    table = tables.TrainingPictures
    mine = table.training == training
    async with db.writing() as session:
        await db.lock(session)  # one that comes meanwhile finds its place behind all
        gone = (await session.execute(delete(table).where(mine, table.place == place).returning(table.hash))).first()
        if gone is None:
            return False
        later = await session.scalars(select(table.place).where(mine, table.place > place).order_by(table.place))
        for old in list(later):  # one by one, in order: a place is taken but once
            await session.execute(update(table).where(mine, table.place == old).values(place=old - 1))
    await drop(db, [gone.hash])
    return True


async def remove_pictures(db: Database, training: str) -> None:
    """Take all pictures out."""
    table = tables.TrainingPictures
    async with db.writing() as session:
        gone = await session.scalars(delete(table).where(table.training == training).returning(table.hash))
        files = list(gone)
    await drop(db, files)


async def bytes_of(db: Database, person: str) -> int:
    """How many bytes the pictures of all trainings of a person have."""
    table, training = tables.TrainingPictures, tables.Trainings
    query = select(func.sum(table.size)).join(training, training.id == table.training).where(training.person == person)
    async with db.session() as session:
        return int(await session.scalar(query) or 0)


# --- samples ---


async def add_samples(db: Database, training: str, step: int, job: str, count: int) -> None:
    """Write down that a job draws so many samples of what was learnt up to a step."""
    async with db.writing() as session:
        for place in range(count):
            row = db.insert(tables.TrainingSamples).values(
                training=training, step=step, place=place, job=job, picture=None
            )
            new = {"job": row.excluded.job, "picture": row.excluded.picture}
            keys = ["training", "step", "place"]
            await session.execute(row.on_conflict_do_update(index_elements=keys, set_=new))


async def drawn(db: Database, job: str, pictures: Sequence[str]) -> None:
    """Write down the pictures that a job has drawn, in order."""
    table = tables.TrainingSamples
    async with db.writing() as session:
        for place, picture in enumerate(pictures):
            await session.execute(update(table).where(table.job == job, table.place == place).values(picture=picture))


async def samples(db: Database, training: str) -> list[KeptSample]:
    """Its samples, by step and place."""
    table, picture = tables.TrainingSamples, tables.Pictures
    query = select(table, picture.hash, picture.width, picture.height)
    query = query.outerjoin(picture, picture.id == table.picture)
    query = query.where(table.training == training, table.step >= 0)
    async with db.session() as session:
        rows = await session.execute(query.order_by(table.step, table.place))
        return [
            KeptSample(row.step, row.place, row.picture or "", row.job, hash or "", width or 0, height or 0)
            for row, hash, width, height in rows
        ]


async def of_sample(db: Database, job: str) -> tuple[str, int] | None:
    """The training whose samples a job draws, and of which step; a step of -1 means the class that is kept."""
    table = tables.TrainingSamples
    async with db.session() as session:
        found = (await session.execute(select(table.training, table.step).where(table.job == job).limit(1))).first()
        return None if found is None else (found.training, found.step)


async def jobs_of_step(db: Database, training: str, step: int) -> list[str]:
    """The jobs that draw, or drew, the samples of a step."""
    table = tables.TrainingSamples
    async with db.session() as session:
        mine = table.training == training, table.step == step
        return list(await session.scalars(select(table.job).where(*mine).distinct()))


async def sample_jobs(db: Database, training: str) -> list[str]:
    """The jobs that draw, or drew, its samples and its class."""
    table = tables.TrainingSamples
    async with db.session() as session:
        return list(await session.scalars(select(table.job).where(table.training == training).distinct()))


async def _listed(db: Database, query: Select[tables.Trainings]) -> list[KeptTraining]:
    async with db.session() as session:
        return [_kept(row) for row in await session.scalars(query)]


def _kept(row: tables.Trainings) -> KeptTraining:
    return KeptTraining(
        id=row.id,
        **{name: getattr(row, name) for name in _PLAIN},
        wishes=row.wishes,
        plan=None if row.plan is None else TrainingPlan.from_json(row.plan),
        reason_values=row.reason_values,
        attempt=row.attempt,
        losses=_means(row.losses, each(row.steps)),
        consent=None if row.consent is None else TrainingConsent(**row.consent),
        place=Place(row.platform, row.chat, row.message),
        created=row.created,
        changed=row.changed,
        ended=row.ended,
    )


def _means(losses: Sequence[float], run: int) -> tuple[float, ...]:
    runs = (losses[start : start + run] for start in range(0, len(losses), run))
    return tuple(sum(one) / len(one) for one in runs)


def _picture(row: tables.TrainingPictures) -> KeptPicture:
    names = ("place", "hash", "name", "caption", "source", "named", "flags", "repeats", "width", "height", "size")
    return KeptPicture(**{name: getattr(row, name) for name in names}, prior=row.prior)
