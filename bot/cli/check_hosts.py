"""What `python bot.py check` says about other machines that draw."""

from __future__ import annotations

from bot.cli.check_result import CheckResult, refused, result
from bot.settings.config import Config
from prompts.errors import Refusal


async def hosts(config: Config) -> list[CheckResult]:
    """Whether their server can be used, and which machines there are; nothing where no server is named."""
    if not config.hosts.url:
        return []
    from engine.queue.letter import VERSION  # only where other machines draw
    from engine.queue.nats_server import roster  # only where other machines draw

    server = config.hosts.server
    try:
        found = await roster(server)
    except Refusal as refusal:
        return [refused(refusal)]
    said = [result("ok", "check.hosts", where=server.where)]
    if not found:
        said.append(result("warn", "check.hosts_none", where=server.where))
    for one in found:
        if one.version != VERSION:
            said.append(result("error", "check.host_version", name=one.name))
        elif one.devices:
            said.append(result("ok", "check.host", name=one.name, devices=", ".join(one.devices), drawing=one.drawing))
        else:
            said.append(result("ok", "check.host_starting", name=one.name))
    return said
