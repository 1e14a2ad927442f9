"""Two pictures beside each other: chosen from the last ones or by their codes, and told apart line by line."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot import texts
from bot.buttons.versus import differences, versus
from bot.chat import Card, Press, Request, Room, Say
from prompts.errors import Refusal
from prompts.prompt import Fragment, LoraUse, Prompt
from storage import pictures, shares
from storage.jobs import Place
from storage.pictures import PictureRow
from tests.bot.studio.test_studio import House, house
from tests.storage.samples import recipe


async def newest(at: House) -> list[PictureRow]:
    return list((await pictures.search(at.db, (await at.person()).id)).pictures)


async def replied(at: House, text: str, to: str, account: str = "ann") -> Card:
    key = f"replied-{text}-{to}"
    person = await at.person(account)
    await at.desk.request(Request(person=person, place=Place("fake", account), text=text, key=key, reply_to=to))
    return at.chat.messages[key]


def said(card: Card, language: str) -> dict[str, str]:
    """The lines of a card in words."""

    def words(value: Say | str) -> str:
        return value if isinstance(value, str) else texts.say(language, value.key, **value.values)

    return {words(line.label): words(line.value) for line in card.fields}


async def test_a_picture_is_laid_beside_one_of_the_last(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.recipe("a red cat --steps 4 --seed 1")
        [alone] = await newest(at)
        assert any(one.action == "versus" for one in at.chat.messages[alone.job or ""].buttons)
        assert at.chat.messages[await at.press("versus", alone.id)].text.key == "versus.alone"
        for steps in range(5, 16):
            await at.recipe(f"a blue cat --steps {steps} --seed 1")
        rows = await newest(at)
        chooser = at.chat.messages[await at.press("versus", rows[2].id)]
        others = [one.target.partition(".")[2] for one in chooser.buttons]
        assert others == [row.id for row in (*rows[:2], *rows[3:10])] and len(chooser.pictures) == 1
        assert all(len(one.target.encode()) <= 64 - len("1|versus_with|") for one in chooser.buttons), "for Telegram"
        with Image.open(io.BytesIO(await at.db.files.get(chooser.pictures[0].hash))) as image:
            assert image.size == (chooser.pictures[0].width, chooser.pictures[0].height)
        card = at.chat.messages[await at.press("versus_with", f"{alone.id}.{rows[0].id}")]
        assert card.table and [one.id for one in card.table.cells] == [alone.id, rows[0].id]
        assert said(card, "zh") == {"词": "a red cat → a blue cat", "步数": "4 → 15"}
        assert card.text.values["count"] == 2 and [one.action for one in card.buttons] == ["compared_picture"] * 2
        other = at.chat.messages[await at.press("versus_with", f"{alone.id}.{rows[0].id}", account="bob")]
        assert other.text.key == "access.not_yours"
        same = at.chat.messages[await at.press("versus_with", f"{alone.id}.{alone.id}")]
        assert same.text.key == "versus.same_picture"


async def test_where_others_see_it_pictures_drawn_elsewhere_are_not_offered(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for seed in (1, 2):
            await at.recipe(f"a secret cat --seed {seed}")
        first, second = await newest(at)
        person = await at.person("ann")

        async def chooser(chat: str) -> Card:
            asked = Press(
                person=person,
                place=Place("fake", chat),
                action="versus",
                target=first.id,
                key=chat,
                room=Room(server="group"),
            )
            return await versus(at.studio, asked)

        with pytest.raises(Refusal, match=r"versus\.alone"):
            await chooser("a group")
        assert [one.target for one in (await chooser("ann")).buttons] == [f"{first.id}.{second.id}"]


async def test_codes_of_recipes_pictures_and_shares_name_a_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.recipe("a cat --seed 1")
        await at.recipe("a dog --seed 1")
        dog, cat = await newest(at)
        by_code = at.chat.messages[await at.say(f"/compare {cat.recipe.code.upper()} {dog.recipe.code}")]
        assert by_code.table and [one.id for one in by_code.table.cells] == [cat.id, dog.id]
        assert (await replied(at, f"/对比 {dog.recipe.code}", cat.id)).table == by_code.table
        assert (await replied(at, f"/compare {dog.id}", cat.id)).table == by_code.table
        assert (await replied(at, "/compare", cat.id)).text.key == "versus.which"
        assert at.chat.messages[await at.say(f"/compare {cat.recipe.code}")].text.key == "versus.which"
        assert at.chat.messages[await at.say("/compare abcdefghij klmnopqrst")].text.key == "versus.unknown"
        assert at.chat.messages[await at.say("/compare")].text.key == "compare.how"
        assert at.chat.messages[await at.say("/compare a cat")].text.key == "compare.how"
        code = await shares.share(at.db, cat.id)
        await at.recipe("a bird --seed 1", account="bob")
        [bird] = (await pictures.search(at.db, (await at.person("bob")).id)).pictures
        shared = at.chat.messages[await at.say(f"/compare {bird.recipe.code} {code}", "bob")]
        assert shared.table and [one.id for one in shared.table.cells] == [bird.id, cat.id]
        assert [one.target for one in shared.buttons] == [bird.id], "another's opens for its owner alone"
        assert at.chat.messages[await at.say(f"/compare {bird.id} {cat.id}", "bob")].text.key == "access.not_yours"


def test_every_line_that_is_otherwise_is_told() -> None:
    first = recipe("猫", "a cat")
    prompt = Prompt("猫", (Fragment("a cat", 1.2), Fragment("hat")), (Fragment("blurry"), Fragment("dogs")))
    other = replace(
        first, prompt=replace(prompt, loras=(LoraUse("ink", 0.5),)), vae="soft", clip_skip=2, quality="fast"
    )
    lines = {
        (line.label.key, *(() if isinstance(line.value, str) else line.value.values.values()))
        for line in differences(first, other)
    }
    assert ("recipe.vae", "—", "soft") in lines and ("recipe.clip_skip", "—", "2") in lines
    assert ("recipe.quality", "—", "fast") in lines and ("versus.loras", "—", str(LoraUse("ink", 0.5))) in lines
    assert {"versus.words"} <= {line[0] for line in lines} and not {"recipe.text", "recipe.positive"} & {
        line[0] for line in lines
    }
    assert list(differences(first, first)) == []
