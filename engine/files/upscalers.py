"""The upscalers: plain resampling, as a table, and networks in files, by the names that people call them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.files import catalog
from prompts.errors import Refusal
from prompts.spelling import near

# Hires passes that enlarge the latents themselves, as A1111 names them: torch's word for it, and whether what lies
# between is averaged.
LATENT = {
    "Latent": ("bilinear", False),
    "Latent (antialiased)": ("bilinear", True),
    "Latent (bicubic)": ("bicubic", False),
    "Latent (bicubic antialiased)": ("bicubic", True),
    "Latent (nearest)": ("nearest", False),
    "Latent (nearest-exact)": ("nearest-exact", False),
}


@dataclass(frozen=True, slots=True)
class Upscaler:
    """One row of the table: `enlarge` gives the picture at exactly the size asked for, (width, height) in pixels."""

    name: str
    zh: str
    en: str
    enlarge: Callable[[Image.Image, tuple[int, int]], Image.Image]


def _lanczos(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS)


def _nearest(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.NEAREST)


UPSCALERS: dict[str, Upscaler] = {
    row.name: row
    for row in (Upscaler("Lanczos", "平滑放大，不添加细节", "smooth enlargement, adds no detail", _lanczos),)
}
# What A1111 has besides: known where a recipe names them, but not offered.
A1111 = (
    Upscaler("None", "只改尺寸", "only the size changes", _lanczos),
    Upscaler("Nearest", "像素块放大", "enlarges the pixels as blocks", _nearest),
)


def find_upscaler(name: str, folders: Sequence[Path] = ()) -> Upscaler | Path:
    """The row of that name, whatever its case, or the file of a network. Raises Refusal `upscaler.unknown`, or what is
    wrong with the file of that name where it cannot be used, as `file.unsafe`."""
    files = catalog.upscalers(folders)
    rows: dict[str, Upscaler | Path] = {file.path.name.casefold(): file.path for file in files}
    rows |= {file.name.casefold(): file.path for file in files}
    rows |= {row.name.casefold(): row for row in (*A1111, *UPSCALERS.values())}
    if row := rows.get(name.strip().casefold()):
        return row
    for file in catalog.skipped(folders):
        if name.strip().casefold() in (file.name.casefold(), file.path.name.casefold()):
            raise Refusal(file.key, **{**file.values, "name": file.path.name})
    found = rows.get(near(name, rows))
    raise Refusal(
        "upscaler.unknown", name=name[:80], near=found.stem if isinstance(found, Path) else found.name if found else ""
    )
