"""The road of a training, from a draft to a LoRA that is its owner's alone."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot import texts
from bot.chat import Room, Say
from bot.people.limits import Limits
from bot.studio.suggest import suggest
from bot.training.cards import samples_card, training_card
from bot.training.looked_at import NewPicture
from bot.training.tag_changes import TagChange
from engine.files import by_hash, model_folders, private
from engine.tagging import PictureTags
from prompts.errors import Refusal
from storage import forgetting, jobs, maps, rules, trainings
from tests.bot.training.school import School, a_picture, a_set, school
from tests.patience import until


async def test_a_training_becomes_a_lora_that_draws_for_its_owner_alone(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun(name="小红")
        assert (kept.state, kept.trigger, kept.steps) == ("waiting", "xiaohongdq", 20)
        plan = at.pool.trainings[kept.id].plan
        assert plan["trigger"] == "xiaohongdq" and at.pool.trainings[kept.id].every == 10
        files = at.pool.training_files[kept.id]
        assert {one["file"] for one in plan["pictures"]} == set(files) and len(files) == 5  # type: ignore[index,union-attr,call-overload]
        assert plan["pictures"][0]["caption"] == "xiaohongdq, red, thing 0"  # type: ignore[index,call-overload]
        at.pool.learn(kept.id, 3, [0.3, 0.2, 0.1], 2.0)
        at.pool.learn(kept.id, 2, [0.25], 1.0)  # a death: it goes on one step before
        running = await at.state(kept.id, "running")
        await until(lambda: _losses(at, kept.id, [0.3, 0.25]))
        assert running.step in (2, 3)
        done = await at.finished(kept.id)
        assert done.file == "小红" and done.chosen == 20 and at.pool.forgotten == [kept.id]
        assert (at.loras / "小红.safetensors").read_bytes() == at.file()
        await until(lambda: (at.loras / "小红.preview.png").exists())
        samples = await at.teaching.samples(kept.person, kept.id)
        assert [(one.step, one.place) for one in samples] == [(step, place) for step in (10, 20) for place in range(4)]
        job = await jobs.get(at.db, samples[4].job)
        assert job
        with_it, other, without, _ = job.job.recipes
        assert with_it.prompt.positive.startswith("xiaohongdq, red") and without.prompt.positive == "red, thing 0"
        assert with_it.seed == without.seed != other.seed
        assert {use.name for one in job.job.recipes for use in one.prompt.loras} == {f"{kept.id}-0020"}
        spent = await jobs.spent(at.db, at.time - timedelta(days=400), kept.person)
        assert spent.pictures == 0 and spent.seconds == 8.0  # samples take time, and are nobody's pictures of the day
        await at.draws("/imagine xiaohongdq <lora:小红:1>")


async def _losses(at: School, training: str, wanted: list[float]) -> bool:
    await at.teaching._losses.write(training)
    return await trainings.losses(at.db, training) == wanted


async def test_nobody_else_finds_or_uses_it_until_it_is_shared(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        await at.finished(kept.id)
        ann, bob = (await at.asks("ann")).person, (await at.asks("bob")).person

        async def found(text: str, account: str) -> str:
            key = await at.says(text, account)
            return at.chat.messages[key].text.key if key in at.chat.messages else ""

        assert await found("/loras totem", "ann") == "loras.title"
        assert await found("/loras totem", "bob") == "loras.none"
        assert [one.value for one in await suggest(at.studio, ann, "lora", "", 9)] == ["totem"]
        assert await suggest(at.studio, bob, "lora", "", 9) == []
        pasted = "a cat <lora:totem:1>\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"
        for text in ("/imagine a cat <lora:totem:1>", pasted, f"/imagine a cat <lora:{kept.id}-0010>"):
            assert await found(text, "bob") == "lora.private", text
        await at.draws("/imagine a cat <lora:totem:1>", "ann")
        recipe = (await jobs.of_person(at.db, ann.id, 1))[0].job.recipe  # as a code, a link or a favourite gives it
        with private.seen_by(bob.id), pytest.raises(Refusal, match=r"lora\.private"):
            await at.studio.submit(await at.asks("bob"), [recipe])
        hashes = {(at.loras / "totem.safetensors", "lora")}
        for person, name in ((ann, "totem"), (bob, "")):
            with private.seen_by(person.id):
                digests = [model_folders.digest(path) for path, _ in hashes]
                assert by_hash.named([at.loras], "lora", digests) == name
        await at.teaching.share(kept.person, kept.id)
        assert [one.value for one in await suggest(at.studio, bob, "lora", "", 9)] == ["totem"]
        await at.draws("/imagine a cat <lora:totem:1>", "bob")
        assert await found(f"/imagine a cat <lora:{kept.id}-0010>", "bob") == "lora.private"  # one from along the way
        await at.teaching.share(kept.person, kept.id, shared=False)
        assert await found("/imagine a cat <lora:totem:1>", "bob") == "lora.private"
        with pytest.raises(Refusal, match=r"train\.gone"):
            await at.teaching.get(bob.id, kept.id)


async def test_what_shows_somebody_who_agreed_is_never_drawn_for_adults(tmp_path: Path) -> None:
    async with school(tmp_path, Limits(adult="allow")) as at:
        at.pool.tags = lambda wish: PictureTags("detectors", faces=((0.4, 0.1, 0.6, 0.3),))
        kept = await at.draft()
        kept = await at.teaching.change(kept.person, kept.id, kind="person", steps=20, files=2)
        assert (await at.teaching.now(kept)).consent_needed
        with pytest.raises(Refusal, match=r"train\.consent_first"):
            await at.teaching.start(await at.asks(), kept.id)
        with pytest.raises(Refusal, match=r"train\.adult"):
            await at.teaching.caption(await at.asks(), kept.id, 1, "nude")
        agreed = await at.teaching.agree(kept.person, kept.id)
        assert agreed.consent and (agreed.consent.text, agreed.consent.at) == (1, "2026-05-04T12:00:00+00:00")
        await at.teaching.start(await at.asks(), kept.id)
        await until(lambda: kept.id in at.pool.trainings)
        plan = at.pool.trainings[kept.id].plan
        assert plan["consent"] is True and plan["pictures"][0]["focus"][0] == 0.5  # type: ignore[index,call-overload]
        await at.finished(kept.id)
        await at.teaching.share(kept.person, kept.id)
        for account in ("ann", "bob"):
            key = await at.says("/imagine nude woman <lora:totem:1>", account)
            assert at.chat.messages[key].text.key == "lora.adult"
        await at.draws("/imagine nude woman", "bob")  # which is allowed here


async def test_deleting_leaves_no_file_row_or_word(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun(name="verysecretname", trigger="zwxqv")
        await at.finished(kept.id)
        await at.says("/loras verysecretname")  # whose preview is kept as an upload is
        at.chat.messages.clear()
        pictures = await at.teaching.pictures(kept.person, kept.id)
        samples = await at.teaching.samples(kept.person, kept.id)
        words = [kept.id, "verysecretname", "zwxqv", *(one.hash for one in (*pictures, *samples))]
        assert all(_traces(tmp_path, word) for word in words)
        await at.teaching.delete(await at.asks(), kept.id)
        await forgetting.scrub(at.db)
        assert {word: _traces(tmp_path, word) for word in words if _traces(tmp_path, word)} == {}
        assert at.pool.forgotten == [kept.id] * 3  # at the end, and before and after its files are gone
        await at.draft(name="verysecretname")  # nothing is in the way of another


def _traces(folder: Path, word: str) -> list[str]:
    """Where a word is, in names of files and in what is in them."""
    said = word.encode()
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and "cache" not in path.parts and (word in str(path) or said in path.read_bytes())
    ]


async def test_a_restart_takes_up_what_is_not_done(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        at.pool.learn(kept.id, 4, [0.1] * 4, 2.0)
        at.pool.half(kept.id, 10, at.file())
        await until(lambda: len(at.pool.drawn) == 1)
        await at.restart()
        await until(lambda: kept.id in at.pool.trainings and len(at.pool.drawn) == 1)  # the samples, too
        at.pool.learn(kept.id, 5, [0.1], 2.0)
        running = await at.state(kept.id, "running")
        assert running.attempt == 1 and running.seconds in (2.0, 4.0)
        await at.finished(kept.id)
        await at.restart()
        private_to = await at.says("/imagine a cat <lora:totem:1>", "bob")
        assert at.chat.messages[private_to].text.key == "lora.private"


async def test_a_day_has_so_many_seconds_and_the_next_one_new_ones(tmp_path: Path) -> None:
    async with school(tmp_path, Limits(seconds=10)) as at:
        kept = await at.begun()
        at.pool.learn(kept.id, 1, [0.1], 6.0)
        await at.state(kept.id, "running")
        at.pool.learn(kept.id, 2, [0.1], 5.0)
        paused = await at.state(kept.id, "paused")
        assert (paused.reason, paused.reason_values) == ("train.quota", {"limit": 10})
        await until(lambda: kept.id not in at.queue.trainings)
        assert await maps.seconds(at.db, kept.person, at.time.date()) == 11.0
        with pytest.raises(Refusal, match=r"access\.seconds"):
            await at.teaching.go_on(await at.asks(), kept.id)
        await at.teaching.round()
        assert (await at.teaching.get(kept.person, kept.id)).state == "paused"
        at.time += timedelta(hours=13)
        await at.teaching.round()
        await until(lambda: kept.id in at.pool.trainings)
        assert (await at.teaching.get(kept.person, kept.id)).state == "waiting"


async def test_it_pauses_goes_on_and_stops_with_what_is_learnt(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        with pytest.raises(Refusal, match=r"train\.begun"):
            await at.teaching.add(await at.asks(), kept.id, a_set(1, 20))
        with pytest.raises(Refusal, match=r"train\.no_file"):
            await at.teaching.stop_and_keep(kept.person, kept.id)
        other = await at.draft(name="other")
        with pytest.raises(Refusal, match=r"train\.active"):
            await at.teaching.start(await at.asks(), other.id)
        assert (await at.teaching.pause(kept.person, kept.id)).state == "paused"
        await until(lambda: kept.id not in at.pool.trainings)
        await at.teaching.go_on(await at.asks(), kept.id)
        await until(lambda: kept.id in at.pool.trainings)
        for step in (10, 15):
            at.pool.half(kept.id, step, at.file())
        await at.samples(kept.id, 8)
        assert (await at.teaching.stop_and_keep(kept.person, kept.id)).state == "cancelled"
        kept = await at.teaching.get(kept.person, kept.id)
        assert (kept.file, kept.chosen, await at.teaching.steps(kept.person, kept.id)) == ("totem", 15, (10, 15))
        assert (await at.teaching.choose(kept.person, kept.id, 10)).chosen == 10
        with pytest.raises(Refusal, match=r"train\.no_step"):
            await at.teaching.choose(kept.person, kept.id, 11)
        name, content = await at.teaching.download(kept.person, kept.id)
        assert (name, content) == ("totem.safetensors", at.file())
        again = await at.teaching.again(await at.asks(), kept.id)
        assert (again.name, again.state, again.wishes["steps"]) == ("totem 2", "draft", 20)
        copied = await at.teaching.pictures(again.person, again.id)
        assert [one.caption for one in copied] == [f"red, thing {number}" for number in range(5)]


async def test_a_failure_says_why_and_can_go_on(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        at.pool.learnt(kept.id, "failed", "train.memory")
        failed = await at.state(kept.id, "failed")
        assert failed.reason == "train.memory" and failed.ended
        await at.teaching.go_on(await at.asks(), kept.id)
        await until(lambda: kept.id in at.pool.trainings)
        assert (await at.teaching.get(kept.person, kept.id)).reason == ""


async def test_what_was_learnt_before_a_failure_can_be_taken(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        with pytest.raises(Refusal, match=r"train\.no_file"):
            await at.teaching.choose(kept.person, kept.id, 10)
        at.pool.half(kept.id, 10, at.file())
        await at.samples(kept.id, 4)
        at.pool.learnt(kept.id, "failed", "train.memory")
        failed = await at.state(kept.id, "failed")
        card = await samples_card(at.db, await at.teaching.now(failed))
        assert [(one.action, one.target) for one in card.buttons] == [("train_choose", f"{kept.id}.10")]
        taken = await at.teaching.choose(kept.person, kept.id, 10)
        assert (taken.state, taken.file, taken.chosen) == ("failed", "totem", 10)
        assert (at.loras / "totem.safetensors").exists()


async def test_who_may_not_any_more_does_not_go_on(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        await at.teaching.pause(kept.person, kept.id)
        await rules.put(at.db, rules.of_server("fake", "s"), "training", "off")
        asked = await at.asks()
        with pytest.raises(Refusal, match=r"train\.off"):
            await at.teaching.go_on(replace(asked, room=Room(server="s")), kept.id)
        assert (await at.teaching.go_on(asked, kept.id)).state == "waiting"


async def test_a_photograph_says_nothing_of_where_it_was_taken(tmp_path: Path) -> None:
    exif, said = Image.Exif(), PngInfo()
    exif[0x010E], exif[0x8825] = "at our house", {1: "N", 2: (48.0, 8.0, 15.0)}
    said.add_itxt("XML:com.adobe.xmp", "<photo>ours</photo>")
    async with school(tmp_path) as at:
        kept = await at.teaching.draft(await at.asks(), "totem")
        sent = []
        for number, form in enumerate(("PNG", "JPEG", "WEBP")):
            more: dict[str, Any] = {"pnginfo": said} if form == "PNG" else {}
            out = io.BytesIO()
            Image.open(io.BytesIO(a_picture(number))).save(out, form, exif=exif, **more)
            assert b"at our house" in out.getvalue()
            sent.append(NewPicture(f"{number}.{form.lower()}", out.getvalue()))
        await at.teaching.add(await at.asks(), kept.id, sent)
        for one in await at.teaching.pictures(kept.person, kept.id):
            content = await at.db.files.get(one.hash)
            with Image.open(io.BytesIO(content)) as image:
                assert not image.getexif() and not image.info.keys() & {"exif", "xmp"}, one.name
            assert b"our house" not in content and b"ours" not in content, one.name


async def test_nobody_is_learnt_from_what_is_for_adults_whenever_the_kind_is_chosen(tmp_path: Path) -> None:
    said = PngInfo()
    said.add_text("parameters", "nude woman\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 128x128")
    out = io.BytesIO()
    Image.open(io.BytesIO(a_picture(9))).save(out, "PNG", pnginfo=said)
    async with school(tmp_path) as at:
        kept, asked = await at.draft(count=5), await at.asks()
        await at.teaching.add(asked, kept.id, [NewPicture("nine.png", out.getvalue(), "red")])  # of a thing it may be
        with pytest.raises(Refusal, match=r"training\.adult_picture.*nine"):
            await at.teaching.change(kept.person, kept.id, kind="person")
        await at.teaching.remove_picture(kept.person, kept.id, 6)
        await at.teaching.change(kept.person, kept.id, kind="person")
        with pytest.raises(Refusal, match=r"training\.adult_picture"):
            await at.teaching.add(asked, kept.id, [NewPicture("nine.png", out.getvalue(), "red")])


async def test_what_is_not_to_be_forgotten_is_drawn_first(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.draft()
        await at.teaching.change(kept.person, kept.id, keep="一只猫", steps=20)
        kept = await at.teaching.start(await at.asks(), kept.id)
        await until(lambda: len(at.pool.drawn) == 1)
        assert kept.id not in at.pool.trainings
        job = at.pool.drawn[0][0]
        at.pool.finish(job)
        await until(lambda: kept.id in at.pool.trainings)
        shown = at.pool.trainings[kept.id].plan["pictures"]
        prior = [one for one in shown if one["prior"]]  # type: ignore[union-attr,index,call-overload]
        assert len(prior) == 16 and {one["caption"] for one in prior} == {"cat"}  # type: ignore[index,call-overload]
        assert await at.teaching.samples(kept.person, kept.id) == []
        again = await at.teaching.again(await at.asks(), kept.id)  # where something else may be kept, or nothing
        assert len(await at.teaching.pictures(again.person, again.id)) == 5


async def test_several_albums_add_up_and_are_looked_at(tmp_path: Path) -> None:
    async with school(tmp_path, drafts=1, bytes=40_000) as at:
        kept = await at.draft(count=3)
        asked = await at.asks()
        assert (await at.teaching.draft(asked, "Totem")).id == kept.id
        await at.teaching.add(
            asked, kept.id, [*a_set(1), *a_set(2, 3), NewPicture("5", a_picture(5, 96), "红裙子, 微笑")]
        )
        pictures = await at.teaching.pictures(kept.person, kept.id)
        assert [one.place for one in pictures] == [1, 2, 3, 4, 5, 6]
        assert (pictures[5].caption, pictures[5].source) == ("red dress, smile", "红裙子, 微笑")
        assert [bool(one.flags.get("small")) for one in pictures] == [False] * 5 + [True]
        await until(lambda: _seen(at, kept.id))
        assert all(one.flags.get("plain") for one in await at.teaching.pictures(kept.person, kept.id))
        await at.teaching.tag_all(asked, kept.id, TagChange("rename", ("微笑",), to="大笑"))
        await at.teaching.tag_all(asked, kept.id, TagChange("minus", ("red",)))
        await at.teaching.tag_all(asked, kept.id, TagChange("plus", ("outdoors",), (1, 6)))
        said = [one.caption for one in await at.teaching.pictures(kept.person, kept.id)]
        assert said[0] == "thing 0, outdoors" and said[1] == "thing 1" and said[5].endswith("laughing, outdoors")
        await at.teaching.remove_picture(kept.person, kept.id, 1)
        assert (await at.teaching.pictures(kept.person, kept.id))[0].caption == "thing 1"
        with pytest.raises(Refusal, match=r"training\.no_picture"):
            await at.teaching.remove_picture(kept.person, kept.id, 6)
        with pytest.raises(Refusal, match=r"upload\.not_a_picture"):
            await at.teaching.add(asked, kept.id, [*a_set(1, 30), NewPicture("x", b"no picture")])
        with pytest.raises(Refusal, match=r"train\.bytes"):
            await at.teaching.add(asked, kept.id, [NewPicture("y", a_picture(31, 2000))] * 9)
        assert len(await at.teaching.pictures(kept.person, kept.id)) == 5
        with pytest.raises(Refusal, match=r"train\.drafts"):
            await at.teaching.draft(asked, "another")
        with pytest.raises(Refusal, match=r"access\.minors"):
            await at.teaching.caption(asked, kept.id, 1, "nude child")


async def _seen(at: School, training: str) -> bool:
    return all("faces" in one.flags for one in await trainings.pictures(at.db, training))


async def test_choices_are_checked_as_they_are_made(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.draft()
        for wish, key in (
            ({"steps": "many"}, "training.range"),
            ({"kind": "cat"}, "training.kind"),
            ({"trigger": "小红"}, "training.trigger"),
            ({"preset": "full"}, "training.preset"),
            ({"model": "nothing"}, "model.unknown"),
            ({"preset": "portrait"}, "training.portrait"),
            ({"colour": "red"}, "train.not_one_of"),
        ):
            with pytest.raises(Refusal) as refused:
                await at.teaching.change(kept.person, kept.id, **wish)  # type: ignore[arg-type]
            assert refused.value.key == key
            said = texts.say("zh", key, **refused.value.values)
            assert "--" not in said and (key == "train.not_one_of" or not re.search("steps|kind|style|preset", said))
        kept = await at.teaching.change(kept.person, kept.id, kind="style", steps="30", trigger="ZWX", preset="style")
        assert (kept.kind, kept.trigger, kept.wishes) == ("style", "zwx", {"steps": 30, "preset": "style"})
        estimate = (await at.teaching.now(kept)).estimate
        assert estimate and (estimate.steps, estimate.left) == (30, None) and estimate.seconds > 0
        kept = await at.teaching.change(kept.person, kept.id, steps=None)
        assert kept.wishes == {"preset": "style"}


async def test_who_may_is_the_owners_and_then_the_servers_to_say(tmp_path: Path) -> None:
    async with school(tmp_path, who="roles", roles=frozenset({"fake:7"})) as at:
        asked = await at.asks()
        for room, may in ((Room(), False), (Room(server="s", roles=frozenset({"7"})), True), (Room(server="s"), False)):
            assert await at.teaching.may(replace(asked, room=room)) is may
        here = Room(server="s", roles=frozenset({"7"}))
        await rules.put(at.db, rules.of_server("fake", "s"), "training", "everybody")  # no more than the owner lets
        assert not await at.teaching.may(replace(asked, room=Room(server="s")))
        await rules.put(at.db, rules.of_server("fake", "s"), "training", "admins")
        with pytest.raises(Refusal, match=r"train\.who"):
            await at.teaching.draft(replace(asked, room=here), "x")
        await rules.put(at.db, rules.of_server("fake", "s"), "training", "off")
        with pytest.raises(Refusal, match=r"train\.off"):
            await at.teaching.draft(replace(asked, room=here, person=replace(asked.person, admin=True)), "x")


async def test_drafts_and_pictures_go_when_they_have_lain_long_enough(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        draft, kept = await at.draft(name="draft"), await at.begun()
        await at.finished(kept.id)
        at.time = at.db.now() + timedelta(days=6)
        await at.teaching.round()
        assert len(await at.teaching.mine(kept.person)) == 2
        at.time = at.db.now() + timedelta(days=31)
        await at.teaching.round()
        assert [one.id for one in await at.teaching.mine(kept.person)] == [kept.id] and draft.id != kept.id
        assert await at.teaching.pictures(kept.person, kept.id) == []
        assert await at.teaching.steps(kept.person, kept.id) == ()
        assert (at.loras / "totem.safetensors").exists()


async def test_whoever_has_lost_what_was_learnt_is_told_so(tmp_path: Path) -> None:
    """The machine with the checkpoint is gone, and another begins anew."""
    async with school(tmp_path) as at:
        kept = await at.begun()
        await at.teaching.stands(kept.id, "card", "ann", "fake")
        at.pool.learn(kept.id, 12, [0.3] * 12, 2.0)
        assert not (await at.state(kept.id, "running")).reason
        at.pool.learn(kept.id, 0)
        at.pool.learn(kept.id, 2, [0.3] * 2, 1.0)
        await until(lambda: _step(at, kept.id, 2))
        running = await at.state(kept.id, "running")
        assert (running.reason, running.reason_values) == ("training.anew", {"step": 12})
        card = await training_card(at.db, await at.teaching.now(running))
        assert [
            one.value.values for one in card.fields if isinstance(one.value, Say) and one.value.key == running.reason
        ]
        assert "training.field.anew" in {one.label.key for one in card.fields}
        assert not (await at.finished(kept.id)).reason, "that is over"


async def _step(at: School, training: str, step: int) -> bool:
    kept = await trainings.get(at.db, training)
    return kept is not None and kept.step == step


async def test_one_card_tells_all_of_it(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        await at.teaching.stands(kept.id, "card", "ann", "fake")
        at.pool.learn(kept.id, 3, [0.3] * 3, 2.0)
        await at.chat.until(lambda: "card" in at.chat.messages)
        await at.finished(kept.id)
        await until(lambda: len(at.teaching._showing._tasks) == 0)
        assert len({message for _, message, card in at.chat.log if card.kind == "answer"}) == 1
        await at.teaching.delete(await at.asks(), kept.id)
        assert "card" not in at.chat.messages


def test_names_are_told_apart_by_files_and_aliases(tmp_path: Path) -> None:
    mine = private.PrivateFile(tmp_path / "red.safetensors", "ann", "Rot")
    private.keep([mine], tmp_path / "made")
    try:
        assert (
            private.of_others(["RED"]) == "RED"
            and private.of_others(["rot.safetensors"])
            and not private.agreed(["red"])
        )
        with private.seen_by("ann"):
            assert not private.of_others(["red", "rot"]) and not private.hidden(mine.path)
        assert private.hidden(mine.path) and private.hidden(tmp_path / "made" / "x" / "y.safetensors")
        assert not private.hidden(tmp_path / "other.safetensors")
    finally:
        private.forget()
