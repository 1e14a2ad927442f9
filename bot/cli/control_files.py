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


def with_controls(options: Options, made: Sequence[str], maps: Sequence[str]) -> tuple[Options, tuple[Path, ...]]:
    """The options with these controls behind their own, and a file for each but codes: a picture of which a
    preprocessor makes the map, behind these finished maps. Raises Refusal `cli.control_form`, and as
    controls.with_control."""
    if (made or maps) and options.controls:
        raise Refusal("cli.control_form", control=options.controls[0])  # one that has no file
    files: list[Path] = []
    for said in made:
        if _SAYS.search(said):
            options = controls.with_control(options, f"--control {said}", said)
            continue
        name, file = _parted(said)
        options = controls.with_control(options, f"--control {said}", name)
        files.append(file)
    for said in maps:
        name, file = _parted(said)
        options = controls.with_control(options, f"--control-map {said}", f"{name}:by={NONE}")
        files.append(file)
    return options, tuple(files)


def _parted(said: str) -> tuple[str, Path]:
    """The control, in which there may be signs of equality, and the file, in whose name there may be some, too."""
    places = [place for place, sign in enumerate(said) if sign == "="]
    parted = [(said[:place], Path(said[place + 1 :])) for place in places]
    found = next((one for one in parted if one[1].is_file()), parted[-1] if parted else None)
    if found is None or not found[0].strip() or not found[1].name:
        raise Refusal("cli.control_form", control=said[:80])
    return found
