"""/dictionary: one's own words and what they are in English, for oneself or for everybody in a room."""

from __future__ import annotations

from bot.chat import Card, Field, Request, Say, common
from bot.commands.command import Command
from bot.people import guard
from bot.studio.corrections import PAIR
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import dictionary
from storage.database import Database

LISTED = 50
ROOM = frozenset({"room", "here", "group", "本群", "群", "房间", "房間", "服务器", "伺服器"})
LIST = frozenset({"", "list", "列表", "全部"})
DELETE = frozenset({"delete", "remove", "del", "删除", "刪除", "删", "刪"})


async def run(studio: Studio, request: Request, rest: str) -> Card:
    """`天青色 = celadon` writes a word down, `delete 天青色` removes it, a word alone shows it, nothing lists all;
    `room` before any of them means the room's own dictionary."""
    verb, _, after = rest.strip().partition(" ")
    room = verb.lower() in ROOM
    if room:
        rest = after
        verb, _, after = rest.strip().partition(" ")
    owner = dictionary.of_room(common(request)) if room else dictionary.of_person(request.person.id)
    if verb.lower() in LIST and not after.strip():
        return await _listed(studio.db, owner, room)
    if verb.lower() in DELETE and after.strip() and not PAIR.match(after):
        await _may_change(studio.db, request, owner, after, room)
        gone = await dictionary.delete(studio.db, owner, after)
        return Card(text=Say("dictionary.deleted", {"word": gone.word}))
    word, *english = PAIR.split(rest.strip(), maxsplit=1)
    if not english:
        return await _shown(studio.db, owner, word)
    await _may_change(studio.db, request, owner, word, room)
    await guard.check(studio.sight, request.person.id, word, english[0])
    kept = await dictionary.put(studio.db, owner, word, english[0], request.person.id)
    key = "dictionary.kept_room" if room else "dictionary.kept"
    return Card(text=Say(key, {"word": kept.word, "english": kept.english}))


async def _listed(db: Database, owner: str, room: bool) -> Card:
    found, count = await dictionary.listed(db, owner, LISTED)
    if not found:
        return Card(text=Say("dictionary.empty_room" if room else "dictionary.empty"))
    return Card(
        text=Say("dictionary.found", {"count": count, "shown": len(found)}),
        fields=tuple(Field(Say("dictionary.entry", {"word": one.word}), one.english) for one in found),
    )


async def _shown(db: Database, owner: str, word: str) -> Card:
    found = await dictionary.get(db, owner, word)
    if found is None:
        raise Refusal("dictionary.usage", word=word[:40])
    return Card(text=Say("dictionary.is", {"word": found.word, "english": found.english}))


async def _may_change(db: Database, request: Request, owner: str, word: str, room: bool) -> None:
    """Everybody may add to a room's dictionary; what is there belongs to whoever wrote it, to the room's moderators and
    to the admins."""
    if not room or request.person.admin or request.room.moderator:
        return
    known = await dictionary.get(db, owner, word)
    if known is not None and known.person != request.person.id:
        raise Refusal("dictionary.not_yours", word=known.word)


COMMAND = Command("dictionary", ("dict", "词典", "詞典"), run)
