"""Numbers for Prometheus at /metrics, of the queue, pictures and devices, and the health checks beside them.

Nothing in them tells who asked for what.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from bot.platforms import health
from bot.platforms.listening import refused
from engine.job import Progress, State
from engine.queue.news import Changed, Finished
from engine.queue.queue import Queue
from storage import jobs
from storage.database import Database

WAITS = (1, 2, 5, 10, 20, 60, 120, 300, 600, 1800)  # seconds
LABELS = ("worker", "device")
DRAWING = (0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320)  # seconds


class Metrics:
    """Counts what the queue tells, and serves it at an address."""

    def __init__(self, db: Database, queue: Queue) -> None:
        self._db = db
        self._begun: set[str] = set()
        self._runner: web.AppRunner | None = None
        self._registry = CollectorRegistry()
        self._registry.register(Gauges(queue))
        self._jobs = Counter("danqing_jobs", "Requests that ended.", ["state"], registry=self._registry)
        self._errors = Counter(
            "danqing_errors", "Requests that failed, by the reason.", ["reason"], registry=self._registry
        )
        self._waited = Histogram(
            "danqing_wait_seconds", "From a request to its first step.", buckets=WAITS, registry=self._registry
        )
        self._drew = Histogram(
            "danqing_picture_seconds", "Device time of a picture.", buckets=DRAWING, registry=self._registry
        )
        self.port = 0

    async def hear(self, news: Changed | Progress | Finished) -> None:
        """A listener of the queue."""
        if isinstance(news, Changed) and news.job.state is State.RUNNING and news.job.id not in self._begun:
            self._begun.add(news.job.id)
            if (kept := await jobs.get(self._db, news.job.id)) is not None:
                self._waited.observe((self._db.now() - kept.created).total_seconds())
        elif isinstance(news, Finished):
            self._begun.discard(news.job.id)
            self._jobs.labels(str(news.job.state)).inc()
            if news.key:
                self._errors.labels(news.key).inc()
            for picture in news.pictures:
                self._drew.observe(picture.seconds)

    async def listen(self, host: str, port: int) -> None:
        """Serve the numbers. Raises Refusal `listen.…`."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.add_routes(health.routes("ok"))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self.close()
            raise refused(error, host, port, "metrics.") from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop serving."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class Gauges(Collector):
    """What holds at the moment somebody asks."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def collect(self) -> Iterable[Metric]:
        """The queue's length and each device's state; what stands by serves a 0 of its own (bot/standby.py)."""
        yield GaugeMetricFamily("danqing_leading", "Whether this bot leads.", 1)
        yield GaugeMetricFamily("danqing_jobs_waiting", "Requests that wait.", len(self._queue))
        yield GaugeMetricFamily("danqing_jobs_running", "Requests that are being drawn.", self._queue.running)
        yield GaugeMetricFamily("danqing_queue_paused", "Whether /admin pause holds the queue.", self._queue.paused)
        families = {
            "slots": GaugeMetricFamily(
                "danqing_device_slots", "Pictures it draws at once; 0: not ready.", labels=LABELS
            ),
            "jobs": GaugeMetricFamily("danqing_device_jobs", "Requests it has been handed.", labels=LABELS),
            "loading": GaugeMetricFamily("danqing_device_loading", "Whether it loads a model.", labels=LABELS),
        }
        for worker in self._queue.pool.workers:
            labels = [worker.id, worker.device]
            families["slots"].add_metric(labels, worker.slots)
            families["jobs"].add_metric(labels, len(worker.jobs))
            families["loading"].add_metric(labels, bool(worker.loading))
        yield from families.values()
