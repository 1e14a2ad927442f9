"""Updates on their way to the bot: the queue, long polling, the webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from tests.peers.changes import Changes
from tests.peers.telegram import spec
from tests.peers.telegram.refusal import Refused, bad, breach
from tests.peers.telegram.state import Json

KINDS = frozenset(spec.fields("Update")) - {"update_id"}
ON_DEMAND = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
RETRY = 0.05  # seconds until a webhook that failed is tried again


class Updates:
    """What the bot has not confirmed yet. `everything` is all that was ever queued, by id; `violations` gets the
    updates of ours that the spec would not have."""

    def __init__(self, changes: Changes, violations: list[str]) -> None:
        self.allowed = KINDS - ON_DEMAND
        self.pending: list[Json] = []
        self.everything: dict[int, Json] = {}
        self.webhook: Json | None = None
        self.polls = 0
        self.last_error = ""
        self._changes, self._violations = changes, violations
        self._repeats: list[Json] = []
        self._secret = ""
        self._delivery: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the bot asks for updates or has a webhook."""
        return self.polls > 0 or self.webhook is not None

    def add(self, kind: str, payload: Json) -> int | None:
        """Queue an update; its id, or None when the bot does not want this kind."""
        if kind not in self.allowed:
            return None
        id = 700_000_000 + len(self.everything)
        update: Json = {"update_id": id, kind: payload}
        self._violations += [f"our own {wrong}" for wrong in spec.problems(update, ("Update",), kind)]
        self.everything[id] = update
        self.pending.append(update)
        self._changes.tell()
        return id

    def again(self, id: int) -> None:
        """Deliver an update a second time, confirmed or not, as happens when a confirmation gets lost."""
        self._repeats.append(self.everything[id])
        self._changes.tell()

    async def poll(self, offset: int, limit: int, timeout: float, allowed: Sequence[str] | None) -> list[Json]:
        """getUpdates: what is there, as soon as something is; a newer poll ends an older one."""
        if self.webhook is not None:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._allow(allowed)
        self.polls += 1
        mine = self.polls
        self._changes.tell()
        if offset < 0:
            self.pending = self.pending[offset:]
        else:
            self.pending = [one for one in self.pending if one["update_id"] >= offset]

        def ready() -> bool:
            return bool(self.pending or self._repeats or self.polls != mine or self.webhook)

        if not ready() and timeout > 0:
            try:
                await self._changes.until(ready, timeout)
            except TimeoutError:
                return []
        if self.polls != mine:
            raise Refused(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        if self.webhook:
            raise Refused(409, "Conflict: terminated by setWebhook request")
        repeats, self._repeats = self._repeats, []
        return [*repeats, *self.pending][:limit]

    def _allow(self, allowed: Sequence[str] | None) -> None:
        if allowed is None:
            return
        if unknown := set(allowed) - KINDS:
            raise breach(f"allowed_updates names {sorted(unknown)}")
        self.allowed = frozenset(allowed) or KINDS - ON_DEMAND

    async def set_webhook(self, params: Json) -> None:
        url = params["url"]
        await self.drop_webhook(bool(params.get("drop_pending_updates")))
        if not url:
            return
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(params.get("allowed_updates"))
        self.webhook, self._secret = {"url": url}, params.get("secret_token", "")
        self._delivery = asyncio.create_task(self._deliver())
        self._changes.tell()

    async def drop_webhook(self, drop_pending: bool) -> None:
        self.webhook = None
        if drop_pending:
            self.pending.clear()
        if self._delivery:
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)
            self._delivery = None

    def webhook_state(self) -> Json:
        """WebhookInfo."""
        return {
            "url": self.webhook["url"] if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
            "allowed_updates": sorted(self.allowed),
        }

    async def _deliver(self) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret} if self._secret else {}
        async with aiohttp.ClientSession(headers=headers) as session:
            while self.webhook:
                await self._changes.until(lambda: self.pending or self._repeats, None)
                queue = self._repeats or self.pending
                try:
                    async with session.post(self.webhook["url"], json=queue[0]) as answer:
                        self.last_error = "" if answer.ok else f"{answer.status}"
                except aiohttp.ClientError as problem:
                    self.last_error = str(problem)
                if self.last_error:
                    await asyncio.sleep(RETRY)
                else:
                    queue.pop(0)
                    self._changes.tell()
