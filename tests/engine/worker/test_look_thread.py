"""Maps in a worker: made beside the thread that draws, in order, each with one answer."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.maps import making
from engine.tagging import PictureTags
from engine.wire import MakeMap, Mapped, Message, PutSource, ReadTags, Stop, TagsRead
from engine.worker import look_thread
from engine.worker.look_thread import LookThread
from engine.worker.worker import DeviceWorker
from tests import onnx_files
from tests.drawn import rectangle
from tests.patience import PATIENCE

PICTURE = making.png(rectangle((64, 48), (10, 10, 50, 40)))
WISH = MakeMap("m", "canny", "ab", 32, 24)


class Said:
    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def next(self) -> Mapped:
        message = self.messages.get(timeout=PATIENCE)
        assert isinstance(message, Mapped)
        return message


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def maps(said: Said) -> Iterator[LookThread]:
    made = LookThread(said.messages.put, ())
    yield made
    made.close()


def test_a_map_is_made(maps: LookThread, said: Said) -> None:
    maps.add(WISH, {"ab": PICTURE})
    found = said.next()
    assert found.id == "m" and not found.key
    expected = making.make("canny", rectangle((64, 48), (10, 10, 50, 40)), (32, 24))
    assert Image.open(io.BytesIO(found.blob)).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("wish", "files", "key"),
    [
        (WISH, {}, "picture.gone"),
        (WISH, {"ab": b"no picture"}, "picture.damaged"),
        (MakeMap("m", "canny", "", 32, 24), {}, "map.no_picture"),
        (MakeMap("m", "depth", "ab", 32, 24), {"ab": PICTURE}, "map.no_file"),
        (MakeMap("m", "qr", "", 32, 24, text="long enough"), {}, "map.qr_small"),
    ],
)
def test_what_cannot_be_made_says_why(
    maps: LookThread, said: Said, wish: MakeMap, files: dict[str, bytes], key: str
) -> None:
    maps.add(wish, files)
    assert said.next().key == key


def test_a_mistake_of_ours_ends_a_map_and_not_the_worker(
    maps: LookThread, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(look_thread, "made", broken)
        maps.add(WISH, {"ab": PICTURE})
        assert said.next().key == "error.engine"
    maps.add(WISH, {"ab": PICTURE})
    assert said.next().blob


def test_maps_come_in_order_and_one_given_up_never(
    maps: LookThread, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, real = threading.Event(), look_thread.mapped

    def slow(wish: MakeMap, files: dict[str, bytes], folders: tuple[Path, ...]) -> Mapped:
        assert goes_on.wait(PATIENCE)
        return real(wish, files, folders)

    monkeypatch.setattr(look_thread, "mapped", slow)
    for id in "abc":
        maps.add(MakeMap(id, "canny", "ab", 32, 24), {"ab": PICTURE})
    maps.remove("b")
    goes_on.set()
    assert [said.next().id for _ in range(2)] == ["a", "c"]


def test_a_worker_makes_maps_while_it_has_nothing_to_draw(said: Said) -> None:
    heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
    worker = DeviceWorker(heard.put, device=torch.device("cpu"), slots=1)
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    thread = threading.Thread(target=worker.run, args=(inbox,))
    thread.start()
    for message in (PutSource("ab", PICTURE), WISH, Stop("another"), MakeMap("n", "qr", "", 256, 256, text="hi")):
        inbox.put(message)
    found = {}
    while len(found) < 2:
        if isinstance(message := heard.get(timeout=PATIENCE), Mapped):
            found[message.id] = message
    inbox.put(None)
    thread.join(PATIENCE)
    assert found["m"].blob and found["n"].notes[0].key == "map.qr_read"


def test_tags_are_read_beside_what_is_drawn(said: Said, tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "wd")
    red = making.png(Image.new("RGB", (30, 30), (255, 0, 0)))
    looks = LookThread(said.messages.put, (), (tmp_path,))
    asked = ReadTags("t", "ab", general=0.6, asked=("green theme", "cat"))
    looks.add(asked, {"ab": red})
    found = said.messages.get(timeout=PATIENCE)
    assert isinstance(found, TagsRead) and found.id == "t" and found.seconds > 0
    told = PictureTags.from_json(found.tags)
    assert [one.name for one in told.shown] == ["red theme"] and set(told.asked) == {"green theme"}
    for wish, files, key in (
        (asked, {}, "picture.gone"),
        (asked, {"ab": b"no picture"}, "picture.damaged"),
        (replace(asked, reader="none"), {"ab": red}, "tags.no_reader"),
    ):
        looks.add(wish, files)
        answer = said.messages.get(timeout=PATIENCE)
        assert isinstance(answer, TagsRead) and answer.key == key and not answer.tags
    looks.close()
