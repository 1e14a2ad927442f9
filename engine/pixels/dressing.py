"""A picture's file as it may be sent: with what it says of itself, with the same hidden in its pixels, or bare."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from PIL import Image

from engine.pixels import papers, stealth
from engine.policy import Policy
from prompts.infotext.block import written

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TELLING = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})  # chunks that are no part of the picture
LEVEL = 4  # zlib's, as of the files that are kept


def dressed(content: bytes, wanted: Policy) -> bytes:
    """A picture's file as it may be sent; what is kept stays as it is. Of a file that is no PNG, nothing is told. Takes
    a moment where its pixels have to be written anew: call it in a thread."""
    if wanted == "embed" or not content.startswith(_SIGNATURE):
        return content
    bare = b"".join((_SIGNATURE, *_telling_nothing(content)))
    said = papers.infotexts(content) if wanted == "stealth" else ()
    if not said:
        return bare
    with Image.open(io.BytesIO(bare)) as image:
        made = stealth.hide(image, written(said[0]))
    if made is None:
        return bare
    out = io.BytesIO()
    made.save(out, "PNG", compress_level=LEVEL)
    return out.getvalue()


def _telling_nothing(content: bytes) -> Iterator[bytes]:
    """The chunks of a PNG (https://www.w3.org/TR/png-3/#5Chunk-layout) that are the picture."""
    at = len(_SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] not in _TELLING:
            yield content[at : at + 12 + length]
        at += 12 + length
