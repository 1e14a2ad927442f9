"""/admin: what the owner does with a running bot, and the moderators of a server with their own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, time
from typing import get_args

from bot.chat import Card, Field, Request, Say
from bot.commands.command import Command
from bot.commands.settings import METADATA, OFF, ON
from bot.people import guard
from bot.people.limits import Adult, Limits, standing
from bot.studio.studio import Studio
from bot.texts import meant
from bot.training import may_train
from engine.files import catalog
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import jobs, people, refusals, rules, tables
from storage.database import Database

GREETING = 200  # characters of a server's own first line
REFUSED = 10  # people shown, who were refused most often
DEFAULT = frozenset({"default", "reset", "默认", "预设"})
_ACCOUNT = re.compile(r"(?:([a-z]+):)?<?@?!?([^\s<>@!]+)>?")
_ID = re.compile(r"<?#?(?:@&)?([^\s<>#@&]+)>?")


async def run(studio: Studio, request: Request, rest: str) -> Card:
    verb, _, rest = rest.partition(" ")
    if verb.lower() not in VERBS:
        raise Refusal("admin.verb", verb=verb[:40])
    act = VERBS[verb.lower()]
    if not request.person.admin and not (act is server and request.room.moderator):
        raise Refusal("admin.not_you")
    return await act(studio, request, rest.strip())


async def reload(studio: Studio, request: Request, rest: str) -> Card:
    models = await asyncio.to_thread(catalog.models, studio.rules.models)
    return Card(text=Say("admin.reloaded", {"models": len(models), "loras": len(await studio.loras())}))


async def pause(studio: Studio, request: Request, rest: str) -> Card:
    studio.queue.pause()
    return Card(text=Say("admin.paused", {"waiting": len(studio.queue), "running": studio.queue.running}))


async def resume(studio: Studio, request: Request, rest: str) -> Card:
    studio.draining = False
    studio.queue.resume()
    return Card(text=Say("admin.resumed", {"waiting": len(studio.queue)}))


async def drain(studio: Studio, request: Request, rest: str) -> Card:
    studio.draining = True
    studio.queue.resume()
    return Card(text=Say("admin.draining", {"waiting": len(studio.queue), "running": studio.queue.running}))


async def statistics(studio: Studio, request: Request, rest: str) -> Card:
    midnight = datetime.combine(studio.now().date(), time.min, UTC)
    today = await jobs.spent(studio.db, midnight)
    ever = await jobs.spent(studio.db, datetime.min.replace(tzinfo=UTC))
    lines: dict[str, Say | str] = {
        "people": str(await people.count(studio.db)),
        "today": Say("admin.drawn", {"pictures": today.pictures, "seconds": today.seconds}),
        "ever": Say("admin.drawn", {"pictures": ever.pictures, "seconds": round(ever.seconds)}),
        "refused": str(await refusals.total(studio.db)),
        "queue": Say("info.waiting", {"waiting": len(studio.queue), "running": studio.queue.running}),
    }
    fields = [Field(Say(f"admin.{name}"), value) for name, value in lines.items()]
    if request.room.private:  # whom it was refused to is for the owner's eyes
        fields += [
            Field(Say("admin.refused_to", {"name": one.name or one.person}), Say("admin.times", {"count": one.count}))
            for one in await refusals.most(studio.db, REFUSED)
        ]
    return Card(text=Say("admin.statistics"), fields=tuple(fields))


async def fetch(studio: Studio, request: Request, rest: str) -> Card:
    """`fetch OWNER/NAME` has a model fetched from the hub, `fetch` alone tells how far it is."""
    fetching = studio.fetching
    if not rest:
        if not fetching.busy:
            return Card(text=Say("hub.idle"))
        share = round(100 * fetching.done / max(1, fetching.total))
        return Card(text=Say("hub.under_way", {"name": fetching.name, "share": share}))
    chat = studio.chats[request.place.platform]
    fetching.begin(rest, lambda card: chat.send(request.place, card, f"{request.key}-fetched"))
    return Card(text=Say("hub.begun", {"name": rest[:80]}))


async def block(studio: Studio, request: Request, rest: str) -> Card:
    person = await _person(studio.db, request, rest)
    await rules.put(studio.db, rules.of_person(person.id), "blocked", True)
    return Card(text=Say("admin.blocked", {"name": person.name or person.id}))


async def unblock(studio: Studio, request: Request, rest: str) -> Card:
    person = await _person(studio.db, request, rest)
    await rules.put(studio.db, rules.of_person(person.id), "blocked", None)
    return Card(text=Say("admin.unblocked", {"name": person.name or person.id}))


async def limits(studio: Studio, request: Request, rest: str) -> Card:
    """`limits PERSON` shows what holds for somebody, `limits PERSON pictures 50` changes it."""
    if not rest:
        return Card(text=Say("admin.limits"), fields=_lines(studio.rules.access, {}, COUNTS))
    who, _, change = rest.partition(" ")
    person = await _person(studio.db, request, who)
    scope = rules.of_person(person.id)
    if change.strip():
        await _set(studio.db, scope, change, COUNTS, request)
    kept = (await rules.of(studio.db, [scope]))[scope]
    return Card(
        text=Say("admin.limits_of", {"name": person.name or person.id}),
        fields=_lines(studio.rules.access, kept, COUNTS),
    )


async def server(studio: Studio, request: Request, rest: str) -> Card:
    """`server` shows this server's rules, `server NAME VALUE` makes one, `default` as a value takes it away."""
    if request.room.private:
        raise Refusal("admin.no_server")
    if rest:
        scope = rules.of_server(request.place.platform, request.room.server)
        await guard.check(studio.sight, request.person.id, rest)  # a greeting is for everybody's eyes
        await _set(studio.db, scope, rest, SERVER, request)
    kept = (await standing(studio.db, request)).server
    return Card(text=Say("admin.server"), fields=_lines(studio.rules.access, kept, SERVER))


async def _set(
    db: Database, scope: str, change: str, known: Mapping[str, Callable[[str, Request], Json]], request: Request
) -> None:
    name, _, value = change.partition(" ")
    name, value = ALIASES.get(name, name.lower()), value.strip()
    if name not in known:
        raise Refusal("admin.rule", name=name[:40], names=", ".join(known))
    await rules.put(db, scope, name, None if meant(value, DEFAULT) else known[name](value, request))


def _lines(
    limits: Limits, kept: Mapping[str, Json], known: Mapping[str, Callable[[str, Request], Json]]
) -> tuple[Field, ...]:
    """Each rule with its value, or what holds without it."""
    everybody: Mapping[str, Json] = {
        name: value for name in known if (value := getattr(limits, name, None)) is not None
    }
    lines = []
    for name in known:
        value = kept.get(name)
        shown: Say | str = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        if isinstance(value, bool):
            shown = Say("settings.on" if value else "settings.off")
        usual = everybody.get(name) if name not in ("chats", "roles") else None
        default = Say("admin.default", {"value": str(usual)}) if usual else Say("admin.unset")
        lines.append(Field(Say(f"admin.rule.{name}"), default if value is None else shown))
    return tuple(lines)


async def _person(db: Database, request: Request, text: str) -> people.PersonRow:
    """Whoever is meant by `platform:account`, an account on this platform, a mention of it, or a person's id."""
    match = _ACCOUNT.fullmatch(text.strip())
    if match is None:
        raise Refusal("admin.person", person=text[:40])
    platform, account = match.group(1) or request.place.platform, match.group(2)
    found = await people.find_person(db, platform, account) or await people.get(db, account)
    if found is None:
        raise Refusal("admin.person", person=text[:40])
    return found


def _count(value: str, request: Request) -> Json:
    if not value.isdecimal() or len(value) > 6:
        raise Refusal("admin.number", value=value[:20])
    return int(value)


def _adult(value: str, request: Request) -> Json:
    allowed = [one for one in get_args(Adult) if one != "never"]
    if value.lower() not in allowed:
        raise Refusal("admin.adult", value=value[:20], allowed=", ".join(allowed))
    return value.lower()


def _training(value: str, request: Request) -> Json:
    if value.lower() not in may_train.ORDER:
        raise Refusal("admin.adult", value=value[:20], allowed=", ".join(may_train.ORDER))
    return value.lower()


def _ids(value: str, request: Request) -> Json:
    found: list[Json] = []
    for word in value.replace(",", " ").split():
        match = _ID.fullmatch(word)
        if match is None:
            raise Refusal("admin.ids", value=word[:40])
        found.append(request.place.chat if word.lower() in ("here", "这里", "本频道") else match.group(1))
    if not found:
        raise Refusal("admin.ids", value="")
    return found


def _quiet(value: str, request: Request) -> Json:
    if value.lower() not in ON | OFF:
        raise Refusal("settings.on_or_off", value=value[:20])
    return value.lower() in ON


def _metadata(value: str, request: Request) -> Json:
    if not (known := METADATA.get(meant(value, METADATA), "")):
        raise Refusal("settings.metadata_form", value=value[:20])
    return known


def _greeting(value: str, request: Request) -> Json:
    text = " ".join(tables.clean(value).split())
    if not 0 < len(text) <= GREETING:
        raise Refusal("admin.greeting", limit=GREETING)
    return text


COUNTS: Mapping[str, Callable[[str, Request], Json]] = {"pictures": _count, "seconds": _count}
SERVER: Mapping[str, Callable[[str, Request], Json]] = {
    "adult": _adult,
    "chats": _ids,
    "roles": _ids,
    **COUNTS,
    "cooldown": _count,
    "quiet": _quiet,
    "metadata": _metadata,
    "training": _training,
    "greeting": _greeting,
}
ALIASES = {
    "成人": "adult",
    "频道": "chats",
    "身份组": "roles",
    "张数": "pictures",
    "秒数": "seconds",
    "间隔": "cooldown",
    "安静": "quiet",
    "参数": "metadata",
    "训练": "training",
    "问候": "greeting",
}
VERBS: Mapping[str, Callable[[Studio, Request, str], Awaitable[Card]]] = {
    **dict.fromkeys(("", "statistics", "stats", "统计"), statistics),
    **dict.fromkeys(("reload", "刷新"), reload),
    **dict.fromkeys(("pause", "暂停"), pause),
    **dict.fromkeys(("resume", "继续"), resume),
    **dict.fromkeys(("drain", "收工"), drain),
    **dict.fromkeys(("fetch", "下载"), fetch),
    **dict.fromkeys(("block", "封禁"), block),
    **dict.fromkeys(("unblock", "解封"), unblock),
    **dict.fromkeys(("limits", "limit", "额度"), limits),
    **dict.fromkeys(("server", "服务器", "本群"), server),
}
COMMAND = Command("admin", ("管理",), run)
