"""Words of a prompt that were only looked up or not understood, and the button that corrects one of them."""

from __future__ import annotations

import re

from bot.chat import Button
from prompts.prompt import Prompt
from prompts.translate.chinese import CHINESE

CORRECT = "correct"
PAIR = re.compile(r"\s*(?:=+>?|＝|->|→|：|:)\s*")


def doubtful(prompt: Prompt) -> tuple[str, ...]:
    """The words that a person may want to correct, each as it was read: "烟斗 = pipe", "囫囵 = " for one left out."""
    said = {note.key: note.values.get("words", "") for note in prompt.notes}
    looked_up = said.get("note.dictionary", "").split("; ")
    left_out = (f"{word} = " for word in said.get("note.untranslated", "").split("、") if CHINESE.search(word))
    return (*left_out, *filter(None, looked_up))


def corrections(prompt: Prompt, job: str) -> tuple[Button, ...]:
    """The button for the words of a job, where there is one to be corrected."""
    return (Button(CORRECT, job),) if doubtful(prompt) else ()


def pair_of(text: str) -> tuple[str, str]:
    """A word and its English as somebody wrote them, "烟斗 = pipe" or "烟斗 pipe"; "" for what is missing."""
    word, *english = PAIR.split(text.strip(), maxsplit=1)
    if english:
        return word, english[0]
    end = max((run.end() for run in CHINESE.finditer(text)), default=0)
    return text[:end].strip(), text[end:].strip()
