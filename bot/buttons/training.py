"""The buttons under the card of a training. The card itself is renewed where it stands (bot/training/teaching.py): a
button brings one of its own only for what stands beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.chat import Card, Press, Request, Say
from bot.errors import Gone, Rejected, Unreachable
from bot.studio import cards as usual
from bot.studio.parcels import SIZES
from bot.studio.studio import Studio
from bot.training import cards, orders, tag_changes
from prompts.errors import Refusal
from storage import posts
from storage.jobs import Place
from storage.trainings import KeptTraining

TRAIN_WRITE, TRAIN_DELETE = "train_write", "train_delete"  # the one asks for words first, the other whether it is meant
PAGE = "/trainings/{id}/file"  # where the page fetches a LoRA


async def show(studio: Studio, asked: Request | Press, kept: KeptTraining) -> None:
    """Have the card of a training stand where it is asked for, the newest there, and nowhere else."""
    db, teaching = studio.db, studio.teaching
    kept = await teaching.get(asked.person.id, kept.id)
    before = kept.place
    card = await cards.training_card(db, await teaching.now(kept, asked))
    place = replace(asked.place, message="") if isinstance(asked, Press) else asked.place
    there = await studio.chats[place.platform].send(place, card, asked.key)
    await teaching.stands(kept.id, there.message, there.chat, there.platform)
    if before.message and before != there:
        await _leave(studio, before, kept)


async def _leave(studio: Studio, place: Place, kept: KeptTraining) -> None:
    """Take the card away from where it stood, or say that it stands elsewhere."""
    chat = studio.chats.get(place.platform)
    if chat is None:
        return
    with contextlib.suppress(Gone, Rejected, Unreachable):
        try:
            await chat.remove(place)
            # Who answers to it meanwhile, with a second album say, speaks of the training all the same.
            await posts.put(studio.db, place, f"{place.chat}:{place.message}", job=kept.id)
        except Rejected:
            await chat.edit(place, cards.moved_card(kept.name, kept.language))


# --- what is looked at ---


async def train_show(studio: Studio, press: Press) -> None:
    await show(studio, press, await _mine(studio, press))


async def train_tags(studio: Studio, press: Press) -> Card:
    """The tags of its pictures, from one on."""
    now = await studio.teaching.now(await _mine(studio, press))
    return cards.tags_card(now, _number(press) or 1)


async def train_samples(studio: Studio, press: Press) -> Card:
    return await cards.samples_card(studio.db, await studio.teaching.now(await _mine(studio, press)))


async def train_curve(studio: Studio, press: Press) -> Card:
    return await cards.curve_card(studio.db, await studio.teaching.now(await _mine(studio, press)))


async def train_download(studio: Studio, press: Press) -> Card:
    return await downloaded(studio, press, await _mine(studio, press))


async def downloaded(studio: Studio, asked: Request | Press, kept: KeptTraining) -> Card:
    """The LoRA's file, for its owner's eyes only until it is shared. Raises Refusal `training.file_large` where the
    platform takes none of its size."""
    hidden = not (kept.shared or asked.room.private)
    if hidden and asked.place.platform != "discord":  # which shows such an answer to one person alone
        return Card(kind="error", text=Say("training.file_private", {"name": kept.name}), alone="train")
    name, content = await studio.teaching.download(asked.person.id, kept.id)
    platform, language = asked.place.platform, asked.person.language
    if platform == "web":
        return cards.file_card(name, b"", language, PAGE.format(id=kept.id))
    _, most = SIZES.get(platform, (0, len(content)))
    if len(content) > most:
        raise Refusal("training.file_large", size=round(len(content) / 1e6), limit=most // 1_000_000)
    return cards.file_card(name, content, language)


# --- what changes a draft ---


async def train_write(studio: Studio, press: Press) -> Card:
    """Change tags by the words in `values["text"]`. Raises Refusal `training.tags_how` where there are none."""
    kept = await _mine(studio, press)
    count = len(await studio.teaching.pictures(press.person.id, kept.id))
    made = tag_changes.changes(press.values.get("text", ""), count)
    for change in made:
        await studio.teaching.tag_all(press, kept.id, change)
    now = await studio.teaching.now(await _mine(studio, press))
    return cards.tags_card(now, tag_changes.first(made))


async def train_read(studio: Studio, press: Press) -> None:
    await studio.teaching.read_tags(press, _id(press))


async def train_agree(studio: Studio, press: Press) -> None:
    await studio.teaching.agree(press.person.id, _id(press))


async def chosen(studio: Studio, press: Press) -> None:
    """What a select of a draft chooses: its target ends in what, and behind a button in the value, too."""
    _, id, what, *more = press.target.split(".")
    value = press.values.get("value", more[0] if more else "")
    if what == "template":
        await _tried(studio, press, id, value)
        return
    wishes: Mapping[str, Callable[[str], str | None]] = {
        "kind": orders.kind_called,
        "preset": lambda said: None if said == cards.USUAL else said,
    }
    if what not in wishes:
        raise Refusal("press.unknown")
    await studio.teaching.change(press.person.id, id, **{what: wishes[what](value)})


async def choices(studio: Studio, press: Press) -> Card:
    """The choices of one thing in the place of the card."""
    _, id, what, *_ = press.target.split(".")
    now = await studio.teaching.now(await studio.teaching.get(press.person.id, id))
    return await cards.choices_card(studio.db, now, what)


# --- what happens to it ---


async def train_start(studio: Studio, press: Press) -> None:
    await studio.teaching.start(press, _id(press))


async def train_pause(studio: Studio, press: Press) -> None:
    await studio.teaching.pause(press.person.id, _id(press))


async def train_go_on(studio: Studio, press: Press) -> None:
    await studio.teaching.go_on(press, _id(press))


async def train_stop(studio: Studio, press: Press) -> None:
    await studio.teaching.stop_and_keep(press.person.id, _id(press))


async def train_choose(studio: Studio, press: Press) -> Card:
    """Take the file of a step for the LoRA."""
    step = _number(press)
    kept = await studio.teaching.choose(press.person.id, _id(press), step)
    return usual.notice("training.chosen", step=step, name=kept.name)


async def train_share(studio: Studio, press: Press) -> Card:
    kept = await studio.teaching.share(press.person.id, _id(press))
    return usual.notice("training.shared_now", file=kept.file)


async def train_unshare(studio: Studio, press: Press) -> Card:
    kept = await studio.teaching.share(press.person.id, _id(press), shared=False)
    return usual.notice("training.private_now", file=kept.file)


async def train_again(studio: Studio, press: Press) -> None:
    """A new draft of the same pictures."""
    await show(studio, press, await studio.teaching.again(press, _id(press)))


async def train_delete(studio: Studio, press: Press) -> Card:
    kept = await studio.teaching.deletable(press, _id(press))
    await studio.teaching.delete(press, kept.id)
    return usual.notice("training.deleted", name=kept.name)


async def train_use(studio: Studio, press: Press) -> None:
    """Draw a picture with what was learnt."""
    now = await studio.teaching.now(await _mine(studio, press))
    if not now.kept.file:
        raise Refusal("train.no_file")
    await _draw(studio, press, cards.use_words(now))


async def _tried(studio: Studio, press: Press, training: str, template: str) -> None:
    """Draw a portrait of who was learnt."""
    kept = await studio.teaching.get(press.person.id, training)
    if not kept.file:
        raise Refusal("train.no_file")
    await _draw(studio, press, cards.portrait_words(kept, template))
    await studio.teaching.renew(kept)  # where choices stand in the place of the card


async def _draw(studio: Studio, press: Press, text: str) -> None:
    place = replace(press.place, message="")
    request = Request(person=press.person, place=place, text=text, key=press.key, room=press.room)
    await studio.imagine(request, text)


TRAINING: Sequence[Callable[[Studio, Press], Awaitable[Card | None]]] = (
    train_show, train_tags, train_write, train_read, train_agree, train_start, train_pause, train_go_on, train_stop,
    train_samples, train_curve, train_choose, train_share, train_unshare, train_download, train_again, train_use,
    train_delete,
)  # fmt: skip


async def _mine(studio: Studio, press: Press) -> KeptTraining:
    return await studio.teaching.get(press.person.id, _id(press))


def _id(press: Press) -> str:
    return press.target.partition(".")[0]


def _number(press: Press) -> int:
    said = press.target.partition(".")[2]
    return int(said) if said.isdecimal() and len(said) < 9 else 0
