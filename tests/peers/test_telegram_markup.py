"""The two markups of Telegram: what comes out, and what is refused."""

from __future__ import annotations

import pytest

from tests.peers.telegram.markup import parse
from tests.peers.telegram.refusal import Breach


def spans(text: str, mode: str | None) -> tuple[str, list[tuple[str, str]]]:
    """The plain text, and the words of each entity."""
    plain, entities = parse(text, mode)
    units = plain.encode("utf-16-le")
    return plain, [
        (one["type"], units[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le"))
        for one in entities
    ]


@pytest.mark.parametrize(
    ("mode", "text", "plain", "found"),
    [
        ("HTML", "🎨 <b>粗<i>斜</i></b> &lt;x&gt; &amp;", "🎨 粗斜 <x> &", [("bold", "粗斜"), ("italic", "斜")]),
        ("html", '<a href="https://a.b/?c=1">那里</a>', "那里", [("text_link", "那里")]),
        ("HTML", '<span class="tg-spoiler">秘密</span>', "秘密", [("spoiler", "秘密")]),
        ("HTML", '<pre><code class="language-py">x</code></pre>', "x", [("pre", "x")]),
        ("HTML", "<blockquote expandable>a\nb</blockquote>", "a\nb", [("expandable_blockquote", "a\nb")]),
        ("HTML", "  <code>/draw</code> /help\n", "/draw /help", [("code", "/draw"), ("bot_command", "/help")]),
        ("HTML", "&copy; &nope", "&copy; &nope", []),
        ("MarkdownV2", r"*粗 _斜_* 1\.5", "粗 斜 1.5", [("bold", "粗 斜"), ("italic", "斜")]),
        (
            "MarkdownV2",
            "__下__ ~删~ ||密||",
            "下 删 密",
            [("underline", "下"), ("strikethrough", "删"), ("spoiler", "密")],
        ),
        ("MarkdownV2", r"[那里](https://a.b/\)x) `a*b`", "那里 a*b", [("text_link", "那里"), ("code", "a*b")]),
        ("MarkdownV2", "```py\nx = 1\n```", "x = 1", [("pre", "x = 1")]),
        ("MarkdownV2", ">引\n>文\n后", "引\n文\n后", [("blockquote", "引\n文")]),
        (None, "画 @danqing_bot #猫", "画 @danqing_bot #猫", [("mention", "@danqing_bot"), ("hashtag", "#猫")]),
        (None, "/draw@danqing_bot a/b", "/draw@danqing_bot a/b", [("bot_command", "/draw@danqing_bot")]),
    ],
)
def test_markup(mode: str | None, text: str, plain: str, found: list[tuple[str, str]]) -> None:
    assert spans(text, mode) == (plain, found)


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("HTML", "1 < 2"),
        ("HTML", "<b>x"),
        ("HTML", "x</b>"),
        ("HTML", "<b>x</i>"),
        ("HTML", "<p>x</p>"),
        ("HTML", "<lora:x:1>"),
        ("HTML", "<span>x</span>"),
        ("HTML", "<b x"),
        ("MarkdownV2", "1.5"),
        ("MarkdownV2", "a-b"),
        ("MarkdownV2", "*x"),
        ("MarkdownV2", "*a _b* c_"),
        ("MarkdownV2", "`x"),
        ("MarkdownV2", "[x]"),
        ("MarkdownV2", "(red:1\\.2)"),
    ],
)
def test_broken_markup_is_refused(mode: str, text: str) -> None:
    with pytest.raises(Breach, match="can't parse entities"):
        parse(text, mode)


def test_entities_are_shifted_with_the_blanks_before_them() -> None:
    plain, entities = parse("\n 🎨x", None, [{"type": "bold", "offset": 2, "length": 3}])
    assert (plain, entities) == ("🎨x", [{"type": "bold", "offset": 0, "length": 3}])
    with pytest.raises(Breach, match="beyond"):
        parse("x", None, [{"type": "bold", "offset": 0, "length": 2}])
