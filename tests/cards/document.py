"""docs/cards.md and docs/cards.zh.md: every story, told on every platform."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.studio.cards import LINES
from bot.texts import left, say
from tests.cards.hands import PICTURE, Done, Hands, Shown
from tests.cards.house import House, house
from tests.cards.on_discord import OnDiscord
from tests.cards.on_telegram import OnTelegram
from tests.cards.stories import STORIES

FILES = {"docs/cards.md": "en", "docs/cards.zh.md": "zh"}
NAMES = {"zh": ("安", "小白"), "en": ("Ann", "Bob")}
ONLY_YOU = {"zh": "（只有本人看得到）", "en": "(only they see this)"}
PLATFORMS: Mapping[str, type[OnDiscord] | type[OnTelegram]] = {"Discord": OnDiscord, "Telegram": OnTelegram}
HEAD = {
    "zh": "# 每张卡片说什么\n\n由 `make docs` 让程序自己说出来的：同样的故事，在 Discord 和 Telegram 上各讲一遍。"
    "改了文案，就来这里看看读起来怎样。",
    "en": "# What every card says\n\nMade by `make docs`, which has the program say it: the same stories on "
    "Discord and on Telegram. Whoever changes a text reads here what it has become.",
}
ALWAYS = (  # what differs from run to run
    (re.compile(r"(?<=用时[:：] )[\d.]+|(?<=用时：)[\d.]+|(?<=Time: )[\d.]+"), "3.2"),
    (re.compile(r"(?<=约 )[^（]+(?=（占你)|(?<=about )[^(]+(?= while nobody)"), "9 min"),
    (re.compile(r"(?<=（占你 )[^）；]+(?=设备时间)|(?<=drawn for \()[^);]+(?= of your device)"), "9 s"),
    (re.compile(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}\b"), "ABCDE-FGHIJ"),
    (re.compile(r"\b[a-z2-7]{16}\b"), "abcdefgh23456723"),  # the code of something shared
    (re.compile(r"127\.0\.0\.1:\d+"), "example.org"),
)

_LEFT = {
    language: re.compile(
        "|".join(re.escape(left(language, 0.0 if soon else 9.0)).replace("9", r"\d+") for soon in (0, 1))
    )
    for language in ("zh", "en")
}


async def documents() -> dict[str, str]:
    """The files, and what has to stand in them."""
    with TemporaryDirectory() as folder:
        async with house(Path(folder)) as there:
            return {file: await document(there, language) for file, language in FILES.items()}


async def document(there: House, language: str) -> str:
    """All stories in a language, each with people of its own."""
    parts = [HEAD[language]]
    for number, story in enumerate(STORIES, start=1):
        parts.append(f"## {number}. {story.title(language)}")
        for platform, kind in PLATFORMS.items():
            hands = kind(there, language, NAMES[language])
            state = random.getstate()
            random.seed(story.en)  # what is left to chance is the same in every run
            try:
                await story.tell(hands)
            finally:
                random.setstate(state)
            parts.append(f"**{platform}**\n\n" + told(hands))
    return "\n\n".join(parts) + "\n"


def told(hands: Hands) -> str:
    """A story as a block of text."""
    blocks = []
    for one in hands.told:
        if isinstance(one, Done):
            blocks.append(f"{one.who}: {one.what}")
        elif one.still or not _on_its_way(one, hands.language):
            now = replace(one, words=_settled(one.words, hands.language)) if one.still else one
            blocks.append("\n".join(f"  {line}" for line in shown(now, hands.language)))
    text = "\n".join(["```text", "\n\n".join(blocks), "```"])
    for pattern, fixed in ALWAYS:
        text = pattern.sub(fixed, text)
    return text


def shown(one: Shown, language: str) -> list[str]:
    """A message, its pictures as signs and its buttons in brackets."""
    note = [ONLY_YOU[language]] if one.private else []
    pictures = [PICTURE * one.pictures] if one.pictures else []
    return note + pictures + one.words.splitlines() + [" ".join(f"[{label}]" for label in row) for row in one.buttons]


def _on_its_way(one: Shown, language: str) -> bool:
    """Whether it can only be cancelled: whether a card waits or is drawn already is a matter of the moment,
    unless the pool stands still."""
    return [label for row in one.buttons for label in row] == [f"✖️ {say(language, 'button.cancel')}"]


def _settled(words: str, language: str) -> str:
    """A card that is on its way, in the first of the lines that a job may have by chance, and with a time of its own
    left, as a machine may be slow."""
    for state in ("waiting", "running"):
        for line in LINES:
            words = words.replace(say(language, f"job.{state}.{line}"), say(language, f"job.{state}.{LINES[0]}"))
    return _LEFT[language].sub(left(language, 2.0), words)
