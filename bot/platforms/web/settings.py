"""What the configuration says about the web chat."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


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
    max_megapixels: int = 40

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine can reach the page."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address without brackets means this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
