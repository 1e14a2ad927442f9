"""What `python bot.py check` looks at: folders, database, models, devices, other machines that draw,
the page's address, tokens, translation."""

from __future__ import annotations

import asyncio

from bot.cli import check_devices, check_files, check_hosts, check_network
from bot.cli.check_result import CheckResult, result
from bot.settings.config import Config


async def check(config: Config) -> list[CheckResult]:
    """Everything that can be found out before a start, in the order of the settings. Changes nothing."""
    chats = asyncio.gather(check_network.discord(config), check_network.telegram(config))
    stores = asyncio.gather(check_files.pictures(config), check_files.database(config))
    files, devices, page, service, hosts = await asyncio.gather(
        asyncio.to_thread(_files, config),
        check_devices.devices(config),
        asyncio.to_thread(lambda: [*check_network.page(config), *check_network.metrics(config)]),
        check_network.service(config),
        check_hosts.hosts(config),
    )
    discord, telegram = await chats
    pictures, database = await stores
    return [
        result("ok", "check.settings"),
        *page,
        *discord,
        *telegram,
        *files["data"],
        *pictures,
        *database,
        *files["models"],
        *devices,
        *hosts,
        *files["translate"],
        *service,
    ]


def _files(config: Config) -> dict[str, list[CheckResult]]:
    return {
        "data": list(check_files.data(config.data.folder)),
        "models": list(check_files.models(config)),
        "translate": [*check_files.translation(config.translate.packages), *check_files.reader(config)],
    }
