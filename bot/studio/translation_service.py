"""The translation service on the network that the settings name."""

from __future__ import annotations

from bot.settings.config import Config
from prompts.translate.remote import Service


def service(config: Config) -> Service | None:
    """The translation service on the network, None where there is none."""
    settings = config.translate
    if settings.service == "none" or settings.service == "local" or settings.url is None:
        return None
    return Service(
        kind=settings.service,
        url=settings.url,
        key=settings.key.get_secret_value() if settings.key else "",
        model=settings.model or "",
        timeout=settings.timeout,
    )
