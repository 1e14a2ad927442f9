"""Maps that are asked of workers: by whom they are made, and what becomes of them when one dies or nobody waits."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest
from PIL import Image

from engine.wire import MakeMap, Mapped
from prompts.errors import Refusal
from tests.engine.queue.test_queue import queue, settle
from tests.fakes import FakePool, a_job

WISH = MakeMap("m", "canny", "ab", 32, 24)


async def test_a_map_is_made_of_the_picture_at_its_size() -> None:
    async with queue(FakePool()) as (made, _):
        answer = await made.make_map(WISH)
    assert Image.open(io.BytesIO(answer.blob)).size == (32, 24)


async def test_refusals_of_the_maker_and_of_the_store_reach_who_asked() -> None:
    async with queue(FakePool()) as (made, _):
        for wish, key in (
            (replace(WISH, preprocessor="cany"), "map.unknown"),
            (replace(WISH, low=999), "map.out_of_range"),
            (replace(WISH, picture="gone"), "picture.gone"),
        ):
            with pytest.raises(Refusal) as refused:
                await made.make_map(wish)
            assert refused.value.key == key


async def test_maps_spread_over_the_workers_and_do_not_wait_for_pictures() -> None:
    pool = FakePool(workers=2)
    pool.maps_held = True
    async with queue(pool) as (made, _):
        made.put(a_job("j"))
        await settle()
        asked = [asyncio.ensure_future(made.make_map(replace(WISH, id=id))) for id in "abcd"]
        await settle()
        assert sorted(worker for worker, _ in pool.maps) == ["fake#0", "fake#0", "fake#1", "fake#1"]
        for id in "dbac":
            pool.map(id)
        assert [one.id for one in await asyncio.gather(*asked)] == list("abcd")


async def test_a_lost_worker_costs_a_map_nothing_but_time() -> None:
    pool = FakePool(workers=2)
    pool.maps_held = True
    async with queue(pool) as (made, _):
        asked = asyncio.ensure_future(made.make_map(WISH))
        await settle()
        assert [worker for worker, _ in pool.maps] == ["fake#0"]
        pool.lose(pool.workers[0])
        await settle()
        assert [worker for worker, _ in pool.maps] == ["fake#0", "fake#1"]
        pool.map("m")
        assert (await asked).blob


async def test_a_map_that_takes_down_every_worker_is_given_up() -> None:
    pool = FakePool(workers=1)
    pool.maps_held = True
    async with queue(pool) as (made, _):
        asked = asyncio.ensure_future(made.make_map(WISH))
        for _ in range(3):
            await settle()
            pool.lose(pool.workers[0])
            await settle()
            pool.ready(pool.workers[0])  # it has been started again
        with pytest.raises(Refusal, match=r"error\.worker_died"):
            await asked
    assert len(pool.maps) == 3


async def test_a_map_that_nobody_waits_for_is_given_up_and_its_answer_dropped() -> None:
    pool = FakePool()
    pool.maps_held = True
    async with queue(pool) as (made, _):
        asked = asyncio.ensure_future(made.make_map(WISH))
        await settle()
        asked.cancel()
        await settle()
        assert pool.stopped == ["m"] and not pool.workers[0].looks
        pool._listener(pool.workers[0], Mapped("m", b"late"))
        again = asyncio.ensure_future(made.make_map(WISH))
        await settle()
        pool.map("m")
        assert (await again).blob != b"late"


async def test_a_map_waits_for_a_worker() -> None:
    pool = FakePool()
    async with queue(pool) as (made, _):
        pool.lose(pool.workers[0])
        asked = asyncio.ensure_future(made.make_map(WISH))
        await settle()
        assert not pool.maps
        pool.ready(pool.workers[0])
        assert (await asked).blob


async def test_a_persons_maps_are_made_one_by_one_and_keep_nobody_waiting() -> None:
    pool = FakePool()
    pool.maps_held = True
    async with queue(pool) as (made, _):
        many = [asyncio.ensure_future(made.make_map(replace(WISH, id=f"ann{at}"), "ann")) for at in range(3)]
        one = asyncio.ensure_future(made.make_map(replace(WISH, id="bob"), "bob"))
        await settle()
        assert [wish.id for _, wish in pool.maps] == ["ann0", "bob"]
        many[1].cancel()  # which waits for the first
        pool.map("ann0")
        await settle()
        assert [wish.id for _, wish in pool.maps] == ["ann0", "bob", "ann2"]
        pool.map("bob")
        pool.map("ann2")
        assert [answer.id for answer in await asyncio.gather(many[0], many[2], one)] == ["ann0", "ann2", "bob"]


async def test_whoever_waits_for_too_many_is_refused_until_one_is_made() -> None:
    pool = FakePool()
    pool.maps_held = True
    async with queue(pool, per_person=2) as (made, _):
        asked = [asyncio.ensure_future(made.make_map(replace(WISH, id=id), "ann")) for id in "ab"]
        await settle()
        with pytest.raises(Refusal, match=r"queue\.full_maps") as refused:
            await made.make_map(replace(WISH, id="c"), "ann")
        assert refused.value.values == {"limit": 2}
        other = asyncio.ensure_future(made.make_map(replace(WISH, id="d"), "bob"))
        pool.map("a")
        await settle()
        again = asyncio.ensure_future(made.make_map(replace(WISH, id="e"), "ann"))
        await settle()
        for id in "bde":
            pool.map(id)
            await settle()
        assert [one.id for one in await asyncio.gather(*asked, other, again)] == list("abde")


async def test_the_seconds_of_a_map_are_on_its_owners_account_though_it_comes_to_nothing() -> None:
    pool = FakePool()
    pool.map_seconds = 30.0
    told: list[float] = []

    async def charge(seconds: float) -> None:
        told.append(seconds)

    async with queue(pool) as (made, _):
        for name, owner in (("runs", "carl"), ("first", "ann"), ("second", "bob")):
            made.put(a_job(name, owner=owner))
        await settle()
        before = made.standings()
        assert before["first"].place < before["second"].place
        await made.make_map(WISH, "ann", charge)
        with pytest.raises(Refusal, match=r"map\.out_of_range"):
            await made.make_map(replace(WISH, id="n", low=999), "ann", charge)
        assert told == [30.0, 30.0]
        after = made.standings()
        assert after["second"].place < after["first"].place  # who had no maps made is served before
