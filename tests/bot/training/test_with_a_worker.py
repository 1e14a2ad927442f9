"""From twenty pictures to a picture of what is on them, with a real worker and the built-in model."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from PIL import Image

from bot import app
from bot.chat import Request
from bot.desk import StudioDesk
from bot.settings.config import load
from bot.training.looked_at import NewPicture
from engine.files import model_folders, private
from storage import pictures
from storage.jobs import Place
from storage.trainings import KeptTraining
from tests.engine.train import totem
from tests.fakes import FakeChat
from tests.patience import PATIENCE

SETTINGS = "training: {who: everybody}\nengine: {devices: cpu, slots: 4}\ndata: {folder: data}\n"


def sent() -> list[NewPicture]:
    """The pictures with their captions."""
    made = []
    for place, (image, background) in enumerate(totem.pictures()):
        file = io.BytesIO()
        image.save(file, "PNG")
        made.append(NewPicture(f"{place}.png", file.getvalue(), f"a zwx, {background} background"))
    return made


async def test_a_new_thing_is_learnt_and_drawn(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SETTINGS)
    (tmp_path / "loras").mkdir()
    chat = FakeChat()
    try:
        async with app.studio(load(tmp_path / "config.yaml", {})) as studio:
            await studio.open([chat], StudioDesk(studio))
            await studio.queue.start()
            person = await studio.person("fake", "ann", language="en")
            place = Place("fake", "ann")
            teaching = studio.teaching

            def asked(text: str = "") -> Request:
                return Request(person=person, place=place, text=text, key=text or "asked")

            kept = await teaching.draft(asked(), "totem")
            await teaching.add(asked(), kept.id, sent())
            await teaching.change(person.id, kept.id, trigger="zwx", steps=60, seed=5, files=1)
            ended, sampled = asyncio.Event(), asyncio.Event()

            async def watch(kept: KeptTraining) -> None:
                if kept.state not in ("draft", "waiting", "running"):
                    ended.set()
                if (tmp_path / "loras" / "totem.preview.png").exists():  # the samples are drawn
                    sampled.set()

            teaching.watching.append(watch)
            kept = await teaching.start(asked(), kept.id)

            await asyncio.wait_for(ended.wait(), PATIENCE)
            kept = await teaching.get(person.id, kept.id)
            assert kept.state == "done", kept.reason
            assert kept.step == 60 and kept.seconds > 0 and sum(kept.losses[-20:]) < sum(kept.losses[:20])
            await asyncio.wait_for(sampled.wait(), PATIENCE)
            samples = await teaching.samples(person.id, kept.id)
            seen = [await studio.db.files.get(one.hash) for one in samples]
            likeness = [totem.likeness(Image.open(io.BytesIO(one))) for one in seen]
            assert sum(likeness[:2]) / 2 >= 0.38
            await chat.desk.request(asked("/imagine a zwx, white background <lora:totem:1> --raw --seed 6"))  # type: ignore[union-attr]
            await chat.until(lambda: any(card.pictures and card.job for card in chat.messages.values()))
            found = [card for card in chat.messages.values() if card.pictures and card.job]
            row = await pictures.get(studio.db, found[0].pictures[0].id)
            assert row
            drawn = Image.open(io.BytesIO(await studio.db.files.get(row.hash)))
            assert totem.likeness(drawn) >= 0.38
    finally:
        private.forget()
        model_folders.forget()
