"""/mydata and /forget, as a person uses them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import Room, Say
from bot.studio import forgetting, parcels
from bot.texts import LANGUAGES, say
from engine.job import State
from storage import leaving, pictures, rules
from storage.uploads import add_upload
from tests.bot.commands.test_commands import said
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png
from tests.storage.test_forgetting import bytes_of

PUBLIC = Room(server="guild")
DAYS = timedelta(days=3)


async def asked_twice(at: House) -> None:
    card = await said(at, "/forget")
    assert card.text.key == "forget.ask" and card.buttons[0].danger
    planned = at.chat.messages[await at.press("forget", card.buttons[0].target)]
    assert planned.text.key == "forget.planned" and planned.text.values == {"hours": 72}
    assert [one.action for one in planned.buttons] == ["forget_cancel"]


async def test_everything_goes_after_three_days_with_a_last_word(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        person = (await at.person("ann-on-fake")).id
        await at.say("/favourites save 紫藤 紫藤花下", "ann-on-fake")
        await at.say("a wisteria wanderer", "ann-on-fake")
        job = (await at.drawn())[-1]
        at.pool.finish(job)
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
        await at.press("share", at.chat.messages[job].pictures[0].id, "ann-on-fake")
        await at.press("forget", "me", "ann-on-fake")
        now = at.db.now()
        at.studio.now = lambda: now + DAYS - timedelta(hours=1)
        assert await forgetting.forget_due(at.studio) == 0
        at.studio.now = lambda: now + DAYS + timedelta(minutes=1)
        assert await forgetting.forget_due(at.studio) == 1
        words = list(at.chat.messages.values())
        assert words[-1].text.key == "forget.done" and words[-1].to == "ann-on-fake" and words[-1].language == "en"
        after = await bytes_of(at.db, tmp_path)
        for mark in (person, "ann-on-fake", "紫藤", "wisteria", job):
            assert mark.encode() not in after, mark
        assert await forgetting.forget_due(at.studio) == 0
        assert (await said(at, "/history", "ann-on-fake")).text.key == "history.empty", "a stranger again"


async def test_what_waits_is_cancelled_at_once_and_what_is_drawn_later_when_its_time_comes(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red apple")
        job = (await at.drawn())[-1]
        await asked_twice(at)
        await at.chat.until(lambda: at.chat.messages[job].state is State.CANCELLED)
        await at.say("a green apple")
        later = (await at.drawn(2))[-1]
        now = at.db.now()
        at.studio.now = lambda: now + DAYS + timedelta(minutes=1)
        await at.until(lambda: later in at.queue)
        assert await forgetting.forget_due(at.studio) == 1
        assert later not in at.queue and not at.studio.answering(later)


async def test_it_is_taken_back_by_the_button_or_the_command(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await said(at, "/forget cancel")).text.key == "forget.nothing"
        await asked_twice(at)
        assert (await said(at, "/forget")).text.key == "forget.planned", "asked again, it says what is planned"
        assert at.chat.messages[await at.press("forget_cancel", "me")].text.key == "forget.taken_back"
        await asked_twice(at)
        assert (await said(at, "/忘记我 取消")).text.key == "forget.taken_back"
        assert await leaving.planned(at.db, (await at.person()).id) is None


@pytest.mark.parametrize("command", ["mydata", "forget"])
async def test_not_before_others(tmp_path: Path, command: str) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say(f"/{command}", room=PUBLIC)]
        assert card.text.key == f"{command}.private" and card.alone == command and card.file is None


async def test_a_person_takes_everything_along(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a red apple")
        await at.say("/favourites save cat a cat")
        await at.say("/dictionary 天青色 = celadon")
        await at.say("a blue dog", "bob")
        card = await said(at, "/mydata")
        assert card.text == Say("mydata.pictures", {"pictures": 1}) and card.file
        with zipfile.ZipFile(io.BytesIO(card.file.content)) as found:
            assert found.testzip() is None
            data = json.loads(found.read("data.json"))
            [name] = [one for one in found.namelist() if one.startswith("pictures/")]
            row = await pictures.get(at.db, picture)
            assert row and found.read(name) == await at.db.files.get(row.hash)
            assert "data.json" in found.read("README.txt").decode()
        assert data["person"]["id"] == (await at.person()).id
        assert [one["name"] for one in data["favourites"]] == ["cat"]
        assert [one["english"] for one in data["dictionary"]] == ["celadon"]
        assert [one["id"] for one in data["pictures"]] == [picture] and len(data["jobs"]) == 1
        assert "blue dog" not in json.dumps(data)


async def test_what_there_is_none_of_is_not_counted(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await said(at, "/mydata")).text == Say("mydata.words")
        ann = (await at.person()).id
        await add_upload(at.db, ann, a_png(side=64))
        assert (await said(at, "/mydata")).text == Say("mydata.uploads", {"uploads": 1})
        await at.picture("a red apple")
        assert (await said(at, "/mydata")).text == Say("mydata.all", {"pictures": 1, "uploads": 1})
    for language in LANGUAGES:
        for some in ({"pictures": 1, "uploads": 2}, {"pictures": 1}, {"uploads": 2}, {}):
            key = "mydata.all" if len(some) == 2 else f"mydata.{next(iter(some), 'words')}"
            assert "0" not in (words := say(language, key, **some)) and "data.json" in words


async def test_what_is_too_large_for_one_message_comes_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as at:
        monkeypatch.setitem(parcels.SIZES, "fake", (6000, 6500))
        drawn = [await at.picture(f"apple {number}") for number in range(4)]
        rows = [row for one in drawn if (row := await pictures.get(at.db, one))]
        for row, size in zip(rows, (4000, 4000, 9000, 300), strict=True):
            at.db.files.path(row.hash).write_bytes(b"x" * size)
        card = await said(at, "/mydata")
        parts = int(card.text.values["parts"])
        assert card.text.values["part"] == 1 and parts in (2, 3)
        assert rows[2].id in str(card.fields[0].value) and card.fields[0].label.values == {"count": 1}
        names: list[str] = []
        while True:
            assert card.file and len(card.file.content) < 6500
            with zipfile.ZipFile(io.BytesIO(card.file.content)) as found:
                names += found.namelist()
            parts -= 1
            if not card.buttons:
                break
            card = at.chat.messages[await at.press(card.buttons[0].action, card.buttons[0].target)]
        assert sorted(name[-16:-4] for name in names if name.startswith("pictures/")) == sorted(
            row.id for row in (rows[0], rows[1], rows[3])
        )
        assert "left-out.txt" in names and parts == 0
        assert (await said(at, "/mydata 9")).text.key == "mydata.no_part"


async def test_who_is_blocked_may_take_their_data_and_go_and_stays_blocked(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        scope = rules.of_person((await at.person()).id)
        await rules.put(at.db, scope, "blocked", True)
        assert (await said(at, "/history")).text.key == "access.blocked"
        assert (await said(at, "/mydata")).text == Say("mydata.words")
        await asked_twice(at)
        now = at.db.now()
        at.studio.now = lambda: now + DAYS + timedelta(minutes=1)
        assert await forgetting.forget_due(at.studio) == 1
        assert (await said(at, "/history")).text.key == "access.blocked"
