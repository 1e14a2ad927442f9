"""Tags read out of a picture, and the buttons below: draw them, add them to one's own, a caption for a training."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import asdict, replace
from typing import cast

from bot.buttons import papers
from bot.buttons.redrawing import as_it_stands
from bot.chat import Attached, Card, Field, Press, Request, Say
from bot.people import access, guard, owned
from bot.studio import tag_cards, tag_reading
from bot.studio.studio import Studio
from bot.studio.tag_options import CaptionStyle, TagWish
from engine import second_pass
from engine.recipe import Recipe
from engine.tagging import caption, plain
from prompts.errors import Refusal
from prompts.infotext.infotext import Infotext
from prompts.prompt import Fragment, Json
from prompts.safety import judge
from prompts.safety.signs import verdict
from prompts.tags import part_of
from storage import pictures, shares, uploads, wishes
from storage.pictures import PictureRow
from storage.wishes import Wish


async def of_request(studio: Studio, request: Request, wish: TagWish, code: str = "") -> Card:
    """The tags of a request's picture: attached, answered, or shared under a code, else of the person's newest. Raises
    Refusal `tags.how` where there is none, `tags.one_picture`."""
    if len(request.files) > 1:
        raise Refusal("tags.one_picture", count=len(request.files))
    if request.files:
        content = request.files[0].content
        file = await uploads.add_upload(studio.db, request.person.id, content)
        return await _told(studio, request, wish, file, content, own=True)
    row = await shares.opened(studio.db, code) if code else None
    if code and row is None:
        raise Refusal("share.unknown")
    if row is None and request.reply_to:
        row = await pictures.get(studio.db, request.reply_to)
        if row is None:
            raise Refusal("picture.gone")
    if row is None:
        row = await owned.newest(studio.db, request.person, "tags.how")
    return await _of_picture(studio, request, wish, row)


async def read_tags(studio: Studio, press: Press) -> Card:
    """The tags of a picture of the bot's."""
    row = await pictures.get(studio.db, press.target)
    if row is None:
        raise Refusal("picture.gone")
    return await _of_picture(studio, press, tag_reading.usual(studio), row)


async def _of_picture(studio: Studio, asked: Request | Press, wish: TagWish, row: PictureRow) -> Card:
    """Of somebody else's picture only what can be seen is told, where it may be seen."""
    own = row.person == asked.person.id
    if not own and not asked.person.admin:
        await access.shown_to_others(studio.sight, studio.rules.access, asked, [row])
    if not await studio.db.files.has(row.hash):
        raise Refusal("picture.file_gone")
    content = await studio.db.files.get(row.hash)
    return await _told(studio, asked, wish, row.hash, content, own=own, picture=row.id)


async def _told(
    studio: Studio, asked: Request | Press, wish: TagWish, file: str, content: bytes, *, own: bool, picture: str = ""
) -> Card:
    told = await tag_reading.read_for(studio, asked, file, wish)
    paper = await asyncio.to_thread(papers.read, content) if own else papers.Paper(None, None)
    names = [one.name for one in told.found.shown]
    text = json.dumps({"tags": names, "style": asdict(wish.style)})
    kept = await wishes.keep(studio.db, Wish(person=asked.person.id, text=text, reply_to=picture or None))
    if wish.caption:
        return _caption(asked, names, wish.style)
    recipe = paper.recipe or paper.infotext
    decent = await _decent(studio, asked, recipe)
    shown = tag_cards.told(told.found, asked.person.language, recipe if decent else None, told.left_out)
    if not decent:
        shown = replace(shown, fields=(Field(Say("tags.note"), Say("tags.recipe_left_out")), *shown.fields))
    if recipe is None:
        return replace(shown, buttons=tag_cards.buttons(kept) if names else ())
    held = await wishes.keep(studio.db, Wish(person=asked.person.id, text="", files=[file]))
    return replace(shown, buttons=tag_cards.buttons(kept, held)[0 if names else 3 :])


async def _decent(studio: Studio, asked: Request | Press, recipe: Recipe | Infotext | None) -> bool:
    """Whether the words of a file may be told where somebody asks. Raises Refusal `access.minors` for what is never
    told."""
    if recipe is None:
        return True
    words = second_pass.all_words(recipe).positive if isinstance(recipe, Recipe) else recipe.positive
    seen = verdict(await asyncio.to_thread(judge.signs_of_text, words))
    await guard.refuse(studio.db, asked.person.id, {seen})
    return not seen or await access.unasked(studio.db, studio.rules.access, asked) != "refuse"


async def draw_read(studio: Studio, press: Press) -> None:
    """Draw the tags that were read."""
    tags, _ = await _kept(studio, press)
    text = caption(tags)
    await studio.imagine(
        Request(person=press.person, place=press.place, text=text, key=press.key, room=press.room), text
    )


async def add_read(studio: Studio, press: Press) -> None:
    """Draw one's newest picture again with the tags that it has not yet. Raises Refusal `tags.nothing_mine`,
    `tags.all_there`."""
    tags, picture = await _kept(studio, press)
    page = await pictures.search(studio.db, press.person.id, limit=2)
    rows = [row for row in page.pictures if row.id != picture]
    if not rows:
        raise Refusal("tags.nothing_mine")
    recipe = await as_it_stands(studio.db, rows[0])
    there = {plain(one.text) for one in recipe.prompt.fragments}
    new = [tag for tag in tags if plain(tag) not in there]
    if not new:
        raise Refusal("tags.all_there")
    fragments = tuple(Fragment(caption([tag]), part=part_of(tag), source=tag) for tag in new)
    text = ", ".join(filter(None, (recipe.prompt.text, *(one.text for one in fragments))))
    prompt = replace(recipe.prompt, text=text, fragments=(*recipe.prompt.fragments, *fragments))
    await guard.check(studio.sight, press.person.id, text, over=(recipe,))
    await studio.submit(press, (replace(recipe, prompt=prompt),), parent=rows[0].id)


async def caption_read(studio: Studio, press: Press) -> Card:
    """A caption for a training, as a text file and to be copied."""
    kept = await _wish(studio, press)
    style = CaptionStyle(**cast(dict[str, str], kept["style"]))  # type: ignore[arg-type]
    return _caption(press, cast(list[str], kept["tags"]), style)


def _caption(asked: Request | Press, tags: list[str], style: CaptionStyle) -> Card:
    text = caption(tags, trigger=style.trigger, underscores=style.underscores, escaped=style.escaped)
    if not text:
        raise Refusal("tags.nothing_to_write")
    content = f"{text}\n".encode()
    # The page fetches no file of a card but by its address.
    address = f"data:text/plain;charset=utf-8;base64,{base64.b64encode(content).decode()}"
    file = Attached("caption.txt", content, address if asked.place.platform == "web" else "")
    how = Field(Say("tags.note"), Say("tags.caption_how"))
    return Card(text=Say("tags.caption"), fields=(Field(Say("tags.caption_text"), text), how), file=file)


async def _kept(studio: Studio, press: Press) -> tuple[list[str], str]:
    """The tags that a wish holds, and the picture of the bot's they are of."""
    kept = await _wish(studio, press)
    return cast(list[str], kept["tags"]), str(kept["picture"])


async def _wish(studio: Studio, press: Press) -> dict[str, Json]:
    wish = await wishes.get(studio.db, press.target)
    if wish is None or wish.person != press.person.id:
        raise Refusal("press.unknown")
    return {**cast(dict[str, Json], json.loads(wish.text)), "picture": wish.reply_to or ""}
