"""Nets in memory: read once for all models, dropped before models, and off the card before any part of a model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.controls import nets
from engine.files import catalog, tiers
from engine.files.catalog import Companion
from engine.models import memory
from engine.models.loaded import Layout, Loaded
from engine.models.model_cache import ModelCache
from engine.models.net_cache import NetCache, size
from tests import tiny_nets

META = torch.device("meta")


class Away(nn.Module):
    """A net of so many bytes that only remembers where it was sent."""

    def __init__(self, count: int = 1) -> None:
        super().__init__()
        self.place, self.count, self.sent = "cpu", count, list[str]()

    def to(self, device: Any) -> Any:  # type: ignore[override]
        self.place = str(device)
        self.sent.append(self.place)
        return self

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        yield nn.Parameter(torch.empty(self.count, dtype=torch.uint8, device=self.place), requires_grad=False)


def beside(loaded: Loaded, tier: str) -> Loaded:
    layout = Layout(next(one for one in tiers.TIERS if one.name == tier))
    part: Any = Away()
    return replace(loaded, device=META, layout=layout, nets=NetCache(), unet=part, vae=loaded.vae, text_encoder=Away())


def test_a_net_stays_beside_a_unet_that_stays_until_memory_runs_out(loaded: Loaded) -> None:
    own, net = beside(loaded, "tiles"), Away()
    own.nets.learn(net)
    for _ in range(2):
        with memory.beside(own, net):
            assert net.place == "meta"
    assert net.sent == ["meta"]
    # Before the model gives up anything of its own the nets go, and come for their calls only.
    assert memory.lower(own) and own.tier.name == "tiles" and net.place == "cpu"
    with memory.beside(own, net):
        assert net.place == "meta"
    assert net.sent == ["meta", "cpu", "meta", "cpu"]
    # What is gone is given once.
    own.vae = Away()
    own.layout.vaes.clear()
    assert memory._send_away(own) is False


def test_a_net_visits_where_the_unet_does(loaded: Loaded) -> None:
    own, net = beside(loaded, "parts"), Away()
    with memory.beside(own, net):
        assert net.place == "meta"
    assert net.sent == ["meta", "cpu"] and not memory._send_away(own)


def test_a_net_takes_its_room_from_that_for_pictures(loaded: Loaded) -> None:
    own = beside(loaded, "all")
    least = 2 * own.model.width * own.model.height // own.scale**2
    own.most = least + 1000
    with memory.beside(own, Away(500 * tiers.DRAWING * own.scale**2 // 2)):
        assert own.most == least + 500
    with memory.beside(own, Away(10**10)):
        assert own.most == least


def done(network: nn.Module) -> Future[nn.Module]:
    made: Future[nn.Module] = Future()
    made.set_result(network)
    return made


def test_the_net_that_was_used_least_lately_goes_first() -> None:
    kept, room = NetCache(lambda: 250), dict.fromkeys("abc", 100)
    held: dict[str, Away] = {}

    def get(name: str) -> bool:
        """Whether it had to be made."""
        asked: list[str] = []

        def begin() -> Future[nn.Module]:
            asked.append(name)
            held[name] = Away(room[name])
            kept.learn(held[name])
            return done(held[name])

        kept.request(name, begin)
        return bool(asked)

    assert [get(name) for name in "abac"] == [True, True, False, True]
    held.clear()  # no row draws with them
    kept.tidy()
    assert kept.bytes == 200 and [get(name) for name in "cab"] == [False, False, True]
    kept.clear()
    held.clear()
    assert kept.bytes == 0


def test_a_net_that_failed_is_tried_again_once_that_was_said() -> None:
    kept, failed = NetCache(), Future[nn.Module]()
    failed.set_exception(OSError())
    assert kept.request("a", lambda: failed) is failed
    assert kept.request("a", lambda: done(Away())) is failed  # until whoever wanted it was told
    kept.forget("a")
    assert kept.request("a", lambda: done(Away())) is not failed


def test_models_of_a_device_share_nets_which_go_before_models(tiny_folder: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(tiny_folder, tmp_path / name)
    first, second = (catalog.model(catalog.models([tmp_path]), name) for name in ("first", "second"))
    kept = ModelCache(torch.device("cpu"))
    one, other = kept.get(first), kept.get(second)
    nets_of: list[Companion] = []
    for name in ("canny", "depth"):
        tiny_nets.control(one.unet).save_pretrained(tmp_path / "nets" / name)
    nets_of.extend(catalog.controlnets([tmp_path / "nets"]))
    canny = nets.load(nets_of[0], one)
    assert nets.load(nets_of[0], other).network is canny.network
    nets.load(nets_of[1], one)
    net_bytes = one.nets.bytes
    assert net_bytes == 2 * sum(size(part) for part in (canny.network.body, canny.network.eyes) if part)
    del canny
    kept._budget = one.bytes + other.bytes + net_bytes // 2
    kept.get(first)
    assert kept.holds(second) and one.nets.bytes == net_bytes // 2
    kept.drop_all()
    assert not kept.holds(first) and one.nets.bytes == 0
