"""Builds the bot's parts from the configuration, starts and stops them in order."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from bot import standby, texts
from bot.buttons.checking_after import ChecksAfter
from bot.chat import Chat
from bot.commands.table import COMMANDS
from bot.desk import StudioDesk
from bot.models import model_files
from bot.models.folders import places
from bot.people import access, guard
from bot.people.limits import Limits
from bot.platforms.sdapi import controlnet
from bot.platforms.sdapi import server as sdapi_server
from bot.platforms.sdapi.chat import SdapiChat
from bot.platforms.sdapi.settings import SdapiSettings
from bot.platforms.web.server import WebChat
from bot.platforms.web.settings import WebSettings
from bot.settings.config import Config
from bot.settings.sections.access import AccessSection
from bot.settings.sections.training import TrainingSection
from bot.standby import Standby
from bot.studio import forgetting, recipes
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from bot.studio.suggest import suggest
from bot.studio.translators import translators
from bot.training import learnt_files
from bot.training.may_train import TrainingRules
from engine import tuning
from engine.files import catalog, taggers
from engine.files.shelf import Shelf
from engine.files.shelf import shelf as files_there
from engine.job import Progress
from engine.queue import estimate
from engine.queue.estimate import Estimate
from engine.queue.local_pool import LocalPool
from engine.queue.news import Changed, Finished
from engine.queue.pool import Pool
from engine.queue.queue import Queue
from engine.tagging import Thresholds
from prompts.errors import Refusal
from prompts.prompt import Json, Options
from prompts.search import Index
from prompts.translate.chain import close
from storage import facts, leader, likeness, maps, uploads, wishes
from storage.database import Database
from storage.translations import Translations

log = logging.getLogger(__name__)

TIDY_EVERY = 3600.0  # seconds


def rules(config: Config) -> Rules:
    """The part of the configuration that decides how requests become recipes."""
    width, height = map(int, config.draw.size.split("x")) if config.draw.size else (None, None)
    return Rules(
        models=config.engine.folders,
        loras=(*config.engine.folders, learnt_files.halves(config.data.folder)),
        model=config.engine.model,
        pictures_per_request=config.queue.pictures_per_request,
        assistant=config.draw.assistant,
        metadata=config.draw.metadata,
        draw=Options(
            width=width,
            height=height,
            steps=config.draw.steps,
            sampler=config.draw.sampler,
            guidance=config.draw.guidance,
            like=None if config.draw.like == "danqing" else config.draw.like,
        ),
        wildcards=(config.data.folder / "wildcards",),
        admins=frozenset(config.access.admins),
        access=limits(config.access),
        training=training(config.training),
        taggers=config.engine.taggers,
        reader=config.tags.reader,
        seen=Thresholds(config.tags.general, config.tags.character, config.tags.rating),
        places=places(config.engine),
        link=config.web.public_url or "" if config.web.enabled else "",
    )


def limits(config: AccessSection) -> Limits:
    """What the owner allows everybody but the admins."""

    def counted(rows: Sequence[str]) -> dict[str, int]:
        return {role: int(number) for role, _, number in (row.rpartition("=") for row in rows)}

    return Limits(
        servers=frozenset(config.servers),
        chats=frozenset(config.chats),
        roles=frozenset(config.roles),
        blocked=frozenset(config.blocked),
        private=config.private,
        pictures=config.pictures_per_day,
        seconds=config.seconds_per_day,
        role_pictures=counted(config.role_pictures_per_day),
        role_seconds=counted(config.role_seconds_per_day),
        cooldown=config.cooldown,
        adult=config.adult,
    )


def training(config: TrainingSection) -> TrainingRules:
    """Who may have what learnt."""
    return TrainingRules(
        who=config.who,
        roles=frozenset(config.roles),
        active=config.active,
        drafts=config.drafts,
        bytes=config.megabytes * 2**20,
        draft_kept=timedelta(days=config.draft_days),
        kept=timedelta(days=config.keep_days),
    )


def pool(config: Config) -> LocalPool:
    """A worker process for each configured device of this machine."""
    arguments = ["--slots", str(config.engine.slots), "--model", config.engine.model]
    for kind in ("models", "loras", "embeddings", "vaes", "controlnets", "upscalers", "detectors"):
        for folder in config.engine.folders:
            arguments += [f"--{kind}", str(folder)]
    for kind in ("loras", "embeddings"):
        arguments += [f"--{kind}", str(learnt_files.halves(config.data.folder))]
    for folder in config.engine.taggers:
        arguments += ["--taggers", str(folder)]
    arguments += ["--rate", "yes" if config.access.adult_by_picture else "no"]
    for name in tuning.WORDS:
        arguments += [f"--{name}", getattr(config.engine, name)]
    arguments += ["--cache", str(config.data.folder / "cache")]
    arguments += ["--log-level", config.log_level, "--log-format", config.log_format]
    arguments += ["--training-share", str(config.engine.training_share)]
    return LocalPool(config.engine.devices, arguments, trainings=work_folder(config))


def work_folder(config: Config) -> Path:
    """Where the workers of this machine keep what they learn from."""
    return config.data.folder / "trainings" / "work"


async def workers(config: Config, db: Database, epoch: int) -> Pool:
    """What draws: this machine, or the hosts that the settings name a server for. An `epoch` of 0 is a command's, which
    waits neither for the server nor for a host."""
    if not config.hosts.url:
        return pool(config)
    from engine.queue.nats import NatsPool  # only where other machines draw

    known = await facts.fact(db, "hosts.bot")
    name = f"{known or ''}/command-{secrets.token_hex(4)}"
    if epoch:
        name = known if isinstance(known, str) else f"bot-{secrets.token_hex(4)}"
        await facts.set_fact(db, "hosts.bot", name)
    return NatsPool(config.hosts.server, name, epoch, patient=epoch > 0)


def shelf(config: Config) -> Shelf:
    """What lies in the configured folders."""
    return files_there(config.engine.folders, config.engine.taggers)


def _size(config: Config, name: str) -> int:
    folders = config.engine.folders
    try:
        return estimate.size(catalog.model(catalog.models(folders), name, folders).path)
    except Refusal:
        return 0


@asynccontextmanager
async def studio(config: Config, *, leads: bool = False) -> AsyncIterator[Studio]:
    """Everything but the platforms: database, translators, queue and workers; closed in the opposite order. `leads`:
    for the one bot that holds the lead (bot/standby.py), which counts its epochs.

    The caller opens the platforms (`Studio.open`) and then starts the queue, so that a page answers while models load.
    """
    db = await Database.open(config.storage.address, config.data.folder, config.storage.bucket)
    try:
        epoch = await leader.new_epoch(db) if leads else 0
        await model_files.recall(db)
        known = Estimate.from_json(cast(dict[str, Json], await facts.fact(db, "estimate") or {}))

        async def hear(news: Changed | Progress | Finished) -> None:
            await made.hear(news)
            if isinstance(news, Finished) and news.pictures:
                await facts.set_fact(db, "estimate", known.to_json())
            for watch in made.watching:
                await watch(news)

        async def size(model: str) -> int:
            return await asyncio.to_thread(_size, config, model)

        queue = Queue(
            await workers(config, db, epoch),
            hear,
            db.files.get,
            per_person=config.queue.waiting_per_person,
            in_all=config.queue.waiting_in_all,
            estimate=known,
            size=size,
        )
        tags = Index(config.data.folder / "cache")
        chain = translators(config, Translations(db))
        made = Studio(db, queue, chain, rules(config), tags)
        made.epoch = epoch
        if config.access.adult_by_picture and not taggers.running(config.engine.taggers, config.engine.folders):
            log.warning("access.adult_by_picture is on, but there is no tagger that can look at pictures")
        checks = ChecksAfter(made)
        made.watching.append(checks.hear)
        made.resuming.append(checks.go_on)
        try:
            yield made
        finally:
            db.files.leaving = True  # what waits for a store that is away is drawn again at the next start
            await checks.close()
            await queue.close()
            await made.close()
            await close(chain)
            await model_files.remember(db)
    finally:
        await db.close()


def web(config: Config, made: Studio, api: SdapiChat | None = None) -> WebChat:
    """The web chat as configured, with A1111's API beside it where there is one."""
    name = urlsplit(config.web.public_url).hostname if config.web.public_url else None
    settings = WebSettings(
        host=config.web.host,
        port=config.web.port,
        password=config.web.password.get_secret_value() if config.web.password else None,
        names=(name,) if name else (),
        proxies=tuple(map(ip_network, config.web.trusted_proxies)),
        language=None if config.language == "auto" else config.language,
        max_upload_mb=config.web.max_upload_mb,
        metadata=config.draw.metadata,
    )
    tags = made.tags
    return WebChat(
        made.db,
        settings,
        made.status,
        command_lines,
        None if tags is None else lambda typed, pinyin: tags.complete(typed, pinyin=pinyin),
        {sdapi_server.PATH: sdapi_server.application(api), controlnet.PATH: controlnet.application(api)} if api else {},
        made.teaching,
        lambda person, said: guard.check(made.sight, person, *said),
    )


def sdapi(config: Config, made: Studio) -> SdapiChat:
    """A1111's API as configured."""
    told = config.sdapi
    password = told.password.get_secret_value() if told.password else None
    folders = tuple(config.engine.folders)
    settings = SdapiSettings(user=told.user, password=password, model=config.engine.model, folders=folders)
    return SdapiChat(made.db, settings, made.person, made.maker)


def telegram(config: Config, made: Studio) -> Chat:
    """The Telegram bot as configured. Its library is imported here: it takes a third of a second."""
    from bot.platforms.telegram.chat import TelegramChat  # only now: python-telegram-bot is heavy
    from bot.platforms.telegram.settings import TelegramSettings, Webhook

    told = config.telegram
    assert told.token is not None
    token = told.token.get_secret_value()
    secret = hashlib.sha256(f"webhook {token}".encode()).hexdigest()
    settings = TelegramSettings(
        token=token,
        api_base=told.api_base,
        file_base=told.file_base,
        language=None if config.language == "auto" else config.language,
        reactions=dict(one.split("=", 1) for one in told.reactions),
        webhook=Webhook(told.webhook, secret, told.webhook_host, told.webhook_port) if told.webhook else None,
    )
    return TelegramChat(
        made.db,
        settings,
        made.person,
        lambda person, typed: suggest(made, person, "tag", typed),
        lambda asked: access.enter(made.db, made.rules.access, asked),
    )


def discord(config: Config, made: Studio) -> Chat:
    """The Discord bot as configured. Its library is imported here: it takes a third of a second."""
    from bot.platforms.discord.chat import DiscordChat  # only now: discord.py is heavy
    from bot.platforms.discord.settings import DiscordSettings

    told = config.discord
    assert told.token is not None
    settings = DiscordSettings(
        token=told.token.get_secret_value(),
        api_base=told.api_base,
        gateway=told.gateway,
        language=None if config.language == "auto" else config.language,
        reactions=dict(one.split("=", 1) for one in told.reactions),
        pictures=made.rules.pictures_per_request,
    )
    return DiscordChat(
        made.db,
        settings,
        made.person,
        lambda person, kind, typed, limit: suggest(made, person, kind, typed, limit),
        lambda press, rows: access.veiled(made.sight, made.rules.access, press, rows),
        lambda asked: access.enter(made.db, made.rules.access, asked),
    )


def chats(config: Config, made: Studio) -> list[Chat]:
    """The platforms that the settings turn on."""
    api = sdapi(config, made) if config.web.enabled and config.sdapi.enabled else None
    found: list[Chat] = [api] if api else []  # before the page, whose server hands it requests
    found += [web(config, made, api)] if config.web.enabled else []
    if config.discord.token:
        found.append(discord(config, made))
    if config.telegram.token:
        found.append(telegram(config, made))
    return found


@asynccontextmanager
async def metrics(config: Config, made: Studio) -> AsyncIterator[int | None]:
    """While it lasts, numbers for Prometheus where the settings name a port for them: that port."""
    if config.metrics.port is None:
        yield None
        return
    from bot.platforms.metrics import Metrics  # only where they are asked for

    counted = Metrics(made.db, made.queue)
    made.watching.append(counted.hear)
    await counted.listen(config.metrics.host, config.metrics.port)
    try:
        yield counted.port
    finally:
        await counted.close()


def command_lines(language: str) -> list[tuple[str, str]]:
    """Every command and a line on what it does."""
    return [(f"/{command.name}", texts.say(language, f"command.{command.name}")) for command in COMMANDS]


async def _tidy(db: Database) -> None:
    """Now and then remove maps and uploads that nobody drew by, and wishes and translations made long ago."""
    while True:
        try:
            await maps.tidy(db)
            await uploads.tidy(db)
            await wishes.tidy(db)
            await Translations(db).tidy()
        except Refusal as refusal:
            log.warning("maps, uploads, wishes and translations could not be tidied: %s", refusal)
        await asyncio.sleep(TIDY_EVERY)


def _look(config: Config) -> None:
    """Warn of a model or sampler for those who name none that is not there: all of them would be refused."""
    try:
        catalog.model(catalog.models(config.engine.folders), config.engine.model, config.engine.folders)
        if config.draw.sampler:
            recipes.sampled(Options(sampler=config.draw.sampler, like=config.draw.like), "")
    except Refusal as refusal:
        log.warning("the settings name what is not there: %s", texts.say("en", refusal.key, **refusal.values))


async def run(config: Config, stop: asyncio.Event) -> None:
    """Serve until `stop`, once no other bot leads on the same database. Raises Refusal where it cannot start:
    "start.nobody" where nobody could talk to it, "start.sdapi" where A1111's API has no server, else what the database
    or a platform says."""
    if config.sdapi.enabled and not config.web.enabled:
        raise Refusal("start.sdapi")
    if not (config.web.enabled or config.discord.token or config.telegram.token):
        raise Refusal("start.nobody")
    waiting = Standby(config)
    try:
        lead = await standby.lead(config, stop, waiting)
        if lead is None:
            return
        try:
            await _serve(config, stop, waiting)
        finally:
            await lead.close()
    finally:
        await waiting.close()


async def _serve(config: Config, stop: asyncio.Event, waiting: Standby) -> None:
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(studio(config, leads=True))
        await waiting.close()
        await stack.enter_async_context(metrics(config, made))
        log.info("this bot leads on %s, epoch %d", made.db.where, made.epoch)
        await made.open(chats(config, made), StudioDesk(made))
        await made.queue.start()
        warming = asyncio.gather(
            asyncio.to_thread(guard.warm, made.rules.wildcards),
            asyncio.to_thread(texts.warm),
            asyncio.to_thread(_look, config),
        )
        page = made.chats.get(WebChat.platform)
        where = page.address if isinstance(page, WebChat) else ", ".join(map(str.capitalize, made.chats))
        print(f"丹青 Danqing: {where}", flush=True)
        rounds = (
            _tidy(made.db),
            model_files.watch(made.db, config.engine.folders),
            forgetting.watch(made),
            likeness.watch(made.db),
            made.teaching.watch(),
        )
        watching = [asyncio.create_task(one) for one in rounds]
        if made.tags and (config.discord.token or config.telegram.token):
            # A chat's autocompletion may not wait the two seconds that the first search takes.
            await asyncio.to_thread(made.tags.find, "画")
        await stop.wait()
        await warming
        for one in watching:
            one.cancel()
        await asyncio.gather(*watching, return_exceptions=True)  # the database is closed after them
        log.info("stopping; what is not finished goes on at the next start")
