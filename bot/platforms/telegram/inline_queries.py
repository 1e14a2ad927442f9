"""Inline mode: one's own pictures, to share in any chat, and tags for what is being typed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from telegram import (
    InlineQuery,
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
)
from telegram.error import BadRequest

from bot import texts
from bot.chat import Person, Request
from bot.commands.recipe import CODE
from bot.errors import Unreachable
from bot.platforms.telegram import keyboards, photo_ids, places
from bot.platforms.telegram.context import OpenUpdate, TelegramContext
from bot.platforms.telegram.deep_links import INLINE
from bot.platforms.telegram.message_html import CAPTION, TEXT, beginning
from bot.studio.suggest import Completion
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.safety.judge import judge, judge_text
from storage import favourites, pictures, shares
from storage.pictures import PictureRow

log = logging.getLogger(__name__)

PAGE = 10  # pictures at a time: as many as one call can lay in
TAGS = 20  # with the pictures and as many saved texts well below the fifty that Telegram takes
CACHED = 5  # seconds: new pictures should be there soon
PAUSE = 0.3  # seconds without another letter, before photos that Telegram lacks are sent to it
TITLE = 64  # units of an article's title
FAVOURITES, OTHERS = "f", "r"  # which part of the pictures a page begins in
MEANINGS = 3  # English words for a Chinese one that are looked for as well


async def take(context: TelegramContext, query: InlineQuery) -> None:
    """Offer what fits the words; where the person may not use the bot, a button to the private chat, which says why."""
    user = query.from_user.id
    context.typing[user] = query.id  # first of all, while queries are in the order in which they came
    try:
        await _taken(context, query)
    finally:
        if context.typing.get(user) == query.id:
            del context.typing[user]


async def _taken(context: TelegramContext, query: InlineQuery) -> None:
    person = await context.person(query.from_user)
    asked = Request(person=person, place=places.place(query.from_user.id), text=query.query, key="")
    try:
        await context.enter(asked)
    except Refusal:
        await _answer(context, query, [], "", texts.say(person.language, "telegram.closed"))
        return
    async with context.answering(0, query.from_user.id, f"inline:{query.id}", OpenUpdate(person.language)):
        await _offer(context, query, person)


async def _offer(context: TelegramContext, query: InlineQuery, person: Person) -> None:
    words, share = query.query.strip(), ""
    following, tags, texts_found = "", list[Completion](), list[InlineQueryResult]()
    rows: Sequence[PictureRow]
    if CODE.fullmatch(words) and (shared := await shares.opened(context.db, words.lower())):
        rows, share = [shared], words.lower()
    else:
        tags = list(await context.suggest(person, words)) if words else []
        named = await _named(context, person, words)
        if not query.offset:
            texts_found = _saved(named)
            texts_found += [_article(f"tag{at}", one.value, one.label) for at, one in enumerate(tags[:TAGS])]
        rows, following = await _page(context, person, words, tags, query.offset, [one.picture for one in named])
    rows = list({row.id: row for row in rows}.values())  # an id that comes twice, and Telegram refuses all of it
    rows = [row for row in rows if not row.adult and not judge(row.recipe.prompt)]  # nothing veils an inline photo
    photos, opened = await _photos(context, query, rows)
    button = "telegram.draw_here" if opened else "telegram.open_private"
    markup = keyboards.opening(share, person.language, context.api.name) if share else None
    results: list[InlineQueryResult] = []
    for row in rows:
        said = _said(row.recipe.prompt)
        if photo := photos.get(row.id):
            caption = beginning(said, CAPTION)
            results.append(InlineQueryResultCachedPhoto(row.id, photo, caption=caption, reply_markup=markup))
        else:
            hint = texts.say(person.language, "telegram.no_photo") if not opened else None
            results.append(_article(row.id, said, said, hint))
    await _answer(context, query, [*results, *texts_found], following, texts.say(person.language, button))


async def _page(
    context: TelegramContext,
    person: Person,
    words: str,
    tags: Sequence[Completion],
    offset: str,
    named: Sequence[str | None],
) -> tuple[list[PictureRow], str]:
    """Pictures for a page, favourites before the others and those saved under such a name before all; and the
    offset of the page that follows, "" after the last."""
    english = [one.value for one in tags if one.label.partition(" · ")[0] == words][:MEANINGS]
    found = [await pictures.get(context.db, id) for id in named if id] if not offset else []
    page = [row for row in found if row is not None]
    part, _, cursor = offset.partition(":")
    for favourite in (True, False) if part != OTHERS else (False,):
        left = max(1, PAGE - len(page))
        more = await pictures.search(
            context.db,
            person.id,
            words=words,
            instead=english,
            favourite=favourite,
            before=cursor or None,
            limit=left,
        )
        page += [row for row in more.pictures if row.id not in named]
        if more.next:
            return page, f"{FAVOURITES if favourite else OTHERS}:{more.next}"
        if favourite and len(page) >= PAGE:
            return page, f"{OTHERS}:"
        cursor = ""
    return page, ""


async def _photos(
    context: TelegramContext, query: InlineQuery, rows: Sequence[PictureRow]
) -> tuple[dict[str, str], bool]:
    """The photo ids of these pictures, and whether the person has a private chat with the bot that is needed for
    those without one. Somebody still typing gets what is there already."""
    known = await photo_ids.ids(context, rows)
    lacking = [row for row in rows if row.id not in known]
    if not lacking:
        return known, True
    await asyncio.sleep(PAUSE)
    if context.typing.get(query.from_user.id) != query.id:
        return known, True
    try:
        await photo_ids.lay_in(context, query.from_user.id, lacking)
    except Unreachable as error:
        log.info("no photos for %s: %s", query.from_user.id, error)
        return known, False
    return await photo_ids.ids(context, rows), True


async def _named(context: TelegramContext, person: Person, words: str) -> list[favourites.Favourite]:
    """The person's favourites in whose name or text the words occur."""
    return await favourites.listed(context.db, person.id, words, PAGE) if words else []


def _saved(named: Sequence[favourites.Favourite]) -> list[InlineQueryResult]:
    """Saved texts that have no picture."""
    alone = [one for one in named if one.picture is None and not judge_text(one.text)]
    return [_article(one.id, one.text, f"❤ {one.name}", one.text) for one in alone]


def _article(id: str, text: str, title: str, hint: str | None = None) -> InlineQueryResultArticle:
    content = InputTextMessageContent(beginning(text, TEXT))
    return InlineQueryResultArticle(
        id, beginning(title, TITLE), content, description=hint and beginning(hint, TITLE * 2)
    )


def _said(prompt: Prompt) -> str:
    return prompt.text.strip() or prompt.positive.strip() or "…"


async def _answer(
    context: TelegramContext, query: InlineQuery, results: Sequence[InlineQueryResult], following: str, label: str
) -> None:
    answer = partial(
        context.api.bot.answer_inline_query,
        query.id,
        results,
        cache_time=CACHED,
        is_personal=True,
        next_offset=following,
        button=InlineQueryResultsButton(label, start_parameter=INLINE),
    )
    try:
        await context.api.ask(answer)
    except BadRequest as error:
        log.info("an inline query could not be answered any more: %s", error)
