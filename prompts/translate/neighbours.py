"""Words that mean another thing beside other words: 拿着铅笔 is holding a pencil, and no pencil sketch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompts.translate.roles import Token

# What names a way of drawing, and is the thing itself where somebody holds it or some of it stand there: 拿着铅笔.
_THINGS: Mapping[str, str] = {
    "pencil sketch": "pencil", "crayon drawing": "crayon", "colored pencil": "colored pencil", "lego style": "lego",
    "ballpoint pen drawing": "ballpoint pen", "marker \\(medium\\)": "marker", "rice paper texture": "rice paper",
    "yuri": "lily", "magazine cover": "magazine", "graphite \\(medium\\)": "graphite",
}  # fmt: skip
_LOOKS = frozenset(("表情", "神情", "眼神", "目光", "神色", "面容", "脸色", "心情", "情绪"))
_RAISING = frozenset(("举起", "举着", "抬起", "抬着", "高举", "高举着", "举高", "高高举起", "举得高高", "举过头顶"))
_PAINTINGS = ("幅", "张", "卷", "副", "轴")
_LISTED = frozenset(("object", "nature", "plant", "animal", "food", "effect", "light"))


def meant_beside(clause: str, tokens: Sequence[Token]) -> list[Token]:
    """The tokens as their neighbours have them: 拿着铅笔 holds a pencil, 墙上挂着一幅画 has a painting, 右手举起 is
    a raised hand, 被风吹乱 is done by the wind."""
    made: list[Token] = []
    for at, token in enumerate(tokens):
        before = made[-1] if made else None
        behind = tokens[at + 1] if at + 1 < len(tokens) else None
        word = clause[token.start : token.end]
        after = before.role if before else ""
        if token.tag in _THINGS and token.role != "locator" and _at_hand(made):
            token = token._replace(role="noun", category="object", part="subject", tag=_THINGS[token.tag])
        elif word == "画" and token.role == "filler" and before and _hung(clause, made) and _ends(behind):
            token = token._replace(role="noun", category="object", part="subject", tag="painting")
        elif word in _RAISING and before and before.category == "body" and _ends(behind):
            token = token._replace(role="adjective", category="participle", tag="raised")
        elif word in _LOOKS and _next(tokens, at).startswith("expression"):  # says so itself: 表情委屈
            token = token._replace(role="filler", category="filler")
        elif word == "风" and token.category == "stylenoun" and after in ("", "filler", "preposition") and behind:
            token = token._replace(role="noun", category="weather", part="scene_detail", tag="wind")
        made.append(token)
    return made


def _next(tokens: Sequence[Token], at: int) -> str:
    """The category of the next token that says something."""
    return next((one.category for one in tokens[at + 1 :] if one.role != "filler"), "")


def _ends(token: Token | None) -> bool:
    return token is None or token.role in ("of", "conjunction", "locator", "negation")


def _at_hand(before: Sequence[Token]) -> bool:
    """Whether something is held, worn, counted or named with things: what follows is one, too."""
    at = len(before)
    while at and before[at - 1].role in ("adjective", "of", "filler"):
        at -= 1
    if not at:
        return False
    last = before[at - 1]
    if last.role == "conjunction":
        return at > 1 and before[at - 2].role == "noun" and before[at - 2].category in _LISTED
    return last.role in ("count", "locator") or (last.role == "verb" and last.tag != "{} background")


def _hung(clause: str, before: Sequence[Token]) -> bool:
    """Whether 画 is a thing there: counted ("一幅画") behind words that say something, looked at or hung up, or on a
    wall; elsewhere it is what somebody asks for."""
    last = before[-1]
    if last.role == "count":
        counted = clause[last.start : last.end].endswith(_PAINTINGS)
        return counted and any(one.role not in ("filler", "count", "preposition") for one in before)
    return last.role == "verb" or (last.role == "of" and len(before) > 1 and before[-2].role == "locator")
