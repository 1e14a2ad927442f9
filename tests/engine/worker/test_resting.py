"""Rows that rest: they give way between two steps, are kept as they are, and draw the same picture to the bit."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine import a1111, samplers
from engine.models.loaded import Loaded
from engine.recipe import A1111, Hires, Recipe, Source, Upscale
from engine.tuning import Tuning
from engine.wire import Draw, Drawn, Ended, Message, PutSource, Rest, Step, Stop
from engine.worker import prepare
from engine.worker.row import Row
from engine.worker.rows import Rows
from engine.worker.worker import DeviceWorker
from tests.engine.drawing import photograph, recipe
from tests.engine.worker.test_worker import drawn_by, outcome, png, work

SOURCE = "a" * 64
EVERY = [
    *(recipe(sampler=name, steps=4, seed=5) for name in samplers.SAMPLERS),
    *(recipe(sampler=name, steps=4, seed=5, like=A1111()) for name in a1111.SAMPLERS),
]


def drawn(at_work: Rows, row: Row) -> torch.Tensor:
    """The latents of a row that joins and is drawn to its end."""
    at_work.add(row)
    while not row.done:
        assert not at_work.turn().failed
    at_work.leave(row)
    return row.latents


@pytest.mark.parametrize("own", EVERY, ids=lambda own: f"{own.sampler}{' in A1111' if own.like else ''}")
def test_every_sampler_goes_on_where_it_was(own: Recipe, loaded: Loaded) -> None:
    at_work = Rows()

    def begun(own: Recipe) -> Row:
        return prepare.start("job", 0, own, loaded, ())

    expected = drawn(at_work, begun(own))
    row = begun(own)
    for rest in range(2):
        at_work.add(row)
        at_work.turn()
        at_work.leave(row)
        drawn(at_work, begun(replace(own, width=72, seed=rest, steps=2)))  # a stranger
    assert torch.equal(drawn(at_work, row), expected)


# --- through a worker ---

# A step with a preview is told when that is made: here each is to be answered before the next one.
PLAIN = Tuning(previews="none")
Answer = Callable[[Message], Sequence[Message]]


def played(folder: Path, *messages: Message, answer: Answer, slots: int = 1, **folders: Any) -> list[Message]:
    """What a worker says to these messages and to what it is answered, until every job has ended."""
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    jobs: set[str] = set()
    heard: list[Message] = []

    def put(*messages: Message) -> None:
        for message in messages:
            if isinstance(message, Draw):
                jobs.add(message.job)
            inbox.put(message)

    def send(message: Message) -> None:
        heard.append(message)
        put(*answer(message))
        if isinstance(message, Ended):
            jobs.discard(message.job)
            if not jobs:
                inbox.put(None)

    put(*messages)
    here = torch.device("cpu")
    DeviceWorker(send, device=here, slots=slots, models=[folder.parent], tuning=PLAIN, **folders).run(inbox)
    return heard


def rests_at(*steps: int, job: str = "own") -> Answer:
    """Has a job rest after each of these steps until a stranger's picture of another size is drawn."""

    def answer(message: Message) -> Sequence[Message]:
        match message:
            case Step(name, step=step) if name == job and step in steps:
                return Rest(job, (0,)), Draw(f"stranger {step}", 0, (recipe(width=72, steps=3, seed=step),), "stranger")
            case Ended(name) if name != job:
                return (Rest(job, ()),)
        return ()

    return answer


def order(heard: list[Message]) -> list[str]:
    """Whose steps they were, one after the other."""
    return [message.job for message in heard if isinstance(message, Step)]


MASK = Image.new("L", (64, 64))
MASK.paste(255, (16, 8, 56, 64))
FILES = (PutSource(SOURCE, png(photograph())), PutSource("m", png(MASK)))
WAYS: dict[str, Recipe] = {
    "ancestral noise": recipe(sampler="Euler a", steps=6),
    "hires": recipe(steps=4, hires=Hires(1.5, 0.5, 6, "Latent")),
    "hires by pixels": recipe(steps=4, hires=Hires(1.5, 0.5, 6, "Lanczos"), sampler="DPM++ 2M Karras"),
    "inpaint": recipe(steps=7, source=Source(SOURCE, 0.9, mask="m"), sampler="Euler a"),
    "inpaint in A1111": recipe(steps=7, source=Source(SOURCE, 0.9, mask="m"), like=A1111(), sampler="DPM++ 2M SDE"),
    "tiles": recipe(steps=4, upscale=Upscale("Lanczos", 2.0, 0.5)),
    "the fast quality": recipe(steps=8, quality="fast"),
    "a changing prompt": recipe("a [cat:dog:0.5] AND a boat", steps=6, sampler="UniPC"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_rested_is_the_same(way: str, tiny_folder: Path) -> None:
    own = WAYS[way]
    [expected] = drawn_by(work(tiny_folder.parent, *FILES, Draw("own", 0, (own,)), slots=1), "own")
    heard = played(tiny_folder, *FILES, Draw("own", 0, (own,), "ann"), answer=rests_at(1, 2, 5))
    [rested] = drawn_by(heard, "own")
    assert rested.blob == expected.blob
    steps = order(heard)
    assert steps[0] == "own" and steps[-1] == "own"
    for stranger in (1, 2, 5):
        first = steps.index(f"stranger {stranger}")
        assert steps[first : first + 3] == [f"stranger {stranger}"] * 3, "nothing else was drawn meanwhile"


def test_with_every_slot_held_a_newcomers_first_step_is_the_next(tiny_folder: Path) -> None:
    held = tuple(recipe(seed=seed, steps=9) for seed in range(4))

    def answer(message: Message) -> Sequence[Message]:
        match message:
            case Step("held", index=3, step=2):
                return Rest("held", (3,)), Draw("late", 0, (recipe(steps=4),), "late")
            case Ended("late"):
                return (Rest("held", ()),)
        return ()

    heard = played(tiny_folder, Draw("held", 0, held, "ann"), answer=answer, slots=4)
    steps = [(message.job, message.index) for message in heard if isinstance(message, Step)]
    turns = [steps[at : at + 4] for at in range(8, 24, 4)]
    assert all(sorted(turn) == [("held", 0), ("held", 1), ("held", 2), ("late", 0)] for turn in turns)
    assert outcome(heard, "held") == "done" and len(drawn_by(heard, "held")) == 4


def test_what_rests_and_has_not_begun_waits_for_its_turn(tiny_folder: Path) -> None:
    def answer(message: Message) -> Sequence[Message]:
        return (Rest("a", ()),) if isinstance(message, Ended) and message.job == "b" else ()

    asked = Draw("a", 0, (recipe(steps=2), recipe(steps=2, seed=2)), "ann"), Rest("a", (0, 1))
    heard = played(tiny_folder, *asked, Draw("b", 0, (recipe(steps=2),), "bob"), answer=answer, slots=4)
    assert order(heard)[:2] == ["b", "b"] and set(order(heard)[2:]) == {"a"}


def test_given_up_while_it_rests(tiny_folder: Path) -> None:
    def answer(message: Message) -> Sequence[Message]:
        match message:
            case Step("own", step=2):
                return Rest("own", (0,)), Draw("next", 0, (recipe(steps=3),), "bob")
            case Step("next", step=2):
                return (Stop("own"),)
        return ()

    heard = played(tiny_folder, Draw("own", 0, (recipe(steps=50),), "ann"), answer=answer)
    assert (outcome(heard, "own"), outcome(heard, "next")) == ("cancelled", "done")
    assert order(heard) == ["own", "own", "next", "next", "next"] and not drawn_by(heard, "own")


def test_a_worker_whose_pictures_all_rest_waits_for_a_word(tiny_folder: Path) -> None:
    woken = []

    class Silent(queue.SimpleQueue):  # type: ignore[type-arg]
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if block and self.empty() and not woken:  # later it waits for the file that is written
                woken.append(True)
                return Rest("own", ())
            return super().get(block, timeout)

    inbox = Silent()
    heard: list[Message] = []

    def send(message: Message) -> None:
        heard.append(message)
        match message:
            case Step(step=2):
                inbox.put(Rest("own", (0,)))
            case Ended():
                inbox.put(None)

    inbox.put(Draw("own", 0, (recipe(steps=4),), "ann"))
    DeviceWorker(send, device=torch.device("cpu"), slots=2, models=[tiny_folder.parent], tuning=PLAIN).run(inbox)
    assert woken == [True] and outcome(heard, "own") == "done"


def test_a_word_of_rest_for_what_is_gone_does_no_harm(tiny_folder: Path) -> None:
    asked = Rest("gone", (0,)), Draw("own", 0, (recipe(steps=2),)), Rest("own", (7,))
    assert outcome(played(tiny_folder, *asked, answer=lambda message: ()), "own") == "done"


def test_device_time_goes_on_counting_where_it_was(tiny_folder: Path) -> None:
    heard = played(tiny_folder, Draw("own", 0, (recipe(steps=6),), "ann"), answer=rests_at(2, 4))
    spent = [message.seconds for message in heard if isinstance(message, Step) and message.job == "own"]
    [done] = drawn_by(heard, "own")
    strangers = sum(message.seconds for message in heard if isinstance(message, Drawn) and message.job != "own")
    assert sum(spent) <= done.seconds and strangers > 0
    assert [m.step for m in heard if isinstance(m, Step) and m.job == "own"] == [1, 2, 3, 4, 5, 6]
