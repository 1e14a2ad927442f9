"""The page's words: every key it asks for is there, every key is asked for, and no words stand in its code."""

import re

from bot import texts
from bot.platforms.web import server

FILES = [*server.PAGE.glob("*.js"), *server.PAGE.glob("*.html"), *server.PAGE.parent.glob("*.py")]
SOURCE = "\n".join(path.read_text("utf-8") for path in FILES)
# Keys put together from names: those that the server tells, and those that stand in the code by themselves.
MADE = re.compile(r"page\.(?:(?:part|origin|example|tier|time|pose|regions)\.|(?:train|status)\.(\w+))")
NAMES = set(re.findall(r"\w+", SOURCE))


def test_every_key_that_is_asked_for_exists_and_the_other_way_round() -> None:
    asked = set(re.findall(r"[\"'](page\.[a-z_.]*[a-z_])[\"']", SOURCE))
    for language in texts.LANGUAGES:
        there = set(texts.all_texts(language, "page."))
        assert asked - there == set()
        made = {key for key in there - asked if (name := MADE.match(key)) and name[1] in {None, *NAMES}}
        assert there - asked - made == set()


def test_every_refusal_of_the_page_has_words() -> None:
    keys = set(re.findall(r'Refusal\("([a-z_.]+)"', SOURCE))
    for language in texts.LANGUAGES:
        assert keys <= set(texts.texts(language))


def test_no_chinese_stands_in_the_page_itself() -> None:
    for path in FILES:
        lines = [re.sub(r"//.*|丹青|\"中\"", "", line) for line in path.read_text("utf-8").splitlines()]
        assert [line for line in lines if re.search(r"[\u4e00-\u9fff]", line)] == []
