"""The translators that the settings name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.settings.config import Config
from prompts.errors import Refusal
from prompts.translate.chain import chain
from prompts.translate.translator import TranslationMemory, Translator

if TYPE_CHECKING:
    from prompts.translate.remote import Service


log = logging.getLogger(__name__)


def service(config: Config) -> Service | None:
    """The translation service on the network, None where there is none."""
    settings = config.translate
    if settings.service == "none" or settings.url is None:
        return None
    from prompts.translate.remote import Service

    return Service(
        kind=settings.service,
        url=settings.url,
        key=settings.key.get_secret_value() if settings.key else "",
        model=settings.model or "",
        timeout=settings.timeout,
    )


async def local_words(config: Config) -> dict[str, str]:
    """The own dictionary of whoever sits at this machine (the page's own person), for a command that needs no database:
    empty where there is none yet, or none to be had."""
    from storage import dictionary, people
    from storage.database import FILE, Database

    if not config.storage.address and not (config.data.folder / FILE).is_file():
        return {}
    try:
        db = await Database.open(config.storage.address, config.data.folder)
        try:
            person = await people.person_of(db, "web", "local")
            return await dictionary.words(db, person.id)
        finally:
            await db.close()
    except Refusal as refusal:
        log.warning("the own dictionary cannot be read: %s", refusal)
        return {}


def translators(config: Config, memory: TranslationMemory | None = None) -> tuple[Translator, ...]:
    """All of them, in the order in which they are asked."""
    folder = config.data.folder / "cache"
    return chain(folder, config.translate.packages, service=service(config), memory=memory)
