"""Reading: whatever a program wrote of a picture, pasted or taken from a file."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from prompts.infotext import block, invokeai, programs
from prompts.infotext.block import Pasted
from prompts.infotext.infotext import Infotext
from prompts.infotext.paper import with_loras
from prompts.prompt import Json

_MOST = 2_000_000  # characters: of a graph there are many, of anything longer nobody reads the end
_FENCE = re.compile(r"\A\s*```\w*\s*|\s*```\s*\Z")


def read(text: str) -> Infotext | None:
    """The infotext that a text is, A1111's or another program's JSON; None for any other text."""
    one = found(text)
    return one.infotext if one else None


def found(text: str) -> Pasted | None:
    """The infotext that a text is, together with what somebody wrote beneath it."""
    if len(text) > _MOST:
        return None
    if (paper := paper_of(text)) is not None:
        one = programs.from_json(paper)
        return Pasted(one) if one else None
    if dream := invokeai.from_dream(text):
        return Pasted(dream)
    inside = block.found(text)
    return replace(inside, infotext=_with_its_loras(inside.infotext)) if inside else None


def _with_its_loras(infotext: Infotext) -> Infotext:
    """Fooocus says its LoRAs in a field, not in the prompt."""
    rows = infotext.fields.get("Lora weights", "") if infotext.source == "fooocus" else ""
    uses: list[tuple[str, Json]] = [(name.strip(), weight.strip()) for name, _, weight in _pairs(rows) if name.strip()]
    return replace(infotext, positive=with_loras(infotext.positive, uses)) if uses else infotext


def _pairs(text: str) -> list[tuple[str, str, str]]:
    return [one.rpartition(":") for one in text.split(",")]


def pasted(text: str) -> Pasted | None:
    """The same of a text with fields, which surely is one: without them somebody may only have written "Negative
    prompt:" into a wish of their own."""
    one = found(text)
    return one if one and one.infotext.fields else None


def as_block(text: str) -> str:
    """A program's JSON as the text that A1111 would have written of the same picture; any other text as it is."""
    paper = paper_of(text) if len(text) <= _MOST else None
    one = programs.from_json(paper) if paper else None
    return block.written(one) if one else text


def paper_of(text: str) -> dict[str, Json] | None:
    """The JSON object that a text is; None for any other text."""
    plain = _FENCE.sub("", text).strip("\ufeff\0 \n\r\t")
    if not plain.startswith("{"):
        return None
    try:
        value = json.loads(re.sub(r"\bNaN\b", "null", plain), strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
