"""The tag table from the button to what is drawn, and the words that somebody never wants to see."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot import texts
from bot.chat import Card, Press, Room, Say, ShownTag, ShownTags
from bot.platforms.discord import layout
from bot.platforms.telegram import keyboards
from bot.platforms.web.card_json import card_body, card_words
from engine.recipe import Recipe
from prompts.prompt import Prompt
from storage import kept_tags, pictures, tag_tables
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora

CAT = "戴红围巾的橘猫，雪地，(月亮:1.2)，水彩 --seed 7 --steps 9 --hd"
ROOM = Room(server="room")


async def opened(at: House, picture: str, account: str = "ann", **more: str) -> ShownTags:
    card = at.chat.messages[await at.press("tags", picture, account, **more)]
    assert card.tags, card.text
    return card.tags


async def touched(at: House, shown: ShownTags, what: str, *more: int | str, **values: str) -> ShownTags:
    card = at.chat.messages[await at.press("tag", shown.target(what, *more), **values)]
    assert card.tags and card.panel, card.text
    for language in ("zh", "en"):  # any platform can show it
        assert layout.lay_out(card, language).payload["components"] and keyboards.keyboard(card, language)
        assert card_words(card_body(card), language)["tags"]
    return card.tags


async def refused(at: House, shown: ShownTags, what: str, *more: int | str, **values: str) -> str:
    card = at.chat.messages[await at.press("tag", shown.target(what, *more), **values)]
    assert card.kind == "error" and card.fleeting
    for language in texts.LANGUAGES:
        assert texts.say(language, card.text.key, **card.text.values)
    return card.text.key


async def drawn_with(at: House, shown: ShownTags, count: int, account: str = "ann") -> Recipe:
    await at.press("draw_tags", shown.table, account)
    assert len(at.pool.drawn) >= count - 1
    job = (await at.drawn(count))[-1]
    at.pool.finish(job)
    await at.chat.until(lambda: job in at.chat.messages and bool(at.chat.messages[job].pictures))
    return (await at.job(job)).recipe


def tag(shown: ShownTags, text: str) -> ShownTag:
    return next(row for row in shown.rows if row.text == text)


async def test_nothing_pressed_draws_the_same_and_there_and_back_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture(CAT)
        row = await pictures.get(at.db, picture)
        assert row and row.recipe.hires
        shown = await opened(at, picture)
        assert [(one.text, one.chinese) for one in shown.rows][:1] and tag(shown, "orange cat").chinese == "橘猫"
        assert await drawn_with(at, shown, 2) == row.recipe
        moon = tag(shown, "moon").id
        assert tag(await touched(at, shown, "more", moon, "p0"), "moon").weight == 1.3
        less = Press(
            person=await at.person(),
            place=Place("fake", "ann"),
            action="tag",
            target=shown.target("less", moon),
            key="k",
        )
        for _ in range(2):  # delivered twice
            await at.desk.press(less)
        assert tag(await opened(at, picture), "moon").weight == 1.2
        assert await drawn_with(at, shown, 3) == row.recipe


async def test_of_two_presses_at_once_both_count(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        shown = await opened(at, await at.picture(CAT))
        moon, cat = tag(shown, "moon").id, tag(shown, "orange cat").id
        presses = [("more", moon), ("more", moon), ("off", cat)]
        await asyncio.gather(*(touched(at, shown, what, row, "p0") for what, row in presses))
        kept = await tag_tables.get(at.db, shown.table)
        assert kept
        rows = {row.id: row for row in kept.table.rows}
        assert rows[moon].now == 1.4 and rows[cat].off


async def test_all_else_of_the_recipe_stays_and_the_words_are_the_persons(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture(CAT)
        row = await pictures.get(at.db, picture)
        assert row
        shown = await opened(at, picture)
        await touched(at, shown, "more", tag(shown, "moon").id)
        await touched(at, shown, "off", tag(shown, "snowy field").id)
        await touched(at, shown, "add", text="灯塔", unwanted="雨")
        made = await drawn_with(at, shown, 2)
        assert replace(made, prompt=row.recipe.prompt) == row.recipe
        assert "(moon:1.3)" in made.prompt.positive and "lighthouse" in made.prompt.positive
        assert "snowy field" not in made.prompt.positive and "rain" in made.prompt.negative
        assert "橘猫" in made.prompt.text and "灯塔" in made.prompt.text
        assert {note.key for note in made.prompt.notes} >= {"edit.weighed", "edit.replaced", "edit.denied"}
        job = at.pool.drawn[-1][0]
        again = await opened(at, at.chat.messages[job].pictures[0].id)  # what is off is in its table, too
        assert tag(again, "snowy field").off and again.table != shown.table
        assert (await touched(at, again, "off", tag(again, "snowy field").id)).view == "tag"
        assert "snowy field" in (await drawn_with(at, again, 3)).prompt.positive


async def test_it_stands_through_a_restart_and_is_put_back_as_it_was(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture(CAT)
        shown = await opened(at, picture)
        cat = tag(shown, "orange cat").id
        near = (await touched(at, shown, "near", cat)).near
        await touched(at, shown, "swap", cat, near[0].value)
        await touched(at, shown, "keep", tag(shown, "moon").id)
        await at.restart()
        kept = await opened(at, picture)
        assert kept.table == shown.table and "orange cat" not in [one.text for one in kept.rows]
        assert tag(kept, "月亮").kept
        await touched(at, kept, "swap", cat, text="柴犬")
        assert await refused(at, kept, "swap", cat, text="狗，猫") == "tags.one_for_one"
        await touched(at, kept, "up", cat)
        await touched(at, kept, "move", cat, 3)
        assert [one.text for one in (await touched(at, kept, "reset")).rows] == [one.text for one in shown.rows]
        assert await refused(at, kept, "nonsense") == "press.unknown"
        assert await refused(at, kept, "more", 99) == "press.unknown"
        assert await refused(at, replace(kept, table="abcdefghijkl"), "reset") == "picture.gone"


async def test_a_locked_tag_is_changed_by_no_sentence(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture(CAT)
        shown = await opened(at, picture)
        scarf = tag(shown, "wearing red scarf").id
        await touched(at, shown, "lock", scarf)
        assert await refused(at, shown, "off", scarf) == "tags.locked"
        made = await drawn_with(at, shown, 2)
        assert made.prompt.locked == ("wearing red scarf",)
        job = at.pool.drawn[-1][0]
        locked = at.chat.messages[job].pictures[0].id
        key = await at.press("edit", locked, sentence="去掉围巾")
        assert at.chat.messages[key].text.key == "tags.locked_edit" and len(at.pool.drawn) == 2
        await at.press("edit", locked, sentence="雪地换成海边")
        changed = (await at.job((await at.drawn(3))[-1])).recipe.prompt
        assert "red scarf" in changed.positive and changed.locked == made.prompt.locked


async def test_blocked_words_are_never_drawn_for_them_and_named(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture(CAT)
        shown = await opened(at, picture)
        scarf = tag(shown, "wearing red scarf").id
        assert tag(await touched(at, shown, "block", scarf), "wearing red scarf").off
        key = await at.say("/blocked 雪地，blurry")
        assert at.chat.messages[key].text.key == "blocked.added"
        made = await at.recipe("红围巾，狐狸，雪地")
        assert "scarf" not in made.prompt.positive and "snow" not in made.prompt.positive
        (note,) = [one for one in made.prompt.notes if one.key == "note.blocked"]
        assert "雪地" in note.values["words"] and "blurry" in made.prompt.negative
        assert "red scarf" in (await at.recipe("红围巾，狐狸", account="bob")).prompt.positive
        key = await at.say("/settings")
        (line,) = [one for one in at.chat.messages[key].fields if one.label.key == "settings.blocked"]
        assert "雪地" in str(line.value)
        key = await at.say("red scarf --raw")
        assert at.chat.messages[key].text.key == "blocked.nothing_left"
        await at.say("/blocked delete 雪地")
        await at.say("/settings blocked 帽子")
        assert [one.shown for one in await kept_tags.listed(at.db, (await at.person()).id, "blocked")] == ["帽子 · hat"]
        await at.say("/settings blocked 月亮，<b>")  # of which one is no word: nothing is changed
        await at.say("/blocked 太阳，<b>")
        await at.say("/blocked delete 帽子，月亮")
        assert [one.shown for one in await kept_tags.listed(at.db, (await at.person()).id, "blocked")] == ["帽子 · hat"]
        assert at.chat.messages[await at.say("/blocked delete")].text.key == "blocked.list"
        assert at.chat.messages[await at.say("/屏蔽词 删除帽子")].text.key == "blocked.deleted"
        await at.say("/settings blocked 帽子 · hat、雪地 · snowy field")  # as it is shown
        listed = await kept_tags.listed(at.db, (await at.person()).id, "blocked")
        assert {one.source for one in listed} == {"帽子", "雪地"}
        assert at.chat.messages[await at.say("/blocked delete 月亮")].text.key == "blocked.unknown"
        await at.say("/blocked clear")
        assert "snowy field" in (await at.recipe("红围巾，狐狸，雪地")).prompt.positive
        assert at.chat.messages[await at.say("/blocked")].text.key == "blocked.empty"


async def test_favourite_tags_are_at_hand(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        shown = await opened(at, await at.picture(CAT))
        starred = await touched(at, shown, "star", tag(shown, "wearing red scarf").id)
        assert tag(starred, "wearing red scarf").favourite and len(starred.favourites) == 1
        other = await opened(at, await at.picture("狐狸"))
        made = await touched(at, other, "fav", 0, other.favourites[0].value)
        assert tag(made, "wearing red scarf").chinese == "戴红围巾"
        newest = (await touched(at, made, "star", tag(made, "fox").id)).favourites
        assert ["scarf" in str(one.label) for one in newest] == [False, True]
        await touched(at, made, "star", tag(made, "fox").id)
        assert not (await touched(at, made, "star", tag(made, "wearing red scarf").id)).favourites


async def test_unsafe_words_are_refused_and_loras_are_what_they_are(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        loras = tmp_path / "loras"
        a_lora(loras, "ink", width=32)
        at.studio.rules = replace(at.studio.rules, loras=(loras,))
        shown = await opened(at, await at.picture("一个小女孩"))
        assert await refused(at, shown, "add", text="裸体") in ("access.minors", "prompt.not_understood")
        assert await refused(at, shown, "add", text=" ") == "tags.add_how"
        more = await touched(at, shown, "add", text="<lora:ink:0.5>")
        (lora,) = [row for row in more.rows if row.side == "lora"]
        assert (lora.text, lora.weight, lora.kind) == ("ink", 0.5, "lora")
        assert await refused(at, shown, "block", lora.id) == "tags.blocks_wanted"
        for row in more.rows:
            await touched(at, more, "off", row.id) if not row.off else None
        key = await at.press("draw_tags", more.table)
        assert at.chat.messages[key].text.key == "tags.nothing_left"


async def test_what_somebody_else_drew_here_is_ones_own_copy(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture(CAT)
        row = await pictures.get(at.db, picture)
        assert row
        mine = await opened(at, picture)

        async def bob(action: str, target: str, room: Room, chat: str) -> Card:
            key = f"bob-{next(at.numbers)}"
            person = await at.person("bob")
            press = Press(person=person, place=Place("fake", chat), action=action, target=target, key=key, room=room)
            await at.desk.press(press)
            return at.chat.messages.get(key) or next(card for _, one, card in reversed(at.chat.log) if one != key)

        assert (await bob("tags", picture, ROOM, "elsewhere")).text.key == "access.not_yours"
        assert (await bob("tags", picture, Room(), "ann")).text.key == "access.not_yours"
        copy = (await bob("tags", picture, ROOM, "ann")).tags
        assert copy and copy.table != mine.table
        assert (await bob("tag", mine.target("off", 0), ROOM, "ann")).text.key == "access.not_yours"
        assert (await bob("tag", copy.target("off", 0), ROOM, "ann")).tags
        kept = await tag_tables.get(at.db, mine.table)
        assert kept and not kept.table.rows[0].off
        before = len(at.pool.drawn)
        await bob("draw_tags", copy.table, ROOM, "ann")
        job = await at.job((await at.drawn(before + 1))[-1])
        assert job.owner == (await at.person("bob")).id and job.recipe.seed == row.recipe.seed


def test_long_tables_keep_within_the_platforms_limits() -> None:
    kinds = ("tag", "break", "tag", "lora")
    rows = tuple(
        ShownTag(
            id=at, side="lora" if at > 110 else "positive", kind=kinds[at % 3], part="subject", text=f"tag {at} " * 9,
            chinese="很长的标签" * 9, weight=1.25, sign=at % 3 == 1, translated=True, favourite=True, kept=True,
        )
        for at in range(120)
    )  # fmt: skip
    for view, chosen in (("rows", None), ("tag", 116), ("tag", 3), ("near", 3), ("add", None)):
        shown = ShownTags(table="abcdefghijkl", rows=rows, view=view, chosen=chosen)
        card = Card(text=Say("tags.title", {"count": 120}), tags=shown)
        form = layout.lay_out(card, "zh")
        components = form.payload["components"]
        assert len(components) <= 5
        assert sum(1 + len(row["components"]) for row in components) <= 40
        for row in components:
            assert 1 <= len(row["components"]) <= 5
            for one in row["components"]:
                assert len(one["custom_id"]) <= 100 and len(one.get("options", "1")) <= 25
        keys = keyboards.keyboard(card, "zh")
        assert keys and sum(map(len, keys.inline_keyboard)) <= 100
        assert all(len(row) <= 8 for row in keys.inline_keyboard)


def test_marks_live_in_the_recipe() -> None:
    prompt = Prompt("x", (), locked=("moon",))
    assert Prompt.from_json(prompt.to_json()) == prompt and "off" not in Prompt("x", ()).to_json()
