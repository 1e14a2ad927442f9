"""What is done, read as a tag, before what it is done to: 挖土豆 is digging potatoes, not digging and potatoes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompts.translate.roles import Token, names

_ALONE = names(
    "pulling pushing carrying grabbing throwing slashing cleaning digging feeding pouring kicking carving polishing "
    "catching helping firing tying climbing swinging spinning receiving celebrating conducting cutting singing licking "
    "biting grinding sewing knitting"
)
_DONE: Mapping[str, str] = {
    **{doing: f"{doing} {{}}" for doing in _ALONE},
    "aiming": "aiming at {}", "waiting": "waiting for {}", "fishing": "fishing for {}",
    "listening": "listening to {}", "attack": "attacking {}", "crawling": "climbing {}",
}  # fmt: skip
_THINGS = names("object food plant vehicle building clothing gap animal")


def with_objects(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with every such tag made a verb where a thing follows it at once."""
    made = list(tokens)
    for index, token in enumerate(tokens):
        if token.role != "tag" or token.tag not in _DONE:
            continue
        behind = index + 1
        while behind < len(tokens) and tokens[behind].role in ("adjective", "count"):
            behind += 1
        if behind < len(tokens) and tokens[behind].role == "noun" and tokens[behind].category in _THINGS:
            made[index] = token._replace(role="verb", category="verb", tag=_DONE[token.tag])
    return made
