"""How long the chat process takes to start, and how much memory it needs."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.running import Bot
from tests.speed.figure import Figure


def figures() -> list[Figure]:
    return asyncio.run(_figures())


async def _figures() -> list[Figure]:
    bare = []
    for _ in range(3):
        began = time.perf_counter()
        python = await asyncio.create_subprocess_exec(sys.executable, "-c", "import aiohttp, sqlalchemy, pydantic")
        await python.wait()
        bare.append(time.perf_counter() - began)
    starts, ready, memory = [], [], 0.0
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            bot = Bot(Path(folder))
            began = time.perf_counter()
            await bot.start()
            await bot.get("/api/hello")
            starts.append(time.perf_counter() - began)
            while not (await bot.get("/api/hello"))["status"]["ready"]:
                await asyncio.sleep(0.05)
            ready.append(time.perf_counter() - began)
            await bot.say("一只戴红色帽子的橘猫，水彩")
            await bot.ended(1)
            memory = psutil.Process(bot.process.pid).memory_info().rss / 2**20
            await bot.stop()
    libraries = statistics.median(bare)
    return [
        Figure("page answers", statistics.median(starts), "s", libraries, "importing its libraries", "under 2 s"),
        Figure("model can draw", statistics.median(ready), "s", libraries, "importing its libraries", "under 10 s"),
        Figure("memory of the chat process after a picture", memory, "MiB", aim="under 150 MiB"),
    ]
