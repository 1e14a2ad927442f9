"""The stages of a picture, through a worker: what comes out, what stays untouched, and how the way is told."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from engine.files.catalog import builtin
from engine.finish import detection
from engine.models.loaded import Loaded
from engine.pixels.tiles import Box
from engine.recipe import A1111, Fix, Hires, Recipe, Refiner, Source, Upscale
from engine.wire import Draw, Drawn, Ended, Message, PutSource, Step, Stop
from engine.worker import stages
from engine.worker.canvas import Canvas
from engine.worker.finishing import Finishing
from engine.worker.worker import DeviceWorker
from prompts.prompt import LoraUse
from tests import tiny
from tests.drawn import hand, portrait
from tests.engine.drawing import Pixels, draw, gap, photograph, pixels, recipe
from tests.engine.finish.test_upscaling import compact
from tests.engine.worker.test_worker import drawn_by, opened, outcome, png, work
from tests.model_shapes import vae_folder
from tests.onnx_files import bright
from tests.patience import PATIENCE

SOURCE = "a" * 64


def one(folder: Path, own: Recipe, *files: tuple[str, Image.Image], **changes: Any) -> tuple[Pixels, list[Message]]:
    """The picture of a recipe and everything that was said on the way."""
    puts = [PutSource(name, png(image)) for name, image in files]
    heard = work(folder, *puts, Draw("job", 0, (own,)), **changes)
    assert outcome(heard, "job") == "done"
    [message] = drawn_by(heard, "job")
    return pixels(opened(message)), heard


def way(heard: list[Message]) -> list[tuple[int, int]]:
    return [(message.step, message.steps) for message in heard if isinstance(message, Step)]


def test_outside_the_mask_nothing_changes(tiny_folder: Path) -> None:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (13, 20, 51, 64))
    own = recipe(source=Source(SOURCE, 0.9, mask="m"))
    drawn, _ = one(tiny_folder.parent, own, (SOURCE, photograph()), ("m", mask))
    redrawn = np.asarray(mask) > 0
    assert np.array_equal(drawn[~redrawn], pixels(photograph())[~redrawn])
    assert np.abs(drawn - pixels(photograph()))[redrawn].mean() > 5


def test_margins_are_painted_around_the_picture(tiny_folder: Path) -> None:
    own = recipe(width=96, height=80, source=Source(SOURCE, 1.0, margins=(20, 16, 12, 0)))
    drawn, _ = one(tiny_folder.parent, own, (SOURCE, photograph()))
    assert drawn.shape == (80, 96, 3)
    assert np.array_equal(drawn[16:, 20:84], pixels(photograph()))
    assert drawn[:, :16].std() > 10


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
def test_a_second_pass_is_larger_and_begins_with_the_first(
    upscaler: str, tiny_folder: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = Finishing.view

    def waited_for(finishing: Finishing, *values: Any) -> Any:
        made = view(finishing, *values)
        made.result(PATIENCE)
        return made

    monkeypatch.setattr(Finishing, "view", waited_for)  # on a busy machine the next ones would be left out
    monkeypatch.setattr("engine.worker.drawings.PREVIEW_REST", 0)
    own = recipe(steps=4, hires=Hires(1.5, 0.5, 6, upscaler))
    drawn, heard = one(tiny_folder.parent, own)
    assert drawn.shape == (96, 96, 3)
    assert way(heard) == [(step, 4 + 3) for step in range(1, 8)]
    assert any(message.blob for message in heard if isinstance(message, Step) and message.step > 4)  # previews go on
    road = stages.picture(canvas(own, loaded))
    first = next(road).rows[0]()
    [plain] = draw(loaded, [recipe(steps=4)])
    again = draw_out(first)
    assert gap(pixels(stages_decode(loaded, again)), plain) == 0


def canvas(own: Recipe, loaded: Loaded) -> Canvas:
    return Canvas("job", 0, own, None, (), lambda name, vae: loaded, 64, torch.device("cpu"))


def draw_out(row: Any) -> torch.Tensor:
    from engine.worker.rows import Rows

    at_work = Rows()
    at_work.add(row)
    while not row.done:
        assert not at_work.turn().failed
    return torch.as_tensor(row.latents)


def stages_decode(loaded: Loaded, latents: torch.Tensor) -> Image.Image:
    from engine.worker import autoencoder

    return autoencoder.pictures(loaded, [latents])[0]


@pytest.fixture
def two_faces(monkeypatch: pytest.MonkeyPatch) -> list[Box]:
    """A detector that finds the same two boxes in every picture of 128 pixels."""
    boxes = [Box(10, 12, 30, 34), Box(90, 100, 128, 128)]
    monkeypatch.setitem(detection.BUILT_IN, "face", lambda image: boxes if image.width == 128 else [])
    return boxes


def test_only_the_faces_change(tiny_folder: Path, two_faces: list[Box]) -> None:
    plain = recipe(width=128, height=128, steps=3)
    before, _ = one(tiny_folder.parent, plain)
    after, heard = one(tiny_folder.parent, replace(plain, fixes=(Fix("face", 0.7),)))
    changed = np.abs(after - before).max(axis=-1)
    for box in two_faces:
        assert changed[box.top : box.bottom, box.left : box.right].mean() > 3
        changed[box.top : box.bottom, box.left : box.right] = 0
    assert changed.max() == 0
    assert way(heard)[:3] == [(1, 5), (2, 5), (3, 5)]  # one face is planned
    assert way(heard)[3:] == [(step, 7) for step in range(4, 8)]  # two were found


def test_faces_have_words_of_their_own(tiny_folder: Path, two_faces: list[Box]) -> None:
    plain = recipe(width=128, height=128, steps=3)

    def drawn(*fixes: Fix) -> np.ndarray:
        return one(tiny_folder.parent, replace(plain, fixes=fixes))[0]

    usual = drawn(Fix("face", 0.7))
    words = plain.prompt.positive
    for same in (
        Fix("face", 0.7, words),
        Fix("face", 0.7, "[PROMPT]"),
        Fix("face", 0.7, negative=plain.prompt.negative),
    ):
        assert np.array_equal(drawn(same), usual)
    other = drawn(Fix("face", 0.7, "[PROMPT], a wide smile"))
    changed = np.abs(other - usual).max(axis=-1)
    for box in two_faces:
        assert changed[box.top : box.bottom, box.left : box.right].max() > 2
        changed[box.top : box.bottom, box.left : box.right] = 0
    assert changed.max() == 0
    assert np.array_equal(other, drawn(Fix("face", 0.7, f"{words}, a wide smile")))
    assert not np.array_equal(drawn(Fix("face", 0.7, negative="a frown")), usual)


def test_a_face_is_drawn_with_the_loras_that_its_words_name(
    tiny_folder: Path, two_faces: list[Box], tmp_path: Path
) -> None:
    tiny.kohya_lora(tmp_path / "grin.safetensors", 5)
    plain = recipe(width=128, height=128, steps=2)
    words = plain.prompt.positive

    def drawn(words: str) -> Pixels:
        return one(tiny_folder.parent, replace(plain, fixes=(Fix("face", 0.7, words),)), loras=[tmp_path])[0]

    acting = drawn(f"{words} <lora:grin:1>")
    assert np.array_equal(drawn(f"{words} <lora:grin:0>"), drawn(""))
    assert not np.array_equal(acting, drawn(""))
    lora = replace(plain, prompt=replace(plain.prompt, loras=(LoraUse("grin", 1.0),)), source=None)
    whole = replace(lora, fixes=(Fix("face", 0.7),))
    assert not np.array_equal(one(tiny_folder.parent, whole, loras=[tmp_path])[0], acting)  # only the face has it


def test_without_faces_the_picture_stays(tiny_folder: Path, two_faces: list[Box]) -> None:
    plain = recipe(steps=2)
    fixed, _ = one(tiny_folder.parent, replace(plain, fixes=(Fix("face", 0.7),)))
    assert np.array_equal(fixed, one(tiny_folder.parent, plain)[0])


@pytest.mark.parametrize(
    ("detector", "image"), [("face", portrait(256, (150, 130), 60)), ("hand", hand(256, (128, 120), 45))]
)
def test_what_the_own_networks_find_is_mended(detector: str, image: Image.Image, tiny_folder: Path) -> None:
    [box] = detection.find_boxes(detector, image)
    own = recipe(width=256, height=256, steps=2, source=Source(SOURCE, 0.0), fixes=(Fix(detector, 0.7),))
    drawn, _ = one(tiny_folder.parent, own, (SOURCE, image))
    changed = np.abs(drawn - pixels(image)).max(axis=-1)
    assert changed[box.top : box.bottom, box.left : box.right].mean() > 3
    changed[box.top : box.bottom, box.left : box.right] = 0
    assert changed.max() == 0


def test_what_a_network_in_a_file_finds_is_mended(tiny_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the detectors extra is not installed")
    bright(tmp_path / "lamp.onnx")
    image = Image.new("RGB", (128, 128))
    image.paste((255, 255, 255), (16, 48, 32, 64))
    own = recipe(width=128, height=128, steps=2, source=Source(SOURCE, 0.0), fixes=(Fix("lamp", 0.7),))
    drawn, _ = one(tiny_folder.parent, own, (SOURCE, image), detectors=[tmp_path])
    changed = np.abs(drawn - pixels(image)).max(axis=-1)
    assert changed[40:72, 8:40].mean() > 3
    changed[40:72, 8:40] = 0
    assert changed.max() == 0


def test_the_worker_refuses_what_does_not_go_together(tiny_folder: Path, tmp_path: Path) -> None:
    kinds = {"alien": 0.13025, "own": 0.18215}
    for name, scaling in kinds.items():
        vae_folder(tmp_path / name, scaling_factor=scaling)
    alien = Draw("alien", 0, (recipe(vae="alien"),))
    heard = work(tiny_folder.parent, alien, Draw("plain", 0, (recipe(steps=2),)), vaes=[tmp_path])
    assert (outcome(heard, "alien"), outcome(heard, "plain")) == ("vae.made_for", "done")
    lost = Draw("lost", 0, (recipe(fixes=(Fix("person", 0.4),)),))
    assert outcome(work(tiny_folder.parent, lost), "lost") == "detector.no_file"


def test_tiles_are_drawn_over_the_enlarged_picture(tiny_folder: Path) -> None:
    own = recipe(source=Source(SOURCE, 0.0), steps=4, upscale=Upscale("Lanczos", 1.6, 0.5))
    drawn, heard = one(tiny_folder.parent, own, (SOURCE, photograph()))
    assert drawn.shape == (102, 102, 3)
    assert way(heard) == [(step, 8) for step in range(1, 9)]  # four tiles of two steps
    smooth = pixels(photograph().resize((102, 102), Image.Resampling.LANCZOS))
    assert np.abs(drawn - smooth).mean() > 1


def test_a_network_enlarges_tile_by_tile(tiny_folder: Path, tmp_path: Path) -> None:
    save_file(compact(), tmp_path / "sharp.safetensors")
    own = recipe(source=Source(SOURCE, 0.0), width=264, height=64, upscale=Upscale("Sharp", 2.0))
    heard: list[Message] = []
    drawn = run(tiny_folder.parent, heard, PutSource(SOURCE, png(photograph(264, 64))), Draw("job", 0, (own,)),
                upscalers=[tmp_path])  # fmt: skip
    assert drawn["job"].shape == (128, 528, 3)
    assert way(heard) == [(1, 2), (2, 2)]


def test_a_refiner_takes_over(tiny_folder: Path, tmp_path: Path) -> None:
    for name in ("tiny", "other"):
        tiny.copy(tiny_folder, tmp_path / name)
    plain, _ = one(tmp_path, recipe(steps=5))
    own = recipe(steps=5, refiner=Refiner("other", 0.6))
    refined, heard = one(tmp_path, own)
    assert gap(refined, plain) <= 1  # the other is the same model here
    assert way(heard) == [(step, 5) for step in range(1, 6)]
    changed, _ = one(tmp_path, replace(own, refiner=Refiner("other", 1.0)))
    assert gap(changed, plain) <= 1


def test_giving_up_within_a_step(tiny_folder: Path) -> None:
    jobs = Draw("long", 0, (recipe(steps=50),)), Draw("short", 0, (recipe(steps=8),))
    heard: list[Message] = []
    by_then: list[int] = []

    def long() -> int:
        return max((said.step for said in heard if isinstance(said, Step) and said.job == "long"), default=0)

    def stop(said: Message) -> Message | None:
        if not isinstance(said, Step) or (said.job, said.step) != ("short", 3):
            return None
        by_then.append(long())
        return Stop("long")

    run(tiny_folder.parent, heard, *jobs, react=stop)
    assert outcome(heard, "long") == "cancelled"
    assert by_then[0] <= long() <= by_then[0] + 1  # it may have begun before the other, and be told behind it


def test_giving_up_between_tiles(tiny_folder: Path) -> None:
    own = recipe(source=Source(SOURCE, 0.0), steps=4, upscale=Upscale("Lanczos", 4.0, 0.5))
    heard: list[Message] = []
    run(tiny_folder.parent, heard, PutSource(SOURCE, png(photograph())), Draw("job", 0, (own,)),
        react=lambda message: Stop("job") if isinstance(message, Step) and message.step == 3 else None)  # fmt: skip
    assert outcome(heard, "job") == "cancelled"
    assert not any(isinstance(message, Drawn) for message in heard)
    assert max(step for step, _ in way(heard)) < 20 < way(heard)[0][1]


def test_many_tiles_hold_nobody_up(tiny_folder: Path) -> None:
    large = recipe(source=Source(SOURCE, 0.0), steps=4, upscale=Upscale("Lanczos", 4.0, 0.5))
    heard = work(
        tiny_folder.parent,
        PutSource(SOURCE, png(photograph())),
        Draw("large", 0, (large,)),
        *(Draw(f"small {index}", 0, (recipe(steps=2),)) for index in range(3)),
        slots=2,
    )
    ends = [message.job for message in heard if isinstance(message, Ended)]
    assert ends[-1] == "large" and len(ends) == 4


def test_tiles_give_way_between_two_steps_and_stay_as_they_are(tiny_folder: Path) -> None:
    large = recipe(source=Source(SOURCE, 0.0), steps=20, upscale=Upscale("Lanczos", 2.0, 0.5))
    small = recipe("a blue dog", seed=5, steps=3, width=72, height=72)  # as large as one of the four tiles
    alone = run(tiny_folder.parent, [], PutSource(SOURCE, png(photograph())), Draw("large", 0, (large,)))
    alone |= run(tiny_folder.parent, [], Draw("small", 0, (small,)))
    heard: list[Message] = []

    def ask(said: Message) -> Message | None:
        return Draw("small", 0, (small,)) if isinstance(said, Step) and (said.job, said.step) == ("large", 6) else None

    together = run(
        tiny_folder.parent, heard, PutSource(SOURCE, png(photograph())), Draw("large", 0, (large,)), react=ask, last=2
    )
    steps = [message.job for message in heard if isinstance(message, Step)]
    first, last = steps.index("small"), len(steps) - steps[::-1].index("small")
    assert first <= 2 * 4 + 1  # the turn under way was one of all four tiles; in the next one is left beside it
    assert steps[first:last].count("large") <= 3  # one tile goes on beside it, the others wait where they were
    assert all(gap(together[job], alone[job]) <= 1 for job in alone)


def test_a_second_pass_too_large_is_refused_before_drawing(tiny_folder: Path) -> None:
    heard = work(tiny_folder.parent, Draw("job", 0, (recipe(width=1024, hires=Hires(4.0, 0.5)),)))
    assert outcome(heard, "job") == "size.not_allowed"
    assert not way(heard)


def run(
    folder: Path,
    heard: list[Message],
    *messages: Message,
    react: Callable[[Message], Message | None] = lambda message: None,
    last: int = 1,
    **changes: Any,
) -> dict[str, Pixels]:
    """Like `work`, with an answer to what the worker says, until so many jobs have ended; the pictures by job."""
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    ends = 0

    def send(message: Message) -> None:
        nonlocal ends
        heard.append(message)
        if answer := react(message):
            inbox.put(answer)
        ends += isinstance(message, Ended)
        if ends == last:
            inbox.put(None)

    for message in messages:
        inbox.put(message)
    DeviceWorker(send, device=torch.device("cpu"), slots=4, models=[folder], **changes).run(inbox)
    return {message.job: pixels(opened(message)) for message in heard if isinstance(message, Drawn)}


@pytest.mark.parametrize("like", [None, A1111("Automatic")])
def test_edges_meet_where_the_whole_picture_is_drawn(
    like: A1111 | None, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    row = Canvas.row

    def seen(canvas: Canvas, own: Recipe, *rest: Any, **given: Any) -> Any:
        asked.append(own.tiling)
        return row(canvas, own, *rest, **given)

    monkeypatch.setattr(Canvas, "row", seen)
    monkeypatch.setattr(detection, "find_boxes", lambda *_: [Box(8, 8, 32, 32)])
    own = recipe(steps=4, tiling="xy", hires=Hires(1.5, 0.5, upscaler="Lanczos"), fixes=(Fix("face", 0.4),), like=like)
    drawn, heard = one(tiny_folder.parent, replace(own, upscale=Upscale("Lanczos", 1.5, 0.5)))
    assert drawn.shape == (144, 144, 3)
    assert asked[:3] == ["xy", "xy", ""] and len(asked) > 3 and not any(asked[3:])
    assert way(heard)[-1][0] == way(heard)[-1][1] == len(way(heard))
    # A part's edges are no edges of the picture; A1111 lets them meet all the same.
    mask = Image.new("L", (64, 64))
    mask.paste(255, (13, 20, 40, 44))
    asked.clear()
    part = recipe(steps=4, tiling="xy", like=like, source=Source(SOURCE, 0.6, mask="m", padding=8))
    one(tiny_folder.parent, part, (SOURCE, photograph()), ("m", mask))
    assert asked == ["xy" if like else ""]


def test_tiles_drawn_over_a_picture_without_edges_leave_none(tiny_folder: Path) -> None:
    across, down = (np.arange(128) * 2 * np.pi / 128 for _ in range(2))
    shades = np.stack([np.sin(down[:, None] + turn) + np.cos(across[None] - turn) for turn in (0, 1, 2)], -1)
    picture = Image.fromarray(((shades + 2) * 63).astype(np.uint8))
    plain = recipe(model=builtin().name, width=128, height=128, source=Source(SOURCE, 0.0), steps=20)
    plain = replace(plain, upscale=Upscale("Lanczos", 2.0, 0.1))
    seams = []
    for own in (plain, replace(plain, tiling="xy")):
        drawn, _ = one(tiny_folder.parent, own, (SOURCE, picture))
        assert drawn.shape == (256, 256, 3)
        inside = [abs(np.diff(drawn, axis=axis)).mean() for axis in (0, 1)]
        over = [abs(np.take(drawn, 0, axis) - np.take(drawn, -1, axis)).mean() for axis in (0, 1)]
        seams.append([one / other for one, other in zip(over, inside, strict=True)])
    assert all(met < open_ / 2 for open_, met in zip(*seams, strict=True))  # the rest is the model's own edges
