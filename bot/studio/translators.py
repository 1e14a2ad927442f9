"""The translators that the settings name."""

from __future__ import annotations

import logging

from bot.settings.config import Config
from bot.studio.own_readers import own_readers
from prompts.errors import Refusal
from prompts.translate.chain import chain
from prompts.translate.translator import TranslationMemory, Translator
from storage.sqlite_file import begun

log = logging.getLogger(__name__)


async def local_words(config: Config) -> dict[str, str]:
    """The own dictionary of whoever sits at this machine (the page's own person), for a command that needs no database:
    empty where there is none yet, or none to be had."""
    if not begun(config.storage.address, config.data.folder):
        return {}
    from storage import dictionary, people  # only now: SQLAlchemy takes a third of a second
    from storage.database import Database

    try:
        db = await Database.open(config.storage.address, config.data.folder, config.storage.bucket)
        try:
            person = await people.person_of(db, "web", "local")
            return await dictionary.words(db, person.id)
        finally:
            await db.close()
    except Refusal as refusal:
        log.warning("the own dictionary cannot be read: %s", refusal)
        return {}


def translators(
    config: Config, memory: TranslationMemory | None = None, patience: float | None = None
) -> tuple[Translator, ...]:
    """All of them, in the order in which they are asked; `patience` as that of `own_readers`."""
    folder = config.data.folder / "cache"
    named = None
    if config.translate.url is not None:
        from bot.studio.translation_service import service  # only where there is one: it brings an HTTP client

        named = service(config)
    own = own_readers(config, patience)
    return chain(folder, config.translate.packages, service=named, own=own, memory=memory)
