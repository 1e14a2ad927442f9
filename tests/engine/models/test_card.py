"""Devices of all makers, with stand-ins for those that are not here."""

from __future__ import annotations

import os

import pytest
import torch

from engine import machine
from engine.files import tiers
from engine.models import card

GB = 2**30


def there(monkeypatch: pytest.MonkeyPatch, cuda: int = 0, xpu: int = 0, mps: bool = False) -> None:
    """A torch that finds so many cards."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.xpu, "device_count", lambda: xpu)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cards", "names"),
    [
        ({}, ["cpu"]),
        ({"cuda": 2}, ["cuda:0", "cuda:1"]),
        ({"xpu": 1}, ["xpu:0"]),
        ({"mps": True}, ["mps"]),
        ({"cuda": 1, "xpu": 1}, ["cuda:0"]),
    ],
)
def test_what_draws_where_nobody_says(cards: dict[str, int], names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    there(monkeypatch, **cards)
    assert card.devices() == names


def test_each_makers_card_tells_its_name_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Radeon RX 7900")
    monkeypatch.setattr(torch.xpu, "get_device_name", lambda device: "Intel Arc A770")
    monkeypatch.setattr(torch.xpu, "mem_get_info", lambda device: (3 * GB, 16 * GB))
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 12 * GB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 5 * GB)
    assert card.words(torch.device("cuda:0")) == "Radeon RX 7900"
    monkeypatch.setattr(torch.version, "hip", "6.4.1")
    assert card.words(torch.device("cuda:0")) == "Radeon RX 7900 (ROCm)" and card.is_amd()
    assert card.words(torch.device("xpu:0")) == "Intel Arc A770"
    assert card.words(torch.device("mps")) == "Apple (MPS)"
    for name, free, total in (("xpu:0", 3, 16), ("mps", 7, 12)):
        device = torch.device(name)
        assert (card.free(device), card.total(device)) == (free * GB, total * GB)


def test_a_full_card_is_known_by_what_it_says() -> None:
    for error in (
        torch.OutOfMemoryError("XPU out of memory."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.06 GB, other allocations: 1.2 MB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ):
        assert card.out_of_memory(error)
    assert not card.out_of_memory(RuntimeError("shapes do not match"))


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mps"])
def test_memory_is_given_back_by_the_own_kind(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    emptied: list[str] = []
    for name in ("cuda", "xpu", "mps"):
        monkeypatch.setattr(getattr(torch, name), "empty_cache", lambda name=name: emptied.append(name))
    card.release(torch.device(kind))
    card.release(torch.device("cpu"))
    assert emptied == [kind]


def test_apples_card_shares_the_main_memory() -> None:
    sizes = {"unet": 5 * GB, "vae": GB, "text_encoder": GB}
    assert tiers.choose_tier(sizes, 2**20, 4 * GB, "mps") is tiers.choose_tier(sizes, 2**20, 4 * GB, "cpu")
    assert tiers.choose_tier(sizes, 2**20, 4 * GB, "xpu") is tiers.choose_tier(sizes, 2**20, 4 * GB, "cuda")


def test_systems_that_say_less_of_themselves_are_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    here = torch.device("cpu")
    total, free = card.total(here), card.free(here)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "sysconf_names", raising=False)
    assert machine.cores() == os.cpu_count()
    assert card.total(here) == pytest.approx(total, rel=0.01) and 0 < card.free(here) <= total
    assert free > 0
