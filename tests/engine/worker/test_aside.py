"""What the drawing thread hands on: said in order, bounded, given up cleanly, and never in the way of the next step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.models import memory
from engine.models.loaded import Loaded
from engine.pixels import png_recipe
from engine.wire import Draw, Drawn, Ended, Message, Step, Stop
from engine.worker import autoencoder, finishing, previews
from engine.worker.aside import Aside, Speech
from engine.worker.worker import DeviceWorker
from prompts.errors import Refusal
from tests.engine.drawing import recipe
from tests.patience import PATIENCE


def said(index: int) -> Step:
    return Step("job", 0, index, 1, 1, 0.0)


# --- lines ---


def test_what_is_made_later_is_waited_for() -> None:
    heard: list[Message] = []
    speech = Speech(heard.append)
    first: Future[Message] = Future()
    second: Future[Message] = Future()
    speech.say(said(0))
    speech.later(first)
    speech.later(second)
    speech.say(said(3))
    assert heard == [said(0)]
    second.set_result(said(2))
    assert heard == [said(0)]
    first.set_result(said(1))
    assert heard == [said(0), said(1), said(2), said(3)]


def test_nothing_is_said_after_the_end_nor_of_what_was_given_up() -> None:
    heard: list[Message] = []
    speech, end = Speech(heard.append), Ended("job", 0, "failed", "error.engine")
    made: Future[Message] = Future()
    speech.later(made)
    speech.say(Ended("job", 0, "done"))
    made.set_result(end)
    speech.say(said(1))
    assert heard == [end] and speech.over
    cut: Future[Message] = Future()
    other = Speech(heard.append)
    other.later(cut)
    other.cut()
    cut.set_result(said(2))
    other.say(said(3))
    assert heard == [end] and other.over
    given_up = Speech(heard.append)
    never: Future[Message] = Future()
    given_up.later(never)
    never.cancel()
    given_up.say(said(4))
    assert heard == [end] and given_up.over


def test_who_brings_too_much_waits_for_room() -> None:
    aside, go = Aside("test", 1, 2), threading.Event()
    brought: list[int] = []

    def bring() -> None:
        for number in range(4):
            aside.do(lambda: go.wait(PATIENCE))
            brought.append(number)

    bringing = threading.Thread(target=bring)
    bringing.start()
    while len(brought) < 2:
        bringing.join(0.001)
    bringing.join(0.05)
    assert brought == [0, 1]
    go.set()
    bringing.join(PATIENCE)
    assert brought == [0, 1, 2, 3]
    aside.close()


def test_what_has_not_begun_is_given_up_at_the_end() -> None:
    aside, go, began = Aside("test", 1, 8), threading.Event(), threading.Event()

    def first() -> int:
        began.set()
        go.wait(PATIENCE)
        return 1

    done, never = aside.do(first), aside.do(lambda: 2)
    assert began.wait(PATIENCE)
    closing = threading.Thread(target=aside.close)
    closing.start()
    while not never.cancelled():
        closing.join(0.001)
    go.set()
    closing.join(PATIENCE)
    assert done.result() == 1


# --- the worker ---


class Held:
    """A worker of which a part stands still until `go`: `heard` is what it says, `reached` set once somebody is at the
    part."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.go, self.reached, self.heard = threading.Event(), threading.Event(), list[Message]()
        self.said = threading.Condition()
        self.inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        worker = DeviceWorker(self.send, device=torch.device("cpu"), slots=4, models=[folder], **changes)
        self.thread = threading.Thread(target=worker.run, args=(self.inbox,), daemon=True)
        self.thread.start()

    def send(self, message: Message) -> None:
        with self.said:
            self.heard.append(message)
            self.said.notify_all()

    def hold(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def held(*values: Any) -> Any:
            self.reached.set()
            assert self.go.wait(PATIENCE)
            return work(*values)

        return held

    def until(self, wanted: Callable[[Sequence[Message]], bool]) -> None:
        with self.said:
            assert self.said.wait_for(lambda: wanted(self.heard), PATIENCE)

    def ended(self, *jobs: str) -> None:
        self.until(lambda heard: set(jobs) <= {message.job for message in heard if isinstance(message, Ended)})

    def outcomes(self) -> dict[str, str]:
        return {message.job: message.key or message.outcome for message in self.heard if isinstance(message, Ended)}

    def close(self) -> None:
        self.go.set()
        self.inbox.put(None)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def held(tiny_folder: Path) -> Any:
    made = Held(tiny_folder.parent)
    yield made
    made.close()


@pytest.mark.parametrize(("module", "name"), [(autoencoder, "pictures_beside"), (png_recipe, "png")])
def test_strangers_go_on_drawing_while_one_is_decoded_and_written(
    module: Any, name: str, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, held.hold(getattr(module, name)))
    held.inbox.put(Draw("first", 0, (recipe(steps=3),)))
    assert held.reached.wait(PATIENCE)
    held.inbox.put(Draw("second", 0, (recipe(steps=2, seed=2),)))
    held.until(lambda heard: any(isinstance(one, Step) and one.job == "second" and one.step == 2 for one in heard))
    assert not held.outcomes()
    held.go.set()
    held.ended("first", "second")
    assert held.outcomes() == {"first": "done", "second": "done"}


def test_a_slow_preview_holds_up_neither_the_picture_nor_the_order(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    png, written = png_recipe.png, threading.Event()

    def write(*values: Any) -> bytes:
        written.set()
        return png(*values)

    monkeypatch.setattr(previews, "preview", held.hold(previews.preview))
    monkeypatch.setattr(png_recipe, "png", write)
    held.inbox.put(Draw("job", 0, (recipe(steps=6),)))
    assert written.wait(PATIENCE), "it is drawn, decoded and written meanwhile"
    assert not [one for one in held.heard if isinstance(one, Step)]
    held.go.set()
    held.ended("job")
    kept = [one for one in held.heard if isinstance(one, Step | Drawn | Ended)]
    assert [one.step if isinstance(one, Step) else type(one) for one in kept] == [1, 2, 3, 4, 5, 6, Drawn, Ended]
    assert isinstance(kept[0], Step) and kept[0].blob


def test_a_jobs_pictures_come_in_order_before_its_end(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    png = png_recipe.png

    def first_last(image: Image.Image, own: Any, known: Any) -> bytes:
        if own.seed == 0:
            held.reached.set()
            assert held.go.wait(PATIENCE)
        return png(image, own, known)

    monkeypatch.setattr(png_recipe, "png", first_last)
    held.inbox.put(Draw("job", 0, tuple(recipe(steps=1, seed=seed) for seed in range(3))))
    assert held.reached.wait(PATIENCE)
    held.inbox.put(Draw("other", 0, (recipe(steps=1, seed=9),)))
    held.ended("other")
    assert not [one for one in held.heard if isinstance(one, Drawn) and one.job == "job"]
    held.go.set()
    held.ended("job")
    kept = [one for one in held.heard if isinstance(one, Drawn | Ended) and one.job == "job"]
    assert [one.index if isinstance(one, Drawn) else one.outcome for one in kept] == [0, 1, 2, "done"]


def test_a_job_given_up_while_it_is_decoded_says_nothing_more(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoencoder, "pictures_beside", held.hold(autoencoder.pictures_beside))
    held.inbox.put(Draw("job", 0, (recipe(steps=1),)))
    assert held.reached.wait(PATIENCE)
    held.inbox.put(Stop("job"))
    held.ended("job")
    held.go.set()
    held.inbox.put(Draw("next", 0, (recipe(steps=1),)))
    held.ended("next")
    assert held.outcomes() == {"job": "cancelled", "next": "done"}
    assert not [one for one in held.heard if isinstance(one, Drawn) and one.job == "job"]


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (OSError("disk full"), "error.engine"),
        (Refusal("picture.unsafe"), "picture.unsafe"),
        (MemoryError(), "error.memory"),
    ],
)
def test_a_file_that_cannot_be_written_ends_its_job_alone(
    error: Exception, key: str, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    png = png_recipe.png

    def fails(image: Image.Image, own: Any, known: Any) -> bytes:
        if own.seed == 1:
            raise error
        return png(image, own, known)

    monkeypatch.setattr(png_recipe, "png", fails)
    held.inbox.put(Draw("bad", 0, tuple(recipe(steps=steps, seed=seed) for seed, steps in ((1, 1), (2, 150)))))
    held.inbox.put(Draw("good", 0, (recipe(steps=2, seed=3),)))
    held.ended("bad", "good")
    assert held.outcomes() == {"bad": key, "good": "done"}
    held.inbox.put(Stop("bad"))
    held.inbox.put(Draw("next", 0, (recipe(steps=2, seed=4),)))
    held.ended("next")
    assert [one.job for one in held.heard if isinstance(one, Ended)].count("bad") == 1
    assert not [one for one in held.heard if isinstance(one, Drawn) and one.job == "bad"]


def test_a_preview_that_fails_costs_no_picture(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bytes:
        raise RuntimeError("no kernel")

    monkeypatch.setattr("engine.worker.previews.preview", fails)
    held.inbox.put(Draw("job", 0, (recipe(steps=6),)))
    held.ended("job")
    assert held.outcomes() == {"job": "done"}
    assert [one.step for one in held.heard if isinstance(one, Step)] == [1, 2, 3, 4, 5, 6]


def test_a_worker_that_is_closed_says_nothing_more_and_leaves_no_thread(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, before = finishing.Finishing.close, threading.enumerate()

    def at_last(own: finishing.Finishing) -> None:
        held.go.set()
        close(own)

    monkeypatch.setattr(finishing.Finishing, "close", at_last)
    monkeypatch.setattr(png_recipe, "png", held.hold(png_recipe.png))
    held.inbox.put(Draw("job", 0, (recipe(steps=1), recipe(steps=1, seed=2), recipe(steps=150, seed=3))))
    assert held.reached.wait(PATIENCE)
    held.inbox.put(None)
    held.thread.join(PATIENCE)
    assert not [one for one in held.heard if isinstance(one, Drawn | Ended)]
    names = [one.name for one in threading.enumerate() if one not in before]
    assert not [name for name in names if name.startswith(("pictures", "previews", "decoder"))]


def test_where_memory_runs_out_beside_it_is_decoded_alone(
    loaded: Loaded, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    pictures = autoencoder.pictures

    def beside(*_: object) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    def alone(*values: Any) -> Any:
        threads.append(threading.current_thread().name)
        return pictures(*values)

    monkeypatch.setattr(autoencoder, "pictures_beside", beside)
    monkeypatch.setattr(autoencoder, "pictures", alone)
    held.inbox.put(Draw("job", 0, (recipe(steps=2), recipe(steps=2, seed=2))))
    held.ended("job")
    assert held.outcomes() == {"job": "done"}
    assert threads == [held.thread.name] * 2


@torch.no_grad()
def test_what_is_decoded_beside_is_the_same_and_leaves_the_tier(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = [torch.randn(1, 4, 8, 8) for _ in range(2)]
    one, other = (made(loaded, latents) for made in (autoencoder.pictures, autoencoder.pictures_beside))
    assert [image.tobytes() for image in one] == [image.tobytes() for image in other]

    def full(*_: object, **__: object) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loaded.vae, "decode", full)
    with pytest.raises(torch.OutOfMemoryError):
        autoencoder.pictures_beside(loaded, latents)
    assert loaded.tier.name == "all" and memory.decodes_beside(loaded)
