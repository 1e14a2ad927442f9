"""The limits that hold for somebody: the owner's for everybody, and those made with /admin for a server or a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.chat import Press, Request
from prompts.prompt import Json
from storage import rules
from storage.database import Database

Adult = Literal["refuse", "spoiler", "allow", "never"]
NOBODY: Mapping[str, Json] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner allows everybody but the admins. Servers, chats, roles and accounts are "platform:id", an empty
    set of them allows all; of `pictures` and `seconds` (of device time) a person has so many a day, 0 is no limit;
    the best of a person's roles counts."""

    servers: frozenset[str] = frozenset()
    chats: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    private: bool = True
    pictures: int = 0
    seconds: int = 0
    role_pictures: Mapping[str, int] = field(default_factory=dict)
    role_seconds: Mapping[str, int] = field(default_factory=dict)
    cooldown: float = 0.0
    adult: Adult = "refuse"


@dataclass(frozen=True, slots=True)
class Standing:
    """The rules made with /admin that hold where somebody asks: the server's, and the person's own."""

    server: Mapping[str, Json]
    person: Mapping[str, Json]


async def standing(db: Database, asked: Request | Press) -> Standing:
    """The rules made with /admin for the server and for the person of a request."""
    person, server = rules.of_person(asked.person.id), rules.of_server(asked.place.platform, asked.room.server)
    found = await rules.of(db, [person, server] if asked.room.server else [person])
    return Standing(found.get(server, NOBODY), found[person])
