"""Two ways to prepare a UNet for a shape: torch.compile, and a CUDA graph that replays its kernels without Python.

Both work on a twin of the UNet, which shares every weight and none of the modules: what hangs LoRAs on the UNet's own
layers or lets its deep levels rest never reaches them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from engine.adapters.slots import Need, Slots, Slotted
from engine.models import card, streams
from engine.models.twin import twin
from engine.speed.batched_call import Answering, Call

Replay = Callable[[], object]
# Runs the work once to record it; returns what repeats it, the tensor that each repetition fills, and the bytes of the
# device's memory that are held for it.
Capture = Callable[[Callable[[], Tensor]], tuple[Replay, Tensor, int]]
WARM = 3  # plain calls before a capture, in which libraries choose their kernels and take their memory
RECOMPILES = 64  # dynamo keeps so many shapes of one function instead of 8, all models together


class Captured:
    """Work on tensors that stay where they are: a call is copied into them, the work repeated, its result copied out.
    The work is recorded at the first call, on the thread that draws."""

    def __init__(self, unet: Callable[..., tuple[Tensor, ...]], call: Call, capture: Capture) -> None:
        self._unet = unet
        self._capture = capture
        self._still = call.of(tuple(tensor.clone() for tensor in call.tensors))
        self._recorded: tuple[Replay, Tensor, int] | None = None

    @property
    def ready(self) -> Answering:
        """As a backend gives it."""
        return Answering(self, lambda: self._recorded[2] if self._recorded else 0)

    def __call__(self, call: Call) -> Tensor:
        for still, tensor in zip(self._still.tensors, call.tensors, strict=True):
            still.copy_(tensor)
        if self._recorded is None:
            self._recorded = self._capture(lambda: self._still.answered(self._unet))
        replay, output, _ = self._recorded
        replay()
        return output.clone()


class WithSlots:
    """Calls with LoRAs: these are put into slots, where the network finds them; recorded where there is a capture."""

    def __init__(
        self,
        slotted: Slotted,
        slots: Slots,
        call: Call,
        *,
        network: Callable[..., tuple[Tensor, ...]] | None = None,
        capture: Capture | None = None,
    ) -> None:
        self._slotted, self._slots = slotted, slots
        self._network = slotted.network if network is None else network
        self._own = torch.zeros(call.entries, dtype=torch.long, device=call.samples.device)
        self._captured = Captured(self.unet, call, capture) if capture else None

    @property
    def ready(self) -> Answering:
        """As a backend gives it."""
        return Answering(self, self._captured.ready.bytes if self._captured else lambda: 0, self._slots)

    def __call__(self, call: Call) -> Tensor:
        own = torch.tensor(self._slots.put(call.adapters))
        self._own.copy_(streams.sent(own, self._own.device))
        return self._captured(call) if self._captured else call.answered(self.unet)

    def unet(self, *arguments: Any, **named: Any) -> tuple[Tensor, ...]:
        """The network, with what lies in the slots."""
        with self._slotted.acting(self._slots, self._own):
            return self._network(*arguments, **named)


class SharedSlots:
    """The slots for a network's layers, of which shapes that need the same share one set while one of them has it."""

    def __init__(self, layers: Mapping[str, nn.Module], room: int) -> None:
        self._layers, self._room = layers, room
        self._slots: WeakValueDictionary[Need, Slots] = WeakValueDictionary()

    def of(self, need: Need) -> Slots:
        """Those that are needed; MemoryError where they would take more than there is room for."""
        slots = self._slots.get(need)
        if slots is None:
            size = Slots.bytes_of(self._layers, need)
            if size > self._room:
                raise MemoryError(f"its slots take {size >> 20} MiB, of {self._room >> 20} for all shapes")
            slots = self._slots[need] = Slots(self._layers, need)
        return slots


class OnCard:
    """A capture of CUDA graphs on a card. Each has memory of its own, so that it is free when the graph is dropped."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def __call__(self, work: Callable[[], Tensor]) -> tuple[Replay, Tensor, int]:
        with torch.cuda.device(self._device):
            return self._recorded(work)

    def _recorded(self, work: Callable[[], Tensor]) -> tuple[Replay, Tensor, int]:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM):
                work()
        torch.cuda.current_stream().wait_stream(stream)
        card.release(self._device)  # so that what is reserved from here on is the graph's
        before = torch.cuda.memory_reserved(self._device)
        graph = torch.cuda.CUDAGraph()
        # Threads that read LoRAs may use the card meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            output = work()
        return graph.replay, output, max(0, torch.cuda.memory_reserved(self._device) - before)


def room(device: torch.device, *, whole: bool) -> int:
    """The bytes that the graphs of a model may hold: an eighth of the card where all of the model stays there, else a
    sixteenth; never more than half of what is free beside the weights."""
    return min(card.total(device) // (8 if whole else 16), card.free(device) // 2)


class Graphs:
    """CUDA graphs: no time between kernels, at the price of some memory for each shape. Those of calls with LoRAs have
    slots for them; graphs with as many slots of one size share these."""

    name = "graphs"
    after = 3  # a capture takes as long as about four calls
    aside = False
    most = 64  # beyond that it is not memory that they take, but time to be found
    slots = True

    def __init__(self, unet: Any, capture: Capture, room: int) -> None:
        self.room = room
        self._slotted = Slotted(twin(unet))
        self._slots = SharedSlots(self._slotted.layers, room)
        self._capture = capture

    def prepare(self, call: Call) -> Answering:
        if call.need is None:
            return Captured(self._slotted.network, call, self._capture).ready
        return WithSlots(self._slotted, self._slots.of(call.need), call, capture=self._capture).ready


class Compiled:
    """torch.compile, one shape at a time and never for a shape of any size; on a card in a graph as well. Each shape
    with LoRAs has a twin of its own, as one may be compiled while another draws."""

    name = "compile"
    after = 20  # a picture's worth: it takes from half a minute to minutes
    aside = True
    most = 12
    slots = True

    def __init__(self, unet: Any, capture: Capture | None = None, room: int = 0) -> None:
        self.room = room
        self._twin = twin(unet)
        self._slots = SharedSlots(Slotted(self._twin).layers, room)
        self._unet: Any = None
        self._capture = capture

    def prepare(self, call: Call) -> Answering:
        if call.need is not None:
            slotted = Slotted(twin(self._twin))
            made = WithSlots(
                slotted, self._slots.of(call.need), call, network=_compile(slotted.network), capture=self._capture
            )
            _compiled_for(call, made.unet)
            return made.ready
        if self._unet is None:
            self._unet = _compile(self._twin)
        _compiled_for(call, self._unet)
        if self._capture is None:
            return Answering(lambda again: again.answered(self._unet))
        return Captured(self._unet, call, self._capture).ready


def _compile(network: Any) -> Any:
    return torch.compile(network, dynamic=False)  # on the thread that prepares: it imports for seconds


def _compiled_for(call: Call, unet: Callable[..., tuple[Tensor, ...]]) -> None:
    dynamo = importlib.import_module("torch._dynamo")
    # Beyond the limit it would draw plainly and say nothing.
    with dynamo.config.patch(
        recompile_limit=RECOMPILES, fail_on_recompile_limit_hit=True, skip_nnmodule_hook_guards=False
    ):
        call.answered(unet)
