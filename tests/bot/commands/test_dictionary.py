"""/dictionary, from what is typed to what is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import Card, Request
from bot.texts import say
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house

ROOM = Place("fake", "room")


async def told(at: House, text: str, account: str = "ann", place: Place = ROOM, admin: bool = False) -> Card:
    """The answer to a text said in a room."""
    key = f"said-{next(at.numbers)}"
    person = await at.studio.person("fake", account, language="zh")
    if admin:
        at.studio.rules = type(at.studio.rules)(
            models=(), loras=(), model="danqing-demo", pictures_per_request=4, admins=frozenset({f"fake:{account}"})
        )
        person = await at.studio.person("fake", account)
    await at.desk.request(Request(person=person, place=place, text=text, key=key))
    card = at.chat.messages[key]
    for language in ("zh", "en"):
        assert say(language, card.text.key, **card.text.values)
    return card


async def drawn(at: House, text: str, account: str = "ann", place: Place = ROOM) -> list[str]:
    """The fragments of what `/prompt` makes of a text."""
    card = await told(at, f"/prompt {text}", account, place)
    assert card.prompt is not None
    return [fragment.text for fragment in card.prompt.fragments if fragment.origin == "person"]


async def test_a_word_is_noted_and_wins_from_then_on(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert await drawn(at, "天青色的裙子") == []
        card = await told(at, "/dictionary 天青色 = celadon")
        assert (card.text.key, dict(card.text.values)) == ("dictionary.kept", {"word": "天青色", "english": "celadon"})
        assert await drawn(at, "天青色的裙子") == ["celadon dress"]
        assert await drawn(at, "天青色的裙子", place=Place("fake", "elsewhere")) == ["celadon dress"]
        assert await drawn(at, "天青色的裙子", "bob") == []
        await told(at, "/词典 天青色＝pale green")
        assert await drawn(at, "天青色的裙子") == ["pale green dress"]
        await at.say("天青色的裙子")
        (job,) = await at.drawn()
        assert "pale green dress" in at.queue.pool.workers[0].jobs[job].recipes[0].prompt.positive


async def test_a_rooms_dictionary_is_everybodys_there(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await told(at, "/dictionary room 天青色 -> celadon", "bob")).text.key == "dictionary.kept_room"
        assert await drawn(at, "天青色的裙子") == ["celadon dress"]
        assert await drawn(at, "天青色的裙子", place=Place("fake", "elsewhere")) == []
        await told(at, "/dictionary 天青色：azure")
        assert await drawn(at, "天青色的裙子") == ["azure dress"]
        assert await drawn(at, "天青色的裙子", "bob") == ["celadon dress"]


async def test_what_somebody_wrote_is_theirs_or_an_admins(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await told(at, "/dictionary 本群 天青色 = celadon", "bob")
        for text in ("/dictionary 本群 天青色 = mud", "/dictionary room delete 天青色"):
            card = await told(at, text)
            assert (card.kind, card.text.key) == ("error", "dictionary.not_yours")
        assert (await told(at, "/dictionary room 天青色 = pale green", "bob")).text.key == "dictionary.kept_room"
        assert (await told(at, "/dictionary room 删除 天青色", "root", admin=True)).text.key == "dictionary.deleted"


async def test_listing_showing_deleting(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await told(at, "/dictionary")).text.key == "dictionary.empty"
        assert (await told(at, "/dictionary room")).text.key == "dictionary.empty_room"
        await told(at, "/dict 天青色 = celadon")
        await told(at, "/dict 漢服 = hanfu, silk")
        card = await told(at, "/詞典")
        assert card.text.values["count"] == 2
        assert {(str(line.label.values["word"]), line.value) for line in card.fields} == {
            ("天青色", "celadon"),
            ("漢服", "hanfu, silk"),
        }
        assert (await told(at, "/dictionary 汉服")).text.values["english"] == "hanfu, silk"
        assert (await told(at, "/dictionary delete 汉服")).text.values["word"] == "漢服"
        assert (await told(at, "/dictionary delete 天青")).text.values["nearest"] == "天青色"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("天青色 celadon", "dictionary.usage"),
        ("天青色", "dictionary.usage"),
        ("天青色 =", "dictionary.english"),
        ("= celadon", "dictionary.word"),
        ("天青色 = 青", "dictionary.english"),
        ("cat = dog", "dictionary.word"),
        ("天青色 = <lora:x:1>", "dictionary.english"),
        ("delete 天青色", "dictionary.unknown"),
    ],
)
async def test_mistakes_get_a_sentence(tmp_path: Path, text: str, key: str) -> None:
    async with house(tmp_path) as at:
        card = await told(at, f"/dictionary {text}")
        assert (card.kind, card.text.key) == ("error", key)
