"""What somebody drew by its words, page by page: each prompt once, with its newest picture, to be used again."""

from __future__ import annotations

from bot.buttons.forms import negative_beside
from bot.buttons.found_pictures import SHOWN
from bot.chat import Button, Card, Field, Press, Request, Say
from bot.people import owned
from bot.people.access import veiled
from bot.studio.cards import shown
from bot.studio.picture_filter import read_filter
from bot.studio.studio import Studio
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.prompt import Options
from prompts.translate.chinese import readings
from storage import drawn_prompts, pictures, wishes
from storage.wishes import Wish

CUT = 160  # characters of a prompt on a card


async def listed(studio: Studio, asked: Request | Press, text: str) -> Card:
    """The newest prompts in which these words are, in Chinese of either script or in English; with "favourites" those
    alone that are some."""
    return await _page(studio, asked, text)


async def older_prompts(studio: Studio, press: Press) -> Card:
    """The next page: the target is what was searched for and the last picture shown."""
    kept, _, last = press.target.partition(".")
    row, wish = await pictures.get(studio.db, last), await wishes.get(studio.db, kept) if kept else None
    if row is None or (kept and (wish is None or wish.person != press.person.id)) or row.person != press.person.id:
        raise Refusal("history.cursor")
    return await _page(studio, press, wish.text if wish else "", kept, before=pictures.cursor(row))


async def use_again(studio: Studio, press: Press) -> None:
    """Draw a picture's words again, as if they were written now."""
    row = await owned.picture(studio.db, press.person, press.target)
    prompt = row.recipe.prompt
    request = Request(
        person=press.person,
        place=press.place,
        text=prompt.text,
        key=press.key,
        room=press.room,
        negative="" if reading.pasted(prompt.text) else negative_beside(row.recipe),
        options=Options(style=prompt.style or None),
    )
    await studio.imagine(request, prompt.text)


async def _page(
    studio: Studio, asked: Request | Press, text: str, kept: str = "", *, before: str | None = None
) -> Card:
    wanted = read_filter(text, studio.now().astimezone().date())
    page = await drawn_prompts.search(
        studio.db,
        asked.person.id,
        words=wanted.words,
        instead=readings(wanted.words) if wanted.words else (),
        favourite=wanted.favourite,
        before=before,
        limit=SHOWN,
    )
    if not page.prompts:
        return Card(text=Say("prompts.nothing", {"what": text.strip()[:CUT]}) if text.strip() else Say("history.empty"))
    rows = [one.picture for one in page.prompts]
    lines = []
    buttons = []
    for at, one in enumerate(page.prompts, 1):
        key = "prompts.kept" if one.favourite else "prompts.line"
        words = " ".join(one.text.split())
        words = words if len(words) <= CUT else words[: CUT - 1] + "…"
        lines.append(
            Field(Say(key, {"number": at, "count": one.count, "day": one.picture.created.date().isoformat()}), words)
        )
        buttons.append(Button("use_again", one.picture.id, label=Say("prompts.use", {"number": at})))
    if page.next:
        if text.strip() and not kept:
            kept = await wishes.keep(studio.db, Wish(person=asked.person.id, text=text))
        buttons.append(Button("older_prompts", f"{kept}.{rows[-1].id}", label=Say("button.older")))
    return Card(
        text=Say("prompts.found", {"count": len(rows)}),
        pictures=tuple(map(shown, rows)),
        fields=tuple(lines),
        buttons=tuple(buttons),
        spoiler=await veiled(studio.sight, studio.rules.access, asked, rows),
    )
