"""`python bot.py pose`: a pose of the library, or of a file, as a map for nets or as JSON."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from engine.poses import library, placing, reading, writing
from engine.poses.skeleton import Pose
from prompts.errors import Refusal

SIDES = (64, 4096)  # pixels


def show(language: str, console: Console) -> None:
    """Every pose with its number, its name and how many people it has."""
    for number, one in enumerate(library.poses(), 1):
        many = f"  ×{one.people}" if one.people > 1 else ""
        console.print(f"{number:>4}  {one.name:<26}{one.called(language)}{many}", markup=False, highlight=False)


def write(name: str, output: Path | None, size: tuple[int | None, int | None], *, mirror: bool, wide: bool) -> Path:
    """Write the map, or JSON where that is what the file is called, and say where. Raises Refusal `pose.unknown`,
    `cli.not_read`, `cli.pose_kind`, `cli.size_form`, `cli.not_written`, and as `reading.read`."""
    path = output or Path(f"{Path(name).stem}.png")
    if path.suffix.lower() not in (".png", ".json"):
        raise Refusal("cli.pose_kind", file=path.name)
    pose = _meant(name)
    if mirror:
        pose = placing.mirrored(pose)
    width, height = size[0] or pose.width, size[1] or pose.height
    if not all(SIDES[0] <= side <= SIDES[1] for side in (width, height)):
        raise Refusal("cli.size_form", size=f"{width}x{height}")
    if path.suffix.lower() == ".png":
        content = writing.png(pose, width, height, wide=wide)
    else:
        content = writing.written(placing.fitted(pose, width, height)).encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Refusal("cli.not_written", file=str(path), reason=error.strerror or "") from error
    return path


def _meant(name: str) -> Pose:
    file = Path(name)
    if file.suffix.lower() in (".json", ".png") or (len(name) < 200 and file.is_file()):
        try:
            return reading.read(file.read_bytes())
        except OSError as error:
            raise Refusal("cli.not_read", file=name, reason=error.strerror or "") from error
    return library.find(name).pose
