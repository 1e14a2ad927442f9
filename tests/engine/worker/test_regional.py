"""Regions: words that hold for a part of the picture, alone and in company."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from engine.models.loaded import Loaded
from engine.patches import attentions
from engine.pixels import region_map
from engine.recipe import A1111, Hires, Recipe
from engine.regions import EVERYWHERE, Regions, shares
from engine.second_pass import recipe as second
from engine.worker import prepare, regional
from engine.worker.prompt_encoding import Conditioning
from engine.worker.rows import Rows
from prompts.errors import Refusal
from prompts.region_colours import COLOURS
from tests.engine.drawing import Pixels, draw, recipe

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
WORDS = "a forest AND a red cat AND a blue dog"


def divided(text: str = WORDS, base: float = 0.2, boxes: tuple[tuple[float, ...], ...] = (LEFT, RIGHT)) -> Recipe:
    return recipe(text, regions=Regions(boxes, base))  # type: ignore[arg-type]


def far(one: Pixels, other: Pixels) -> int:
    return int(np.abs(one - other).max())


@pytest.mark.parametrize("like", [None, A1111()])
def test_regions_are_drawn_in_company_as_alone_and_strangers_stay_as_they_are(
    loaded: Loaded, like: A1111 | None
) -> None:
    own, thirds = replace(divided(), like=like), replace(divided("x AND y", boxes=(RIGHT,)), like=like, seed=2)
    plain = [recipe("a house", seed=3, like=like), recipe("a AND b", seed=4, like=like)]
    together = draw(loaded, [own, plain[0], thirds, plain[1]])
    assert far(together[0], draw(loaded, [own])[0]) <= 1 and far(together[2], draw(loaded, [thirds])[0]) <= 1
    without = draw(loaded, [replace(own, regions=None), plain[0], replace(thirds, regions=None), plain[1]])
    assert far(together[1], without[1]) <= 1 and far(together[3], without[3]) <= 1
    assert far(together[0], without[0]) > 5, "words for places are not words that are mixed everywhere"


def test_strangers_beside_regions_are_the_same_to_the_bit(loaded: Loaded) -> None:
    def latents(first: Recipe) -> list[float]:
        rows = Rows()
        own = [prepare.start("job", index, one, loaded, ()) for index, one in enumerate((first, recipe("a house")))]
        for row in own:
            rows.add(row)
        while not all(row.done for row in own):
            rows.turn()
            for row in [row for row in rows if row.done]:
                rows.leave(row)
        return own[1].latents.flatten().tolist()

    everywhere = Regions((EVERYWHERE,), 0.0)
    assert latents(divided()) == latents(recipe("a forest"))
    assert latents(recipe("x AND a forest", regions=everywhere)) == latents(recipe("a forest"))


def test_one_region_everywhere_is_a_picture_of_its_words_to_the_bit(loaded: Loaded) -> None:
    [everywhere] = draw(loaded, [recipe("nothing AND a red cat", regions=Regions((EVERYWHERE,), 0.0))])
    [plain] = draw(loaded, [recipe("a red cat")])
    assert far(everywhere, plain) == 0
    assert far(plain, draw(loaded, [recipe("nothing")])[0]) > 0


def test_what_has_all_of_the_words_for_everywhere_is_drawn_by_them(loaded: Loaded) -> None:
    [shared] = draw(loaded, [divided(base=1.0)])
    [words] = draw(loaded, [recipe("a forest, a red cat and a blue dog")])
    assert far(shared, words) <= 1


@torch.no_grad()
def test_each_place_is_answered_by_the_words_of_its_region(loaded: Loaded) -> None:
    place = next(attentions.places(loaded.unet))
    layer, cells = place.block.attn2, place.cells((8, 8))
    random = torch.Generator().manual_seed(1)
    seen = torch.randn(2, cells[0] * cells[1], layer.to_q.in_features, generator=random)
    base, left, right = (torch.randn(1, 77, layer.to_k.in_features, generator=random) for _ in range(3))
    told = [Conditioning(1.0, ((1, words),)) for words in (base, left, right)]
    own = replace(told[0], regions=((LEFT, told[1]), ((0.75, 0.0, 1.0, 1.0), told[2])), share=0.25)
    words = torch.cat([base, base])
    with regional.on_unet(loaded.unet, [(told[0], 1), (own, 1)], words, (8, 8)):
        stranger, mixed = layer(seen, encoder_hidden_states=words).unflatten(1, cells)
    by_base, by_left, by_right = (
        layer(seen, encoder_hidden_states=one.repeat(2, 1, 1))[1].unflatten(0, cells) for one in (base, left, right)
    )
    wide = cells[1]
    assert stranger.equal(layer(seen, encoder_hidden_states=words)[0].unflatten(0, cells))
    for columns, answer in ((slice(0, wide // 2), by_left), (slice(3 * wide // 4, wide), by_right)):
        assert torch.allclose(mixed[:, columns], (0.75 * answer + 0.25 * by_base)[:, columns], atol=1e-5)
    between = slice(wide // 2, 3 * wide // 4)
    assert torch.allclose(mixed[:, between], by_base[:, between], atol=1e-5)


def test_texts_and_boxes_are_as_many(loaded: Loaded) -> None:
    for wrong in ("a cat", "a AND b", "a AND b AND c AND d"):
        with pytest.raises(Refusal) as refused:
            prepare.start("job", 0, divided(wrong), loaded, ())
        assert refused.value.key == "regions.count"


def test_boxes_are_cut_with_the_part_that_is_drawn() -> None:
    own = Regions((LEFT, (0.25, 0.5, 0.75, 1.0)), 0.3)
    assert own.within((0.5, 0.5, 1.0, 1.0)) == Regions(((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.5, 1.0)), 0.3)
    assert own.within(EVERYWHERE) == own and Regions.of(str(own)) == own
    assert shares(0.25, 1.0, 2) == [0.5, 1.0] and shares(0.5, 0.5, 2) == [0.0, 0.0]
    first = divided()
    assert second(first, Hires(2.0, 0.5)).regions == first.regions
    assert second(first, Hires(2.0, 0.5, prompt="a cat")).regions is None


def test_a_recipe_with_regions_is_read_back() -> None:
    own = divided()
    assert Recipe.from_json(own.to_json()) == own and own.code != replace(own, regions=None).code


# --- regions that are painted ---

MAP = "f" * 64


def a_map(*spots: tuple[str, tuple[int, int, int, int]], size: tuple[int, int] = (64, 64)) -> dict[str, bytes]:
    """The files of a map with these boxes painted on a hole."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    for name, box in spots:
        image.paste((*COLOURS[name].shade, 255), box)
    out = io.BytesIO()
    image.save(out, "PNG")
    return {MAP: out.getvalue()}


def painted(text: str = WORDS, *names: str, base: float = 0.2) -> Recipe:
    return recipe(text, regions=Regions(names or ("red", "blue"), base, MAP))


HALVES = a_map(("red", (0, 0, 32, 64)), ("blue", (32, 0, 64, 64)))


@pytest.mark.parametrize("like", [None, A1111()])
def test_what_is_painted_as_a_box_is_drawn_as_the_box(loaded: Loaded, like: A1111 | None) -> None:
    stranger = recipe("a house", seed=3, like=like)
    [boxes, plain] = draw(loaded, [replace(divided(), like=like), stranger])
    for files in (HALVES, a_map(("red", (0, 0, 5, 1)), ("blue", (5, 0, 10, 1)), size=(10, 1))):
        own = replace(painted(), like=like)
        [mask, beside] = draw(loaded, [own, stranger], painted=region_map.opened(own.regions, files))
        assert far(mask, boxes) == 0 and far(beside, plain) == 0


def test_a_colour_everywhere_is_a_picture_of_its_words_to_the_bit(loaded: Loaded) -> None:
    own = painted("nothing AND a red cat", "red", base=0.0)
    maps = region_map.opened(own.regions, a_map(("red", (0, 0, 7, 5)), size=(7, 5)))
    [everywhere] = draw(loaded, [own], painted=maps)
    assert far(everywhere, draw(loaded, [recipe("a red cat")])[0]) == 0


def test_a_map_is_cut_with_the_part_that_is_drawn() -> None:
    regions = Regions(("red", LEFT), 0.3, MAP)
    files = a_map(("red", (0, 0, 32, 32)))
    assert regions.within(EVERYWHERE) == regions
    part = regions.within((0.25, 0.0, 0.75, 1.0)).within((0.0, 0.0, 1.0, 0.5))
    assert part.part == (0.25, 0.0, 0.75, 0.5) and part.places[1] == (0.0, 0.0, 0.5, 1.0)
    area, _ = region_map.areas(part, region_map.opened(part, files))
    assert isinstance(area, region_map.PaintedArea) and not area.everywhere
    assert area.covered((2, 4)).tolist() == [[1, 1, 0, 0]] * 2
    assert region_map.areas(regions.within((0, 0, 0.5, 0.5)), region_map.opened(part, files))[0].everywhere  # type: ignore[union-attr]
    uneven = region_map.PaintedArea(np.array([[True, False, False]]), EVERYWHERE)
    assert uneven.covered((1, 2))[0].tolist() == pytest.approx([2 / 3, 0])


def test_the_words_for_everywhere_name_regions_from_left_to_right() -> None:
    whole = "a forest, a blue dog and a red cat"
    assert regional.words(divided(boxes=(RIGHT, LEFT))).startswith(f"{whole} AND")
    assert regional.words(divided()).startswith("a forest, a red cat and a blue dog AND")
    maps = region_map.opened(painted().regions, a_map(("blue", (0, 0, 20, 9)), ("red", (40, 0, 64, 64))))
    assert regional.words(painted(), maps).startswith(f"{whole} AND")
    assert region_map.middle(region_map.PaintedArea(maps["red"], (0.5, 0, 1, 1))) == (0.25 + 1) / 2


def test_a_second_pass_with_words_for_each_region_has_regions() -> None:
    first = painted()
    assert second(first, Hires(2.0, 0.5)).regions == first.regions
    assert second(first, Hires(2.0, 0.5, prompt="a wood AND a cat <lora:x:1> AND a dog")).regions == first.regions
    assert second(first, Hires(2.0, 0.5, prompt="a wood AND a cat")).regions is None


@pytest.mark.parametrize(
    ("regions", "files", "key"),
    [
        (Regions(("red",)), HALVES, "regions.no_map"),
        (Regions(("red",), map=MAP), {}, "picture.gone"),
        (Regions(("red", "green"), map=MAP), HALVES, "regions.not_painted"),
        (Regions(("red",), map=MAP), {MAP: b"x"}, "picture.damaged"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused(regions: Regions, files: dict[str, bytes], key: str) -> None:
    with pytest.raises(Refusal) as refused:
        region_map.opened(regions, files)
    assert refused.value.key == key


def test_a_recipe_with_a_map_is_read_back_and_names_its_file() -> None:
    own = replace(painted(), regions=Regions(("red", LEFT), 0.2, MAP))
    assert Recipe.from_json(own.to_json()) == own and own.files == (MAP,)
    kept = divided().to_json()["regions"]
    assert kept == {"boxes": [list(LEFT), list(RIGHT)]}, "what is kept of boxes is what it was"
    with pytest.raises(ValueError, match="mauve"):
        Regions.from_json({"boxes": ["mauve"]})
