"""Rows that take their steps together: the same to the bit as alone, whoever comes, goes, rests or fails meanwhile.

The UNet here answers pixel by pixel, so that company changes nothing of what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from engine import a1111
from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe, Source
from engine.worker import batch, denoise, plain_guidance, prepare, rows, walks
from engine.worker.guided import guided
from engine.worker.row import Followed, Row, Successor
from tests.engine.drawing import photograph, recipe

LIKE = A1111(rng="CPU")
STRANGERS = [
    recipe(sampler="Euler", steps=5),
    recipe(sampler="Euler", steps=7, seed=2, guidance=3.0),
    recipe(sampler="Euler a", steps=6, seed=3),
    recipe(sampler="Euler a", steps=4, seed=4, negative="blurry"),
    recipe(sampler="DPM++ 2M Karras", steps=6, seed=5),
    recipe(sampler="DPM++ 2M", steps=5, seed=6, guidance=1.0),
    recipe(sampler="DPM++ SDE", steps=3, seed=7),
    recipe(sampler="Heun", steps=4, seed=8),
    recipe("a cat AND a dog :0.5", sampler="UniPC", steps=5, seed=9),
    recipe("[a|b] cat", sampler="LMS", steps=6, seed=10, rescale=0.5),
    recipe(sampler="DDIM", steps=5, seed=11, guidance_start=0.2, guidance_end=0.7),
    recipe(sampler="DPM++ 2M SDE", steps=5, seed=12, guidance_curve="linear up"),
    recipe(sampler="Euler a", steps=5, seed=13, like=LIKE),
    recipe(sampler="DPM++ SDE", steps=3, seed=14, like=LIKE),
    recipe(sampler="DDIM CFG++", steps=5, seed=15, like=LIKE),
    recipe(sampler="Restart", steps=5, seed=16, like=replace(LIKE, ngms=3.0)),
    recipe(sampler="Euler", steps=6, seed=17, source=Source("a" * 64, 0.9, mask="m")),
    recipe(sampler="DPM++ 2M Karras", steps=5, seed=18, source=Source("a" * 64, 1.0, mask="m", fill="latent noise")),
    recipe(sampler="Euler", steps=6, seed=19, source=Source("a" * 64, 0.8, mask="m"), like=LIKE),
    recipe(sampler="DDIM", steps=6, seed=20, source=Source("a" * 64, 0.8, mask="m"), like=LIKE),
]  # fmt: skip


@pytest.fixture
def pixelwise(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loaded]:
    """A model that says something of each pixel, the time and the words, and of nothing else."""

    def answer(samples: Tensor, times: Tensor, encoder_hidden_states: Tensor, **_: Any) -> tuple[Tensor]:
        said = encoder_hidden_states[:, :3].mean(dim=(1, 2)) + times / 1000
        return ((samples * said[:, None, None, None]).clamp(-1, 1),)

    monkeypatch.setattr(loaded.unet, "forward", answer)
    yield replace(loaded, tapes=type(loaded.tapes)(), joined=type(loaded.joined)())


def started(loaded: Loaded, own: Recipe, index: int = 0) -> Row:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (16, own.seed, 48, 60))
    return prepare.start("job", index, own, loaded, (), *((photograph(), mask) if own.source else ()))


def drawn_alone(loaded: Loaded, own: Recipe) -> Tensor:
    row = started(loaded, own)
    at_work = rows.Rows()
    at_work.add(row)
    while not row.done:
        take_turn(at_work)
    return row.latents


def take_turn(at_work: rows.Rows) -> None:
    for _, error in at_work.turn().failed:
        raise error


def same(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one, other)


def test_strangers_are_as_they_are_alone_whoever_joins_leaves_or_rests(pixelwise: Loaded) -> None:
    expected = [drawn_alone(pixelwise, own) for own in STRANGERS]
    at_work, waiting = rows.Rows(), [started(pixelwise, own, index) for index, own in enumerate(STRANGERS)]
    everybody, resting = list(waiting), list[Row]()
    for turn in range(200):
        for row in waiting[:3]:
            at_work.add(row)
        del waiting[:3]
        if turn == 3:
            resting = [row for row in at_work if row.index % 4 == 0]
            for row in resting:
                at_work.leave(row)
            at_work.leave(everybody[1])  # is not drawn to its end
        if turn == 6:
            for row in resting:
                at_work.add(row)
        take_turn(at_work)
        for row in tuple(at_work):
            if row.done:
                at_work.leave(row)
        if not len(at_work) and not waiting:
            break
    assert not everybody[1].done
    for index, (row, picture) in enumerate(zip(everybody, expected, strict=True)):
        if index != 1:
            assert row.done and same(row.latents, picture), row.recipe.sampler
    assert all(row.latents.isfinite().all() for row in everybody)


def test_who_redraws_a_part_or_changes_the_model_takes_steps_with_others(pixelwise: Loaded) -> None:
    """Rows of one sampler with masks of their own, and such that another model takes over on the way."""
    other = replace(pixelwise, schedule={**pixelwise.schedule, "prediction_type": "v_prediction"})
    part = Source("a" * 64, 0.8, mask="m")
    base = recipe(sampler="DPM++ 2M", steps=8, like=LIKE)
    asked = [
        base,
        replace(base, seed=2),
        replace(base, seed=3, steps=6, source=part),
        replace(base, seed=4, source=part),
    ]

    def begun(own: Recipe, index: int) -> Row:
        row = started(pixelwise, own, index)
        assert row.way and own.like

        def model() -> Followed:
            assert row.walk and own.like
            row.walk.ask_another(walks.denoiser(a1111.find_sampler(own.sampler)[0], other, own.like), other)
            return other, row.positive, row.negative

        if index % 2:
            row.successor = Successor(0.5, model)
        return row

    def drawn(everybody: list[Row]) -> list[Tensor]:
        at_work = rows.Rows()
        for row in everybody:
            at_work.add(row)
        while len(at_work):
            take_turn(at_work)
            for row in tuple(at_work):
                if row.done:
                    at_work.leave(row)
        return [row.latents for row in everybody]

    company = [begun(own, index) for index, own in enumerate(asked)]
    assert [len(own) for own, *_ in batch.Batch(company)._runs] == [2, 2]
    together = drawn(company)
    alone = [drawn([begun(own, index)])[0] for index, own in enumerate(asked)]
    assert all(same(one, other) for one, other in zip(together, alone, strict=True))
    assert [row.loaded is other for row in company] == [False, True] * 2
    unchanged = [drawn([begun(own, 0)])[0] for own in asked]
    assert [same(one, other) for one, other in zip(together, unchanged, strict=True)] == [True, False] * 2


def test_memory_that_runs_out_in_the_middle_changes_nothing(pixelwise: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    some = STRANGERS[:7]
    expected = [drawn_alone(pixelwise, own) for own in some]
    answer, calls = pixelwise.unet.forward, [0]

    def narrow(samples: Tensor, *positional: Any, **named: Any) -> Any:
        calls[0] += 1
        if samples.shape[0] > 5 and calls[0] % 3 == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return answer(samples, *positional, **named)

    monkeypatch.setattr(pixelwise.unet, "forward", narrow)
    pixelwise.layout.patience = 1  # so that all of them are tried together again at once
    at_work, everybody = rows.Rows(), [started(pixelwise, own, index) for index, own in enumerate(some)]
    for row in everybody:
        at_work.add(row)
    while len(at_work):
        take_turn(at_work)
        for row in tuple(at_work):
            if row.done:
                at_work.leave(row)
    pixelwise.layout.most = 0
    assert calls[0] > 12
    assert all(same(row.latents, picture) for row, picture in zip(everybody, expected, strict=True))


def test_a_step_that_fails_behind_the_call_leaves_everybody_where_he_was(
    pixelwise: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [started(pixelwise, own, index) for index, own in enumerate(STRANGERS[:4])]
    before = [(row.at, row.latents) for row in everybody]
    taken = batch.SharedStep.taken

    def fails(self: Any, *given: Any) -> Any:
        taken(self, *given)
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(batch.SharedStep, "taken", fails)
        with pytest.raises(torch.OutOfMemoryError):
            denoise.predict(everybody)
    assert [(row.at, row.latents) for row in everybody] == before
    for row, outcome, _ in denoise.predict(everybody):
        denoise.advance(row, outcome)
    alone = [started(pixelwise, own) for own in STRANGERS[:4]]
    for row in alone:
        [(_, outcome, _)] = denoise.predict([row])
        denoise.advance(row, outcome)
    assert all(same(row.latents, one.latents) for row, one in zip(everybody, alone, strict=True))


def test_guidance_of_many_is_that_of_each(pixelwise: Loaded) -> None:
    own = [recipe(guidance=guidance, seed=seed) for seed, guidance in enumerate((7.0, 1.1, 3.7, 12.0))]
    plus = [replace(one, sampler="DDIM CFG++", like=LIKE) for one in own]
    output = torch.randn(8, 4, 8, 8)
    for some in (own, plus):
        everybody = [started(pixelwise, one) for one in some]
        assert all(row.plainly and row.width == 2 for row in everybody)
        together = plain_guidance.together(everybody, 2, output)
        alone = [guided(row, own_part, row.latents) for row, own_part in zip(everybody, output.split(2), strict=True)]
        for place, one in enumerate(together):
            assert same(one, torch.cat([each[place : place + 1] for each in alone]))
    [mixed] = [started(pixelwise, recipe("a AND b"))]
    spread, less = started(pixelwise, recipe(rescale=0.3)), started(pixelwise, recipe(guidance=1.0))
    assert not mixed.plainly and not spread.plainly and less.plainly and less.width == 1


def test_words_are_put_together_when_somebody_joins_leaves_or_is_told_something_else(
    pixelwise: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    joined = batch.Batch._put_together

    def counting(self: Any, words: Sequence[Tensor], of: object) -> Any:
        made.append(len(words))
        return joined(self, words, of)

    monkeypatch.setattr(batch.Batch, "_put_together", counting)
    at_work = rows.Rows()
    first, second = started(pixelwise, recipe(steps=20)), started(pixelwise, recipe(steps=20, seed=2))
    at_work.add(first)
    take_turn(at_work)
    take_turn(at_work)
    at_work.add(second)
    for _ in range(3):
        take_turn(at_work)
    assert made == [2, 4]
    changing = started(pixelwise, recipe("[a:b:3]", steps=20, guidance=1.0))
    at_work.leave(first)
    at_work.add(changing)
    for _ in range(6):
        take_turn(at_work)
    assert made == [2, 4, 3, 3]


def test_the_picture_foreseen_is_computed_when_it_is_wanted(pixelwise: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    foreseen = denoise._foreseen

    def counting(*given: Any) -> Tensor:
        seen.append(1)
        return foreseen(*given)

    monkeypatch.setattr(denoise, "_foreseen", counting)
    at_work = rows.Rows()
    everybody = [started(pixelwise, own, index) for index, own in enumerate((STRANGERS[0], STRANGERS[2]))]
    for row in everybody:
        assert row.clean is None
        at_work.add(row)
    take_turn(at_work)
    assert not seen
    before = [row.clean for row in everybody]
    assert len(seen) == 2 and all(one is not None and one.isfinite().all() for one in before)
    take_turn(at_work)
    assert len(seen) == 2
    alone = started(pixelwise, STRANGERS[0])
    [(_, outcome, _)] = denoise.predict([alone])
    denoise.advance(alone, outcome)
    assert before[0] is not None and alone.clean is not None and same(before[0], alone.clean)


def test_an_answer_that_is_written_into_again_is_not_what_samplers_keep(
    pixelwise: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CUDA graphs do, which give every answer in the same memory."""
    some = [recipe(sampler=name, steps=5, guidance=1.0) for name in ("PLMS", "LMS", "DPM++ 2M")]
    some.append(recipe(sampler="DDIM CFG++", steps=5, like=LIKE))
    answer, own = pixelwise.unet.forward, dict[Any, Tensor]()
    expected = [drawn_alone(pixelwise, one) for one in some]

    def again(samples: Tensor, *positional: Any, **named: Any) -> Any:
        [said] = answer(samples, *positional, **named)
        return (own.setdefault(said.shape, torch.empty_like(said)).copy_(said),)

    monkeypatch.setattr(pixelwise.unet, "forward", again)
    assert all(same(drawn_alone(pixelwise, one), picture) for one, picture in zip(some, expected, strict=True))
