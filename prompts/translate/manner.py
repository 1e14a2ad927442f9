"""How and with which hand something is done, said before the verb: 慢慢走 is slowly walking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompts.translate.roles import Token

_BETWEEN = frozenset(("filler", "locator", "of"))
_DOING = frozenset(("pose", "alone"))
_HANDS: Mapping[str, str] = {
    **dict.fromkeys(("左手",), " in left hand"),
    **dict.fromkeys(("右手",), " in right hand"),
    **dict.fromkeys(("双手", "两手", "两只手"), " with both hands"),
    **dict.fromkeys(("一手", "一只手", "单手", "另一手", "另一只手", "手上", "手中", "手里"), ""),
}


def merged(clause: str, tokens: Sequence[Token]) -> list[Token]:
    """The tokens with each manner and hand made one with the verb behind it."""
    made: list[Token] = []
    lead: Token | None = None  # what waits for its verb
    for at, token in enumerate(tokens):
        if lead is not None:
            if token.role in _BETWEEN:
                continue
            made.append(_led(clause, lead, token))
            lead = None
        elif _leads(clause, tokens, at):
            lead = token
        else:
            made.append(token)
    return made


def _leads(clause: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether a token says how the verb behind it is done."""
    token = tokens[at]
    hand = clause[token.start : token.end] in _HANDS
    if not hand and token.category != "manner":
        return False
    behind = next((one for one in tokens[at + 1 :] if one.role not in _BETWEEN), None)
    if behind is None:
        return False
    if hand:
        return behind.tag.startswith("holding ")
    doing = behind.role in ("verb", "preposition") or behind.category in _DOING
    return (doing or behind.tag.partition(" ")[0].endswith("ing")) and behind.tag not in ("", "{}")


def _led(clause: str, lead: Token, token: Token) -> Token:
    hand = _HANDS.get(clause[lead.start : lead.end])
    tag = f"{lead.tag} {token.tag}" if hand is None else token.tag + hand
    return token._replace(tag=tag, start=lead.start)
