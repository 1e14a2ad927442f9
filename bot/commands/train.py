"""/train: a LoRA from somebody's pictures, learnt whenever nobody is drawn for."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Sequence

from bot.buttons import training as buttons
from bot.chat import Card, Request, Upload
from bot.commands.command import Command
from bot.people import owned
from bot.studio.studio import Studio
from bot.studio.uploads import checked
from bot.training import cards, orders
from bot.training.folder import FolderPictures
from bot.training.looked_at import NewPicture
from bot.training.orders import TrainOrder
from bot.training.tag_changes import first
from bot.training.zips import pictures_of_zip
from engine.training_plan import MAX_PICTURES, MIN_PICTURES
from prompts.errors import Refusal
from prompts.spelling import near
from prompts.tags import entry_of
from storage import people, pictures, shares
from storage.trainings import KeptTraining


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """Begin or go on with a training, or change one; without words, the list of the person's own."""
    teaching, person = studio.teaching, request.person.id
    codes, rest = orders.codes(rest)
    if not (rest or codes or request.files or request.training):
        return cards.list_card(await teaching.mine(person))
    if orders.deletes(rest) and (found := await _of_others(studio, request, orders.deletes(rest))):
        return found
    mine = await teaching.mine(person)
    kept: KeptTraining | None
    if request.training:
        name, words = "", rest
        kept = await teaching.get(person, request.training)
    else:
        name, words, kept = _meant(mine, rest)
    new = await _pictures(studio, request, codes)
    if new:
        if kept is None or kept.state != "draft":
            name = name or (kept.name if kept else "")
            if not name:
                raise Refusal("training.name_first")
            kept = await teaching.draft(request, name)
        kept = await teaching.add(request, kept.id, new)
    elif kept is None:
        if words:
            raise Refusal("training.no_such", name=name[:40], near=near(name, [one.name for one in mine]))
        kept = await teaching.draft(request, name)
    order = orders.read(words, len(await teaching.pictures(person, kept.id)))
    return await _done(studio, request, kept, order)


async def _of_others(studio: Studio, request: Request, who: str) -> Card | None:
    """Asks about what is to be deleted; admins and moderators may mean that of others. None where somebody else means
    nothing. Raises Refusal `training.no_other`."""
    found = await studio.teaching.meant(request, who)
    if len(found) == 1 and found[0].person == request.person.id:
        return cards.delete_card(found[0])
    if not found:
        if not (request.person.admin or request.room.moderator):
            return None
        raise Refusal("training.no_other", who=who[:40])
    rows = {one.person: await people.get(studio.db, one.person) for one in found}
    return cards.others_card([(one, row.name if (row := rows[one.person]) else "") for one in found])


def _meant(mine: Sequence[KeptTraining], text: str) -> tuple[str, str, KeptTraining | None]:
    """The name that a text begins with, what else it says, and the newest training of that name (a draft before all
    others). Words that no training is called by, but that say what to do, are meant for the newest."""
    names = {one.name for one in mine}
    name, words = orders.named(text, names)
    called = [one for one in mine if one.name.casefold() == name.casefold()]
    if not called and mine and text and orders.says(text):
        return "", text, mine[0]
    drafts = [one for one in called if one.state == "draft"]
    return name, words, next(iter(drafts or called), None)


async def _done(studio: Studio, request: Request, kept: KeptTraining, order: TrainOrder) -> Card | None:
    """Do what was asked for; its answer, or None where the card of the training has been sent anew."""
    teaching, person, id = studio.teaching, request.person.id, kept.id
    if order.wishes:
        wishes = dict(order.wishes)
        if "kind" in wishes:
            wishes["kind"] = orders.kind_called(str(wishes["kind"]))
        if "preset" in wishes:
            found = await teaching.now(kept)
            wishes["preset"] = orders.preset_called(str(wishes["preset"]), found.presets)
        await teaching.change(person, id, **{name: value or None for name, value in wishes.items()})
    for change in order.changes:
        await teaching.tag_all(request, id, change)
    for place in sorted(order.out, reverse=True):  # those behind one that goes move up
        await teaching.remove_picture(person, id, place)
    if order.step:
        await teaching.choose(person, id, order.step)
    if order.tags:
        return cards.tags_card(await teaching.now(await teaching.get(person, id)), first(order.changes))
    if order.deed in ("samples", "curve"):
        now = await teaching.now(kept)
        return await (cards.samples_card if order.deed == "samples" else cards.curve_card)(studio.db, now)
    if order.deed == "download":
        return await buttons.downloaded(studio, request, kept)
    if order.deed == "delete":  # asked for by its button, which asks again
        return cards.delete_card(kept)
    if order.deed == "again":
        kept = await teaching.again(request, id)
    elif order.deed:
        await _deed(studio, request, id, order.deed)
    await buttons.show(studio, request, kept)
    return None


async def _deed(studio: Studio, request: Request, id: str, deed: str) -> None:
    teaching, person = studio.teaching, request.person.id
    match deed:
        case "start":
            await teaching.start(request, id)
        case "agree":
            await teaching.agree(person, id)
        case "read_tags":
            await teaching.read_tags(request, id)
        case "pause":
            await teaching.pause(person, id)
        case "go_on":
            await teaching.go_on(request, id)
        case "stop":
            await teaching.stop_and_keep(person, id)
        case "share" | "unshare":
            await teaching.share(person, id, shared=deed == "share")


# --- pictures ---


async def _pictures(studio: Studio, request: Request, codes: Sequence[str]) -> list[NewPicture]:
    """The pictures that came along, those in zips among them, and earlier ones by their codes, with what those were
    drawn from as their captions."""
    found: list[NewPicture] = []
    for upload in request.files:
        if zipfile.is_zipfile(io.BytesIO(upload.content)):
            inside = await asyncio.to_thread(pictures_of_zip, upload.content, upload.name)
            found += await asyncio.to_thread(_of_zip, inside)
        else:
            one = await asyncio.to_thread(checked, upload)
            found.append(NewPicture(one.name, one.content))
    for code in codes:
        found.append(await _earlier(studio, request, code))
    if request.reply_to and not request.files and not codes:
        found.append(await _earlier(studio, request, request.reply_to))
    if len(found) > MAX_PICTURES:
        raise Refusal("train.count", count=len(found), least=MIN_PICTURES, most=MAX_PICTURES)
    return found


def _of_zip(found: FolderPictures) -> list[NewPicture]:
    return [
        NewPicture(
            one.path.name,
            checked(Upload(one.path.name, one.content)).content,
            one.caption,
            one.repeats,
            one.named,
            one.prior,
        )
        for one in found.pictures
    ]


async def _earlier(studio: Studio, request: Request, code: str) -> NewPicture:
    """A picture that was drawn, by its id or by the code under which it was shared. Raises Refusal
    `training.no_code`, `access.not_yours`."""
    row = await pictures.get(studio.db, code) or await shares.opened(studio.db, code.lower())
    if row is None:
        raise Refusal("training.no_code", code=code)
    owned.owner_or_admin(request.person, row.person)
    said = [one.text for one in row.recipe.prompt.fragments if one.origin != "preset" and entry_of(one.text)]
    content = await studio.db.files.get(row.hash)
    return NewPicture(f"{row.id}.png", content, ", ".join(said))


COMMAND = Command("train", ("训练", "訓練", "炼丹", "煉丹"), run)
