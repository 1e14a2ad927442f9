"""The settings of the web chat."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings.sections.field_types import is_loopback
from bot.studio.uploads import MAX_MEGAPIXELS


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`port` 0 takes any free one. `names` are further host names under which browsers may ask for the page
    (behind a proxy, say). `secret` signs the cookies; None makes one and keeps it in the database. `language` is for
    browsers in which nobody has chosen one; None goes by the browser's own."""

    host: str = "127.0.0.1"
    port: int = 8080
    password: str | None = None
    secret: str | None = None
    names: tuple[str, ...] = ()
    language: str | None = None
    max_upload_mb: int = 20
    max_megapixels: int = MAX_MEGAPIXELS

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine can reach the page."""
        return is_loopback(self.host)
