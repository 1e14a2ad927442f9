"""What people do with a comparison's sheet: take a picture's values over, vote, draw it once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.buttons.presses import under
from bot.chat import Card, Room
from bot.platforms import replies
from engine.recipe import Recipe
from prompts import axes
from prompts.prompt import Options
from storage import jobs, people, pictures, votes
from storage.jobs import Place
from storage.posts import Post
from tests.bot.commands.test_compare import ended
from tests.bot.studio.test_studio import House, house

GROUP = Room(server="group")


async def pressed(at: House, action: str, target: str, account: str = "ann", **values: str) -> Card:
    return at.chat.messages[await at.press(action, target, account, **values)]


async def settings(at: House) -> dict[str, object]:
    return dict(await people.settings(at.db, (await at.person()).id))


async def test_a_pictures_values_become_the_defaults_and_everything_is_undone(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/settings ratio 3:2")
        await at.say("/settings values steps=7")
        before = await settings(at)
        await at.say("/compare a cat steps=4,8 sampler=Euler a,DDIM")
        card = await ended(at)
        opened = await pressed(at, "compared_picture", card.buttons[3].target)
        assert opened.buttons[0].action == "this_one"
        told = await pressed(at, "this_one", opened.buttons[0].target)
        assert told.text.key == "this_one.done" and not told.fleeting
        assert [(line.label.values["name"], line.value) for line in told.fields] == [
            ("steps", "8"),
            ("sampler", "DDIM"),
        ]
        made = await at.recipe("a dog")
        assert (made.steps, made.sampler) == (8, "DDIM") and made.width > made.height
        assert (await at.recipe("a dog --steps 5")).steps == 5
        shown = at.chat.messages[await at.say("/settings")]
        assert "steps 8, sampler DDIM" in [line.value for line in shown.fields]
        again = await pressed(at, "this_one", card.buttons[3].target)  # which changes nothing: the undo stays
        assert again.text.key == "this_one.done"
        [back] = told.buttons
        assert (await pressed(at, back.action, back.target)).text.key == "this_one.taken_back"
        assert await settings(at) == before
        assert (await pressed(at, back.action, back.target)).text.key == "this_one.undone"
        assert (await at.recipe("a dog")).steps == 7


async def test_what_cannot_be_a_default_is_named(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a red cat seed=1,2 replace red with red,blue")
        card = await ended(at)
        refused = await pressed(at, "this_one", card.buttons[0].target)
        assert refused.text.key == "this_one.none" and refused.text.values["names"] == "seed, red"
        await at.say("/compare a cat seed=1,2 cfg=2,3")
        card = await ended(at, 2)
        told = await pressed(at, "this_one", card.buttons[2].target)
        assert [(line.label.key, line.value) for line in told.fields] == [
            ("compare.axis", "3"),
            ("this_one.left", "seed"),
        ]
        other = await pressed(at, "this_one", card.buttons[2].target, account="bob")
        assert other.text.key == "access.not_yours"
        await at.recipe("a dog")
        [row, *_] = (await pictures.search(at.db, (await at.person()).id)).pictures
        assert (await pressed(at, "this_one", row.id)).text.key == "this_one.not_compared"


@pytest.mark.parametrize(
    ("said", "values", "changed"),
    [
        ("style=anime,none", 0, {"style": "anime"}),
        ("style=anime,none", 1, {"style": None}),
        ("ratio=3:2,1:1", 0, {"ratio": 1.5}),
        ("原样=开,关", 0, {"expand": False}),
        ("expand=on,off", 0, {"expand": None}),
        ("expand=on,off", 1, {"expand": False}),
        ("高清=开,关", 0, {"values": {"steps": '--steps "4"', "hd": "--hd"}}),
        ("vae=none,a", 0, {}),
        ("steps=6", 0, {"values": {"steps": '--steps "6"'}}),
        ("size=64x64", 0, {"values": {"steps": '--steps "4"', "size": '--size "64x64"'}}),
    ],
)
def test_each_kind_of_axis_has_its_own_setting(said: str, values: int, changed: dict[str, object]) -> None:
    from bot.studio import own_values
    from tests.storage.samples import recipe

    [axis] = axes.read(said)
    new = own_values.made_default([axis], [axis.values[values]], recipe(), {"values": {"steps": '--steps "4"'}})
    assert (new.settings, new.kept, new.left) == (changed, (axis,), ())


def test_values_that_a_version_does_not_know_any_more_say_nothing() -> None:
    from bot.studio import own_values

    kept = {"values": {"steps": '--steps "4"', "gone": '--gone-away "4"', "size": '--size "a lot"'}}
    assert own_values.defaults(kept) == Options(steps=4)


def test_of_a_size_and_a_ratio_the_newer_holds() -> None:
    from bot.studio import own_values
    from tests.storage.samples import recipe

    size, ratio = axes.read("size=64x64 ratio=3:2")
    as_size = own_values.made_default([size], size.values, recipe(), {"ratio": 1.5})
    assert as_size.settings == {"ratio": None, "values": {"size": '--size "64x64"'}}
    as_ratio = own_values.made_default([ratio], ratio.values, recipe(), as_size.settings)
    assert as_ratio.settings == {"ratio": 1.5, "values": None}
    assert own_values.beside("ratio", 1.5, as_size.settings) == {"values": None}
    assert own_values.beside("ratio", None, as_size.settings) == {}
    assert own_values.beside("values", as_size.settings["values"], {"ratio": 1.5}) == {"ratio": None}


async def test_own_values_are_written_by_hand_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        keys = {
            "/settings values steps=8 cfg=3": "settings.changed",
            "/设置 常用值 步数=9,10": "settings.values_form",
            "/settings values seed=4": "this_one.none",
            "/settings values style=anime": "this_one.none",
            "/settings values model=a": "this_one.none",
            "/settings values sizes=4": "compare.unknown",
        }
        for said, key in keys.items():
            assert at.chat.messages[await at.say(said)].text.key == key, said
        assert (await settings(at))["values"] == {"steps": '--steps "8"', "guidance": '--guidance "3"'}
        assert at.chat.messages[await at.say("/settings values default")].text.key == "settings.changed"
        assert "values" not in await settings(at)


async def test_people_of_a_group_vote_once_each_and_the_leader_is_named_after_a_restart_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,6,8", room=GROUP)
        card = await ended(at)
        *numbers, vote = card.buttons
        assert vote.action == "vote" and vote.label and vote.label.key == "vote.none"
        ballot = await pressed(at, "vote", vote.target, account="bob")
        assert [one.target for one in ballot.buttons] == [one.target for one in numbers]
        told = await pressed(at, "vote_for", numbers[1].target, account="bob")
        assert told.fleeting and told.text.key == "vote.leads.after" and told.text.values["numbers"] == "2"
        tied = await pressed(at, "vote_for", numbers[2].target)
        assert tied.text.key == "vote.tied.after" and tied.text.values == {
            "numbers": "2, 3",
            "votes": 1,
            "all": 2,
            "number": 3,
        }
        await pressed(at, "vote_for", numbers[2].target, account="bob")  # changed
        _, place, renewed = next(one for one in reversed(at.chat.log) if one[0] == "renew")
        assert place == card.job and renewed.buttons[-1].label
        assert renewed.buttons[-1].label.key == "vote.leads" and renewed.buttons[-1].label.values["votes"] == 2
        assert renewed.table and renewed.table.votes == (0, 0, 2)
        await at.restart()
        gone = await pressed(at, "unvote", numbers[2].target, account="bob")
        assert gone.text.key == "vote.taken_back"
        assert await votes.of_job(at.db, str(card.job)) == {numbers[2].target: 1}
        await pressed(at, "delete", numbers[0].target)
        assert (await pressed(at, "vote_for", numbers[2].target)).text.key == "vote.not_compared"


async def test_alone_with_the_bot_nothing_is_voted_about(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,6")
        numbers = (await ended(at)).buttons
        assert [one.action for one in numbers] == ["compared_picture"] * 2
        assert (await pressed(at, "vote_for", numbers[0].target, account="bob")).text.key == "access.not_yours"


async def test_a_sheet_is_drawn_once_more_with_another_seed_and_a_large_one_if_agreed_to(
    tmp_path: Path,
) -> None:
    async def recipes(at: House, count: int) -> tuple[Recipe, ...]:
        card = await ended(at, count)
        assert card.text.key == "compare.done"
        kept = await jobs.get(at.db, str(card.job))
        assert kept
        return kept.job.recipes

    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,6")
        first = await ended(at)
        job = str(first.job)
        again = await at.press("sheet", job, asks="again")
        before, after = (await jobs.get(at.db, job)), await recipes(at, 2)
        assert again and before and before.job.recipes[0].seed != after[0].seed
        assert [replace(one, seed=0) for one in before.job.recipes] == [replace(one, seed=0) for one in after]
        at.studio.rules = replace(at.studio.rules, pictures_per_request=1)
        asked = await pressed(at, "sheet", job, asks="again")
        assert asked.text.key == "compare.again" and asked.text.values["count"] == 2
        await at.press(asked.buttons[0].action, asked.buttons[0].target)
        assert len(await recipes(at, 3)) == 2
        for action in ("favourite", "original", "edit"):
            assert (await pressed(at, "sheet", job, asks=action)).text.key == "compare.which"
        assert (await pressed(at, "sheet", job, account="bob", asks="delete")).text.key == "access.not_yours"
        assert (await pressed(at, "sheet", job, asks="delete")).text.key == "picture.deleted"
        assert await pictures.of_job(at.db, job) == ()
        at.studio.rules = replace(at.studio.rules, pictures_per_request=4)
        await at.say("/compare a cat seed=1,2")
        seeds = await ended(at, 4)
        assert (await pressed(at, "sheet", str(seeds.job), asks="again")).text.key == "compare.same_again"
        await at.say("/compare a cat variation strength=0.2,0.5")
        varied = await ended(at, 5)
        await at.press("sheet", str(varied.job), asks="again")
        assert [one.variation and one.variation.strength for one in await recipes(at, 6)] == [0.2, 0.5]


def test_words_and_reactions_to_a_sheet_are_about_what_they_say() -> None:
    post = Post(Place("fake", "1", "2"), "key", "job", tuple(f"picture{at}" for at in range(1, 13)), compared=True)
    assert replies.which(post, "12 make it night") == ("picture12", "make it night")
    assert replies.which(post, "第 3 张，换成夜晚") == ("picture3", "换成夜晚")
    assert not replies.unnumbered(post, "12 make it night") and not replies.unnumbered(post, "/recipe")
    assert replies.unnumbered(post, "13 make it night") and replies.unnumbered(post, "make it night")
    assert not replies.unnumbered(replace(post, compared=False), "make it night")
    for action in ("again", "delete", "favourite"):
        assert under(post, action) == ("sheet", "job", {"asks": action})


async def test_a_vote_for_what_is_not_compared_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.recipe("a dog")
        [row] = (await pictures.search(at.db, (await at.person()).id)).pictures
        assert (await pressed(at, "vote_for", row.id)).text.key == "vote.not_compared"
        assert (await pressed(at, "vote_for", "gone")).text.key == "picture.gone"
        assert (await pressed(at, "vote", "gone")).text.key == "vote.not_compared"
