"""What goes wrong on cards, with fakes that raise what torch raises there."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.files import catalog, tiers
from engine.models import card, loading, memory, model_cache
from engine.models.loaded import LONGEST, PATIENCE, Layout, Loaded
from engine.models.model_cache import ModelCache
from engine.speed import attention, precision, switches
from engine.speed.batched_call import Answering, Call, Prepared
from engine.wire import Draw, Drawn, Ended, Message, Step, encode, read_message
from engine.worker import autoencoder, prepare, rows
from engine.worker.worker import DeviceWorker
from prompts.prompt import Note
from tests.engine.drawing import draw, gap, pixels, recipe
from tests.engine.worker.test_worker import drawn_by, opened, outcome, work

ROOT = Path(__file__).resolve().parents[3]
HINT = (
    "\nCUDA kernel errors might be asynchronously reported at some other API call.\nCompile with `TORCH_USE_CUDA_DSA`"
)
STICKY = [
    torch.AcceleratorError("CUDA error: device-side assert triggered" + HINT),
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered" + HINT),
    RuntimeError("CUDA error: unspecified launch failure" + HINT),
    RuntimeError("CUDA error: misaligned address"),
    RuntimeError("CUDA error: the launch timed out and was terminated"),
    RuntimeError("CUDA error: uncorrectable ECC error encountered"),
    RuntimeError("HIP error: an illegal memory access was encountered"),
    RuntimeError("level_zero backend failed with error: 20 (UR_RESULT_ERROR_DEVICE_LOST)"),
]
FULL = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    torch.AcceleratorError("CUDA error: out of memory" + HINT),
    RuntimeError("HIP error: out of memory"),
    RuntimeError("level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)"),
]
OTHERS = [
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"),
    RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
    ValueError("device-side assert"),
]


def said(error: BaseException) -> str:
    return str(error).partition("\n")[0]


@pytest.mark.parametrize("error", STICKY + FULL + OTHERS, ids=said)
def test_errors_are_told_apart(error: Exception) -> None:
    assert card.out_of_memory(error) == (error in FULL)
    if error not in STICKY:
        card.check(error)
        return
    with pytest.raises(card.DeviceLost) as lost:
        card.check(error)
    assert "TORCH_USE_CUDA_DSA" not in str(lost.value)


# --- a device that is lost ---


@pytest.mark.parametrize("where", ["a step", "a sampler", "decoding", "something prepared"])
def test_a_lost_device_ends_the_worker_and_no_job(
    where: str, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> Any:
        raise STICKY[0]

    class Broken:
        name, after, aside, most, room = "graphs", 1, False, 2, 0

        def prepare(self, call: Call) -> Answering:
            return Answering(lost)

    if where == "something prepared":
        load = model_cache.load

        def prepared(*values: Any, **named: Any) -> Loaded:
            loaded = load(*values, **named)
            loaded.prepared = Prepared(Broken())
            return loaded

        monkeypatch.setattr(model_cache, "load", prepared)
    else:
        module, name = {
            "a step": (rows, "predict"),
            "a sampler": (rows, "advance"),
            "decoding": (autoencoder, "pictures_beside"),
        }[where]
        monkeypatch.setattr(module, name, lost)
    heard: list[Message] = []
    inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    inbox.put(Draw("job", 0, (recipe(steps=3), recipe(steps=3, seed=2))))
    worker = DeviceWorker(heard.append, device=torch.device("cpu"), slots=4, models=[tiny_folder.parent])
    with pytest.raises(card.DeviceLost):
        worker.run(inbox)
    assert not [one for one in heard if isinstance(one, Ended)], "they are drawn again by another"


@pytest.mark.failure
def test_the_process_of_a_lost_device_ends_by_itself(tiny_folder: Path) -> None:
    script = f"""
import gc, sys, torch
from engine.worker import rows
def lost(*_):
    print("collecting" if gc.isenabled() else "keeping all", file=sys.stderr)
    raise torch.AcceleratorError({str(STICKY[1])!r})
rows.predict = lost
sys.argv[1:] = ["--device", "cpu", "--models", {str(tiny_folder.parent)!r}]
from engine.__main__ import main
main()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.stdin and child.stdout and child.stderr
    child.stdin.write(encode(Draw("job", 0, (recipe(steps=2),))))
    child.stdin.flush()
    heard = []
    while message := read_message(child.stdout):
        heard.append(message)
    assert child.wait() == 3 and not [one for one in heard if isinstance(one, Ended)]
    said = child.stderr.read()
    assert b"the device can draw no more" in said
    assert b"collecting" in said, "what is dropped while it draws is not kept for ever (engine/importing.py)"
    for stream in (child.stdin, child.stdout, child.stderr):
        stream.close()


# --- memory ---


def test_what_fits_grows_again_after_a_while() -> None:
    layout = Layout(tiers.TIERS[0])
    for _ in range(2 * PATIENCE):
        layout.went_well()
    assert layout.most == 0, "nothing has run out"
    layout.narrow(4000)
    for _ in range(PATIENCE - 1):
        layout.went_well()
    assert layout.most == 4000
    layout.went_well()
    assert layout.most == 6000
    layout.narrow(3000)  # it did not: now it takes twice as long
    for _ in range(PATIENCE):
        layout.went_well()
    assert layout.most == 3000
    for _ in range(PATIENCE):
        layout.went_well()
    assert layout.most == 4500
    for _ in range(20):
        layout.narrow(10)
    assert layout.patience == LONGEST


def test_rows_that_did_not_fit_are_tried_together_again(entry: catalog.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    own, room, tried = loading.load(entry, torch.device("cpu")), [2], list[int]()
    predict = rows.predict

    def narrow(some: Sequence[Any]) -> Any:
        tried.append(len(some))
        if len(some) > room[0]:
            raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")
        return predict(some)

    monkeypatch.setattr(rows, "predict", narrow)
    at_work = rows.Rows()
    for index in range(4):
        at_work.add(prepare.start("job", index, recipe(steps=60, seed=index), own, ()))
    own.layout.patience = 20
    at_work.turn()
    assert tried == [4, 2, 2]
    room[0] = 4
    for _ in range(40):
        at_work.turn()
    assert tried[-1] == 4 and tried.index(4, 1) >= 3, "at first in halves, later together again"


def test_what_torch_holds_and_does_not_use_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, module in (("cuda:0", torch.cuda), ("xpu:0", torch.xpu)):
        monkeypatch.setattr(module, "mem_get_info", lambda device: (3 * 2**30, 16 * 2**30))
        monkeypatch.setattr(module, "memory_reserved", lambda device: 9 * 2**30)
        monkeypatch.setattr(module, "memory_allocated", lambda device: 4 * 2**30)
        assert card.free(torch.device(kind)) == 8 * 2**30


@pytest.mark.parametrize(
    ("tier", "room", "pictures"), [("all", 80, 25), ("all", 24, 5), ("all", 10, 1), ("encoders", 9, 1), ("parts", 8, 1)]
)
def test_a_tier_says_for_how_many_pictures_there_is_room(tier: str, room: int, pictures: int) -> None:
    weights = {"unet": 5_140_000_000, "vae": 330_000_000, "text_encoder": 250_000_000, "text_encoder_2": 1_390_000_000}
    own = next(one for one in tiers.TIERS if one.name == tier)
    assert tiers.drawable(own, weights, 2**20, room * 10**9) // 2**20 == pictures


def test_a_card_knows_from_the_first_batch_on_what_fits(
    entry: catalog.Model, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(loaded, device=torch.device("cuda"), layout=Layout(tiers.TIERS[0]))
    side = own.model.width
    monkeypatch.setattr(
        memory, "free", lambda device: loaded.bytes + side * side * (tiers.DECODING + 3 * tiers.DRAWING)
    )
    monkeypatch.setattr(memory, "settle", lambda own, tier: None)
    memory.place(own)
    assert own.tier.name == "all" and own.most == 3 * 2 * (side // own.scale) ** 2
    here = replace(loaded, layout=Layout(tiers.TIERS[0]))
    memory.place(here)
    assert here.most == 0, "in main memory nobody counts"


# --- numbers that grow too large ---


@pytest.mark.parametrize("first", ["float16", "bfloat16"])
def test_a_picture_that_came_out_black_is_drawn_again_in_a_wider_precision(
    first: str, tiny_folder: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, loads = model_cache.load, list[str]()

    def overflowing(*values: Any, tuning: Any) -> Loaded:
        made = load(*values, tuning=replace(tuning, precision="float32"))
        wanted = first if tuning.precision == "auto" else tuning.precision
        loads.append(wanted)
        made.dtype = getattr(torch, wanted)
        if wanted != "float32":  # nothing but NaN, whatever it is asked
            made.unet.register_forward_hook(lambda unet, given, output: (torch.full_like(output[0], torch.nan),))
            made.unet.register_forward_pre_hook(
                lambda unet, given: tuple(one.float() if one.is_floating_point() else one for one in given)
            )
        return made

    monkeypatch.setattr(model_cache, "load", overflowing)
    own = tuple(recipe(steps=3, seed=seed) for seed in (1, 2))
    heard = work(tiny_folder.parent, Draw("job", 0, own))
    assert outcome(heard, "job") == "done"
    wider = ["float16", "bfloat16", "float32"]
    assert loads == wider[wider.index(first) :], "once each, though two pictures found it out"
    expected = draw(loaded, own)
    for message, picture in zip(drawn_by(heard, "job"), expected, strict=True):
        assert gap(pixels(opened(message)), picture) <= 1
        assert message.notes == (Note("note.widened", {"name": "tiny", "precision": "float32"}),)
    steps = [one for one in heard if isinstance(one, Step)]
    assert all(one.step <= one.steps for one in steps)
    assert all([one.step for one in steps if one.index == index][-1] == 3 for index in (0, 1))


def test_where_no_precision_is_wider_the_picture_comes_as_it_is(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = Call.answered
    monkeypatch.setattr(Call, "answered", lambda self, unet: answered(self, unet) * torch.nan)
    heard = work(tiny_folder.parent, Draw("job", 0, (recipe(steps=2),)))
    [drawn] = [one for one in heard if isinstance(one, Drawn)]
    assert outcome(heard, "job") == "done" and not drawn.notes


@pytest.mark.parametrize(
    ("dtype", "device", "capability", "then"),
    [
        (torch.float16, "cuda", (9, 0), "bfloat16"),
        (torch.float16, "cuda", (7, 5), "float32"),
        (torch.float16, "mps", (0, 0), "float32"),
        (torch.float16, "xpu", (0, 0), "bfloat16"),
        (torch.bfloat16, "cuda", (9, 0), "float32"),
        (torch.float32, "cuda", (9, 0), ""),
    ],
)
def test_wider_is_what_the_device_computes_with(
    dtype: torch.dtype, device: str, capability: tuple[int, int], then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert precision.wider(dtype, torch.device(device)) == then


def test_a_model_that_was_widened_stays_so(entry: catalog.Model) -> None:
    cache = ModelCache(torch.device("cpu"))
    narrow = cache.get(entry)
    narrow.dtype = torch.float16  # as on a card
    assert cache.widen(narrow) == "bfloat16" and cache.get(entry).dtype == torch.bfloat16
    assert cache.widen(narrow) == "bfloat16", "another row of the model as it was"
    assert cache.widen(cache.get(entry)) == "float32" and cache.get(entry).dtype == torch.float32
    assert cache.widen(cache.get(entry)) == ""


# --- attention ---


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (
            "cuDNN Frontend error: [cudnn_frontend] Error: No valid execution plans built.",
            ("flash", "efficient", "math"),
        ),
        ("mha_graph->execute(handle).is_good() INTERNAL ASSERT FAILED", ("flash", "efficient", "math")),
        ("FlashAttention only supports Ampere GPUs or newer.", ("cudnn", "efficient", "math")),
        ("No available kernel. Aborting execution.", ("flash", "efficient", "math")),
        ("mat1 and mat2 shapes cannot be multiplied", None),
    ],
)
def test_a_kernel_of_attention_that_fails_is_left_out_and_no_job(
    message: str, left: tuple[str, ...] | None, entry: catalog.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = loading.load(entry, torch.device("cpu"))
    own.attention = ("cudnn", "flash", "efficient", "math")
    predict = rows.predict

    def fails(some: Sequence[Any]) -> Any:
        if len(some[0].loaded.attention) == 4:
            raise RuntimeError(message)
        some[0].loaded.attention, kept = (), some[0].loaded.attention
        try:
            return predict(some)
        finally:
            some[0].loaded.attention = kept

    monkeypatch.setattr(rows, "predict", fails)
    at_work = rows.Rows()
    for index in range(2):
        at_work.add(prepare.start("job", index, recipe(steps=1, seed=index), own, ()))
    turn = at_work.turn()
    assert len(turn.stepped) == (2 if left else 0) and len(turn.failed) == (0 if left else 2)
    assert own.attention == (left or ("cudnn", "flash", "efficient", "math"))


def test_the_last_kernel_is_never_left_out(loaded: Loaded) -> None:
    own = replace(loaded, attention=("math",))
    assert not attention.drop_failed(own, RuntimeError("No available kernel."))
    assert not attention.drop_failed(replace(loaded, attention=()), RuntimeError("No available kernel."))


# --- products and layouts ---


@pytest.fixture
def products() -> Iterator[None]:
    """Lets a test decide in what all of torch multiplies."""
    backends = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [backend.allow_tf32 for backend in backends]
    yield
    for backend, allowed in zip(backends, before, strict=True):
        backend.allow_tf32 = allowed


@pytest.mark.parametrize(
    ("device", "wanted", "amd", "said"),
    [
        ("cuda", "auto", False, "TF32"),
        ("cuda", "float16", False, "TF32"),
        ("cuda", "float32", False, "float32"),
        ("cuda", "auto", True, "float32"),
        ("cpu", "auto", False, "float32"),
    ],
)
def test_in_what_float32_is_multiplied_is_decided_and_said(
    device: str, wanted: str, amd: bool, said: str, products: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "is_amd", lambda: amd)
    for backend in (torch.backends.cuda.matmul, torch.backends.cudnn):
        backend.allow_tf32 = said != "TF32"
    assert card.decide_products(torch.device(device), wanted) == said
    if device == "cuda":
        assert torch.backends.cuda.matmul.allow_tf32 == torch.backends.cudnn.allow_tf32 == (said == "TF32")


def test_another_vae_has_the_layout_of_its_device(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.vae.save_pretrained(tmp_path / "other")
    file = catalog.Companion("vae", "other", tmp_path / "other")
    for on in (False, True):
        monkeypatch.setattr(switches, "usual", lambda own, switch, on=on: on and switch.name == "channels_last")
        vae = loading.with_vae(loaded, file).vae
        weight = vae.decoder.conv_in.weight
        assert weight.is_contiguous(memory_format=torch.channels_last) == on
