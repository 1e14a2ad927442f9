"""The button that corrects a word that was read wrongly: it goes into the person's own dictionary."""

from __future__ import annotations

from bot.chat import Card, Press
from bot.people import guard
from bot.studio import cards
from bot.studio.corrections import doubtful, pair_of
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import dictionary, jobs


async def correct(studio: Studio, press: Press) -> Card:
    """Write down what `values["pair"]` says of a word ("烟斗 = smoking pipe"), for whoever pressed. Raises Refusal
    `correct.how` where it says nothing, and what a dictionary refuses."""
    word, english = pair_of(press.values.get("pair", ""))
    if not word or not english:
        kept = await jobs.get(studio.db, press.target)
        words = doubtful(kept.job.recipe.prompt) if kept else ()
        raise Refusal("correct.how", example=words[0] if words else "天青色 = celadon")
    await guard.check(studio.sight, press.person.id, word, english)
    owner = dictionary.of_person(press.person.id)
    new = await dictionary.put(studio.db, owner, word, english, press.person.id)
    return cards.notice("correct.kept", word=new.word, english=new.english)
