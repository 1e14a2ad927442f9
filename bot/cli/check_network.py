"""What `python bot.py check` says about addresses and tokens: the page, Telegram, Discord, a translation service."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Iterator

from bot.chat import Say
from bot.cli.check_result import CheckResult, refused, result
from bot.platforms import listening
from bot.settings.config import Config
from bot.studio.translation_service import service as service_of
from prompts.errors import Refusal
from prompts.translate.remote import Remote
from prompts.translate.translator import Unavailable

SHORT_PASSWORD = 8  # characters


def page(config: Config) -> Iterator[CheckResult]:
    """Whether the page can listen at its address, and how it is guarded; where it is off, whether there is another
    way to talk to the bot."""
    web = config.web
    if not web.enabled:
        nobody = not (config.discord.token or config.telegram.token)
        yield result("error", "start.nobody") if nobody else result("ok", "check.page_off")
        return
    yield _bound(web.host, web.port, "web.", "check.page")
    if web.password is None:
        # Config lets nothing but loopback go without a password; a proxy on this machine may be open to everybody.
        if web.public_url:
            yield result("error", "check.page_open", address=web.public_url)
        else:
            yield result("ok", "check.page_private")
    elif len(web.password.get_secret_value()) < SHORT_PASSWORD:
        yield result("warn", "check.password_short", least=SHORT_PASSWORD)
    else:
        yield result("ok", "check.password")


def _bound(host: str, port: int, setting: str, key: str) -> CheckResult:
    """Whether something can listen there: `key` where it can, else what to change of the settings that begin with
    `setting`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as trial:
            if os.name == "posix":  # as the server does, after a restart; on Windows it would share a port in use
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return refused(listening.refused(error, host, port, setting))
    return result("ok", key, host=host, port=port)


def metrics(config: Config) -> Iterator[CheckResult]:
    """Whether the numbers for Prometheus can be served; nothing where they are off."""
    told = config.metrics
    if told.port is not None:
        yield _bound(told.host, told.port, "metrics.", "check.metrics")


async def telegram(config: Config) -> list[CheckResult]:
    """Whose Telegram token it is and what its bot may do; nothing without a token."""
    told = config.telegram
    if told.token is None:
        return []
    from bot.platforms.telegram.token import owner  # only with a token: its library takes a third of a second

    token = told.token.get_secret_value()
    if not re.fullmatch(r"\d+:[A-Za-z0-9_-]{35}", token):
        return [result("error", "check.token_form", platform="Telegram", section="telegram")]
    try:
        bot = await owner(token, told.api_base)
    except Refusal as refusal:
        return [refused(refusal)]
    except ConnectionError as error:
        return [result("warn", "check.telegram_away", problem=str(error))]
    found = [result("ok", "check.telegram", name=f"@{bot.username}")]
    if told.webhook:
        port = await asyncio.to_thread(
            _bound, told.webhook_host, told.webhook_port, "telegram.webhook_", "check.webhook"
        )
        found.append(port)
    if not bot.can_read_all_group_messages:
        found.append(result("ok", "check.telegram_privacy"))
    if not bot.supports_inline_queries:
        found.append(result("ok", "check.telegram_inline"))
    return found


async def discord(config: Config) -> list[CheckResult]:
    """Whether Discord takes the token, and the link that invites the bot; nothing without a token."""
    told = config.discord
    if told.token is None:
        return []
    from bot.platforms.discord import invite  # only with a token

    token = told.token.get_secret_value()
    if not invite.application_of(token):
        return [result("error", "check.token_form", platform="Discord", section="discord")]
    return [CheckResult(level, text) async for level, text in invite.check(token, told.api_base)]


async def service(config: Config) -> list[CheckResult]:
    """Whether the translation service answers; nothing where there is none."""
    chosen = service_of(config)
    if chosen is None:
        return []
    try:
        english = await Remote(chosen).ask("猫")
    except Unavailable as failure:
        return [CheckResult("warn", Say(failure.note.key, failure.note.values))] if failure.note else []
    return [result("ok", "check.service", host=chosen.host, english=english[:60])]
