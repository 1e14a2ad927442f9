"""What is said on the terminal of controls and the pictures that they follow: "canny:0.8=photo.png"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prompts import controls
from prompts.controls import NONE
from prompts.errors import Refusal
from prompts.prompt import Options


def with_controls(options: Options, made: Sequence[str], maps: Sequence[str]) -> tuple[Options, tuple[Path, ...]]:
    """The options with these controls behind their own, and a file for each: a picture of which a preprocessor makes
    the map, behind these finished maps. Raises Refusal `cli.control_form`, and as controls.with_control."""
    if (made or maps) and options.controls:
        raise Refusal("cli.control_form", control=options.controls[0])  # one that has no file
    files: list[Path] = []
    for said in (*made, *maps):
        name, file = _parted(said)
        by = f":by={NONE}" if len(files) >= len(made) else ""
        options = controls.with_control(options, f"--control {said}", name + by)
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
