"""Rate limits by route and place, told in headers and enforced with a 429."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    count: int
    seconds: float


@dataclass(slots=True)
class Bucket:
    """A window that starts with its first request."""

    limit: Limit
    name: str
    used: int = 0
    ends: float = 0.0


GLOBAL = Limit(50, 1.0)
MESSAGES, TOKEN, COMMON = Limit(5, 5.0), Limit(5, 2.0), Limit(30, 10.0)
REACTIONS = Limit(1, 0.25)
PLACES = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")
UNLIMITED = ("/interactions/",)
OWN: Mapping[tuple[str, str], Limit] = {
    ("POST", "/channels/{channel_id}/messages"): MESSAGES,
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): MESSAGES,
    ("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"): REACTIONS,
}


class Limits:
    """Counts requests by real time, which `clock` gives; `refused` tells which came too soon."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.refused = clock, list[str]()
        self._buckets: dict[str, Bucket] = {}

    def take(self, method: str, route: str, where: Mapping[str, str]) -> tuple[dict[str, str], float, bool]:
        """Note a request: the headers that tell of its bucket, the seconds to wait if it is refused, and whether it
        is the limit over all routes that refuses it."""
        if route.startswith(UNLIMITED):
            return {}, 0.0, False
        hook = route.startswith("/webhooks/")
        limit = OWN.get((method, route)) or (TOKEN if hook else COMMON)
        place = ":".join(where[name] for name in PLACES if name in where)
        if not hook and (wait := self._spent("everything", GLOBAL)[1]):
            self.refused.append(f"{method} {route}: more than {GLOBAL.count} a second in all")
            return {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}, wait, True
        # All of an interaction's webhook routes share a bucket; others have one by method and route.
        bucket, wait = self._spent(f"{'hook' if hook else f'{method} {route}'} {place}", limit)
        if wait:
            self.refused.append(f"{method} {route} {wait:.2f} s too soon")
        left = bucket.ends - self.clock()
        headers = {"Limit": str(limit.count), "Remaining": str(max(0, limit.count - bucket.used))}
        headers |= {"Reset": f"{self.clock() + left:.3f}", "Reset-After": f"{left:.3f}"}
        shared = "hook" if hook else f"{method} {route}"
        headers["Bucket"] = hashlib.md5(shared.encode(), usedforsecurity=False).hexdigest()
        return {f"X-RateLimit-{name}": value for name, value in headers.items()}, wait, False

    def _spent(self, key: str, limit: Limit) -> tuple[Bucket, float]:
        """The bucket after one more request, and how long to wait if that is one too many."""
        now = self.clock()
        bucket = self._buckets.setdefault(key, Bucket(limit, key))
        if now >= bucket.ends:
            bucket.used, bucket.ends = 0, now + limit.seconds
        if bucket.used >= limit.count:
            return bucket, max(bucket.ends - now, 0.001)
        bucket.used += 1
        return bucket, 0.0
