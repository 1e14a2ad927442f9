"""A training as the guest of a worker: who waits for whom, what is left as it was, and what becomes of it."""

from __future__ import annotations

import gc
import hashlib
import queue
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.adapters import merged_weights
from engine.models import loading, model_cache
from engine.models.loaded import Loaded
from engine.train import guest as guests
from engine.train import run as running
from engine.train.run import TrainingRun
from engine.training_plan import TrainingPlan
from engine.wire import (
    Draw,
    Drawn,
    Ended,
    ForgetTraining,
    HalfLearnt,
    Learning,
    Learnt,
    Message,
    Park,
    Step,
    Train,
    TrainingFile,
)
from engine.worker import drawings, rows
from engine.worker.worker import DeviceWorker
from prompts.prompt import LoraUse
from tests import tiny
from tests.engine.drawing import recipe
from tests.engine.train import plans
from tests.lora_files import kohya

pytestmark = pytest.mark.usefixtures("one_thread")
Answer = Callable[[Message], Iterable[Message | None]]


class Host:
    """A worker in this process whose guests keep their folders in `folder`. `order` has what it does in turn: "batch"
    for what is learnt from, "turn" for what is drawn."""

    def __init__(self, models: Sequence[Path], folder: Path, patch: pytest.MonkeyPatch, **told: Any) -> None:
        self.heard: list[Message] = []
        self.order: list[str] = []
        self.inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._answer: Answer = lambda message: ()
        self.worker = DeviceWorker(
            self._hear, device=torch.device("cpu"), slots=4, models=models, trainings=folder, **told
        )
        learn, draw = TrainingRun.turn, rows.Rows.turn

        def batch(run: TrainingRun) -> Any:
            self.order.append("batch")
            self.learns(run)
            return learn(run)

        def turn(own: rows.Rows) -> Any:
            self.order.append("turn")
            return draw(own)

        patch.setattr(TrainingRun, "turn", batch)
        patch.setattr(rows.Rows, "turn", turn)
        self.learns: Callable[[TrainingRun], None] = lambda run: None  # called before a batch is learnt from

    def _hear(self, message: Message) -> None:
        self.heard.append(message)
        for answer in self._answer(message):
            self.inbox.put(answer)

    def work(self, *messages: Message, answer: Answer | None = None) -> list[Message]:
        """What it says to these messages, and to what `answer` gives it for each of its words, up to the first None;
        without one until a training has ended."""
        self._answer = answer or (lambda message: [None] if isinstance(message, Learnt) else [])
        before = len(self.heard)
        for message in messages:
            self.inbox.put(message)
        self.worker._run(self.inbox, "")
        return self.heard[before:]


def lesson(folder: Path, every: int = 0, **changes: Any) -> tuple[Message, ...]:
    """A small training as messages."""
    folder.mkdir(exist_ok=True)
    plan = plans.small(folder, **changes)
    files = [TrainingFile("t", one.file, (folder / one.file).read_bytes()) for one in plan.pictures]
    return (*files, Train("t", 1, plan.to_json(), every))


def file_of(heard: Sequence[Message]) -> bytes:
    """The file that was learnt."""
    [last] = [message for message in heard if isinstance(message, Learnt)]
    assert last.outcome == "done", last
    return last.blob


WHOLE = {"steps": 4, "accumulate": 2}


@pytest.fixture(scope="module")
def unbroken(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What is learnt from such a plan without a worker."""
    folder = tmp_path_factory.mktemp("own")
    run = TrainingRun(loaded, plans.small(folder, **WHOLE), folder)
    while not run.done:
        run.turn()
    return run.file()


@pytest.fixture(autouse=True)
def known(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loads the tiny model again."""
    load = loading.load

    def loads(model: Any, *told: Any, **more: Any) -> Loaded:
        if model.path != loaded.model.path:
            return load(model, *told, **more)
        # The layout knows when memory has run out; what was read with a model is each worker's own.
        return replace(loaded, layout=replace(loaded.layout), embeddings=OrderedDict(), loras=OrderedDict())

    monkeypatch.setattr(model_cache, "load", loads)


def plan_of(messages: Sequence[Message]) -> TrainingPlan:
    [order] = [message for message in messages if isinstance(message, Train)]
    return TrainingPlan.from_json(order.plan)


def test_it_learns_what_is_learnt_without_a_worker_and_tells_of_it(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: bytes
) -> None:
    monkeypatch.setattr(guests, "TELL", 0.0)
    told = lesson(tmp_path / "own", every=2, **WHOLE)
    heard = Host([tiny_folder.parent], tmp_path / "t", monkeypatch).work(*told)
    news = [message for message in heard if isinstance(message, Learning)]
    assert news[0] == Learning("t", 1, 0, 4, (), news[0].seconds) and news[0].seconds > 0
    assert news[-1].step == 4 and sum(len(one.losses) for one in news) == 4
    assert all(one.seconds >= 0 and one.steps == 4 and one.attempt == 1 for one in news)
    halves = [message for message in heard if isinstance(message, HalfLearnt)]
    assert [one.step for one in halves] == [2] and halves[0].blob != file_of(heard) == unbroken


def test_a_half_learnt_file_is_sent_again_where_the_bot_died_before_it_was_kept(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = lesson(tmp_path / "own", every=2, **WHOLE)
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)
    first = host.work(*told, answer=lambda one: [None] * isinstance(one, HalfLearnt))
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)  # the other was killed then and there
    again = host.work(Train("t", 2, plan_of(told).to_json(), 2))
    [[one], [other]] = [[one for one in heard if isinstance(one, HalfLearnt)] for heard in (first, again)]
    assert one.step == other.step == 2 and one.blob == other.blob


@pytest.mark.parametrize(("error", "key"), [(MemoryError(), "train.memory"), (KeyError("x"), "error.engine")])
def test_a_file_that_cannot_be_made_ends_the_training_and_not_the_worker(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, key: str
) -> None:
    def file(run: TrainingRun) -> bytes:
        raise error

    monkeypatch.setattr(TrainingRun, "file", file)
    heard = Host([tiny_folder.parent], tmp_path / "t", monkeypatch).work(*lesson(tmp_path / "own", steps=1))
    assert [(one.outcome, one.key) for one in heard if isinstance(one, Learnt)] == [("failed", key)]


def test_pictures_drawn_beside_it_are_the_same_to_the_byte(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Loaded
) -> None:
    merged: list[object] = []
    merge = merged_weights.merge
    monkeypatch.setattr(merged_weights, "merge", lambda *told: merged.append(told) or merge(*told))
    (tmp_path / "loras").mkdir()
    for seed, name in enumerate(("one", "two")):
        kohya(tmp_path / "loras" / f"{name}.safetensors", loaded, seed, ("attn2.to_", "self_attn", "ff.net"))

    def drawn_with(seed: int, *names: str) -> Any:
        own = recipe("a zwx", seed=seed, steps=3)
        return plans.with_loras(own, tuple(LoraUse(name, 0.7) for name in names))

    # Rows share their calls from the first step on once their LoRAs have been read.
    jobs = [
        Draw("read", 0, (drawn_with(7, "one"), drawn_with(7, "two"))),
        Draw("plain", 0, (drawn_with(1), drawn_with(2))),
        Draw("mixed", 0, (drawn_with(3, "one"), drawn_with(4, "two"))),
        Draw("merged", 0, (drawn_with(5, "one"), drawn_with(6, "one"))),
    ]

    def one_by_one(message: Message) -> Iterable[Message | None]:
        if isinstance(message, Ended):
            place = [job.job for job in jobs].index(message.job) + 1
            yield jobs[place] if place < len(jobs) else None

    pictures: list[list[bytes]] = []
    for share in (0.0, 10.0**6):
        host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch, loras=[tmp_path / "loras"], share=share)
        if share:
            host.work(*lesson(tmp_path / "own", steps=500), answer=lambda said: [None] * isinstance(said, Learning))
            heard = host.work(jobs[0], answer=one_by_one)
            beside = host.order[host.order.index("turn") :]
            assert beside.count("batch") >= 8 and ["batch", "batch"] not in map(list, pairwise(beside))
        else:
            heard = host.work(jobs[0], answer=one_by_one)
        assert [one.outcome for one in heard if isinstance(one, Ended)] == ["done"] * 4
        pictures.append([one.blob for one in heard if isinstance(one, Drawn) and one.job != "read"])
    assert len(pictures[0]) == 6 and pictures[0] == pictures[1] and len(merged) >= 2


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_picture_waits_for_two_batches_at_most(
    share: float, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch, share=share)
    asked = iter((2, 5))
    at = [next(asked)]

    def learns(run: TrainingRun) -> None:
        if host.order.count("batch") == at[0]:
            host.inbox.put(Draw(f"job{at[0]}", 0, (recipe(steps=3),)))
            host.order.append("asked")
            at[0] = next(asked, 0)

    host.learns = learns
    heard = host.work(
        *lesson(tmp_path / "own", steps=99), answer=lambda one: [None] * (one == Ended("job5", 0, "done"))
    )
    assert [one.outcome for one in heard if isinstance(one, Ended)] == ["done"] * 2
    for _ in range(2):
        host.order = host.order[host.order.index("asked") + 1 :]
        waited = host.order[: host.order.index("turn")]
        assert len(waited) <= (2 if share else 0)  # besides the one in which it was asked for
        if not share:
            assert "batch" not in host.order[: host.order.index("turn") + 3]  # nor while it is drawn
    steps = [message for message in heard if isinstance(message, Step)]
    assert len(steps) == 6


def test_it_neither_spins_nor_blocks(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Loaded
) -> None:
    """While it waits for the hash of a large file, the worker sleeps; the hash wakes it."""
    hashed: Future[str] = Future()
    load = model_cache.load
    blocked: list[bool] = []

    class Inbox:
        """Notes when somebody would wait for a message, and has the hash ready then."""

        def __init__(self, first: Sequence[Message | None]) -> None:
            self.left = list(first)

        def put(self, message: Message | None) -> None:
            self.left.append(message)

        def get(self, block: bool = True) -> Message | None:
            if not self.left:
                if not block:
                    raise queue.Empty
                blocked.append(hashed.done())
                hashed.set_result(loaded.hash.result())  # once: a second time raises
            return self.left.pop(0)

        def get_nowait(self) -> Message | None:
            return self.get(block=False)

    def slowly(*told: Any, **more: Any) -> Loaded:
        made = load(*told, **more)
        made.hash = hashed
        return made

    monkeypatch.setattr(model_cache, "load", slowly)
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)
    host.inbox = Inbox(())  # type: ignore[assignment]
    assert file_of(host.work(*lesson(tmp_path / "own", steps=2))) and blocked == [False]


def test_the_model_is_as_it_was_when_it_has_left(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)
    model = host.worker._library.model("tiny")

    def state() -> tuple[object, ...]:
        weights = [(name, id(one), one.requires_grad, one.grad) for name, one in model.unet.named_parameters()]
        content = hashlib.sha256(b"".join(one.detach().numpy().tobytes() for one in model.unet.parameters()))
        hooks = [len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.unet.modules()]
        return weights, content.hexdigest(), hooks, [name for name, _ in model.unet.named_modules()]

    before = state()
    assert file_of(host.work(*lesson(tmp_path / "own", steps=3, text_rate=1e-3)))
    assert state() == before


def test_a_guest_gives_way_before_rows_are_halved(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: bytes
) -> None:
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)
    calls: list[object] = []
    predict, rest = rows.predict, TrainingRun.rest

    def full(batch: Sequence[Any]) -> Any:
        calls.append(len(batch))
        if len(calls) in (1, 3):  # with the guest, and once more when it has given all it had
            raise torch.OutOfMemoryError("CUDA out of memory")
        return predict(batch)

    def rested(run: TrainingRun) -> None:
        calls.append("rest")
        rest(run)
        assert all(weight.grad is None for own in run._pupil.weights.values() for weight in own.values())

    monkeypatch.setattr(rows, "predict", full)
    monkeypatch.setattr(TrainingRun, "rest", rested)
    told = lesson(tmp_path / "own", **WHOLE)

    def learns(run: TrainingRun) -> None:
        if host.order.count("batch") == 4:  # in the middle of a step
            host.inbox.put(Draw("job", 0, tuple(recipe(steps=2, seed=seed) for seed in (1, 2))))

    host.learns = learns
    heard = host.work(*told)
    assert calls[:5] == [2, "rest", 2, 1, 1] and "rest" not in calls[5:]
    assert [one.outcome for one in heard if isinstance(one, Ended)] == ["done"]
    assert file_of(heard) == unbroken


def test_state_that_rests_in_main_memory_goes_back(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrainingRun(loaded, plans.small(tmp_path, steps=2), tmp_path)
    run.turn()
    moved: list[str] = []
    to = torch.Tensor.to

    def noted(own: torch.Tensor, *told: Any, **more: Any) -> torch.Tensor:
        moved.append(str(told[0]))
        return to(own, *told, **more)

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "to", noted)
        run.rest()
    count = 2 * sum(len(own) for own in run._pupil.weights.values())  # AdamW has two numbers for each weight
    assert moved == ["cpu"] * count
    assert run._resting and run.turn() and not run._resting


def test_where_memory_is_short_it_tries_again_then_in_single_pictures_and_then_says_so(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failing, outcome in (((2,), "done"), ((2, 3), "done"), ((2, 3, 4), "failed")):
        host = Host([tiny_folder.parent], tmp_path / f"{len(failing)}", monkeypatch)

        def learns(run: TrainingRun, host: Host = host, failing: tuple[int, ...] = failing) -> None:
            if host.order.count("batch") in failing:
                raise torch.OutOfMemoryError("CUDA out of memory")

        host.learns = learns
        [last] = [one for one in host.work(*lesson(tmp_path / "own", steps=3)) if isinstance(one, Learnt)]
        assert (last.outcome, last.key) == (outcome, "train.memory" if outcome == "failed" else "")


def test_a_model_that_leaves_memory_parks_it_first(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    for name in ("tiny", "other"):
        tiny.copy(tiny_folder, models / name)
    host = Host([models], tmp_path / "t", monkeypatch)
    host.worker._library._models._budget = 0  # no room for two
    unet = weakref.ref(host.worker._library.model("tiny").unet.conv_in.weight)

    def learns(run: TrainingRun) -> None:
        if host.order.count("batch") == 3:
            host.inbox.put(Draw("job", 0, (recipe(steps=2, model="other"),)))

    host.learns = learns
    heard = host.work(*lesson(tmp_path / "own", steps=6), answer=lambda one: [None] * isinstance(one, Ended))
    ends = [one for one in heard if isinstance(one, Learnt | Ended)]
    assert ends == [Learnt("t", 1, "parked"), Ended("job", 0, "done")]
    assert [one.step for one in heard if isinstance(one, Learning)][-1] == 3
    gc.collect()
    assert unet() is None and (tmp_path / "t" / "t" / running.CHECKPOINT).exists()


def test_parked_and_gone_on_it_becomes_the_same(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: bytes
) -> None:
    told = lesson(tmp_path / "own", **WHOLE)
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)

    def learns(run: TrainingRun) -> None:
        if host.order.count("batch") == 4:  # the last of the second step
            host.inbox.put(Park("t"))

    host.learns = learns
    heard = host.work(*told)
    assert heard[-1] == Learnt("t", 1, "parked") and not host.worker._guest.ready
    plan = plan_of(told)
    heard = host.work(Train("t", 2, plan.to_json()))
    first = next(one for one in heard if isinstance(one, Learning))
    assert (first.attempt, first.step, first.losses) == (2, 2, ()) and file_of(heard) == unbroken
    again = host.work(Train("t", 3, plan.to_json()))  # whose last word was lost
    assert file_of(again) == file_of(heard) and host.order.count("batch") == 8


def test_a_half_that_was_lost_with_a_worker_is_told_again(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: bytes
) -> None:
    lost: list[HalfLearnt] = []

    def dies(said: Message) -> list[None]:
        if isinstance(said, HalfLearnt):
            lost.append(said)
        return [None] * isinstance(said, HalfLearnt)

    told = lesson(tmp_path / "own", every=2, **WHOLE)
    Host([tiny_folder.parent], tmp_path / "t", monkeypatch).work(*told, answer=dies)
    heard = Host([tiny_folder.parent], tmp_path / "t", monkeypatch).work(*told)
    assert [one for one in heard if isinstance(one, HalfLearnt)] == lost and [one.step for one in lost] == [2]
    assert file_of(heard) == unbroken


def test_what_is_forgotten_leaves_no_file_and_no_word(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)

    def learns(run: TrainingRun) -> None:
        if host.order.count("batch") == 3:
            run.keep()
            assert len(list((tmp_path / "t" / "t").iterdir())) == 7
            for message in (ForgetTraining("t"), ForgetTraining("../own"), None):
                host.inbox.put(message)

    host.learns = learns
    heard = host.work(*lesson(tmp_path / "own", steps=6), answer=lambda message: ())
    assert not list((tmp_path / "t").iterdir()) and not any(isinstance(one, Learnt) for one in heard)
    assert list((tmp_path / "own").iterdir())


def test_what_was_drawn_with_leaves_memory_with_its_file(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Loaded
) -> None:
    (tmp_path / "loras").mkdir()
    for seed, name in enumerate(("gone", "stays")):
        kohya(tmp_path / "loras" / f"{name}.safetensors", loaded, seed, ("attn2.to_",))
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch, loras=[tmp_path / "loras"])
    uses = tuple(LoraUse(name, 0.7) for name in ("gone", "stays"))
    drawn = Draw("job", 0, (plans.with_loras(recipe("a zwx", steps=2), uses),))
    host.work(drawn, answer=lambda one: [None] * (one == Ended("job", 0, "done")))
    [model] = host.worker._library._models.all
    assert {key[0].stem for key in model.loras} == {"gone", "stays"} and model.embeddings
    (tmp_path / "loras" / "gone.safetensors").unlink()
    host.work(ForgetTraining("t"), None)
    assert {key[0].stem for key in model.loras} == {"stays"}
    assert not model.embeddings and not any(one._on or one._merged for one in model.adapted.values())


def test_losses_that_are_no_numbers_end_it_with_a_reason(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = running.noising.loss
    monkeypatch.setattr(running.noising, "loss", lambda *told: plain(*told) * float("nan"))
    heard = Host([tiny_folder.parent], tmp_path / "t", monkeypatch).work(*lesson(tmp_path / "own", steps=20))
    [last] = [message for message in heard if isinstance(message, Learnt)]
    assert last.outcome == "failed" and last.key.startswith("train.")
    assert all(loss == 0.0 for one in heard if isinstance(one, Learning) for loss in one.losses)


def test_what_cannot_be_learnt_is_said_and_pictures_are_drawn_on(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host([tiny_folder.parent], tmp_path / "t", monkeypatch)

    def outcome(*messages: Message) -> tuple[str, str]:
        [last] = [message for message in host.work(*messages) if isinstance(message, Learnt)]
        return last.outcome, last.key

    *files, order = lesson(tmp_path / "own", model="gone")
    assert outcome(*files, order) == ("failed", "model.unknown")
    assert outcome(Train("t", 1, {"steps": "many"})) == ("failed", "train.failed")
    assert outcome(Train("../t", 1, plan_of([order]).to_json())) == ("failed", "train.failed")
    *files, order = lesson(tmp_path / "own")
    assert outcome(*files[1:], TrainingFile("t", "0.png", b"another"), order)[0] == "failed"
    assert outcome(*files, order) == ("done", "")
    heard = host.work(Draw("job", 0, (recipe(steps=1),)), answer=lambda one: [None] * isinstance(one, Ended))
    assert heard[-1] == Ended("job", 0, "done")
    assert drawings.Drawings.empty.fget(host.worker._drawings)  # type: ignore[attr-defined]
