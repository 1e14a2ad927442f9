"""Faces typed with signs, which are tags of their own: ":3", ">_<", "<3"."""

from __future__ import annotations

import re

_LIKE_EYES = r"[>^=@+;.'~*$#<-]"
# No brackets and no bars in them: these are syntax.
_FACE = (
    r">?[:;]['-]?[DdPpOoQqXxTtc3<>/*@](?![\w<>])"
    rf"|{_LIKE_EYES}_{_LIKE_EYES}"
    r"|(?P<eye>[oOxX0TtUuQq369])_(?P=eye)"
    r"|>_?[oO0]<?|[oO0]_<|>3<|\^[o.]?\^|</?3+|<o>_<o>"
)
FACE = re.compile(_FACE)
_ANGLES = re.compile(rf"(?<![^\s,，、(\[{{|])(?P<face>{_FACE})(?![^\s,，、。)\]}}|:])|</[A-Za-z]\w{{0,9}}>|[<>＜＞]")


def is_face(piece: str) -> bool:
    """Whether a piece is nothing but a face."""
    return FACE.fullmatch(piece) is not None


def without_angles(text: str) -> str:
    """The text with blanks for angle brackets and for what ends a tag of HTML; a face that stands by itself stays."""
    return _ANGLES.sub(lambda sign: sign.group("face") or " ", text) if re.search("[<>＜＞]", text) else text
