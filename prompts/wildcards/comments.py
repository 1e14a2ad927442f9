"""Comments in templates: "# so", from there to the end of the line."""

from __future__ import annotations

import re

# A space behind the sign: "#sunset" is a hashtag, "#1" a number, and "#画" how some bots are called.
_LINE = re.compile(r"^[^\S\n]*[#＃](?:[^\S\n][^\n]*)?(?:\n|\Z)", re.MULTILINE)
BEHIND = re.compile(r"[^\S\n]+[#＃][^\S\n][^\n]*")
_TEMPLATE = re.compile(r"[{｛\n]|__|＿＿")


def without_comments(text: str) -> str:
    """The text without its comments. A text of nothing else is no comment, and of one line without any choice in it
    the end is none: "apartment # 5"."""
    rest = _LINE.sub("", text)
    if _TEMPLATE.search(text):
        rest = BEHIND.sub("", rest)
    return rest if rest.strip() else text
