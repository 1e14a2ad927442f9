"""A bot.training.teaching.Teaching for the page's tests: drafts, pictures and tags as in the real one, and trainings
that go on when the test says so."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from PIL import Image

from bot.chat import Press, Request, Say
from bot.training import captions, planning
from bot.training.looked_at import NewPicture
from bot.training.now import TrainingEstimate, TrainingNow
from bot.training.tag_changes import TagChange
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.translate.glossary_translator import Glossary
from storage.database import Database
from storage.trainings import KeptPicture, KeptSample, KeptTraining, TrainingConsent
from tests.bot.platforms.web.desk import drawing

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
EVERY = 100  # steps between two files


@dataclass(frozen=True, slots=True)
class Teachable:
    name: str = "danqing-demo"
    family: str = "demo"


class FakeTeaching:
    """`allowed`: whether people may train. `faces`: the names of files with a face on them."""

    def __init__(self, db: Database, *, allowed: bool = True) -> None:
        self.db, self.allowed = db, allowed
        self.watching: list[Callable[[KeptTraining], Awaitable[None]]] = []
        self.all: dict[str, KeptTraining] = {}
        self.shown: dict[str, list[KeptPicture]] = {}
        self.drawn: dict[str, list[KeptSample]] = {}
        self.faces: set[str] = set()
        self.keys: dict[str, str] = {}
        self.read = 0

    async def may(self, asked: Request | Press) -> bool:
        return self.allowed

    async def models(self) -> Sequence[Teachable]:
        return [Teachable()]

    # --- what the page asks ---

    async def draft(self, asked: Request | Press, name: str) -> KeptTraining:
        name = planning.check_name(name)
        if known := self.keys.get(asked.key):
            return self.all[known]
        kept = KeptTraining(
            id=f"training{len(self.all)}", person=asked.person.id, name=name, trigger="xiaohongdq", kind="thing",
            model="danqing-demo", created=NOW, changed=NOW, place=asked.place,
        )  # fmt: skip
        self.keys[asked.key] = kept.id
        self.shown[kept.id], self.drawn[kept.id] = [], []
        return await self.put(kept)

    async def add(self, asked: Request | Press, training: str, pictures: Sequence[NewPicture]) -> KeptTraining:
        kept, mine = await self.get(asked.person.id, training), list(self.shown[training])
        for one in pictures:
            size = Image.open(io.BytesIO(one.content)).size
            if min(size) < 32:
                raise Refusal("upload.too_small", width=size[0], height=size[1], limit=32)
            if hashlib.sha256(one.content).hexdigest() in {known.hash for known in mine}:
                continue
            flags: dict[str, Json] = {"faces": [[0.3, 0.1, 0.6, 0.4]]} if one.name in self.faces else {}
            flags |= {"small": True} if min(size) < 64 else {}
            file = await self.db.files.put(one.content, ".png")
            caption, source = captions.written(await captions.said(one.caption, [Glossary()]))
            mine.append(
                KeptPicture(
                    place=len(mine) + 1, hash=file, name=one.name, caption=caption, source=source, flags=flags,
                    width=size[0], height=size[1],
                )
            )  # fmt: skip
        self.shown[training] = mine
        return await self.put(kept)

    async def remove_picture(self, person: str, training: str, place: int) -> KeptTraining:
        kept = await self.get(person, training)
        left = [one for one in self.shown[training] if one.place != place]
        self.shown[training] = [replace(one, place=at) for at, one in enumerate(left, 1)]
        return await self.put(kept)

    async def change(self, person: str, training: str, **wishes: Json) -> KeptTraining:
        kept = await self.get(person, training)
        for name in ("trigger", "kind", "model", "name"):
            if value := wishes.pop(name, None):
                kept = replace(kept, **{name: str(value)})
        if kept.trigger == "cat":
            raise Refusal("train.trigger", word="cat")
        return await self.put(replace(kept, wishes={**kept.wishes, **wishes}))

    async def caption(self, asked: Request | Press, training: str, place: int, text: str) -> KeptTraining:
        return await self.tag_all(asked, training, TagChange("set", (text,) if text else (), (place,)))

    async def tag_all(self, asked: Request | Press, training: str, change: TagChange) -> KeptTraining:
        kept = await self.get(asked.person.id, training)
        if "裸" in "".join(change.tags):
            raise Refusal("access.minors")
        for at, one in enumerate(self.shown[training]):
            if not change.places or one.place in change.places:
                tags = await captions.changed(captions.of_picture(one), change, [Glossary()])
                caption, source = captions.written(tags)
                self.shown[training][at] = replace(one, caption=caption, source=source)
        return await self.put(kept)

    async def read_tags(self, asked: Request | Press, training: str) -> KeptTraining:
        self.read += 1
        found = "white background, smile"
        self.shown[training] = [one if one.caption else replace(one, caption=found) for one in self.shown[training]]
        return await self.put(await self.get(asked.person.id, training))

    async def agree(self, person: str, training: str) -> KeptTraining:
        return await self.put(
            replace(await self.get(person, training), consent=TrainingConsent(1, person, NOW.isoformat()))
        )

    async def start(self, asked: Request | Press, training: str) -> KeptTraining:
        kept = await self.get(asked.person.id, training)
        if len(self.shown[training]) < 5:
            raise Refusal("train.count", count=len(self.shown[training]), least=5, most=200)
        steps = int(str(kept.wishes.get("steps") or 400))
        return await self.put(replace(kept, state="waiting", steps=steps))

    async def pause(self, person: str, training: str) -> KeptTraining:
        return await self.put(replace(await self.get(person, training), state="paused"))

    async def go_on(self, asked: Request | Press, training: str) -> KeptTraining:
        return await self.put(replace(await self.get(asked.person.id, training), state="running"))

    async def stop_and_keep(self, person: str, training: str) -> KeptTraining:
        kept = await self.get(person, training)
        return await self.put(replace(kept, state="cancelled", file=kept.name, chosen=kept.step // EVERY * EVERY))

    async def again(self, asked: Request | Press, training: str) -> KeptTraining:
        new = await self.draft(asked, f"{self.all[training].name} 2")
        self.shown[new.id] = list(self.shown[training])
        return new

    async def choose(self, person: str, training: str, step: int) -> KeptTraining:
        return await self.put(replace(await self.get(person, training), chosen=step))

    async def share(self, person: str, training: str, shared: bool = True) -> KeptTraining:
        return await self.put(replace(await self.get(person, training), shared=shared))

    async def delete(self, asked: Request | Press, training: str) -> None:
        await self.get(asked.person.id, training)
        del self.all[training]

    async def mine(self, person: str) -> list[KeptTraining]:
        return [one for one in reversed(self.all.values()) if one.person == person]

    async def get(self, person: str, training: str) -> KeptTraining:
        kept = self.all.get(training)
        if kept is None or kept.person != person:
            raise Refusal("train.gone")
        return kept

    async def pictures(self, person: str, training: str) -> list[KeptPicture]:
        await self.get(person, training)
        return self.shown[training]

    async def samples(self, person: str, training: str) -> list[KeptSample]:
        return self.drawn[training]

    async def download(self, person: str, training: str) -> tuple[str, bytes]:
        kept = await self.get(person, training)
        if not kept.file:
            raise Refusal("train.no_file")
        return f"{kept.file}.safetensors", b"the file"

    async def now(self, kept: KeptTraining, asked: Request | Press | None = None) -> TrainingNow:
        mine = self.shown[kept.id]
        steps = int(str(kept.wishes.get("steps") or 400))
        estimate = TrainingEstimate(steps, steps * 8, max(1, steps // 100), steps * 3, None) if mine else None
        files = tuple(range(EVERY, kept.step + 1, EVERY)) if kept.state != "draft" else ()
        return TrainingNow(
            kept=kept,
            pictures=tuple(mine),
            samples=tuple(self.drawn[kept.id]),
            files=files,
            estimate=estimate,
            refused=None if mine else Say("train.count", {"count": 0, "least": 5, "most": 200}),
            consent_needed=kept.kind == "person" or any(one.faces for one in mine),
            presets=("portrait", "inversion", "tutorial"),
            waits_at=2 if kept.state == "waiting" else 0,
            seconds_left=(kept.steps - kept.step) * 0.5,
        )

    # --- what the test has happen ---

    async def put(self, kept: KeptTraining) -> KeptTraining:
        self.all[kept.id] = kept
        for watch in self.watching:
            await watch(kept)
        return kept

    async def learn(self, training: str, step: int, pictures: Sequence[str] = ()) -> None:
        """It is at a step; with the ids of four pictures, these are the samples of that step."""
        kept = self.all[training]
        if pictures:
            rows = [
                KeptSample(step, at, one, f"job{step}", hashlib.sha256(drawing(at)).hexdigest(), 128, 128)
                for at, one in enumerate(pictures)
            ]
            self.drawn[training] = [*self.drawn[training], *rows]
        losses = tuple(
            0.05 + 0.1 / (1 + at / 30) + 0.02 * ((at * 37 % 11) / 11 - 0.5) for at in range(step // kept.each)
        )
        await self.put(replace(kept, state="running", step=step, losses=losses))

    async def end(self, training: str, state: str = "done", reason: str = "") -> None:
        kept = self.all[training]
        file = kept.name if state == "done" else ""
        await self.put(replace(kept, state=state, file=file, chosen=kept.step, reason=reason))  # type: ignore[arg-type]
