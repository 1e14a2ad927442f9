"""Who is asking, and whether the question may be answered: cookies, the password, and guards against foreign pages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from bot import texts
from bot.chat import Person
from bot.platforms.web.settings import WebSettings
from prompts.errors import Refusal

COOKIE = "danqing_session"
LANGUAGE_COOKIE = "danqing_language"
ACCOUNT = re.compile(r"[a-z2-7]{26}")
LOCAL = "local"
YEAR = 365 * 86400
# One item of Accept-Language: a tag and how much it is wished for, in 0…1 (RFC 9110).
_WISH = re.compile(
    r"([a-z]{1,8}(?:[-_][a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?|\.[0-9]{1,3}))?", re.IGNORECASE
)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "Danqing",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at the page: the account of the browser, the person behind it, the language to speak."""

    account: str
    person: Person
    language: str


def language_of(request: web.Request, default: str | None = None) -> str:
    """The language chosen in this browser, else `default`, else the browser's own, else English."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in texts.LANGUAGES:
        return chosen
    if default:
        return default
    best, weight = "en", 0.0
    for item in request.headers.get("Accept-Language", "")[:500].split(","):
        if (match := _WISH.fullmatch(item.strip())) is None:
            continue
        name, wish = match[1], float(match[2] or 1)
        language = texts.language_of(name)
        if wish > weight and (language != "en" or name[:2].lower() == "en"):
            best, weight = language, wish
    return best


# --- the signed cookie ---


class Cookies:
    """Signs account names. A changed password or secret makes every old cookie worthless."""

    def __init__(self, secret: str, password: str) -> None:
        self._key = hashlib.sha256(f"{len(secret)}:{secret}{password}".encode()).digest()

    def sign(self, account: str, now: float) -> str:
        """The cookie of an account, good for a year from `now` (seconds since 1970)."""
        body = f"{account}.{int(now)}"
        return f"{body}.{self._signature(body)}"

    def account(self, cookie: str, now: float) -> str | None:
        """The account in a cookie that we signed, else None."""
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return None
        account, _, signed = body.partition(".")
        return account if ACCOUNT.fullmatch(account) and now - int(signed) < YEAR else None

    def _signature(self, body: str) -> str:
        return hmac.new(self._key, body.encode("utf-8", "replace"), "sha256").hexdigest()


def new_account() -> str:
    """A random account name that nobody can guess."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


# --- the password ---


@dataclass(slots=True)
class Attempts:
    """How often a remote address may try a password: five at once, then one every twenty seconds."""

    clock: Callable[[], float] = time.monotonic
    burst: int = 5
    every: float = 20.0
    _free_at: dict[str, float] = field(default_factory=dict)

    def take(self, remote: str) -> None:
        """Count a try. Raises Refusal "web.too_many_tries" with the seconds to wait."""
        now = self.clock()
        if len(self._free_at) > 10_000:
            self._free_at = {name: at for name, at in self._free_at.items() if at > now}
        name = network(remote)
        at = max(self._free_at.get(name, now), now)
        if at - now > self.every * (self.burst - 1):
            raise Refusal("web.too_many_tries", seconds=int(at - now - self.every * (self.burst - 1)) + 1)
        self._free_at[name] = at + self.every

    def forgive(self, remote: str) -> None:
        """Forget the tries of an address whose owner knew the password."""
        self._free_at.pop(network(remote), None)


def network(remote: str) -> str:
    """The address, or the /64 of an IPv6 one: a home has a whole /64 to try from."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return remote
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else remote


def password_fits(given: str, password: str) -> bool:
    """Whether the password is right, in a time that does not tell how much of it is."""
    digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (given, password)]
    return hmac.compare_digest(*digests)


# --- who is behind a proxy ---


def remote_of(request: web.Request, settings: WebSettings) -> str:
    """The address that asks: the last of X-Forwarded-For that is none of our proxies, if one of them hands it on."""
    remote = request.remote or ""
    hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", ()) for hop in line.split(",")]
    while hops and settings.trusts(remote):
        remote = hops.pop()
    return remote


def secure(request: web.Request, settings: WebSettings) -> bool:
    """Whether the browser speaks HTTPS, with us or with one of our proxies."""
    told = request.headers.get("X-Forwarded-Proto", "") if settings.trusts(request.remote or "") else ""
    return request.secure or told.lower() == "https"


# --- guards ---


def host_allowed(host: str, settings: WebSettings) -> bool:
    """Whether a Host header names us. Addresses do; a name must be known, or a foreign name server could point its
    own name at this machine and read the page (DNS rebinding)."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if is_address(name):
        return True
    own = {"localhost", settings.host, socket.gethostname(), f"{socket.gethostname()}.local", *settings.names}
    return name in {known.lower() for known in own}


def from_us(origin: str | None, host: str, settings: WebSettings) -> bool:
    """Whether an Origin header is that of our own page: the asked host, or a name of the settings (a proxy may tell
    us another host than the browser asked for)."""
    if origin is None:
        return True
    try:
        url = urlsplit(origin)
        return url.netloc.lower() == host.lower() or url.hostname in {name.lower() for name in settings.names}
    except ValueError:
        return False


def is_address(name: str) -> bool:
    """Whether a host name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def guard(request: web.Request, settings: WebSettings) -> None:
    """Turn away what another site's page made the browser send. Raises Refusal "web.unknown_host" or "web.foreign"."""
    if not host_allowed(request.headers.get("Host", ""), settings):
        raise Refusal("web.unknown_host", host=request.headers.get("Host", "")[:100])
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method in ("GET", "HEAD"):
        # Other sites may link to the page, and to nothing else.
        if site in ("cross-site", "same-site") and request.path != "/":
            raise Refusal("web.foreign")
        return
    origin = request.headers.get("Origin")
    if (
        not from_us(origin, request.headers.get("Host", ""), settings)
        or site not in ("same-origin", "none")
        or request.headers.get("X-Danqing") != "1"
    ):
        raise Refusal("web.foreign")
