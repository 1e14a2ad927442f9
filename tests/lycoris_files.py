"""LoRA files of LyCORIS' kinds with random numbers, and what each adds to a weight, by its published equation.

The equations are written out as matrices wherever that can be done (Kronecker's product by torch.kron, turned rows by
whole rotation matrices), so that they share no code and no short cut with what reads the files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Difference = Callable[[Tensor], Tensor]


class Made(NamedTuple):
    """A layer's tensors, by the ends of their keys, and the difference they make to its weight at strength 1."""

    tensors: dict[str, Tensor]
    difference: Difference


Maker = Callable[[torch.Size, torch.Generator], Made]


def _noise(noise: torch.Generator, *shape: int, size: float = 1.0) -> Tensor:
    return torch.randn(shape, generator=noise) * size


def _tucker(core: Tensor, outs: Tensor, ins: Tensor) -> Tensor:
    """outs (rank, out) and ins (rank, in) around a core (rank, rank, k, k), summed out by hand."""
    rank = len(core)
    total = torch.zeros(outs.shape[1], ins.shape[1], *core.shape[2:])
    for row in range(rank):
        for column in range(rank):
            total += torch.outer(outs[row], ins[column])[:, :, None, None] * core[row, column]
    return total


def loha(shape: torch.Size, noise: torch.Generator) -> Made:
    """(A₁B₁) ⊙ (A₂B₂) · alpha / rank"""
    out, into = shape[0], shape[1:].numel()
    first, second = ((_noise(noise, out, 3), _noise(noise, 3, into, size=0.4 / into**0.25)) for _ in range(2))
    tensors = {"hada_w1_a": first[0], "hada_w1_b": first[1], "hada_w2_a": second[0], "hada_w2_b": second[1]}
    made = (first[0] @ first[1]) * (second[0] @ second[1]) * (1.5 / 3)
    return Made(tensors | {"alpha": torch.tensor(1.5)}, lambda own: made.reshape(shape))


def loha_tucker(shape: torch.Size, noise: torch.Generator) -> Made:
    """The same with a core between each pair of factors; for convolutions."""
    if len(shape) < 4:
        return loha(shape, noise)
    tensors, made = {}, torch.ones(shape)
    for number in (1, 2):
        core, outs, ins = (
            _noise(noise, 2, 2, *shape[2:]),
            _noise(noise, 2, shape[0]),
            _noise(noise, 2, shape[1], size=0.2),
        )
        tensors |= {f"hada_t{number}": core, f"hada_w{number}_a": outs, f"hada_w{number}_b": ins}
        made = made * _tucker(core, outs, ins)
    return Made(tensors | {"alpha": torch.tensor(1.0)}, lambda own: made / 2)


def lokr(shape: torch.Size, noise: torch.Generator) -> Made:
    """A ⊗ B; both whole, so that alpha says nothing."""
    out, into, *kernel = shape
    left, right = _noise(noise, 4, 4, size=0.3), _noise(noise, out // 4, into // 4, *kernel, size=0.3 / into**0.5)
    return Made({"lokr_w1": left, "lokr_w2": right, "alpha": torch.tensor(7.0)}, lambda own: _kron(left, right))


def lokr_factored(shape: torch.Size, noise: torch.Generator) -> Made:
    """A ⊗ (B₁B₂) · alpha / rank, the kernel's places in B₂; the first of both made of two as well."""
    out, into, *kernel = shape
    rest = into // 4 * torch.Size(kernel).numel()
    first = {"lokr_w1_a": _noise(noise, 4, 3, size=0.4), "lokr_w1_b": _noise(noise, 3, 4, size=0.4)}
    second = {"lokr_w2_a": _noise(noise, out // 4, 2), "lokr_w2_b": _noise(noise, 2, rest, size=0.5 / rest**0.5)}
    right = (second["lokr_w2_a"] @ second["lokr_w2_b"]).reshape(out // 4, into // 4, *kernel)
    made = _kron(first["lokr_w1_a"] @ first["lokr_w1_b"], right) * (1.2 / 2)
    return Made(first | second | {"alpha": torch.tensor(1.2)}, lambda own: made)


def lokr_tucker(shape: torch.Size, noise: torch.Generator) -> Made:
    """A ⊗ B with a core inside B; for convolutions."""
    if len(shape) < 4:
        return lokr_factored(shape, noise)
    left, core = _noise(noise, 4, 4, size=0.3), _noise(noise, 2, 2, *shape[2:])
    outs, ins = _noise(noise, 2, shape[0] // 4), _noise(noise, 2, shape[1] // 4, size=0.3)
    tensors = {"lokr_w1": left, "lokr_t2": core, "lokr_w2_a": outs, "lokr_w2_b": ins, "alpha": torch.tensor(1.0)}
    return Made(tensors, lambda own: _kron(left, _tucker(core, outs, ins)) / 2)


def _kron(left: Tensor, right: Tensor) -> Tensor:
    return torch.kron(left.reshape(*left.shape, *[1] * (right.dim() - 2)), right)


def dora(axis: int, end: str) -> Maker:
    """(W + BA·s) at the lengths of the file: of the rows (one for each output) or the columns (each input)."""

    def make(shape: torch.Size, noise: torch.Generator) -> Made:
        out, into, *kernel = shape
        down, up = _noise(noise, 2, into, *kernel, size=0.5 / into**0.5), _noise(noise, out, 2, *[1] * len(kernel))
        lengths = 0.5 + torch.rand(shape[axis], generator=noise)
        spelt = [1] * len(shape)
        spelt[axis] = -1
        if end.startswith("lora_magnitude"):  # peft's, which has its own shapes
            spelt = [1, -1, 1, 1] if kernel else [-1]

        def difference(own: Tensor) -> Tensor:
            whole = own + 0.5 * (up.flatten(1) @ down.flatten(1)).reshape(shape)
            changed = torch.empty(shape)
            for index in range(shape[axis]):
                place = (index,) if axis == 0 else (slice(None), index)
                changed[place] = whole[place] / whole[place].norm() * lengths[index]
            return changed - own

        tensors = {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(1.0)}
        return Made(tensors | {end: lengths.reshape(spelt)}, difference)

    return make


def dora_loha(shape: torch.Size, noise: torch.Generator) -> Made:
    """The same over another kind."""
    inner = loha(shape, noise)
    lengths = 0.5 + torch.rand(shape[0], generator=noise)
    spelt = [-1, *[1] * (len(shape) - 1)]

    def difference(own: Tensor) -> Tensor:
        whole = own + inner.difference(own)
        return torch.stack([row / row.norm() * size for row, size in zip(whole, lengths, strict=True)]) - own

    return Made(inner.tensors | {"dora_scale": lengths.reshape(spelt)}, difference)


def ia3(on_input: bool) -> Maker:
    """W · diag(v) or diag(v) · W."""

    def make(shape: torch.Size, noise: torch.Generator) -> Made:
        count = shape[1] if on_input else shape[0]
        factors = _noise(noise, count, size=0.4)
        spelt = factors if len(shape) == 2 else factors.reshape(1, -1, *[1] * (len(shape) - 2))

        def difference(own: Tensor) -> Tensor:
            if on_input:
                return torch.stack([own[:, index] * factors[index] for index in range(count)], dim=1)
            return torch.stack([own[index] * factors[index] for index in range(count)])

        return Made({"weight": spelt, "on_input": torch.tensor(int(on_input))}, difference)

    return make


def glora(old: bool) -> Maker:
    """W·A + B, all times alpha / rank; the first LyCORIS that had it exchanged the halves of both."""

    def make(shape: torch.Size, noise: torch.Generator) -> Made:
        out, into, *kernel = shape
        ones = [1] * len(kernel)
        first, second = _noise(noise, into, 2, *ones, size=0.3), _noise(noise, 2, into, *ones, size=0.3)
        up = _noise(noise, out, 2, *ones, size=0.5)
        down = _noise(noise, 2, into, *kernel, size=0.3 / into**0.5)
        mixed = first.flatten(1) @ second.flatten(1)
        added = (up.flatten(1) @ down.flatten(1)).reshape(shape)
        pairs = (second, first, down, up) if old else (first, second, up, down)
        tensors = {f"{name}.weight": half for name, half in zip(("a1", "a2", "b1", "b2"), pairs, strict=True)}

        def difference(own: Tensor) -> Tensor:
            turned = torch.tensordot(own, mixed, dims=([1], [0])).movedim(-1, 1)
            return (turned + added) * (1.5 / 2)

        return Made(tensors | {"alpha": torch.tensor(1.5)}, difference)

    return make


def _turns(skew: Tensor) -> Tensor:
    """Cayley's transform of each block: (1 + Q)(1 - Q)⁻¹."""
    eye = torch.eye(skew.shape[-1])
    return torch.stack([(eye + block) @ torch.inverse(eye - block) for block in skew])


def oft(bound: float, *, rescaled: bool = False, ready: bool = False) -> Maker:
    """W with its rows turned by one matrix of blocks; `bound` keeps the turn small, `ready` is the older file that has
    the turns themselves, `rescaled` has a length for every row."""

    def make(shape: torch.Size, noise: torch.Generator) -> Made:
        blocks = _noise(noise, shape[0] // 4, 4, 4, size=0.3)
        skew = blocks - blocks.transpose(1, 2)
        if bound and skew.norm() > bound * shape[0]:
            skew = skew * (bound * shape[0] / skew.norm())
        turns = _turns(skew)
        whole = torch.block_diag(*(turn.T for turn in turns))
        tensors = {"oft_diag": turns} if ready else {"oft_blocks": blocks, "alpha": torch.tensor(bound)}
        lengths = 0.5 + torch.rand(shape[0], *[1] * (len(shape) - 1), generator=noise) if rescaled else torch.ones(1)

        def difference(own: Tensor) -> Tensor:
            return (whole @ own.flatten(1)).reshape(shape) * lengths - own

        return Made(tensors | ({"rescale": lengths} if rescaled else {}), difference)

    return make


def boft(shape: torch.Size, noise: torch.Generator) -> Made:
    """W with its rows turned by a product of blocks whose rows lie ever further apart: in stage i block by block over
    the rows in the order (group, place, half) where they stood in the order (group, half, place), 2^i · 2 places."""
    out, stages = shape[0], 2
    blocks = _noise(noise, stages, out // 4, 4, 4, size=0.2)
    whole = torch.eye(out)
    for stage in range(stages):
        places = 2**stage * 2
        order = [
            group * 2 * places + half * places + place
            for group in range(out // (2 * places))
            for place in range(places)
            for half in range(2)
        ]
        moved = torch.eye(out)[order]
        skew = blocks[stage] - blocks[stage].transpose(1, 2)
        whole = moved.T @ torch.block_diag(*_turns(skew)) @ moved @ whole
    tensors = {"oft_blocks": blocks, "alpha": torch.tensor(0.0)}
    return Made(tensors, lambda own: (whole @ own.flatten(1)).reshape(shape) - own)


def full(shape: torch.Size, noise: torch.Generator) -> Made:
    """The difference itself."""
    made = _noise(noise, *shape, size=0.5 / shape[1:].numel() ** 0.5)
    return Made({"diff": made}, lambda own: made)


MAKERS: dict[str, Maker] = {
    "loha": loha,
    "loha_tucker": loha_tucker,
    "lokr": lokr,
    "lokr_factored": lokr_factored,
    "lokr_tucker": lokr_tucker,
    "dora_inputs": dora(1, "dora_scale"),
    "dora_outputs": dora(0, "dora_scale"),
    "dora_peft": dora(0, "lora_magnitude_vector.weight"),
    "dora_loha": dora_loha,
    "ia3_inputs": ia3(on_input=True),
    "ia3_outputs": ia3(on_input=False),
    "glora": glora(old=False),
    "glora_old": glora(old=True),
    "oft": oft(0.0),
    "oft_bounded": oft(0.01),
    "oft_rescaled": oft(0.0, rescaled=True),
    "oft_turns": oft(0.0, ready=True),
    "boft": boft,
    "full": full,
}
