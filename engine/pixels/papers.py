"""Papers: what programs wrote into the file of a picture, as chunks of a PNG, EXIF, XMP, comments, or hidden in it."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from PIL import Image

from engine.pixels import stealth
from prompts.infotext import comfyui, programs
from prompts.infotext.block import written
from prompts.infotext.infotext import Infotext
from prompts.infotext.reading import paper_of, read
from prompts.infotext.workflow import graph_of, is_workflow

RECIPE = "danqing"  # the chunk with our own recipe, which is read elsewhere
PARAMETERS = "parameters"
OTHERS = "texts"  # the chunk with what else stood in the file that a PNG was made from

# Numbers of EXIF tags.
_EXIF, _USER_COMMENT = 0x8769, 0x9286
_TAGS = {"ImageDescription": 0x010E, "XPTitle": 0x9C9B, "XPComment": 0x9C9C}
_CAMERA = (0x010F, 0x0110)  # make and model
_WIDE = ("XPTitle", "XPComment")
# Chunks that say nothing of what is drawn, or what another says, too.
_NO_PROMPTS = frozenset({RECIPE, "workflow", "Software", "Source", "Generation time", "Signed hash"})
_IN_CHUNKS = ("novelai", "easydiffusion")  # programs whose papers lie in several chunks
_FIRST = (PARAMETERS, "UserComment", "Comment", "sd-metadata", "invokeai_metadata", "Dream", "prompt", "stealth")
_LOSSLESS = frozenset({"PNG", "WEBP", "BMP", "TIFF"})
_LIST_ITEM = re.compile(r"<rdf:li\b[^>]*>(.*?)</rdf:li>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""(?:UserComment|parameters|description)\s*=\s*(["'])(.*?)\1""", re.DOTALL | re.IGNORECASE)


def infotexts(content: bytes) -> tuple[Infotext, ...]:
    """The infotexts in a picture's file, the one that A1111 would read first; none for any other bytes."""
    return _infotexts(_said(content))


def told(content: bytes) -> bool:
    """Whether a picture's file says how it was drawn: by our own recipe, or an infotext."""
    said = _said(content)
    return RECIPE in said or bool(_infotexts(said))


def texts(content: bytes) -> tuple[str, ...]:
    """All texts in a picture's file that may say what is in it, to be judged: JSON of a program as its prompts with
    "Negative prompt:" before what was not wanted, of ComfyUI all that a positive input leads to, others as they are."""
    found: list[str] = []
    for name, text in _said(content).items():
        paper = None if name in _NO_PROMPTS else paper_of(text)
        if paper is None:
            found += [] if name in _NO_PROMPTS else [text]
        elif words := comfyui.positives(paper):
            found += words
        else:
            one = programs.from_json(paper)
            found.append(written(replace(one, fields={})) if one else text)
    return tuple(dict.fromkeys(filter(None, found)))


def _infotexts(said: Mapping[str, str]) -> tuple[Infotext, ...]:
    found: list[Infotext] = []
    for name in sorted(said, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST)):
        text = said[name]
        one = read(text)
        if one is None and name == PARAMETERS and text.strip():
            one = Infotext(text.strip())
        if one is not None and (one.fields or name == PARAMETERS) and one not in found:
            found.append(one)
    whole = programs.from_json(dict(said))
    if whole is not None and whole.source in _IN_CHUNKS:
        found = [whole, *(one for one in found if one.source != whole.source)]
    return tuple(found)


def _said(content: bytes) -> dict[str, str]:
    """The texts in a file by the names of their chunks or tags."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            found = {name: text for name, text in _named(image) if text}
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, Image.DecompressionBombError):
        return {}
    if "prompt" not in found and (paper := paper_of(found.get("workflow", ""))) and is_workflow(paper):
        found["prompt"] = json.dumps(graph_of(paper))  # the same, where only what the page shows was kept
    return found


def _named(image: Image.Image) -> Iterator[tuple[str, str]]:
    for name, value in list(image.info.items()):
        if name in ("xmp", "XML:com.adobe.xmp"):
            yield from _of_xmp(value)
        elif isinstance(value, str):
            yield str(name), _mended(value)
        elif name == "comment" and isinstance(value, bytes):
            yield "comment", value.decode("utf-8", "replace").strip("\0")
    exif = image.getexif()
    for name, tag in _TAGS.items():
        yield name, _decoded(exif.get(tag), wide=name in _WIDE)
    for tag in _CAMERA:  # where ComfyUI's extensions put "prompt:{…}" and "workflow:{…}"
        kind, _, text = _decoded(exif.get(tag)).partition(":")
        yield from [(kind.casefold(), text)] if kind.casefold() in ("prompt", "workflow") else []
    yield "UserComment", _decoded(exif.get_ifd(_EXIF).get(_USER_COMMENT))
    if image.format in _LOSSLESS:
        yield "stealth", stealth.hidden(image)


def _of_xmp(value: object) -> Iterator[tuple[str, str]]:
    """What stands in the lists and the telling attributes of XMP."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    found = [*_LIST_ITEM.findall(text), *(said for _, said in _ATTRIBUTE.findall(text))]
    yield from ((f"xmp{number}", html.unescape(said).strip()) for number, said in enumerate(found))


def _mended(text: str) -> str:
    """A text of a PNG, which is Latin-1 by its rules and UTF-8 where a program did not keep them."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _decoded(value: object, *, wide: bool = False) -> str:
    """An EXIF text: plain, or with the eight bytes before it that say how it is written."""
    if isinstance(value, tuple):
        value = bytes(value)
    if not isinstance(value, bytes):
        return _mended(str(value or "")).strip("\0")
    code, rest = value[:8], value[8:]
    if wide:
        text = value.decode("utf-16-le", "replace")
    elif code == b"UNICODE\0":
        text = _of_wide(rest)
    elif code.startswith(b"JIS"):
        text = _first_of(rest, "iso2022_jp", "utf-8", "shift_jis", "euc_jp")
    else:
        plain = rest if code.startswith(b"ASCII") or code == bytes(8) else value
        text = _of_wide(plain) if b"\0" in plain[:2] else _first_of(plain, "utf-8", "gb18030")
    return text.strip("\0\ufeff")


def _of_wide(content: bytes) -> str:
    """UTF-16 in the order that its mark says; without one in that which gives a text of signs people write."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    content = content[: len(content) // 2 * 2]
    return max((content.decode(f"utf-16-{order}", "replace") for order in ("le", "be")), key=_likely)


def _likely(text: str) -> int:
    return sum(16 if sign < "\x7f" else "\u3000" <= sign <= "\u9fff" or "\uff00" <= sign <= "\uffef" for sign in text)


def _first_of(content: bytes, *codes: str) -> str:
    for code in codes:
        try:
            return content.decode(code)
        except UnicodeError:
            continue
    return content.decode("utf-8", "replace")
