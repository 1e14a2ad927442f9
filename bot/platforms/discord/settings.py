"""The settings of the Discord bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CDN = frozenset({"cdn.discordapp.com", "media.discordapp.net"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """`api_base` and `gateway` are addresses (no gateway: the API is asked for it); `reactions` says which emoji do
    what a button does; `pictures` is how many a request may ask for; `language` is spoken to people whose own is not
    known, None goes by their app."""

    token: str = field(repr=False)
    api_base: str = "https://discord.com/api/v10"
    gateway: str | None = None
    reactions: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    cdn: frozenset[str] = CDN  # hosts that attached pictures may come from, beside that of `api_base`
    pictures: int = 64
    pace: float = 4.0  # seconds between two edits of a message: five edits in five seconds are a channel's limit
