"""What is said on the terminal of controls and the pictures that they follow: "canny:0.8=photo.png", or what a QR code
says: "qr:1.2=https://…"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from prompts import controls
from prompts.controls import NONE
from prompts.errors import Refusal
from prompts.prompt import Options

# What is text where a file might stand: an address, or what is called so.
_SAYS = re.compile(rf"[:：]\s*(?:{controls.TEXT}|内容|內容)\s*[=＝]|[=＝]\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_MASK = re.compile(r"[:：]\s*(?:mask|蒙版|遮罩)\s*[=＝]", re.IGNORECASE)


def with_controls(options: Options, made: Sequence[str], maps: Sequence[str]) -> tuple[Options, tuple[Path, ...]]:
    """The options with these controls behind their own, and a file for each but codes: a picture of which a
    preprocessor makes the map, behind these finished maps; and behind it the file of its mask, where one is named.
    Raises Refusal `cli.control_form`, and as controls.with_control."""
    if (made or maps) and options.controls:
        raise Refusal("cli.control_form", control=options.controls[0])  # one that has no file
    files: list[Path] = []
    for option, said in (*(("--control", one) for one in made), *(("--control-map", one) for one in maps)):
        if option == "--control" and _SAYS.search(said):
            head, text = controls.parted(said)
            own = []
        else:
            head, file = _parted(said)
            text, own = "", [file]
        head, mask = _masked(head)
        by = f":by={NONE}" if option == "--control-map" else ""
        says = f":{controls.TEXT}={text}" if text else ""
        options = controls.with_control(options, f"{option} {said}", f"{head}{by}{says}")
        files += [*own, *mask]
    return options, tuple(files)


def _masked(head: str) -> tuple[str, list[Path]]:
    """The control with its mask as one that is sent along, and the file of that; as it is where none is named."""
    match = _MASK.search(head)
    if match is None:
        return head, []
    rest = head[match.end() :]
    ends = [place for place, sign in enumerate(rest) if sign in ":："] + [len(rest)]
    end = next((end for end in reversed(ends) if Path(rest[:end]).is_file()), ends[0])
    return f"{head[: match.start()]}:mask={controls.SENT}{rest[end:]}", [Path(rest[:end].strip())]


def _parted(said: str) -> tuple[str, Path]:
    """The control, in which there may be signs of equality, and the file, in whose name there may be some, too."""
    places = [place for place, sign in enumerate(said) if sign == "="]
    parted = [(said[:place], Path(said[place + 1 :])) for place in places]
    found = next((one for one in parted if one[1].is_file()), parted[-1] if parted else None)
    if found is None or not found[0].strip() or not found[1].name:
        raise Refusal("cli.control_form", control=said[:80])
    return found
