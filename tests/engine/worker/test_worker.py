"""The worker: over real pipes with the built-in model, and in this process for what is rare."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from engine.files import catalog
from engine.pixels import png_recipe
from engine.recipe import Recipe, Source, Upscale
from engine.tuning import USUAL
from engine.wire import Draw, Drawn, Ended, Loading, Message, PutSource, Ready, Step, Stop, encode, read_message
from engine.worker import autoencoder, previews, row, rows
from engine.worker.worker import DeviceWorker
from prompts.prompt import LoraUse, Note
from tests import tiny
from tests.engine.drawing import photograph, recipe
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3]


def demo(text: str = "a red apple on a blue background", **changes: Any) -> Recipe:
    values: dict[str, Any] = {"model": catalog.BUILTIN, "width": 128, "height": 128, "guidance": 4.0, "steps": 6}
    return recipe(text, **values | changes)


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def opened(message: Drawn) -> Image.Image:
    return Image.open(io.BytesIO(message.blob))


# --- over real pipes ---


class Child:
    """`python -m engine` and both ends of its wire."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "engine", "--device", "cpu", "--slots", "4", "--model", catalog.BUILTIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout

    def say(self, *messages: Message) -> None:
        self.input.write(b"".join(map(encode, messages)))
        self.input.flush()

    def until(self, wanted: Callable[[Message], bool]) -> list[Message]:
        """Everything said up to and with the wanted message."""
        heard: list[Message] = []
        while not heard or not wanted(heard[-1]):
            message = read_message(self.output)
            assert message is not None, "the worker has gone"
            heard.append(message)
        return heard

    def ended(self, *jobs: str) -> list[Message]:
        waiting = set(jobs)

        def last(message: Message) -> bool:
            if isinstance(message, Ended):
                waiting.discard(message.job)
            return not waiting

        return self.until(last)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child()
    made.say(Draw("early", 0, (demo(),)))  # before it is ready: it waits
    heard = made.ended("early")
    assert heard[0] == Loading(catalog.BUILTIN)
    [ready] = [message for message in heard if isinstance(message, Ready)]
    assert ready.model == catalog.BUILTIN and ready.slots == 4
    yield made
    made.input.close()
    assert made.process.wait(PATIENCE) == 0  # it leaves quietly when nobody talks to it any more
    made.output.close()


def test_a_job_is_answered_by_steps_pictures_and_an_end(child: Child) -> None:
    own = (demo(seed=1), demo(seed=2))
    child.say(Draw("job", 3, own))
    heard = child.ended("job")
    steps = [message for message in heard if isinstance(message, Step)]
    drawn = [message for message in heard if isinstance(message, Drawn)]
    assert {(message.index, message.step) for message in steps} == {(i, s) for i in (0, 1) for s in range(1, 7)}
    assert all(message.steps == 6 and message.attempt == 3 for message in steps)
    previews = {message.index: Image.open(io.BytesIO(message.blob)) for message in steps if message.blob}
    assert set(previews) == {0, 1}
    assert all(image.size == (128, 128) and image.format == "JPEG" for image in previews.values())
    assert [message.index for message in drawn] == [0, 1]
    for message in drawn:
        assert opened(message).size == (128, 128)
        assert png_recipe.read_recipe(message.blob) == own[message.index]
        spent = sum(step.seconds for step in steps if step.index == message.index)
        assert 0 < spent <= message.seconds
    assert heard[-1] == Ended("job", 3, "done")


def test_the_built_in_model_paints_what_it_is_told(child: Child) -> None:
    child.say(Draw("red", 0, (demo("a black cat on a red background", steps=12, sampler="DPM++ 2M Karras"),)))
    [drawn] = [message for message in child.ended("red") if isinstance(message, Drawn)]
    corner = np.asarray(opened(drawn))[:16, :16].reshape(-1, 3).mean(axis=0)
    assert corner[0] > corner[1] + 60 and corner[0] > corner[2] + 60


def test_jobs_share_steps_and_one_gives_up(child: Child) -> None:
    child.say(Draw("long", 0, (demo(steps=150),)), Draw("short", 0, (demo(steps=30, sampler="Euler a"),)))
    seen = child.until(lambda message: isinstance(message, Step) and message.job == "short")
    assert any(isinstance(message, Step) and message.job == "long" for message in seen)
    child.say(Stop("long"))
    heard = child.ended("long", "short")
    assert Ended("long", 0, "cancelled") in heard
    assert Ended("short", 0, "done") in heard


def test_one_refusal_leaves_the_others_alone(child: Child) -> None:
    child.say(
        Draw("good", 0, (demo(steps=4),)),
        Draw("sampler", 0, (demo(sampler="Eulr"),)),
        Draw("model", 0, (demo(model="danqing"),)),
        Draw("size", 0, (demo(width=100),)),
        Draw("lora", 0, (replace(demo(), prompt=replace(demo().prompt, loras=(LoraUse("sepia"),))),)),
        Stop("nobody"),
    )
    ends = {
        message.job: message
        for message in child.ended("good", "sampler", "model", "size", "lora")
        if isinstance(message, Ended)
    }
    assert ends["good"].outcome == "done"
    assert {job: end.key for job, end in ends.items() if job != "good"} == {
        "sampler": "sampler.unknown", "model": "model.unknown", "size": "size.not_allowed", "lora": "lora.none",
    }  # fmt: skip
    assert ends["sampler"].values == {"name": "Eulr", "near": "Euler"}
    assert ends["size"].values is not None and ends["size"].values["near"] in {"96x128", "104x128"}


# --- in this process ---


def work(
    folder: Path, *messages: Message, slots: int = 4, told: Callable[[Message], None] | None = None, **folders: Any
) -> list[Message]:
    """What a worker says to these messages until every Draw among them has ended; `folders` by kind, as a Worker takes
    them. `told` is called with each of its words as it is said."""
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    jobs = {message.job for message in messages if isinstance(message, Draw)}
    heard: list[Message] = []

    def send(message: Message) -> None:
        heard.append(message)
        if told:
            told(message)
        if isinstance(message, Ended):
            jobs.discard(message.job)
            if not jobs:
                inbox.put(None)

    for message in messages:
        inbox.put(message)
    DeviceWorker(send, device=torch.device("cpu"), slots=slots, models=[folder], **folders).run(inbox)
    return heard


def ended(heard: list[Message], job: str) -> Ended:
    [end] = [message for message in heard if isinstance(message, Ended) and message.job == job]
    return end


def outcome(heard: list[Message], job: str) -> str:
    end = ended(heard, job)
    return end.key or end.outcome


def drawn_by(heard: list[Message], job: str) -> list[Drawn]:
    drawn = [message for message in heard if isinstance(message, Drawn) and message.job == job]
    return sorted(drawn, key=lambda message: message.index)


@pytest.mark.parametrize("part", ["unet", "text_encoder", "vae"])
def test_damaged_weights_end_the_job_and_the_worker_goes_on(part: str, tiny_folder: Path, tmp_path: Path) -> None:
    tiny.copy(tiny_folder, tmp_path / "tiny")
    tiny.damage(tiny.copy(tiny_folder, tmp_path / "broken"), part)
    heard = work(tmp_path, Draw("bad", 0, (recipe(model="broken"),)), Draw("good", 0, (recipe(),)))
    end = ended(heard, "bad")
    assert end.values and end.key == "file.cut" and int(end.values["count"]) > 1, (
        "it is told as what it is, not as unknown"
    )
    assert str(end.values["first"]).startswith(f"{part}/") and end.values["name"] == "broken"
    assert outcome(heard, "good") == "done"
    assert [m.model for m in heard if isinstance(m, Loading)] == ["tiny"], "nobody tries to load it"
    assert [m.model for m in heard if isinstance(m, Ready)] == ["", "tiny"]


@pytest.mark.parametrize("part", ["unet", "text_encoder", "vae"])
def test_weights_that_break_off_while_a_job_waits_are_told_alike(part: str, tiny_folder: Path, tmp_path: Path) -> None:
    tiny.copy(tiny_folder, tmp_path / "tiny")
    broken = tiny.copy(tiny_folder, tmp_path / "broken")

    def spoil(message: Message) -> None:
        if isinstance(message, Loading) and message.model == "broken":
            tiny.damage(broken, part)  # it was whole when the job was taken up

    heard = work(tmp_path, Draw("bad", 0, (recipe(model="broken"),)), Draw("good", 0, (recipe(),)), told=spoil)
    end = ended(heard, "bad")
    assert end.values and end.key == "file.cut" and int(end.values["count"]) > 1
    assert outcome(heard, "good") == "done"
    assert [m.model for m in heard if isinstance(m, Loading)] == ["broken", "tiny"]
    assert [m.model for m in heard if isinstance(m, Ready)] == ["", "", "tiny"], "after a load that failed, too"


def test_no_more_rows_than_slots(tiny_folder: Path) -> None:
    heard = work(tiny_folder.parent, Draw("job", 0, tuple(recipe(seed=seed, steps=2) for seed in range(5))), slots=2)
    assert [message.index for message in drawn_by(heard, "job")] == [0, 1, 2, 3, 4]
    begun: set[int] = set()
    for message in heard:
        if isinstance(message, Step):
            begun.add(message.index)
            assert len(begun) <= 2
            if message.step == message.steps:  # it is a row no more: its file is written aside
                begun.discard(message.index)


def test_previews_that_take_long_are_rare(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> bytes:
        time.sleep(0.01)
        return b"seen"

    monkeypatch.setattr(previews, "preview", slow)
    monkeypatch.setattr("engine.worker.drawings.PREVIEW_REST", 1e9)
    heard = work(tiny_folder.parent, Draw("job", 0, (recipe(steps=30), recipe(seed=2, steps=30))))
    seen = [message.index for message in heard if isinstance(message, Step) and message.blob]
    assert seen and len(seen) == len(set(seen)), "one of each at most: the rest is not over"


def test_strength_zero_is_the_picture_itself(tiny_folder: Path) -> None:
    picture = photograph(64, 96)
    content = png(picture)
    name = hashlib.sha256(content).hexdigest()
    same = recipe(width=64, height=96, source=Source(name, 0.0))
    larger = replace(same, width=128, height=192)
    twice = replace(same, upscale=Upscale("Lanczos", 2.0))
    heard = work(tiny_folder.parent, PutSource(name, content), Draw("job", 0, (same, larger, twice)))
    first, second, third = map(opened, drawn_by(heard, "job"))
    assert np.array_equal(np.asarray(first), np.asarray(picture))
    expected = np.asarray(picture.resize((128, 192), Image.Resampling.LANCZOS))
    assert np.array_equal(np.asarray(second), expected)
    assert np.array_equal(np.asarray(third), expected)
    assert not any(isinstance(message, Step | Loading) for message in heard)


def test_pictures_that_are_no_pictures_are_refused(tiny_folder: Path) -> None:
    content = png(photograph())
    over = [replace(recipe(), source=Source(name, 0.5)) for name in ("cut", "text", "gone", "clear")]
    clear = png(Image.new("RGBA", (64, 64), (0, 0, 0, 0)))
    heard = work(
        tiny_folder.parent,
        PutSource("cut", content[: len(content) // 2]),
        PutSource("text", b"not a picture"),
        PutSource("clear", clear),
        *(Draw(own.source.picture, 0, (own,)) for own in over if own.source),
    )
    assert [outcome(heard, job) for job in ("cut", "text", "gone", "clear")] == [
        "picture.damaged", "picture.damaged", "picture.gone", "done",
    ]  # fmt: skip


def test_running_out_of_memory_is_said_and_survived(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(batch: Sequence[row.Row]) -> Any:
        if len(batch) > 1 or batch[0].job == "huge":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return small(batch)

    small = rows.predict
    monkeypatch.setattr(rows, "predict", predict)
    heard = work(
        tiny_folder.parent,
        *(Draw(job, 0, (recipe(steps=3),)) for job in ("one", "huge", "two")),
    )
    assert [outcome(heard, job) for job in ("one", "huge", "two")] == ["done", "error.memory", "done"]


def test_a_fault_in_our_own_code_ends_one_job(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pictures(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(autoencoder, "pictures", pictures)
    heard = work(tiny_folder.parent, Draw("job", 0, (recipe(steps=1), recipe(steps=1, seed=2))))
    assert outcome(heard, "job") == "error.engine"


def test_loras_reach_the_rows_that_name_them(tiny_folder: Path, tmp_path: Path) -> None:
    tiny.kohya_lora(tmp_path / "水墨.safetensors")
    plain = recipe(steps=2)
    inked = replace(plain, prompt=replace(plain.prompt, loras=(LoraUse("水墨", 0.8),)))
    heard = work(tiny_folder.parent, Draw("job", 0, (plain, inked, plain)), loras=[tmp_path])
    first, second, third = (np.asarray(opened(message)).astype(int) for message in drawn_by(heard, "job"))
    assert np.abs(first - third).max() <= 1
    assert np.abs(first - second).max() > 5


def test_what_is_lent_for_a_job_is_drawn_with_by_no_other(tiny_folder: Path, tmp_path: Path) -> None:
    """Two files of one name, and an embedding, in company and alone."""
    for number, name in enumerate(("own", "one", "other")):
        (tmp_path / name).mkdir()
        tiny.kohya_lora(tmp_path / name / "mia.safetensors", number)
    (tmp_path / "own" / "mia.safetensors").rename(tmp_path / "own" / "lia.safetensors")
    save_file({"emb_params": torch.full((2, tiny.WIDTH), 0.7)}, tmp_path / "one" / "zwxdq.safetensors")
    plain = recipe("a red zwxdq", steps=2)

    def with_lora(name: str, weight: float = 1.0) -> Recipe:
        return replace(plain, prompt=replace(plain.prompt, loras=(LoraUse(name, weight),)))

    one, other = (str(tmp_path / "one"),), (str(tmp_path / "other"),)
    asked = {
        "one": Draw("one", 0, (with_lora("mia"),), lent=one),
        "other": Draw("other", 0, (with_lora("mia"),), lent=other),
        "word": Draw("word", 0, (plain,), lent=one),
        "plain": Draw("plain", 0, (plain,)),
        "zero": Draw("zero", 0, (with_lora("mia", 0.0),)),
        "own": Draw("own", 0, (with_lora("lia"),)),
        "not lent": Draw("not lent", 0, (with_lora("mia"),)),
    }
    heard = work(tiny_folder.parent, *asked.values(), slots=6, loras=[tmp_path / "own"])
    assert outcome(heard, "not lent") == "lora.unknown"
    drawn = [name for name in asked if name != "not lent"]
    shown = {name: np.asarray(opened(drawn_by(heard, name)[0])).astype(int) for name in drawn}
    for name in drawn:
        alone = work(tiny_folder.parent, asked[name], loras=[tmp_path / "own"])
        assert np.abs(np.asarray(opened(drawn_by(alone, name)[0])).astype(int) - shown[name]).max() <= 1, name
    # As it is where the files lie among a worker's own.
    there = work(
        tiny_folder.parent, replace(asked["one"], lent=()), loras=[tmp_path / "one"], embeddings=[tmp_path / "one"]
    )
    assert np.abs(np.asarray(opened(drawn_by(there, "one")[0])).astype(int) - shown["one"]).max() <= 1
    assert np.abs(shown["plain"] - shown["zero"]).max() <= 1
    differing = ("one", "other", "word", "plain", "own")
    for left, right in itertools.combinations(differing, 2):
        assert np.abs(shown[left] - shown[right]).max() > 3, (left, right)


def test_what_of_a_lora_does_not_fit_is_said_with_the_picture(tiny_folder: Path, tmp_path: Path) -> None:
    fits = load_file(tiny.kohya_lora(tmp_path / "fits.safetensors"))
    for name, layers in {"more": ("lora_te_text_model_encoder_layers_11_mlp_fc1", "lora_unet_mid_block_x")}.items():
        pairs = {f"{layer}.{end}.weight": torch.ones(2, 2) for layer in layers for end in ("lora_down", "lora_up")}
        save_file(fits | pairs, tmp_path / f"{name}.safetensors")
    plain = recipe(steps=1)
    uses = ((), ("fits",), ("more",), ("fits", "more"))
    recipes = tuple(replace(plain, prompt=replace(plain.prompt, loras=tuple(map(LoraUse, names)))) for names in uses)
    heard = work(tiny_folder.parent, Draw("job", 0, recipes), loras=[tmp_path])
    said = Note("note.lora_partly", {"name": "more", "count": "2"})
    assert [message.notes for message in drawn_by(heard, "job")] == [(), (), (said,), (said,)]


def test_a_model_that_goes_down_a_tier_while_it_draws_is_told_at_once(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, full = rows.predict, [True]

    def narrow(batch: Sequence[row.Row]) -> Any:
        if batch[0].at == 1 and full:
            full.clear()
            raise torch.OutOfMemoryError("CUDA out of memory")
        return predict(batch)

    monkeypatch.setattr(rows, "predict", narrow)
    # Without previews, which are made aside: the word on a step waits for its own.
    plain = replace(USUAL, previews="none")
    heard = work(tiny_folder.parent, Draw("j", 0, (recipe(steps=4),)), tuning=plain)
    assert outcome(heard, "j") == "done"
    told = [message for message in heard if isinstance(message, Ready | Step)]
    loaded = next(index for index, message in enumerate(told) if isinstance(message, Ready) and message.seconds)
    assert isinstance(told[loaded], Ready) and told[loaded].tiers == {"tiny": "all"}  # type: ignore[union-attr]
    [low] = [index for index, message in enumerate(told) if isinstance(message, Ready) and "tiles" in str(message)]
    assert told[low].tiers == {"tiny": "tiles"}  # type: ignore[union-attr]
    steps = [message.step for message in told[:low] if isinstance(message, Step)]
    assert steps == [1, 2], "between the step that ran out of memory and the next"


def test_a_model_that_cannot_be_loaded_is_not_loading_for_ever(tiny_folder: Path, tmp_path: Path) -> None:
    broken = tiny.copy(tiny_folder, tmp_path / "broken")

    def spoil(message: Message) -> None:
        if isinstance(message, Loading):
            tiny.damage(broken, "unet")

    heard = work(tmp_path, Draw("bad", 0, (recipe(model="broken"),)), told=spoil)
    assert outcome(heard, "bad") == "file.cut"
    told = [message for message in heard if isinstance(message, Ready | Loading)]
    assert [type(message) for message in told] == [Ready, Loading, Ready]
    assert told[-1] == Ready(told[0].device, 4, "")  # type: ignore[union-attr]
