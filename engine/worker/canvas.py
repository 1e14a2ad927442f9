"""What one picture is drawn with, and how its stages ask for rows: below all of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch import Tensor

from engine.controls.guide import Guide, guide
from engine.controls.net import Net
from engine.finish import upscaling
from engine.models.loaded import Loaded, Loras
from engine.pixels.control_map import ControlMap, PictureView
from engine.pixels.edges import Edges
from engine.pixels.region_map import PaintedMap
from engine.pixels.source_picture import SourcePicture
from engine.recipe import Recipe
from engine.worker import prepare
from engine.worker.row import Row


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Everything one picture is drawn with. `model` gives a model by its name and that of the VAE that takes the place
    of its own ("": none), loaded where needed; `native` is the side in pixels that its model draws best; `second`
    are the LoRAs of the second pass, `fixed` those of each fix; `upscalers` and `detectors` are the folders with
    such files. `maps` are those of its controls, `net` gives the net that one names, beside a model; `painted` is
    the map of its regions."""

    job: str
    index: int
    recipe: Recipe
    base: SourcePicture | None
    loras: Loras
    model: Callable[[str, str], Loaded]
    native: int
    device: torch.device
    second: Loras = ()
    fixed: tuple[Loras, ...] = ()
    upscalers: Sequence[Path] = ()
    detectors: Sequence[Path] = ()
    maps: tuple[ControlMap, ...] = ()
    net: Callable[[str, Loaded], Net] | None = None
    painted: PaintedMap = field(default_factory=dict)

    def row(
        self,
        recipe: Recipe,
        source: Image.Image | Tensor | None = None,
        mask: Image.Image | None = None,
        *,
        loras: Loras | None = None,
        exact: bool = False,
        before: int = 0,
        seen: PictureView | None = None,
        again: bool = False,
    ) -> Row:
        """A row for a part of the picture; `recipe` is the picture's own with another size, seed or source, `loras`
        are others than its own; `seen` is the part that it shows (None: the whole), `again` says that the picture was
        drawn before; for the rest see prepare.start."""
        loras = self.loras if loras is None else loras
        loaded = self.model(recipe.model, recipe.vae)
        guides = self.guides(recipe, loaded, seen, again=again)
        return prepare.start(
            self.job,
            self.index,
            recipe,
            loaded,
            loras,
            source,
            mask,
            exact=exact,
            before=before,
            guides=guides,
            painted=self.painted,
        )

    def guides(
        self, recipe: Recipe, loaded: Loaded, seen: PictureView | None = None, *, again: bool = False
    ) -> tuple[Guide, ...]:
        """What a row of this recipe follows; see `row`."""
        apart = "first" if again else "second"
        maps = [one for one in self.maps if one.control.stages != apart]
        if not maps or self.net is None:
            return ()
        size = recipe.width, recipe.height
        return tuple(guide(one.sized(size, seen), self.net(one.control.net, loaded)) for one in maps)


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """The rows that a stage needs before it goes on: rows, made when there is room for them. It is sent their pictures
    in the same order, or their latents with `latents`. `steps` is what they take in all, `rest` what is planned after
    them; `whole` says that the row shows the whole picture. Without rows it only tells how far it is."""

    rows: Sequence[Callable[[], Row]] = ()
    steps: int = 0
    rest: int = 0
    latents: bool = False
    whole: bool = False


Done = Sequence[Image.Image | Tensor]
Stages = Generator[Ask, Done, Image.Image]
Enlarging = Generator[Ask, Done, Image.Image]


def enlarged(canvas: Canvas, image: Image.Image, upscaler: str, size: tuple[int, int], rest: int) -> Enlarging:
    """The picture at this size; every tile of a network lets others have a turn. Edges that meet are enlarged with what
    lies beyond them; A1111 knows nothing of that."""
    edges = Edges("" if canvas.recipe.like else canvas.recipe.tiling, image.size, size)
    image = edges.beyond(image)
    left = upscaling.tiles(upscaler, *image.size, canvas.upscalers)
    work = upscaling.enlarge(image, upscaler, edges.enlarged, canvas.device, canvas.upscalers)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return edges.within(cast(Image.Image, end.value))
        left -= 1
        yield Ask(steps=1, rest=rest + left)


def images(done: Done) -> Sequence[Image.Image]:
    """What the rows became, where pictures were asked for."""
    return cast(Sequence[Image.Image], done)
