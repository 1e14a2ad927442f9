"""The kinds of adapters a LoRA file may hold, and what each layer needs for one: the one table of them, by which files
are identified and by which they are read. No torch here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.files import lora_names
from engine.files.bundles import bundled


@dataclass(frozen=True, slots=True)
class LoraKind:
    """A way to change a layer. `needs` are its tensors, of which each place may be filled in one of several ways;
    `may` are those it can have as well. The tensors' names are those of lora_names.ENDS."""

    name: str
    needs: tuple[tuple[frozenset[str], ...], ...]
    may: frozenset[str] = frozenset()

    def complete(self, tensors: Collection[str]) -> bool:
        """Whether a layer with these tensors can be changed in this way."""
        return all(any(way.issubset(tensors) for way in ways) for ways in self.needs)

    @property
    def tensors(self) -> frozenset[str]:
        """Every tensor that it reads."""
        return self.may.union(*(way for ways in self.needs for way in ways))


def _all(*names: str) -> tuple[frozenset[str], ...]:
    return (frozenset(names),)


_DORA = frozenset({"dora_scale", "magnitude"})
_USUAL = _DORA | {"alpha", "diff_b"}
_COMMON = frozenset({"", "alpha", "weight", "rescale", "a1", "a2", "b1", "b2", "bm"})  # names that others use too
# In the order in which they are tried.
KINDS = (
    LoraKind("lora", (_all("down", "up"),), _USUAL | {"mid"}),
    LoraKind("loha", (_all("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"),), _USUAL | {"hada_t1", "hada_t2"}),
    LoraKind(
        "lokr",
        (
            (frozenset({"lokr_w1"}), frozenset({"lokr_w1_a", "lokr_w1_b"})),
            (frozenset({"lokr_w2"}), frozenset({"lokr_w2_a", "lokr_w2_b"})),
        ),
        _USUAL | {"lokr_t2"},
    ),
    LoraKind("ia3", (_all("weight", "on_input"),)),
    LoraKind("glora", (_all("a1", "a2", "b1", "b2"),), frozenset({"bm", "alpha"})),
    LoraKind("oft", ((frozenset({"oft_blocks"}), frozenset({"oft_diag"})),), frozenset({"rescale", "alpha"})),
    LoraKind("full", ((frozenset({"diff"}), frozenset({"w_norm"})),), frozenset({"diff_b", "b_norm", "alpha"})),
    LoraKind("bias", ((frozenset({"diff_b"}), frozenset({"b_norm"})),)),
)


def kind_of(tensors: Collection[str]) -> LoraKind | None:
    """The kind of adapter that a layer with these tensors has; None where it is not whole, or of no kind known."""
    return next((kind for kind in KINDS if kind.complete(tensors)), None)


class LayerTensors(NamedTuple):
    """What a file has for one layer: its name in the file, the kind of adapter (None where its tensors make none), and
    the keys of its tensors by what they are."""

    where: str
    kind: LoraKind | None
    keys: Mapping[str, str]

    @property
    def broken(self) -> bool:
        """Whether tensors of an adapter are here and others that it needs are not."""
        return self.kind is None and bool(self.keys.keys() - _COMMON)


def layers(names: Iterable[str]) -> list[LayerTensors]:
    """A file's tensors by the layers they belong to; what is no adapter's has an entry of its own, of no kind. Those of
    embeddings that lie in it belong to none."""
    own = lora_names.by_layer(name for name in names if not bundled(name))
    return [LayerTensors(where, kind_of(keys.keys()), keys) for where, keys in own.items()]
