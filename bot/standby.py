"""A bot that waits for the lead: what it answers meanwhile, and how one that has lost the lead ends."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import NoReturn

from aiohttp import web

from bot import texts
from bot.platforms import health
from bot.platforms.listening import refused
from bot.platforms.web.session import language_of
from bot.settings.config import Config
from storage.leader import Lead

log = logging.getLogger(__name__)

LOST = 75  # the exit status of a bot that has lost the lead: sysexits.h's "try again"


class Standby:
    """The addresses of the page and of the metrics, which answer that this bot stands by; nothing until `open`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._runners: list[web.AppRunner] = []
        self._opening: asyncio.Task[None] | None = None

    def open(self, where: str) -> None:
        """Begin to answer; `where` is the database that another bot leads on."""
        print(f"丹青 Danqing: standby ({where})", flush=True)
        self._opening = asyncio.create_task(self._open())

    async def close(self) -> None:
        """Answer no more, so that the page can."""
        if self._opening:
            await self._opening
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    async def _open(self) -> None:
        page, numbers = self._config.web, self._config.metrics
        if page.enabled:
            await self._listen(page.host, page.port, "web.")
        if numbers.port is not None:
            await self._listen(numbers.host, numbers.port, "metrics.")

    async def _listen(self, host: str, port: int, setting: str) -> None:
        app = web.Application()
        app.add_routes(health.routes("standby"))
        app.router.add_get("/metrics", _metrics)
        app.router.add_route("*", "/{path:.*}", self._elsewhere)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self._runners.append(runner)
        except OSError as error:
            await runner.cleanup()
            # The bot that leads may be on this machine, with the same settings: its address is this one's later.
            said = refused(error, host, port, setting)
            log.warning("no health check while this bot stands by: %s", texts.say("en", said.key, **said.values))

    async def _elsewhere(self, request: web.Request) -> web.Response:
        language = language_of(request, None if self._config.language == "auto" else self._config.language)
        return web.Response(text=texts.say(language, "standby.page") + "\n", status=503, headers={"Retry-After": "5"})


async def _metrics(request: web.Request) -> web.Response:
    """As bot/platforms/metrics.py says it, without its library, which takes time to import."""
    text = "# HELP danqing_leading Whether this bot leads.\n# TYPE danqing_leading gauge\ndanqing_leading 0.0\n"
    return web.Response(body=text.encode(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def lead(config: Config, stop: asyncio.Event, standby: Standby) -> Lead | None:
    """The lead on the configured database, as soon as no other bot has it; None where the program is told to stop
    before. Raises Refusal as `Lead.take` does."""
    taking = asyncio.create_task(
        Lead.take(config.storage.address, config.data.folder, standby.open, end_without_the_lead)
    )
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await taking if taking.done() else None
    finally:
        taking.cancel()
        stopping.cancel()
        await asyncio.gather(taking, stopping, return_exceptions=True)


def end_without_the_lead(reason: str) -> NoReturn:
    """End at once: another bot may be drawing and answering the same already. Whoever started this one starts it again,
    and what it drew is drawn by the one that leads."""
    log.critical("this bot no longer leads (%s) and ends, so that nothing is drawn or answered twice", reason)
    for handler in logging.getLogger().handlers:
        handler.flush()
    os._exit(LOST)
