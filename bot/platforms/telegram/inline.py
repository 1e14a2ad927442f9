"""Inline mode: one's own pictures, to share in any chat, and tags for what is being typed."""

from __future__ import annotations

import logging
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
from bot.platforms.telegram.board import photo_fact
from bot.platforms.telegram.reception import Reception
from prompts import adult
from storage import facts, pictures

log = logging.getLogger(__name__)

PAGE = 24  # results at a time; Telegram takes fifty
TAGS = 20
CACHED = 5  # seconds: new pictures should be there soon


async def take(reception: Reception, query: InlineQuery) -> None:
    """Offer the person's favourites and recent pictures that fit the words, newest first; the id of a picture
    (from its share button) offers that one alone."""
    person = await reception.person(query.from_user)
    words = query.query.strip()
    shared = await pictures.get(reception.db, words) if words else None
    if shared is not None:
        rows, cursor = [shared], ""
    else:
        page = await pictures.search(reception.db, person.id, words=words, before=query.offset or None, limit=PAGE)
        rows, cursor = list(page.pictures), page.next or ""
    results: list[InlineQueryResult] = []
    for row in rows:
        photo = await facts.fact(reception.db, photo_fact(row.id))
        if isinstance(photo, str) and not adult.judge(row.recipe.prompt):  # nothing veils an inline photo
            results.append(InlineQueryResultCachedPhoto(row.id, photo, caption=row.recipe.prompt.text[:1000]))
    if words and shared is None and not query.offset:
        for number, choice in enumerate((await reception.suggest(person, words))[:TAGS]):
            content = InputTextMessageContent(choice.value[:4096])
            results.append(InlineQueryResultArticle(f"tag{number}", choice.label[:100], content))
    label = texts.say(person.language, "telegram.draw_here")
    answer = partial(
        reception.line.bot.answer_inline_query,
        query.id,
        results,
        cache_time=CACHED,
        is_personal=True,
        next_offset=cursor,
        button=InlineQueryResultsButton(label, start_parameter="inline"),
    )
    try:
        await reception.line.ask(answer)
    except BadRequest as error:
        log.info("an inline query could not be answered any more: %s", error)
