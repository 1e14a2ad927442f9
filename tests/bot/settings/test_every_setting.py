"""Each setting does what its sentence says: written into a file, read, and looked for where it has to act.

`DOES` has a test for every setting; one without a test fails the last of them. Where several settings are one wish
(a server's address and port), they share one.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
import json
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from PIL import Image
from rich.console import Console

from bot import app
from bot.chat import Request, Room, Upload
from bot.cli import check_files, logs, translating
from bot.desk import StudioDesk
from bot.errors import ConfigError
from bot.models.folders import places
from bot.people import access, metadata
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.telegram.chat import TelegramChat
from bot.platforms.web.server import WebChat
from bot.settings.config import Config, load
from bot.settings.settings import settings
from bot.studio import own_readers, tag_reading
from bot.studio.studio import Studio
from bot.studio.translation_service import service
from bot.training.looked_at import NewPicture
from engine.files import catalog, taggers
from engine.job import Job, Picture, State
from engine.queue.hosts import HostsPool
from engine.queue.local_pool import LocalPool
from engine.queue.queue import Queue
from engine.tagging import Thresholds
from prompts.errors import Refusal
from storage import jobs
from storage.bucket import Bucket
from storage.jobs import Place
from storage.sqlite_file import FILE
from tests import onnx_files
from tests.fakes import FakeChat, FakePool, a_lora, a_png, a_recipe
from tests.patience import until
from tests.peers.discord import DiscordServer
from tests.peers.telegram import TelegramServer

OURS = {"X-Danqing": "1", "Accept-Language": "en"}


class Rig:
    """Settings from a text, and the parts of the bot made from them; nothing draws."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.config = Config()
        self.environ: dict[str, str] = {}

    def read(self, text: str, **files: str) -> Config:
        for name, content in files.items():
            (self.folder / f"{name}.txt").write_text(content)
        (self.folder / "config.yaml").write_text(text, "utf-8")
        self.config = load(self.folder / "config.yaml", self.environ)
        return self.config

    async def studio(self, text: str, **files: str) -> Studio:
        return await self._stack.enter_async_context(app.studio(self.read(text, **files)))

    async def page(self, text: str, **files: str) -> tuple[str, aiohttp.ClientSession]:
        """The page's address, and a browser."""
        made = await self.studio(text, **files)
        chat = app.web(self.config, made)
        await made.open([chat], StudioDesk(made))
        return chat.address, await self._stack.enter_async_context(aiohttp.ClientSession(headers=OURS))

    async def asked(self, made: Studio, text: str = "", room: Room | None = None, **person: bool) -> Request:
        who = await made.person("discord", "7", name="Ann", language="en")
        return Request(
            person=who, place=Place("discord", "5"), text=text, key=os.urandom(4).hex(), room=room or Room(**person)
        )

    async def refused(self, text: str, asked: str = "a cat", room: Room | None = None) -> str:
        """The key of the card that answers a request."""
        made = await self.studio(text)
        chat = FakeChat()
        chat.platform = "discord"
        made.chats["discord"] = chat
        await StudioDesk(made).request(await self.asked(made, asked, room))
        await chat.until(lambda: bool(chat.messages))
        return next(iter(chat.messages.values())).text.key


Test = Callable[[Rig], Awaitable[None] | None]
DOES: dict[str, Test] = {}


def _names(test: Test) -> list[str]:
    return [name for name, one in DOES.items() if one is test]


LOST = Room(server="9", roles=frozenset({"3"}))


def does(*names: str) -> Callable[[Test], Test]:
    def keep(test: Test) -> Test:
        DOES.update(dict.fromkeys(names, test))
        return test

    return keep


@does("language")
async def _(rig: Rig) -> None:
    address, browser = await rig.page("language: zh\nweb: {port: 0}")
    async with browser.get(f"{address}/api/hello") as answer:
        assert (await answer.json())["language"] == "zh"


@does("log_level", "log_format")
def _(rig: Rig) -> None:
    config = rig.read("log_level: warning\nlog_format: json")
    root, out = logging.getLogger(), io.StringIO()
    kept, root.handlers = root.handlers, []
    level = root.level
    try:
        logs.begin(Console(file=out), config.log_level, config.log_format)
        logging.getLogger("bot").info("quiet")
        logging.getLogger("bot").warning("loud")
    finally:
        root.handlers = kept
        root.setLevel(level)
    assert [json.loads(line)["message"] for line in out.getvalue().splitlines()] == ["loud"]
    assert {"--log-level": "warning", "--log-format": "json"}.items() <= passed(config).items()


@does("data.folder")
async def _(rig: Rig) -> None:
    made = await rig.studio("data: {folder: kept}")
    assert await made.db.files.put(b"\x89PNG")
    assert (rig.folder / "kept" / FILE).is_file() and list((rig.folder / "kept" / "pictures").rglob("*.png"))
    assert passed(rig.config)["--cache"] == str(rig.folder / "kept" / "cache")


@does("web.enabled")
async def _(rig: Rig) -> None:
    made = await rig.studio("web: {enabled: false}")
    assert app.chats(rig.config, made) == []
    with pytest.raises(Refusal, match="nobody"):
        await app.run(rig.config, asyncio.Event())
    assert [one.platform for one in app.chats(rig.read("web: {enabled: true}"), made)] == ["web"]


@does("web.host")
async def _(rig: Rig) -> None:
    address, browser = await rig.page("web: {host: 127.0.0.2, port: 0}")
    async with browser.get(address) as answer:
        assert answer.status == 200 and "127.0.0.2" in address
    with pytest.raises(aiohttp.ClientConnectionError):
        await browser.get(address.replace("127.0.0.2", "127.0.0.1"))


@does("web.port")
async def _(rig: Rig) -> None:
    address, _ = await rig.page("web: {port: 0}")
    port = int(address.rpartition(":")[2])
    with pytest.raises(Refusal, match="taken"):  # it is this port that the next one asks for
        await rig.page(f"data: {{folder: other}}\nweb: {{port: {port}}}")


@does("web.password", "web.password_file")
async def _(rig: Rig) -> None:
    address, browser = await rig.page("web: {port: 0, password_file: word.txt}", word="a long password")
    async with browser.get(f"{address}/api/messages") as answer:
        assert answer.status == 401
    for word, status in (("a wrong one", 401), ("a long password", 200)):
        async with browser.post(f"{address}/login", json={"password": word}) as answer:
            assert answer.status == status
    rig.environ = {"DANQING_WEB_PASSWORD": "from outside"}
    assert rig.read("").web.password is not None


@does("web.max_upload_mb")
async def _(rig: Rig) -> None:
    address, browser = await rig.page("web: {port: 0, max_upload_mb: 1}")
    for size, status in ((4_000_000, 413), (1000, 400)):  # the second is no picture, but not too large
        form = aiohttp.FormData({"text": "a cat", "key": os.urandom(4).hex()})
        form.add_field("file", io.BytesIO(b"x" * size), filename="x.png")
        async with browser.post(f"{address}/api/say", data=form) as answer:
            assert (answer.status == 413) is (status == 413)


@does("web.public_url")
async def _(rig: Rig) -> None:
    address, browser = await rig.page("web: {port: 0, public_url: 'https://paint.example.org'}")
    for host, status in (("paint.example.org", 200), ("other.example.org", 403)):
        async with browser.get(address, headers={"Host": host}) as answer:
            assert answer.status == status
    assert app.rules(rig.config).link == "https://paint.example.org"


@does("web.trusted_proxies")
async def _(rig: Rig) -> None:
    """Each guesser waits for themselves, and the cookie is for HTTPS alone."""
    told = "web: {port: 0, password_file: word.txt, trusted_proxies: [127.0.0.1, 10.0.0.0/8]}"
    address, browser = await rig.page(told, word="a long password")
    behind = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 10.1.2.3"}
    for status in (401, 401, 401, 401, 401, 429):
        async with browser.post(f"{address}/login", json={"password": "no"}, headers=behind) as answer:
            assert answer.status == status
    behind["X-Forwarded-For"] = "203.0.113.9, 198.51.100.7"  # what a browser says of itself counts for nothing
    async with browser.post(f"{address}/login", json={"password": "a long password"}, headers=behind) as answer:
        assert answer.status == 200 and "Secure" in answer.headers["Set-Cookie"]
    with pytest.raises(Refusal, match="open"):
        rig.read("web: {trusted_proxies: [127.0.0.1]}")
    address, browser = await rig.page("data: {folder: other}\nweb: {port: 0, password_file: word.txt}")
    for status in (401, 401, 401, 401, 401, 429):  # nobody is believed who was not named
        behind["X-Forwarded-For"] = os.urandom(4).hex()
        async with browser.post(f"{address}/login", json={"password": "no"}, headers=behind) as answer:
            assert answer.status == status and "Secure" not in answer.headers.get("Set-Cookie", "")


@does("discord.token", "discord.token_file", "discord.api_base", "discord.gateway")
async def _(rig: Rig) -> None:
    async with DiscordServer() as server:
        told = f"web: {{enabled: false}}\ndiscord: {{token_file: t.txt, api_base: '{server.api_base}'"
        made = await rig.studio(f"{told}, gateway: '{server.gateway_base}'}}", t=server.token)
        await made.open(app.chats(rig.config, made), StudioDesk(made))
        await server.ready("imagine")
        await made.close()
        assert not server.calls("GET", "/gateway/bot")  # the address was given
        made.chats.clear()


@does("discord.reactions")
async def _(rig: Rig) -> None:
    made = await rig.studio("web: {enabled: false}\ndiscord: {reactions: [🐱=again]}")
    rig.environ = {"DANQING_DISCORD_TOKEN": "x"}
    (chat,) = app.chats(rig.read("web: {enabled: false}\ndiscord: {reactions: [🐱=again]}"), made)
    assert isinstance(chat, DiscordChat) and chat._settings.reactions == {"🐱": "again"}


@does("telegram.token", "telegram.token_file", "telegram.api_base", "telegram.file_base")
async def _(rig: Rig) -> None:
    async with TelegramServer() as server:
        told = f"token_file: t.txt, api_base: '{server.api_base}', file_base: '{server.file_base}'"
        made = await rig.studio(f"web: {{enabled: false}}\ntelegram: {{{told}}}", t=server.token)
        (chat,) = app.chats(rig.config, made)
        await made.open([chat], StudioDesk(made))
        await server.connected()
        assert isinstance(chat, TelegramChat) and chat._api.bot.base_file_url.startswith(server.file_base)
        await made.close()
        made.chats.clear()


@does("telegram.webhook", "telegram.webhook_host", "telegram.webhook_port")
async def _(rig: Rig) -> None:
    async with TelegramServer() as server:
        rig.environ = {"DANQING_TELEGRAM_TOKEN": server.token}
        told = f"api_base: '{server.api_base}', webhook: 'https://bot.example.org/x', webhook_host: 127.0.0.2"
        made = await rig.studio(f"web: {{enabled: false}}\ntelegram: {{{told}, webhook_port: 0}}")
        (chat,) = app.chats(rig.config, made)
        await made.open([chat], StudioDesk(made))
        await until(lambda: server.world.updates.webhook)
        assert cast(Any, server.world.updates.webhook)["url"] == "https://bot.example.org/x"
        assert isinstance(chat, TelegramChat) and chat._updates is not None
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.2:{chat._updates.port}/telegram") as answer,
        ):
            assert answer.status == 403  # it listens, to Telegram alone
        await made.close()
        made.chats.clear()


@does("telegram.reactions")
async def _(rig: Rig) -> None:
    made = await rig.studio("")
    rig.environ = {"DANQING_TELEGRAM_TOKEN": "1:x"}
    (chat,) = app.chats(rig.read("web: {enabled: false}\ntelegram: {reactions: [🔥=again]}"), made)
    assert isinstance(chat, TelegramChat) and chat._settings.reactions == {"🔥": "again"}


@does("storage.url")
async def _(rig: Rig) -> None:
    await rig.studio(f"storage: {{url: 'sqlite:///{rig.folder}/mine.db'}}")
    assert (rig.folder / "mine.db").is_file() and not (rig.folder / "data" / FILE).exists()


@does("storage.password", "storage.password_file")
def _(rig: Rig) -> None:
    text = "storage: {url: 'postgresql://ann@db/paint', password_file: word.txt}"
    assert rig.read(text, word="s p/c").storage.address == "postgresql://ann:s%20p%2Fc@db/paint"
    rig.environ = {"DANQING_STORAGE_PASSWORD": "other"}
    assert rig.read(text).storage.address == "postgresql://ann:other@db/paint"


@does("hosts.url", "hosts.user", "hosts.password", "hosts.password_file", "hosts.ca_file")
async def _(rig: Rig) -> None:
    text = "hosts: {url: 'tls://gpu:4222', user: bot, password_file: word.txt, ca_file: ca.pem}"
    server = rig.read(text, word="s p/c").hosts.server
    assert (server.url, server.user, server.password) == ("tls://gpu:4222", "bot", "s p/c")
    assert server.ca_file == rig.folder / "ca.pem"
    assert isinstance((await rig.studio(text, word="s p/c")).queue.pool, HostsPool)
    assert isinstance((await rig.studio("")).queue.pool, LocalPool)


@does("storage.pictures", "storage.pictures_key", "storage.pictures_secret", "storage.pictures_secret_file")
def _(rig: Rig) -> None:
    place = "pictures: 's3://pics/a?endpoint=http://minio:9000'"
    text = f"storage: {{{place}, pictures_key: k, pictures_secret_file: word.txt}}"
    assert rig.read(text, word="s/p").storage.bucket == Bucket("pics", "a", "http://minio:9000", key="k", secret="s/p")
    rig.environ = {"DANQING_STORAGE_PICTURES_SECRET": "other"}
    bucket = rig.read(text).storage.bucket
    assert bucket and bucket.secret == "other" and rig.read("").storage.bucket is None
    with pytest.raises(ConfigError, match=r"config\.form .*s3://danqing/pictures"):
        rig.read("storage: {pictures: 'minio:9000/pics'}")


def passed(config: Config) -> dict[str, str]:
    """What a worker is told; the last of each where it is told several."""
    told = app.pool(config)._arguments
    return dict(zip(told[::2], told[1::2], strict=True))


@does("engine.devices")
def _(rig: Rig) -> None:
    workers = app.pool(rig.read("engine: {devices: [cuda:0, cpu]}")).workers
    assert [one.device for one in workers] == ["cuda:0", "cpu"]


@does(*(f"engine.{name}" for name in ("slots", "previews", "precision", "attention", "compile", "cpu", "decoding")))
def _(rig: Rig) -> None:
    """Those that a worker obeys; what it does with them is tested with it."""
    told = {
        "slots": "3",
        "previews": "none",
        "precision": "bfloat16",
        "attention": "math",
        "compile": "none",
        "cpu": "torch",
        "decoding": "bfloat16",
    }
    config = rig.read(f"engine: {{{', '.join(f'{name}: {value}' for name, value in told.items())}}}")
    assert {f"--{name}": value for name, value in told.items()}.items() <= passed(config).items()


@does(
    "engine.models", "engine.loras", "engine.embeddings", "engine.vaes", "engine.controlnets", "engine.upscalers",
    "engine.detectors",
)  # fmt: skip
def _(rig: Rig) -> None:
    """A file is found in the folder of any of them, by the chat's side and the worker's, and fetched into its own."""
    kinds = ("models", "loras", "embeddings", "vaes", "controlnets", "upscalers", "detectors")
    config = rig.read(f"engine: {{{', '.join(f'{kind}: my-{kind}' for kind in kinds)}}}")
    told = app.pool(config)._arguments
    for kind in kinds:
        folder = rig.folder / f"my-{kind}"
        a_lora(folder, f"ink-{kind}")
        assert f"ink-{kind}" in [one.name for one in catalog.loras(app.rules(config).loras)]
        assert ("--" + kind, str(folder)) in zip(told[::2], told[1::2], strict=True)
        fetched = {"models": "checkpoint"}.get(kind, kind.removesuffix("s"))
        assert places(config.engine).get(fetched, folder) == folder


@does("engine.training_share")
def _(rig: Rig) -> None:
    rig.read("engine: {training_share: 0.2}")
    assert passed(rig.config)["--training-share"] == "0.2"
    assert Path(passed(rig.config)["--trainings"]).name == "work"


@does("engine.taggers")
def _(rig: Rig) -> None:
    config = rig.read("engine: {taggers: my-taggers}")
    folder = onnx_files.known_tagger(rig.folder / "my-taggers" / "wd").parent
    assert app.rules(config).taggers == (folder,) and passed(config)["--taggers"] == str(folder)
    assert places(config.engine)["tagger"] == folder
    assert [one.name for one in taggers.taggers(app.rules(config).taggers)] == ["wd"]


@does("tags.reader", "tags.general", "tags.character", "tags.rating")
async def _(rig: Rig) -> None:
    onnx_files.known_tagger(rig.folder / "taggers" / "wd")
    made = await rig.studio("tags: {reader: danqing-demo, general: 0.5, character: 0.6, rating: 0.7}")
    wish = tag_reading.usual(made)
    assert (wish.reader, wish.limits) == ("danqing-demo", Thresholds(0.5, 0.6, 0.7))


@does(
    "training.who", "training.roles", "training.active", "training.drafts", "training.megabytes",
    "training.draft_days", "training.keep_days",
)  # fmt: skip
async def _(rig: Rig) -> None:
    said = "who: roles, roles: ['discord:3'], active: 2, drafts: 1, megabytes: 1, draft_days: 2, keep_days: 3"
    made = await rig.studio(f"training: {{{said}}}")
    asked = await rig.asked(made, room=LOST)
    assert await made.teaching.may(asked) and not await made.teaching.may(replace(asked, room=Room()))
    kept = await made.teaching.draft(asked, "one")
    with pytest.raises(Refusal, match="drafts"):
        await made.teaching.draft(replace(asked, key="other"), "two")
    large = Image.effect_noise((900, 900), 80).convert("RGB")
    file = io.BytesIO()
    large.save(file, "PNG")
    with pytest.raises(Refusal, match="bytes"):
        await made.teaching.add(asked, kept.id, [NewPicture("large.png", file.getvalue())])
    rules = made.rules.training
    assert (rules.active, rules.draft_kept.days, rules.kept.days) == (2, 2, 3)


@does("access.adult_by_picture")
def _(rig: Rig) -> None:
    assert passed(rig.read(""))["--rate"] == "no"
    assert passed(rig.read("access: {adult_by_picture: true}"))["--rate"] == "yes"


@does("engine.model")
async def _(rig: Rig) -> None:
    made = await rig.studio("engine: {model: demo-xl}")
    person = await made.person("discord", "7")
    assert (await made.understand(person, "a cat"))[2].name == "demo-xl" and passed(rig.config)["--model"] == "demo-xl"


@does("queue.waiting_per_person", "queue.waiting_in_all")
async def _(rig: Rig) -> None:
    made = await rig.studio("queue: {waiting_per_person: 2, waiting_in_all: 3}")
    queue: Queue = made.queue
    queue.pool = FakePool()  # nobody draws
    for number, owner in enumerate(("ann", "ann", "bob")):
        queue.admit(owner)
        queue.put(Job(id=f"j{number}", owner=owner, recipes=(a_recipe(),)))
    for owner, key in (("ann", "full_person"), ("cy", "full")):
        with pytest.raises(Refusal, match=key):
            queue.admit(owner)


@does("queue.pictures_per_request")
async def _(rig: Rig) -> None:
    assert app.rules(rig.read("queue: {pictures_per_request: 2}")).pictures_per_request == 2
    made = await rig.studio("queue: {pictures_per_request: 2}")
    asked = replace(await rig.asked(made), files=(Upload("x.png", a_png()),) * 3)
    with pytest.raises(Refusal, match="album"):
        await made.imagine(asked, "a cat")


@does("translate.packages", "translate.index")
async def _(rig: Rig) -> None:
    config = rig.read("translate: {packages: mine, index: 'http://127.0.0.1:9/index.json'}")
    with pytest.raises(Refusal) as refusal:
        await translating.install(config, None, "", "", "en", Console(), Console(file=io.StringIO()))
    assert "127.0.0.1" in str(refusal.value)
    package = rig.folder / "mine" / "zh-en"
    package.mkdir(parents=True)
    (package / "metadata.json").write_text('{"from_code": "zh", "to_code": "en"}')
    (found,) = check_files.translation(config.translate.packages)
    assert found.text.key == "check.translation"


@does(*(f"translate.{name}" for name in ("service", "url", "key", "key_file", "model", "timeout")))
def _(rig: Rig) -> None:
    """All that `prompts/translate/remote.py` asks a service with."""
    told = "service: openai, url: 'http://127.0.0.1:9/v1', key_file: k.txt, model: qwen3, timeout: 2.5"
    chosen = service(rig.read(f"translate: {{{told}}}", k="hunter2"))
    assert chosen is not None
    shown = (chosen.kind, chosen.url, chosen.key, chosen.model, chosen.timeout)
    assert shown == ("openai", "http://127.0.0.1:9/v1", "hunter2", "qwen3", 2.5)
    rig.environ = {"DANQING_TRANSLATE_KEY": "other"}
    chosen = service(rig.read(f"translate: {{{told}}}"))
    assert chosen is not None and chosen.key == "other" and service(rig.read("")) is None
    config = rig.read(f"translate: {{service: local, model: '{rig.folder}'}}")
    assert own_readers.model(config) == rig.folder and service(config) is None
    config = rig.read("translate: {service: local, model: owner/Tiny-Instruct}")
    (program,) = own_readers.programs(config)
    assert program.command[-1] == str(config.data.folder.absolute() / "readers" / "Tiny-Instruct")
    assert program.shown == "Tiny-Instruct" and program.origin == "local"
    assert [one.text.key for one in check_files.reader(config)] == ["check.reader_missing"]
    with pytest.raises(Refusal) as refusal:
        rig.read("translate: {service: local}")
    assert "config.modelless" in str(refusal.value)


@does("translate.argos")
def _(rig: Rig) -> None:
    """The library in a process of its own, where it is installed; the packages read directly, where it is not."""
    assert not [*own_readers.programs(rig.read("translate: {argos: packages}"))]
    started = [one.command[-1] for one in own_readers.programs(rig.read("translate: {argos: library}"))]
    assert started == (["argos"] if own_readers.library() else [])


@does("access.admins")
async def _(rig: Rig) -> None:
    made = await rig.studio("access: {admins: ['discord:7']}")
    assert (await made.person("discord", "7")).admin and not (await made.person("discord", "8")).admin


@does("access.servers")
async def _(rig: Rig) -> None:
    assert await rig.refused("access: {servers: ['discord:1']}", room=LOST) == "access.server"


@does("access.chats")
async def _(rig: Rig) -> None:
    assert await rig.refused("access: {chats: ['discord:1']}", room=LOST) == "access.chat"


@does("access.roles")
async def _(rig: Rig) -> None:
    assert await rig.refused("access: {roles: ['discord:1']}", room=LOST) == "access.role"


@does("access.private")
async def _(rig: Rig) -> None:
    assert await rig.refused("access: {private: false}") == "access.private"


@does("access.blocked")
async def _(rig: Rig) -> None:
    assert await rig.refused("access: {blocked: ['discord:7']}") == "access.blocked"


@does("access.adult")
async def _(rig: Rig) -> None:
    assert await rig.refused("access: {adult: never}", "a nude woman", Room(server="9", adult=True)) == (
        "access.adult_never"
    )


async def quota(rig: Rig, text: str, *, seconds: float = 0.0) -> str:
    """What the second request of somebody with the role 3 is refused with."""
    made = await rig.studio(text)
    asked = await rig.asked(made, room=LOST)
    limits = app.limits(rig.config.access)
    for last in (False, True):
        try:
            await access.admit(made.db, limits, asked, [a_recipe()], (), made.db.now())
        except Refusal as refusal:
            return refusal.key
        if not last:
            job = Job(id="j", owner=asked.person.id, recipes=(a_recipe(),))
            await ended(made, job, seconds)
    return ""


async def ended(made: Studio, job: Job, seconds: float) -> None:
    """A job that was drawn in so many seconds."""
    await jobs.add(made.db, job, place=Place("discord", "5"), language="en", request_key="k")
    drawn = [Picture(png=a_png(), recipe=job.recipes[0], seconds=seconds)]
    await jobs.end(made.db, job.id, State.DONE, pictures=drawn)


@does("access.pictures_per_day", "access.role_pictures_per_day")
async def _(rig: Rig) -> None:
    assert "pictures" in await quota(rig, "access: {pictures_per_day: 1}")
    more = "access: {pictures_per_day: 1, role_pictures_per_day: ['discord:3=2']}\ndata: {folder: other}"
    assert await quota(rig, more) == ""


@does("access.seconds_per_day", "access.role_seconds_per_day")
async def _(rig: Rig) -> None:
    assert "seconds" in await quota(rig, "access: {seconds_per_day: 5}", seconds=6)
    more = "access: {seconds_per_day: 5, role_seconds_per_day: ['discord:3=60']}\ndata: {folder: other}"
    assert await quota(rig, more, seconds=6) == ""


@does("access.cooldown")
async def _(rig: Rig) -> None:
    assert "cooldown" in await quota(rig, "access: {cooldown: 600}")


@does("draw.assistant", "draw.size", "draw.steps", "draw.sampler", "draw.guidance", "draw.like")
async def _(rig: Rig) -> None:
    made = await rig.studio("draw: {assistant: false, size: 96x128, steps: 7, sampler: Heun, guidance: 3.5}")
    person = await made.person("discord", "7")
    prompt, options, _ = await made.understand(person, "a cat")
    assert prompt.raw and prompt.negative == ""
    assert (options.width, options.height, options.steps) == (96, 128, 7)
    assert (options.sampler, options.guidance, options.like) == ("Heun", 3.5, None)
    made = await rig.studio("draw: {like: a1111}")
    person = await made.person("discord", "7")
    assert (await made.understand(person, "a cat"))[1].like == "a1111"
    assert (await made.understand(person, "a cat --like danqing"))[1].like == "danqing"


@does("draw.metadata")
async def _(rig: Rig) -> None:
    for wanted in ("stealth", "strip"):
        made = await rig.studio(f"draw: {{metadata: {wanted}}}\ndata: {{folder: {wanted}}}")
        asked = await rig.asked(made, room=LOST)
        assert await metadata.of_asked(made.db, asked, made.rules.metadata) == wanted


@does("sdapi.enabled", "sdapi.user", "sdapi.password", "sdapi.password_file")
async def _(rig: Rig) -> None:
    async def status(text: str, user: str = "", **files: str) -> int:
        made = await rig.studio(text, **files)
        page = app.chats(rig.config, made)
        await made.open(page, StudioDesk(made))
        assert isinstance(page[-1], WebChat)
        headers = {"Authorization": f"Basic {base64.b64encode(f'{user}:sesame'.encode()).decode()}"} if user else {}
        async with (
            aiohttp.ClientSession(page[-1].address, headers=headers) as session,
            session.get("/sdapi/v1/options") as answer,
        ):
            return answer.status

    assert await status("web: {port: 0}") == 404
    assert await status("web: {port: 0}\nsdapi: {enabled: true}") == 200
    closed = "web: {port: 0}\nsdapi: {enabled: true, password_file: key.txt, user: ann}"
    assert await status(closed, key="sesame") == 401
    assert await status(closed, "danqing", key="sesame") == 401
    assert await status(closed, "ann", key="sesame") == 200
    rig.environ = {"DANQING_SDAPI_PASSWORD": "sesame"}
    assert await status("web: {port: 0}\nsdapi: {enabled: true}") == 401
    assert await status("web: {port: 0}\nsdapi: {enabled: true}", "danqing") == 200
    with pytest.raises(Refusal) as refusal:
        await app.run(rig.read("web: {enabled: false}\nsdapi: {enabled: true}"), asyncio.Event())
    assert refusal.value.key == "start.sdapi"


@does("metrics.port", "metrics.host")
async def _(rig: Rig) -> None:
    made = await rig.studio("metrics: {port: 0, host: 127.0.0.2}")
    async with (
        app.metrics(rig.config, made) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.2:{port}/metrics") as answer,
    ):
        assert answer.status == 200
    async with app.metrics(rig.read(""), made) as port:
        assert port is None


@pytest.mark.parametrize("test", dict.fromkeys(DOES.values()), ids=lambda test: _names(test)[0])
async def test_a_setting_does_what_its_sentence_says(test: Test, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        done = test(Rig(tmp_path, stack))
        if inspect.isawaitable(done):
            await done


def test_every_setting_has_such_a_test() -> None:
    assert {one.name for one in settings(Config).values()} - set(DOES) == set(), "write a test for these"
    assert set(DOES) - {one.name for one in settings(Config).values()} == set()
