"""The built-in model: the pieces of its recipe, and what the shipped weights truly do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.demo import (
    autoencoder,
    captions,
    composer,
    drawing,
    export,
    guide,
    judge,
    scenes,
    sources,
    store,
    styles,
    text,
    unet,
)
from engine.demo.concepts import Concept, concepts
from engine.demo.optimiser import orthogonal, rate_share
from engine.demo.scale import SCALES, Scale
from engine.demo.sources import Cutouts
from engine.demo.tokens import BOS, EOS, UNKNOWN, Tokens, compact, vocabulary
from engine.files import catalog

TOY = SCALES["toy"]
FLAWED = ("low quality", "worst quality", *(words for flaw in captions.FLAWS.values() for words in flaw))
TOKENIZER = catalog.DEMO / "tokenizer"
CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def cutouts() -> Cutouts:
    """Discs of three colours in place of the emoji, which are not kept here."""
    across = np.linspace(-1, 1, 128)
    inside = np.hypot(across[:, None], across[None, :]) < 0.9
    discs = np.zeros((TOY.concepts, 128, 128, 4), np.uint8)
    for disc, colour in zip(discs, ((200, 40, 40), (40, 160, 60), (60, 80, 210)), strict=True):
        disc[inside] = (*colour, 255)
    return dict.fromkeys(sources.PACKAGES, discs)


@pytest.fixture(scope="module")
def made(cutouts: Cutouts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert len(list(store.make(TOY, folder, cutouts, TOKENIZER))) == 1
    return folder


def thrown(scale: Scale, count: int) -> list[composer.Composition]:
    random = np.random.default_rng(7)
    return [composer.throw(scale, random) for _ in range(count)]


def test_every_concept_has_a_name_and_an_emoji_of_its_own() -> None:
    known = concepts()
    assert len(known) == 120 == len({one.name for one in known}) == len({one.emoji for one in known})
    assert known[0] == Concept("cat", "🐱") and known[0].code == "1f431"
    assert concepts(5) == known[:5]
    with pytest.raises(ValueError, match="between 1 and 120"):
        concepts(121)


def test_the_same_dice_draw_the_same_pixels(cutouts: Cutouts) -> None:
    first, again = (thrown(TOY, 12) for _ in range(2))
    assert first == again
    pictures = [composer.draw(one, cutouts) for one in first]
    assert all(np.array_equal(one, composer.draw(other, cutouts)) for one, other in zip(pictures, again, strict=True))
    assert len({picture.tobytes() for picture in pictures}) == 12


def test_pairs_counts_and_sides_come_as_often_as_the_scale_says() -> None:
    wide = replace(TOY, pairs=0.2, counts=0.2, sides=0.2)
    many = thrown(wide, 600)
    things = [{thing.concept for thing in one.things} for one in many]
    pairs = np.mean([len(own) == 2 for own in things])
    counts = np.mean([len(one.things) > len(own) for one, own in zip(many, things, strict=True)])
    sides = np.mean([bool(one.place) for one in many])
    assert all(abs(share - 0.2) < 0.06 for share in (pairs, counts, sides))
    assert all(len(one.things) == 1 and not one.place for one in thrown(TOY, 100))


@pytest.mark.parametrize("word", composer.OBJECT_COLOURS)
def test_a_colour_word_pulls_a_thing_to_it_more_with_more_weight(word: str) -> None:
    layer = np.full((8, 8, 4), (0.5, 0.55, 0.45, 1.0), np.float32)
    aim = scenes.colour(word)
    gaps = [np.abs(composer.recolour(layer, word, strength)[0, 0] - aim).mean() for strength in (0.0, 0.5, 1.0)]
    assert gaps[0] > gaps[1] > gaps[2] and gaps[2] < 0.02


def one_of(style: str, **changes: object) -> composer.Composition:
    thing = composer.Thing(0, "", 1.0, 0.5, 0.5, 100.0)
    plain = composer.Composition((thing,), style, "blue", 1.0, "", "", 3)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_styles_are_what_their_words_say(cutouts: Cutouts) -> None:
    plain = composer.draw(one_of("3d"), cutouts)
    drawn = {style: composer.draw(one_of(style), cutouts) for style in styles.BASE}
    assert (np.ptp(drawn["monochrome"], axis=2) == 0).all()
    cells = drawn["pixel"].reshape(styles.GRID, 8, styles.GRID, 8, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    inside, rim = np.s_[60:68, 60:68], np.s_[:6]
    assert np.abs(drawn["line"][inside].astype(int) - plain[rim].mean(axis=(0, 1))).mean() < 20  # paper inside, too
    assert drawn["neon"][rim].mean() < 50 and drawn["neon"].max() > 200
    assert drawn["watercolor"][rim].mean() > 235 and drawn["watercolor"][inside].mean() > plain[inside].mean()
    assert (drawn["sticker"] > 240).all(axis=2).sum() > 10 * (plain > 240).all(axis=2).sum()
    shaded = drawn["flat"] != plain  # with the same cutouts for both sets
    assert not shaded[inside].any()  # the shadow falls to the right and below
    assert (drawn["flat"] <= plain).all() and shaded.mean() > 0.03


def test_flaws_spoil_the_picture_each_in_its_way(cutouts: Cutouts) -> None:
    plain, blurry, jpeg, grainy = (
        composer.draw(one_of("3d", flaw=flaw), cutouts) for flaw in ("", "blurry", "jpeg", "grainy")
    )
    sharp = judge.sharpness(np.stack([plain, blurry, jpeg, grainy]))
    assert sharp[1] < 0.1 * sharp[0] and sharp[3] > 5 * sharp[0]
    steps = np.abs(np.diff(jpeg.astype(int).mean(axis=2), axis=1)).mean(axis=0)
    assert steps[7::8].mean() > 1.5 * np.delete(steps, np.s_[7::8]).mean()  # at the borders of its blocks


@pytest.mark.parametrize(
    ("name", "more"),
    [("cat", "cats"), ("fox", "foxes"), ("cherry", "cherries"), ("key", "keys"), ("fish", "fish"), ("mouse", "mice")],
)
def test_more_than_one_of_a_thing(name: str, more: str) -> None:
    assert captions.plural(name) == more


def test_a_caption_names_what_is_seen_and_weighs_the_colour_alone() -> None:
    wide = replace(TOY, pairs=0.2, counts=0.2, sides=0.2)
    random = np.random.default_rng(3)
    things = concepts(TOY.concepts)
    for one in thrown(wide, 200):
        pieces = captions.caption(one, things, random)
        whole = "".join(words for words, _ in pieces)
        names = [things[thing.concept].name for thing in one.things]
        assert all(any(word in whole for word in (name, *captions.ALIASES.get(name, ()))) for name in names)
        assert all(thing.colour in whole for thing in one.things)
        assert not one.place or one.place in whole
        assert one.background not in scenes.COLOURS or f"{one.background} background" in whole
        assert bool(one.flaw) == any(bad in whole for bad in FLAWED)
        assert not (one.flaw and "best" in whole)
        assert one.style == "3d" or any(words in whole for words in captions.STYLES[one.style])
        assert {words for words, weight in pieces if weight != 1.0} <= set(scenes.COLOURS)


def test_tokens_are_those_of_clip_with_the_ends_it_has() -> None:
    ids, weights = Tokens(TOKENIZER)((("a ", 1.0), ("red", 1.5), (" cat, ", 1.0), (captions.BLANK, 1.0)))
    assert ids[:7].tolist() == [BOS, 320, 736, 2368, 267, UNKNOWN, EOS]
    assert set(ids[6:].tolist()) == {EOS} and len(ids) == len(weights) == 77
    assert weights[2] == 1.5 and (np.delete(weights, 2) == 1).all()
    known = vocabulary(ids)
    assert known.tolist() == [267, 320, 736, 2368, BOS, EOS]
    assert compact(np.array([736, 5, UNKNOWN]), known).tolist() == [3, 0, 0]


def test_the_latents_are_the_small_picture_and_how_rough_it_is() -> None:
    picture = torch.rand(2, 3, 32, 48) * 2 - 1
    latents = guide.guide(picture)
    assert latents.shape == (2, 4, 4, 6)
    assert torch.allclose(guide.small(latents), torch.nn.functional.avg_pool2d(picture, 8), atol=1e-5)
    even = guide.guide(torch.zeros(1, 3, 32, 48))
    assert (latents[:, 3] > even[:, 3] + 1).all()


def test_muon_steps_have_one_length_in_all_directions() -> None:
    for shape in ((24, 90), (90, 24)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(1))))
        assert values.min() > 0.5 and values.max() < 1.3


def test_the_rate_rises_stays_and_ends_at_zero() -> None:
    shares = [rate_share(step, 1000) for step in range(1001)]
    assert shares[0] < 0.1 and shares[100] == shares[600] == 1 and shares[1000] == 0
    assert shares[660:] == sorted(shares[660:], reverse=True)


def test_what_is_made_is_not_made_again_and_is_the_same_everywhere(
    made: Path, cutouts: Cutouts, tmp_path: Path
) -> None:
    assert list(store.make(TOY, made, cutouts, TOKENIZER)) == []
    [_] = store.make(TOY, tmp_path, cutouts, TOKENIZER)
    one, other = (store.examples(TOY, folder) for folder in (made, tmp_path))
    assert np.array_equal(one.latents, other.latents) and np.array_equal(one.ids, other.ids)
    assert one.ids.shape == (TOY.pictures, TOY.captions, 77)
    compositions = store.compositions(TOY, 0)
    assert np.array_equal(store.pictures(TOY, made)[0], composer.draw(compositions[0], cutouts))


def test_an_interrupted_run_ends_in_the_same_weights(made: Path, tmp_path: Path) -> None:
    examples = store.examples(TOY, made)
    pictures = store.pictures(TOY, made)
    known = vocabulary(examples.ids)

    def run(folder: Path, sittings: int) -> list[torch.Tensor]:
        seconds = float("inf") if sittings == 1 else 0.0  # no time left: one step a sitting
        for _ in range(sittings):
            vae = autoencoder.train(TOY, pictures, folder, CPU, print, seconds)
            text.train(TOY, examples, known, folder, CPU, print, seconds)
        for _ in range(2 * sittings if sittings > 1 else 1):
            encoder = text.schooled(TOY, len(known) + 1, folder, CPU)
            pair = unet.train(TOY, examples, known, encoder, folder, CPU, print, seconds)
        return [weight for part in (vae, pair) for weight in part.state_dict().values()]

    whole, pieces = run(tmp_path / "whole", 1), run(tmp_path / "pieces", 2)
    assert all(torch.equal(one, other) for one, other in zip(whole, pieces, strict=True))

    trained = unet.trained(TOY, len(known) + 1, tmp_path / "whole")
    large = text.expanded(trained.encoder, known)
    ids = torch.from_numpy(examples.ids[:4, 0].astype(np.int64))
    rows = torch.from_numpy(compact(examples.ids[:4, 0], known))
    with torch.no_grad():
        expected = trained.encoder(input_ids=rows)[0]
        # Words outside the captions, whatever they are, are all the same unknown word.
        for stranger in (7, 40_000):
            assert torch.allclose(large(input_ids=ids.where(ids >= 0, stranger))[0], expected, atol=1e-5)

    vae = autoencoder.trained(TOY, tmp_path / "whole")
    size = export.write(vae, trained.unet, large, TOKENIZER, tmp_path / "model")
    assert size < export.LARGEST
    pictures = drawing.draw(drawing.load(tmp_path / "model"), ["a cat"], [1], steps=2)
    assert pictures.shape == (1, 128, 128, 3)
