"""How Discord's API says no."""

from __future__ import annotations

from collections.abc import Mapping

# The codes this server uses: HTTP status and words.
CODES: Mapping[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30034: (400, "Maximum number of daily application command creates has been reached"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached the maximum number of follow-up messages"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
}


class Refused(Exception):
    """An answer with an error code; something that may happen to a good bot."""

    def __init__(self, code: int, words: str = "") -> None:
        self.code = code
        self.status, self.message = CODES[code]
        self.words = words
        super().__init__(f"{self.message}: {words}" if words else self.message)

    def json(self) -> dict[str, object]:
        body: dict[str, object] = {"message": self.message, "code": self.code}
        if self.code == 50035:
            body["errors"] = {"_errors": [{"code": "INVALID", "message": self.words}]}
        return body


class Breach(Refused):
    """A refusal of what the published documentation forbids; `DiscordServer.violations` keeps it."""

    def __init__(self, words: str, code: int = 50035) -> None:
        super().__init__(code, words)
