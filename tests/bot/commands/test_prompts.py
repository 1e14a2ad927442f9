"""/prompts: each prompt once, the latest drawn first, found in both languages and used again."""

from __future__ import annotations

from pathlib import Path

from bot.chat import Request
from bot.platforms.discord import layout, slash_commands
from bot.platforms.telegram.keyboards import keyboard
from storage import drawn_prompts, jobs, pictures
from storage.jobs import Place
from tests.bot.commands.test_compare import ended
from tests.bot.commands.test_history import filled, said
from tests.bot.studio.test_studio import house


async def test_each_prompt_stands_once_with_its_newest_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        apples = await filled(at, 3)
        [cat] = await filled(at, 1, text="一只橘猫")
        [apple] = await filled(at, 1)
        card = await said(at, "/prompts")
        assert [one.id for one in card.pictures] == [apple, cat]
        assert [line.value for line in card.fields] == ["a red apple", "一只橘猫"]
        assert [line.label.values["count"] for line in card.fields] == [4, 1]
        assert [(one.action, one.target) for one in card.buttons] == [("use_again", apple), ("use_again", cat)]
        await at.press("favourite", apples[0])
        [kept] = (await said(at, "/提示词历史 收藏")).fields
        assert (kept.label.key, kept.value) == ("prompts.kept", "a red apple")
        assert (await said(at, "/prompts", "bob")).text.key == "history.empty"
        assert (await said(at, "/prompts 香蕉")).text.key == "prompts.nothing"


async def test_words_are_found_in_either_script_and_both_languages(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        dragon = await at.picture("一条红色的龙，水边")
        await at.picture("a green frog")
        for words in ("龙", "龍", "DRAGON", "红色 龙", "red dragon"):
            card = await said(at, f"/prompts {words}")
            assert [one.id for one in card.pictures] == [dragon], words


async def test_pages_go_on_and_a_prompt_is_never_shown_twice(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for number in range(12):
            await filled(at, 1, text=f"fox {number}")
        await filled(at, 1, text="fox 0")
        card = await said(at, "/prompts fox")
        assert [line.value for line in card.fields] == ["fox 0", *(f"fox {number}" for number in range(11, 3, -1))]
        for language in ("zh", "en"):
            rows = list(layout.rows(card, language))
            assert len(rows) == 2 and all(part["type"] == 2 for row in rows for part in row["components"])  # type: ignore[union-attr,index,call-overload]
            assert keyboard(card, language)
        more = card.buttons[-1]
        rest = at.chat.messages[await at.press(more.action, more.target)]
        assert [line.value for line in rest.fields] == ["fox 3", "fox 2", "fox 1"]
        assert at.chat.messages[await at.press(more.action, more.target, "bob")].text.key == "history.cursor"
        person = (await at.person()).id
        assert len((await drawn_prompts.search(at.db, person, limit=12)).prompts) == 12


async def test_words_are_used_again_as_if_written_now(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("一只橘猫 --steps 9")
        await at.press("use_again", picture)
        kept = await jobs.get(at.db, (await at.drawn(2))[-1])
        assert kept and kept.job.recipe.prompt.text == "一只橘猫 --steps 9" and kept.job.recipe.steps == 9
        assert at.chat.messages[await at.press("use_again", picture, "bob")].text.key == "access.not_yours"
    said_so = slash_commands.filled_in("prompts", "", {"words": "猫", "favourites": "only"})
    assert said_so.text == "/prompts 猫 favourites"


async def test_the_negative_beside_the_words_is_used_again(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ann, here = await at.person(), Place("fake", "ann")
        await at.desk.request(Request(person=ann, place=here, text="a red apple", key="first", negative="worms"))
        first = await ended(at)
        await at.press("use_again", first.pictures[0].id)
        kept = await jobs.get(at.db, (await at.drawn(2))[-1])
        before = await pictures.get(at.db, first.pictures[0].id)
        assert kept and before and kept.job.recipe.prompt.negative == before.recipe.prompt.negative
        assert "worms" in kept.job.recipe.prompt.negative
