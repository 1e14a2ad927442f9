"""What can go wrong in the bot.

prompts.errors.Refusal      the person can do something about it
  ConfigError               the settings cannot be used as they are written
  Unfit                     a prompt that cannot be drawn as it is, with the doctor's fixes
Gone                        the message that was to be edited is no more
Unreachable                 nobody can be told anything at that place any more
  Closed                    nor anywhere on that platform, until the bot starts anew
Rejected                    the platform never takes that card, however often it is sent
"""

from __future__ import annotations

from collections.abc import Sequence

from prompts.doctor import Finding
from prompts.errors import Refusal
from prompts.prompt import Prompt


class Gone(Exception):
    """The message that was to be edited is no more: whoever wants to be heard has to send anew."""


class Unreachable(Exception):
    """Nobody can be told anything at that place any more: the bot was blocked, removed or may not speak there."""


class Closed(Unreachable):
    """The platform knows the bot's token no more: until a start with another there is nobody to tell anything."""


class Rejected(Exception):
    """The platform never takes that card, however often it is sent: only something plainer can be tried."""


class Unfit(Refusal):
    """A prompt of which nothing can be drawn; it reads as the first of `findings`. `wish` is the id under which the
    request is kept to be mended, "" where it is not."""

    def __init__(self, prompt: Prompt, findings: Sequence[Finding], wish: str = "") -> None:
        super().__init__(findings[0].key, **findings[0].values)
        self.prompt = prompt
        self.findings = tuple(findings)
        self.wish = wish


class ConfigError(Refusal):
    """Wrong settings; it reads as the first of `problems`. Each names its place, its setting and what is allowed."""

    def __init__(self, problems: Sequence[Refusal]) -> None:
        super().__init__(problems[0].key, **problems[0].values)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)
