"""What the prompt assistant needs for a text."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from prompts.compose import compose
from prompts.doctor import examine
from prompts.search import Index
from prompts.translate.chain import chain
from tests.speed.figure import Figure

TEXTS = (
    "一只戴红色帽子的橘猫，水彩",
    "帮我画一个穿白色连衣裙的长发女孩，站在海边，日落，电影感光影，高清，竖图",
    "(赛博朋克城市:1.3)，雨夜，霓虹灯，不要人，16:9",
    "masterpiece, 1girl, 银色长发, 蓝色眼睛, 汉服, 樱花, 柔和的光",
    "雪山下的古代中国寺庙，水墨画，云雾缭绕，远景，没有文字",
)


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_figures(Path(folder)))


QUERIES = ("m", "mao", "hs", "红", "头发", "long", "cinematic", "zh", "shuimp", "lnog hair")


async def _figures(folder: Path) -> list[Figure]:
    translators = chain(folder)
    began = time.perf_counter()
    await compose(TEXTS[0], translators=translators)
    first = time.perf_counter() - began
    for text in TEXTS:
        await compose(text, translators=translators)
    times = []
    for index in range(500):
        began = time.perf_counter()
        await compose(f"{TEXTS[index % len(TEXTS)]}，种子{index}", translators=translators)
        times.append((time.perf_counter() - began) * 1000)
    index = Index(folder)
    index.complete("mao")
    searches = [_milliseconds(lambda query=query: index.complete(query)) for query in QUERIES for _ in range(20)]
    prompt, _ = await compose(TEXTS[1], translators=translators, family="sd15")
    examine(prompt)
    looks = [_milliseconds(lambda: examine(prompt)) for _ in range(50)]
    importing, memory = await asyncio.to_thread(_importing)
    return [
        Figure("importing the package", importing, "s", aim="under 0.3 s"),
        Figure("memory with every table read", memory, "MiB", aim="under 60 MiB"),
        Figure("a realistic Chinese text, median", statistics.median(times), "ms", aim="under 1 ms"),
        Figure("the slowest of 500", max(times), "ms", aim="under 5 ms"),
        Figure("the first, tables read", first * 1000, "ms"),
        Figure("a search over the whole glossary, median", statistics.median(searches), "ms", aim="under 5 ms"),
        Figure("the doctor, median", statistics.median(looks), "ms", aim="under 2 ms"),
    ]


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _importing() -> tuple[float, float]:
    """Seconds that `import prompts.compose` takes, and the memory of a process that has composed a text."""
    program = f"""
import time
began = time.perf_counter()
from prompts.compose import compose
took = time.perf_counter() - began
import asyncio, psutil, tempfile
from pathlib import Path
from prompts.translate.chain import chain
with tempfile.TemporaryDirectory() as folder:
    asyncio.run(compose({TEXTS[1]!r}, translators=chain(Path(folder)), family="sd15"))
print(took, psutil.Process().memory_info().rss / 2**20)
"""
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    figures = [[float(figure) for figure in run.stdout.split()] for run in runs]
    return statistics.median(took for took, _ in figures), max(memory for _, memory in figures)
