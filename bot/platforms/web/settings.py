"""The settings of the web chat."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from bot.settings.sections.field_types import is_loopback
from bot.studio.uploads import MAX_MEGAPIXELS
from engine.policy import Policy

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`port` 0 takes any free one. `names` are further host names under which browsers may ask for the page (behind a
    proxy, say), `proxies` those whose word on who asks is believed. `secret` signs the cookies; None makes one, which
    the database keeps. `language` is for browsers in which nobody has chosen one; None goes by the browser's own.
    `metadata` is what the files of pictures say of themselves where their owner has not chosen."""

    host: str = "127.0.0.1"
    port: int = 8080
    password: str | None = None
    secret: str | None = None
    names: tuple[str, ...] = ()
    proxies: tuple[Network, ...] = ()
    language: str | None = None
    max_upload_mb: int = 20
    metadata: Policy = "embed"
    max_megapixels: int = MAX_MEGAPIXELS

    def trusts(self, address: str) -> bool:
        """Whether an address is that of one of our proxies."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self.proxies)

    @property
    def loopback(self) -> bool:
        """Whether only programs of this machine can reach the page."""
        return is_loopback(self.host)
