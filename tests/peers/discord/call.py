"""What the bot asked for, and the commands it set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.peers.discord.state import Json


@dataclass(slots=True)
class Call:
    """A request of the bot. `status` and `code` are what it was answered, 0 for a broken connection."""

    method: str
    route: str
    where: dict[str, str]
    query: dict[str, str]
    body: Any
    files: dict[str, Upload]
    at: float
    headers: dict[str, str] = field(default_factory=dict)  # of its answer
    status: int = 0
    code: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.status}" + (f"/{self.code}" if self.code else "")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a request."""

    name: str
    content: bytes
    mime: str


@dataclass(slots=True, eq=False)
class Registered:
    """An application command, global or of a guild."""

    id: int
    guild: int | None
    body: Json
    version: int = 0

    def json(self, application: int) -> Json:
        known: Json = {"type": 1, "description": "", "options": [], "nsfw": False, "default_member_permissions": None}
        known |= {"name_localizations": None, "description_localizations": None, "dm_permission": True}
        known |= {"contexts": None, "integration_types": [0]}
        known |= {name: value for name, value in self.body.items() if value is not None or name == "contexts"}
        known |= {"id": str(self.id), "application_id": str(application), "version": str(self.version)}
        if known["default_member_permissions"] is not None:
            known["default_member_permissions"] = str(known["default_member_permissions"])
        return known | ({} if self.guild is None else {"guild_id": str(self.guild)})
