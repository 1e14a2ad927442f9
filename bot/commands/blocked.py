"""/blocked: one's own list of unwanted words, which are left out of whatever is drawn for oneself."""

from __future__ import annotations

import re

from bot.chat import Card, Field, Person, Request, Say
from bot.commands.command import Command
from bot.people import guard
from bot.studio.studio import Studio
from prompts.blocked_tags import checked, folded
from prompts.errors import Refusal
from prompts.tag_neighbours import called
from prompts.translate.chinese import CHINESE
from storage import kept_tags
from storage.kept_tags import KeptTag

DELETE = frozenset({"delete", "remove", "unblock", "del", "删除", "刪除", "删", "刪", "取消", "解除"})
CLEAR = frozenset({"clear", "清空", "全部删除", "全部刪除"})
_COMMAS = re.compile(r"[,，、;；\n]+")
_DELETED = re.compile(r"(?:删除|刪除|取消|解除)(?=[^\s,，、;；])")  # Chinese puts no space behind it
MOST = 20  # words at once


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """`帽子, blurry` puts words on the list, `delete 帽子` takes one off, `clear` all; nothing lists them."""
    verb, _, after = _DELETED.sub(r"\g<0> ", rest.strip(), count=1).partition(" ")
    if not verb or (verb.lower() in DELETE and not after.strip()):  # it says how, too
        return await listed(studio, request.person.id)
    if verb.lower() in CLEAR and not after.strip():
        await kept_tags.clear(studio.db, request.person.id, "blocked")
        return Card(text=Say("blocked.cleared"))
    if verb.lower() in DELETE:
        return await _deleted(studio, request.person.id, words_of(after))
    return await added(studio, request, words_of(rest))


async def listed(studio: Studio, person: str) -> Card:
    """The list, with how to change it."""
    found = await kept_tags.listed(studio.db, person, "blocked")
    if not found:
        return Card(text=Say("blocked.empty"))
    words = "、".join(one.shown for one in found)
    return Card(text=Say("blocked.list", {"count": len(found)}), fields=(Field(Say("blocked.words"), words),))


async def added(studio: Studio, request: Request, words: list[str]) -> Card:
    """Put words on the list, and show it."""
    kept = await meant_by(studio, request.person, words)
    await kept_tags.add_all(studio.db, request.person.id, "blocked", kept)
    card = await listed(studio, request.person.id)
    return Card(text=Say("blocked.added", {"words": "、".join(one.shown for one in kept)}), fields=card.fields)


async def meant_by(studio: Studio, person: Person, words: list[str]) -> list[KeptTag]:
    """What words stand for on the list: each with what it is in the other language. Raises Refusal `tags.word`."""
    return [await _meant_by(studio, person, word) for word in words]


async def _meant_by(studio: Studio, person: Person, word: str) -> KeptTag:
    await guard.check(studio.sight, person.id, word)
    word = checked(word)
    if not CHINESE.search(word):
        return KeptTag(word, called(word))
    from prompts.edit.targets import WordReader  # only now: its many patterns take a while to compile

    found = await WordReader(await studio.translators(person, None), "sd15").sure(word)
    return KeptTag(found[0].text if len(found) == 1 else word, word)


async def _deleted(studio: Studio, person: str, words: list[str]) -> Card:
    there = await kept_tags.blocked(studio.db, person)
    for word in words:
        if folded(word) not in there:
            raise Refusal("blocked.unknown", word=word[:40])
    for word in words:
        await kept_tags.remove(studio.db, person, "blocked", word)
    return Card(text=Say("blocked.deleted", {"words": "、".join(words)}))


def words_of(text: str) -> list[str]:
    """The words of a list that somebody wrote, or copied from where it is shown ("帽子 · hat"). Raises Refusal
    `blocked.too_many`."""
    found = [one.partition(" · ")[0].strip() for one in _COMMAS.split(text) if one.strip()]
    if len(found) > MOST:
        raise Refusal("blocked.too_many", limit=MOST)
    return found


COMMAND = Command("blocked", ("屏蔽词", "屏蔽詞", "屏蔽"), run)
