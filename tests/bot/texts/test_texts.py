"""Every word is there, in every language, and somebody says it."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from bot.buttons.actions import ACTIONS
from bot.buttons.presses import PRESSES
from bot.commands.table import COMMANDS
from bot.texts import LANGUAGES, language_of, say, texts
from tests.running import ROOT

PROGRAM = [
    path.read_text("utf-8")
    for room in ("bot", "engine", "prompts", "storage")
    for path in (ROOT / room).rglob("*")
    if path.suffix in {".py", ".js", ".html"} and "versions" not in path.parts
]
KEY = r"[a-z_]+(?:\.[a-z_]+)+"
SAID = re.compile(rf"""(?:Refusal|Say|Note|notice|say)\(\s*(?:\w+\(?\)?, )?f?"({KEY})\"""")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_the_same_sentences_with_the_same_values() -> None:
    first, *others = (texts(language) for language in LANGUAGES)
    for other in others:
        assert set(first) == set(other)
        assert [key for key in first if fields(first[key]) != fields(other[key])] == []


def test_every_sentence_that_is_said_exists() -> None:
    said = {key for text in PROGRAM for key in SAID.findall(text)}
    assert len(said) > 100
    assert said - set(texts("en")) == set()
    for name in (*ACTIONS, *PRESSES):
        assert f"button.{name}" in texts("en")
    for command in COMMANDS:
        assert {f"command.{command.name}", f"command.{command.name}.usage"} <= set(texts("en"))


def test_every_sentence_is_said_somewhere() -> None:
    """A key stands whole in the program, or is put together from a beginning that stands there."""
    program = "\n".join(PROGRAM)
    beginnings = set(re.findall(rf'["`]({KEY.removesuffix("+")}*\.)(?:\{{|\$\{{|")', program))
    beginnings |= set(re.findall(r'["`]((?:[a-z_]+\.)+)(?:\{|\$\{|")', program))
    silent = [
        key
        for key in texts("en")
        if not re.search(rf'["`]{re.escape(key)}["`]', program) and not any(key.startswith(one) for one in beginnings)
    ]
    assert silent == []


def test_chinese_sentences_are_chinese() -> None:
    same = [key for key, text in texts("zh").items() if text == texts("en")[key] and re.search("[a-z]{4} [a-z]", text)]
    assert same == []


@pytest.mark.parametrize(
    ("tag", "language"), [("zh-Hant-TW", "zh"), ("zh_CN.UTF-8", "zh"), ("en-GB", "en"), ("fr", "en")]
)
def test_the_nearest_language(tag: str, language: str) -> None:
    assert language_of(tag) == language


def test_values_may_have_any_name() -> None:
    assert "2" in say("en", "queue.full", limit=2)
