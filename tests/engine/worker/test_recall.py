"""What pictures have in common is drawn once, and each is the picture that it is alone, to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from engine.finish import detection
from engine.models.call_memory import CallMemory, UnetAnswer
from engine.models.loaded import Loaded, Scope
from engine.pixels.tiles import Box
from engine.recipe import A1111, Fix, FreeU, Hires, HyperTile, Recipe, Upscale
from engine.regions import Regions
from engine.wire import Draw, Ended, Message, Rest, Step, Stop
from engine.worker import autoencoder, prepare
from engine.worker.denoise import predict
from engine.worker.digests import Digests, digest
from engine.worker.repeats import repeats
from engine.worker.row import Row
from engine.worker.rows import Rows
from tests import tiny
from tests.engine.drawing import gap, pixels, recipe
from tests.engine.worker.test_controls import drawn_map, follows, saved, started
from tests.engine.worker.test_resting import played
from tests.engine.worker.test_worker import drawn_by, opened, outcome, work


@contextmanager
def counted(unet: Any) -> Iterator[list[int]]:
    """How many entries each call of a UNet had while it holds."""
    calls: list[int] = []
    hook = unet.register_forward_pre_hook(lambda _, given, named: calls.append(len(given[0])), with_kwargs=True)
    try:
        yield calls
    finally:
        hook.remove()


def begun(own: Recipe, loaded: Loaded, job: str = "job") -> Row:
    row = prepare.start("job", 0, own, loaded, ())
    row.digests = Digests(job) if job else None
    return row


def drawn(rows: Sequence[Row]) -> list[torch.Tensor]:
    """The latents of rows that are drawn together."""
    at_work = Rows()
    for row in rows:
        at_work.add(row)
    while any(not row.done for row in rows):
        turn = at_work.turn()
        assert not turn.failed
        for row in turn.stepped:
            if row.done:
                at_work.leave(row)
    return [row.latents for row in rows]


def alone(own: Recipe, loaded: Loaded) -> torch.Tensor:
    [latents] = drawn([begun(own, loaded, "")])
    return latents


@pytest.fixture
def fresh(loaded: Loaded) -> Loaded:
    loaded.answered.clear()
    return loaded


OURS = ("Euler a", "DPM++ 2M Karras", "Heun", "DPM++ SDE", "UniPC", "PLMS")
THEIRS = ("DPM++ 2M SDE", "DPM adaptive", "Restart", "UniPC", "DDIM CFG++")
SOME = [
    *(recipe(sampler=name, steps=6, seed=5) for name in OURS),
    *(recipe(sampler=name, steps=6, seed=5, like=A1111()) for name in THEIRS),
]


@pytest.mark.parametrize("own", SOME, ids=lambda own: f"{own.sampler}{' in A1111' if own.like else ''}")
def test_samplers_share_their_steps_until_guidance_ends(own: Recipe, fresh: Loaded) -> None:
    ends = replace(own, guidance_end=0.5)
    whole, half = alone(own, fresh), alone(ends, fresh)
    with counted(fresh.unet) as first:
        assert torch.equal(drawn([begun(own, fresh)])[0], whole)
    with counted(fresh.unet) as second:  # one that comes later goes on where they part
        assert torch.equal(drawn([begun(ends, fresh)])[0], half)
    assert 0 < len(second) < len(first)


OWN = recipe("a red cat", negative="blurry", steps=8, seed=3)
KARRAS = replace(OWN, sampler="DPM++ 2M Karras")
A = replace(OWN, like=A1111(), sampler="Euler a")
# Two recipes, and how many of the second one's calls are also the first one's.
PAIRS: dict[str, tuple[Recipe, Recipe, int]] = {
    "the same": (OWN, OWN, 8),
    "seeds": (OWN, replace(OWN, seed=4), 0),
    "guidance, at the start": (OWN, replace(OWN, guidance=3.0), 1),
    "a curve": (OWN, replace(OWN, guidance_curve="cosine down"), 1),
    "steps on one schedule": (KARRAS, replace(KARRAS, steps=12), 1),
    "samplers on one schedule": (KARRAS, replace(KARRAS, sampler="DPM++ 2M SDE Karras"), 1),
    "words that change": (replace(OWN, prompt=recipe("a [cat:dog:0.5]").prompt),
                          replace(OWN, prompt=recipe("a [cat:fox:0.5]").prompt), 4),
    "words": (OWN, replace(OWN, prompt=recipe("a blue cat", negative="blurry").prompt), 0),
    "unwanted words": (OWN, replace(OWN, prompt=recipe("a red cat", negative="sharp").prompt), 0),
    "rescale": (OWN, replace(OWN, rescale=0.7), 1),
    "perpendicular": (OWN, replace(OWN, perpendicular=0.5), 0),
    "inside": (OWN, replace(OWN, freeu=FreeU(1.2, 1.4, 0.9, 0.2)), 0),
    "tiles by lot": (replace(OWN, hypertile=HyperTile(32)), replace(OWN, hypertile=HyperTile(32), guidance_end=0.5), 4),
    "the fast quality": (replace(OWN, quality="fast"), replace(OWN, quality="fast"), 0),
    "where the negative is left out": (replace(A, guidance=1.5), replace(A, guidance=1.5, like=A1111(ngms=1.0)), -1),
    "another clip skip": (OWN, replace(OWN, clip_skip=2), 0),
    "a step of noise": (A, replace(A, like=A1111(eta=0.5)), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_two_have_in_common_is_drawn_once_and_no_more(name: str, fresh: Loaded) -> None:
    first, second, same = PAIRS[name]
    expected = alone(first, fresh), alone(second, fresh)
    assert torch.equal(drawn([begun(first, fresh)])[0], expected[0])
    later = begun(second, fresh)
    assert torch.equal(drawn([later])[0], expected[1])
    assert later.digests
    assert 0 < later.digests.recalled < 8 if same < 0 else later.digests.recalled == same
    fresh.answered.clear()
    rows = begun(first, fresh), begun(second, fresh)
    with counted(fresh.unet) as calls:
        together = drawn(rows)
    for got, wanted in zip(together, expected, strict=True):
        assert torch.allclose(got, wanted, atol=2e-3)
    assert sum(1 for one in calls if one) and sum(one.digests.recalled for one in rows if one.digests) >= max(same, 0)


def shared(first: Row, second: Row) -> int:
    """How many calls the second row has in common with the first, which is drawn before it."""
    first.loaded.answered.clear()
    for row in (first, second):
        row.digests = Digests("job")
        drawn([row])
    assert second.digests
    return second.digests.recalled


def test_controls_share_until_they_end(fresh: Loaded, tmp_path: Path) -> None:
    folder = saved(fresh.unet, tmp_path)

    def row(**said: Any) -> Row:
        return started(fresh, OWN, follows(fresh, folder, **said))

    [expected] = drawn([row(end=0.5)])
    assert shared(row(), row()) == 8
    ending = row(end=0.5)
    assert shared(row(), ending) == 4 and torch.equal(ending.latents, expected)
    assert shared(row(), row(strength=0.5)) == shared(row(), row(map_=drawn_map(1))) == 0
    assert shared(row(), row(mode="prompt")) == shared(row(), row(net="two")) == 0
    assert shared(row(start=0.5), row(start=0.5, strength=0.5)) == 4
    assert shared(row(), started(fresh, OWN)) == 0


def test_loras_share_until_they_cease(fresh: Loaded, tmp_path: Path) -> None:
    path = tiny.kohya_lora(tmp_path / "ink.safetensors")

    def row(weight: float = 0.8, **scope: Any) -> Row:
        return prepare.start("job", 0, OWN, fresh, ((path, weight, 0.0, Scope(**scope)),))

    assert shared(row(), row()) == 8
    assert shared(row(), row(stop=4)) == 4
    assert shared(row(), row(0.4)) == shared(row(), begun(OWN, fresh)) == 0


def test_regions_share_with_the_same_places_and_words(fresh: Loaded) -> None:
    said, places = "a boat AND a red cat", ((0.0, 0.0, 0.5, 1.0),)
    whole = recipe(said, steps=4, regions=Regions(places))

    def row(own: Recipe) -> Row:
        return begun(own, fresh)

    assert shared(row(whole), row(whole)) == 4
    for other in (
        replace(whole, regions=Regions(places, 0.5)),
        replace(whole, regions=Regions(((0.0, 0.0, 1.0, 0.5),))),
        replace(whole, prompt=recipe("a boat AND a blue dog").prompt),
    ):
        assert shared(row(whole), row(other)) == 0


def test_nothing_is_taken_from_somebody_else(fresh: Loaded) -> None:
    drawn([begun(OWN, fresh, "ann")])
    other = begun(OWN, fresh, "bob")
    drawn([other])
    assert other.digests and other.digests.recalled == 0


def test_strangers_in_the_batch_stay_as_they_are_to_the_bit(fresh: Loaded) -> None:
    stranger = recipe("a boat", seed=9, steps=8, sampler="Euler a")
    expected = drawn([begun(OWN, fresh, ""), begun(stranger, fresh, "")])[1]
    rows = begun(OWN, fresh), begun(OWN, fresh), begun(OWN, fresh), begun(stranger, fresh, "")
    with counted(fresh.unet) as calls:
        assert torch.equal(drawn([rows[0], rows[3], *rows[1:3]])[1], expected)
    assert calls == [4] * 8  # the three are one


def test_memory_keeps_the_latest_and_no_more_than_it_may() -> None:
    one = UnetAnswer(torch.zeros(2, 4, 8, 8), Random())
    memory = CallMemory(one.output.nbytes * 3)
    for number in range(4):
        memory.keep(number, one)
        memory.get(1)
    assert [memory.get(number) is not None for number in range(4)] == [False, True, True, True]
    memory.keep(1, one)
    assert len(memory) == 3
    memory.clear()
    memory.keep(7, one)
    assert len(memory) == 1


def test_tensors_are_told_apart_by_every_bit() -> None:
    zeros = torch.zeros(2, 3)
    assert digest(zeros) == digest(torch.zeros(2, 3)) != digest(torch.zeros(3, 2))
    assert digest(zeros) != digest(-zeros) and digest(zeros) != digest(zeros.half())
    assert digest(zeros.T) == digest(torch.zeros(3, 2))


def test_only_pictures_that_may_begin_alike_are_looked_at() -> None:
    assert repeats([recipe(seed=1), recipe(seed=2)]) == frozenset()
    assert repeats([recipe(seed=3), recipe(seed=3, guidance=2), recipe(seed=3, width=72)]) == {0, 1}


# --- through a worker ---


def pictures(heard: list[Message], job: str = "job") -> list[Any]:
    assert outcome(heard, job) == "done"
    return [pixels(opened(one)) for one in drawn_by(heard, job)]


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The batch entries of every UNet call of workers."""
    made: list[int] = []

    def counting(rows: Sequence[Row]) -> Any:
        made.append(sum(row.width for row in rows))
        return predict(rows)

    monkeypatch.setattr("engine.worker.rows.predict", counting)
    return made


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were decoded at a time."""
    made: list[int] = []
    own = autoencoder.pictures

    def counting(loaded: Loaded, latents: Sequence[torch.Tensor], *values: Any) -> Any:
        made.append(len(latents))
        return own(loaded, latents, *values)

    monkeypatch.setattr(autoencoder, "pictures", counting)
    return made


BASE = recipe("a boat", seed=3, steps=6)
CELLS: dict[str, tuple[list[Recipe], int]] = {  # with the most entries that are drawn for them, of guided calls
    "strengths of a second pass": (
        [replace(BASE, hires=Hires(1.5, strength, 4, "Lanczos")) for strength in (0.25, 0.5, 0.75, 1.0)],
        2 * (6 + 1 + 2 + 3 + 4),
    ),
    "a second pass or none, upscaled or not": (
        [replace(BASE, hires=hires, upscale=last)
         for hires in (None, Hires(1.5, 0.5, 4, "Latent")) for last in (None, Upscale("Lanczos", 2.0))],
        2 * (6 + 2),
    ),
    "fixes": (
        [replace(BASE, fixes=fixes) for fixes in ((), (Fix("face", 0.5),), (Fix("face", 1.0),))], 2 * (6 + 3 + 6),
    ),
    "the end of guidance": ([replace(BASE, guidance_end=end) for end in (1.0, 0.8, 0.5)], 2 * 6 + 2 + 4),
}  # fmt: skip


@pytest.mark.parametrize(("name", "slots"), [*((name, 4) for name in CELLS), ("strengths of a second pass", 1)])
def test_each_cell_of_a_job_is_what_it_is_alone(
    name: str, slots: int, tiny_folder: Path, entries: list[int], decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(detection.BUILT_IN, "face", lambda image: [Box(10, 12, 30, 34)])
    recipes, most = CELLS[name]
    got = pictures(work(tiny_folder.parent, Draw("job", 0, tuple(recipes), "ann"), slots=slots))
    assert sum(entries) <= most and sum(decoded) <= 2 * len(recipes)
    together = sum(entries)
    for own, one in zip(recipes, got, strict=True):
        [apart] = pictures(work(tiny_folder.parent, Draw("job", 0, (own,), "ann"), slots=slots))
        assert gap(one, apart) <= (0 if slots == 1 else 1)
    assert sum(entries) - together > together


def test_cells_of_all_rows_of_a_sheet_share_calls(tiny_folder: Path, entries: list[int]) -> None:
    cells = tuple(
        replace(BASE, seed=seed, guidance=guidance, sampler=sampler)
        for seed in (1, 2)
        for guidance, sampler in ((3.0, "Euler a"), (6.0, "Euler"))
    )
    got = pictures(work(tiny_folder.parent, Draw("job", 0, cells, "ann"), slots=4))
    assert entries == [4, *[8] * 5]  # the first call of one seed is the same, whatever comes of it
    for own, one in zip(cells, got, strict=True):
        [apart] = pictures(work(tiny_folder.parent, Draw("job", 0, (own,)), slots=4))
        assert gap(one, apart) <= 1


def test_a_picture_that_rests_keeps_nobody_and_one_that_is_given_up_is_no_loss(
    tiny_folder: Path, entries: list[int]
) -> None:
    recipes = tuple(replace(BASE, guidance_end=end) for end in (1.0, 0.5))
    expected = [pictures(work(tiny_folder.parent, Draw("job", 0, (own,)), slots=1))[0] for own in recipes]
    entries.clear()

    def answer(message: Message) -> Sequence[Message]:
        match message:
            case Step("own", _, 0, 2):
                return (Rest("own", (0,)),)  # the other one goes on from what it has drawn
            case Step("own", _, 1, 6):
                return (Rest("own", ()),)
        return ()

    got = pictures(played(tiny_folder, Draw("own", 0, recipes, "ann"), answer=answer, slots=2), "own")
    assert [gap(one, other) for one, other in zip(got, expected, strict=True)] == [0, 0]
    assert sum(entries) <= 2 * 6 + 4

    def given_up(message: Message) -> Sequence[Message]:
        match message:
            case Step("gone", step=4):
                return (Stop("gone"),)
            case Ended("gone"):
                return (Draw("own", 0, recipes, "ann"),)
        return ()

    entries.clear()
    draws = Draw("gone", 0, recipes, "ann"), Draw("own", 0, recipes, "ann")
    got = pictures(played(tiny_folder, *draws[:1], answer=given_up, slots=1), "own")
    assert [gap(one, other) for one, other in zip(got, expected, strict=True)] == [0, 0]
    assert sum(entries) <= 2 * (4 + 1) + 2 * 6 + 4  # what was given up, and the other job by itself


def test_what_was_drawn_with_another_teaches_nothing_of_how_long_it_takes(tiny_folder: Path) -> None:
    recipes = tuple(replace(BASE, guidance_end=end) for end in (1.0, 0.5))
    heard = work(tiny_folder.parent, Draw("job", 0, recipes, "ann"), slots=1)
    assert [one.recalled for one in drawn_by(heard, "job")] == [False, True]
