"""What LyCORIS' kinds of adapters add to a layer's weight, each a line or two of its published equation.

Every kind is brought to one form: a difference to the layer's own weight at full strength, which a prompt's weight
multiplies, as A1111 does it (also where the maker's own code lets the strength into a product or a rotation). `own` is
the layer's weight in float32, whatever its shape; a difference may come back flat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]
Rule = Callable[[Tensors, Tensor], Tensor]


def _lora(t: Tensors, own: Tensor) -> Tensor:
    down = core(t["mid"], t["down"]) if "mid" in t else t["down"]
    return t["up"].flatten(1) @ down.flatten(1)


def core(mid: Tensor, down: Tensor) -> Tensor:
    """LoCon's Tucker form: a convolution between two that only mix channels, its first two multiplied out."""
    return torch.einsum("rskl,si->rikl", mid, down.flatten(1))


def _loha(t: Tensors, own: Tensor) -> Tensor:
    return _product(t, "hada_w1", "hada_t1") * _product(t, "hada_w2", "hada_t2")


def _lokr(t: Tensors, own: Tensor) -> Tensor:
    left = t["lokr_w1"] if "lokr_w1" in t else t["lokr_w1_a"] @ t["lokr_w1_b"]
    right = t["lokr_w2"] if "lokr_w2" in t else _product(t, "lokr_w2", "lokr_t2")
    rows, columns = len(own) // len(left), own.shape[1] // left.shape[1]
    right = right.reshape(rows, columns, *own.shape[2:])
    return torch.einsum("ab,cd...->acbd...", left, right).reshape(own.shape)


def _product(t: Tensors, name: str, core: str) -> Tensor:
    """Two factors multiplied, with the Tucker form's core between them where there is one."""
    first, second = t[f"{name}_a"], t[f"{name}_b"]
    if core in t:
        return torch.einsum("ij...,ip,jr->pr...", t[core], first, second)
    return first @ second


def _ia3(t: Tensors, own: Tensor) -> Tensor:
    return own * t["weight"]  # shaped for the side that it is of


def _glora(t: Tensors, own: Tensor) -> Tensor:
    """W·A + B. The first LyCORIS that had it wrote both pairs the other way round."""
    first, second, up, down = (t[name].flatten(1) for name in ("a1", "a2", "b1", "b2"))
    if old_glora(t, own):
        first, second, up, down = second, first, down, t["b1"].flatten(1)
    if "bm" in t:
        down = core(t["bm"], t["b2"]).flatten(1)
    through = torch.einsum("oi...,ij->oj...", own, first)
    return torch.einsum("oj...,ji->oi...", through, second) + (up @ down).reshape(own.shape)


def old_glora(t: Tensors, own: Tensor) -> bool:
    """Whether GLoRA's pairs are the other way round."""
    return (len(t["a1"]), len(t["b1"])) != (own.shape[1], len(own))


def _oft(t: Tensors, own: Tensor) -> Tensor:
    """The rows of the weight turned, block by block (OFT) or by a butterfly of ever wider blocks (BOFT)."""
    turns = _rotations(t, own)
    turned = own
    if turns.dim() == 3:
        blocks = own.reshape(*turns.shape[:2], *own.shape[1:])
        turned = torch.einsum("knm,kn...->km...", turns, blocks)
    else:
        size = turns.shape[-1]
        for stage, turn in enumerate(turns):
            wide = 2**stage * size // 2
            turned = turned.reshape(-1, 2, wide, *own.shape[1:]).transpose(1, 2).reshape(-1, size, own[0].numel())
            turned = torch.einsum("bij,bjp->bip", turn, turned)
            turned = turned.reshape(-1, wide, 2, *own.shape[1:]).transpose(1, 2).reshape(own.shape)
    turned = turned.reshape(own.shape)
    if "rescale" in t:
        turned = turned * t["rescale"].reshape(-1, *[1] * (own.dim() - 1))
    return turned - own


def _rotations(t: Tensors, own: Tensor) -> Tensor:
    """Cayley's transform of the skew part of the blocks, which `alpha` bounds; an older LyCORIS wrote the rotations
    themselves."""
    if "oft_diag" in t:
        return t["oft_diag"]
    skew = t["oft_blocks"] - t["oft_blocks"].transpose(-1, -2)
    bound = t["alpha"].flatten()[:1] * len(own) if "alpha" in t else skew.new_zeros(1)
    norm = skew.norm() + 1e-8
    skew = skew * torch.where((bound > 0) & (norm > bound), bound / norm, 1.0)
    eye = torch.eye(skew.shape[-1], device=skew.device)
    turns: Tensor = (eye + skew) @ torch.linalg.inv(eye - skew)
    return turns


def _full(t: Tensors, own: Tensor) -> Tensor:
    return t["diff"] if "diff" in t else t["w_norm"]


RULES: Mapping[str, Rule] = {
    "lora": _lora, "loha": _loha, "lokr": _lokr, "ia3": _ia3, "glora": _glora, "oft": _oft, "full": _full,
}  # fmt: skip


def difference(kind: str, scale: float) -> Rule:
    """The rule by which a layer's tensors of a kind become the difference to its weight."""
    rule = RULES[kind]

    def make(t: Tensors, own: Tensor) -> Tensor:
        made = rule(t, own) * scale
        if len(made) != len(own):
            raise ValueError(f"{len(made)} outputs for a layer of {len(own)}")
        made = made.reshape(own.shape)
        if "magnitude" in t:
            return _decomposed(own, made, t["magnitude"], by_output=True)
        if "dora_scale" in t:
            return _decomposed(own, made, t["dora_scale"], by_output=len(t["dora_scale"]) == len(own))
        return made

    return make


def rank(kind: str, t: Tensors) -> int | None:
    """What `alpha` is divided by; None for kinds that know no alpha, or use it otherwise."""
    match kind:
        case "lora":
            return len(t["down"])
        case "loha":
            return len(t["hada_w1_b"])
        case "lokr":
            factored = t.get("lokr_w2_b", t.get("lokr_w1_b"))
            return None if factored is None else len(factored)
        case "glora":
            return min(t["a1"].shape[:2])
    return None


def _decomposed(own: Tensor, difference: Tensor, scale: Tensor, *, by_output: bool) -> Tensor:
    """DoRA: the direction of the changed weight at the length that the file gives, one for each output or each input;
    what comes back is the difference again."""
    whole = own + difference
    kept = 0 if by_output else 1
    lengths = whole.transpose(0, kept).flatten(1).norm(dim=1)
    shape = [1] * own.dim()
    shape[kept] = -1
    factors: Tensor = scale.reshape(shape) / (lengths.reshape(shape) + torch.finfo(torch.float32).eps)
    return whole * factors - own
