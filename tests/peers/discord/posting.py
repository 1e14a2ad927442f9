"""What a request makes of a message: its text, embeds, components and files, judged and numbered."""

from __future__ import annotations

import io
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import replace

from PIL import Image, UnidentifiedImageError

from tests.peers.discord import judged
from tests.peers.discord.call import Call, Upload
from tests.peers.discord.message import COMPONENTS_V2, EPHEMERAL, LOADING, Content, File, Message, inner
from tests.peers.discord.refusal import Breach, Refused
from tests.peers.discord.state import Channel, Json
from tests.peers.discord.world import World

FILE_FIELD = re.compile(r"files\[(\d+)\]")
SETTABLE = 4 | EPHEMERAL | 4096 | COMPONENTS_V2  # flags a bot may set: no embeds, only for one, silent, components
MENTION = re.compile(r"<@!?(\d+)>")


def keep(world: World, channel: Channel, upload: Upload, told: Json) -> File:
    """A file, with the size of the picture it may be."""
    id = world.snowflake()
    name = told.get("filename") or upload.name
    width = height = 0
    try:
        with Image.open(io.BytesIO(upload.content)) as picture:
            width, height = picture.size
    except UnidentifiedImageError:
        pass
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    spoiler = bool(told.get("is_spoiler")) or name.startswith("SPOILER_")
    path = f"{channel.id}/{id}/{name}"
    return File(id, name, upload.content, mime, path, width, height, told.get("description") or "", spoiler)


def _files(
    world: World, channel: Channel, body: Json, uploads: Mapping[str, Upload], old: tuple[File, ...]
) -> tuple[File, ...]:
    """The files a message has after a request: those it keeps and those that come with it."""
    numbered: dict[str, Upload] = {}
    for name, upload in uploads.items():
        found = FILE_FIELD.fullmatch(name)
        if not found:
            raise Breach(f"{name} is no name for a part with a file")
        numbered[found[1]] = upload
    size = channel.guild.file_size if channel.guild else world.private_file_size
    for upload in numbered.values():
        if len(upload.content) > size:
            raise Breach(f"{upload.name} has {len(upload.content)} bytes where {size} are allowed", 40005)
    told = body.get("attachments")
    if told is None:
        return (*old, *(keep(world, channel, upload, {}) for upload in numbered.values()))
    kept = {str(file.id): file for file in old}
    files = []
    for one in told:
        id = str(one["id"])
        if id in numbered:
            files.append(keep(world, channel, numbered.pop(id), one))
        elif id in kept:
            files.append(kept.pop(id))
        else:
            raise Breach(f"attachments names {id}, which was not sent and is not there")
    if numbered:
        raise Breach(f"files {sorted(numbered)} came, but attachments does not name them")
    return tuple(files)


def content(world: World, channel: Channel, call: Call, body: Json, old: Content | None = None) -> Content:
    """The content a request asks for; what an edit leaves out stays as it was in `old`."""
    before = old or Content()

    text = body.get("content", before.text) or ""
    embeds = body.get("embeds", list(before.embeds)) or []
    components = body.get("components", list(before.components)) or []
    flags = int(body.get("flags") or 0)
    if flags & ~SETTABLE:
        raise Breach(f"flags {flags} cannot be set")
    sticky = before.flags & (EPHEMERAL | COMPONENTS_V2)
    flags = (flags & ~EPHEMERAL if old else flags) | sticky
    files = _files(world, channel, body, call.files, before.files)
    judged.message(text, embeds, components, flags, [file.name for file in files])
    if not (text.strip() or embeds or files or (components and flags & COMPONENTS_V2)):
        raise Breach("nothing to show", 50006)
    shown = tuple(_shown(world, embed, files) for embed in embeds)
    return Content(text, shown, _numbered(components), files, flags, _pings(channel, text, body))


def _shown(world: World, embed: Json, files: tuple[File, ...]) -> Json:
    """The embed with the addresses of the message's own files."""
    named = {f"attachment://{file.name}": world.url(file) for file in files}
    known = {name: value for name, value in embed.items() if value is not None}
    for name in ("image", "thumbnail"):
        if name in known:
            known[name] = known[name] | {"url": named.get(known[name]["url"], known[name]["url"])}
    return known


def _numbered(components: list[Json]) -> tuple[Json, ...]:
    """The components as they come back: every one with an id, none with null."""
    known = tuple(_cleaned(one) for one in components)
    for number, one in enumerate(inner(known), 1):
        one.setdefault("id", number)
        if one["type"] == 3:
            one.setdefault("min_values", 1)
            one.setdefault("max_values", 1)
    return known


def _cleaned(one: Json) -> Json:
    clean: Json = {}
    for name, value in one.items():
        if isinstance(value, dict):
            clean[name] = _cleaned(value)
        elif isinstance(value, list):
            clean[name] = [_cleaned(part) if isinstance(part, dict) else part for part in value]
        elif value is not None:
            clean[name] = value
    return clean


def _pings(channel: Channel, text: str, body: Json) -> tuple[int, ...]:
    """Whom a text mentions so that they are told."""
    allowed = body.get("allowed_mentions")
    named = dict.fromkeys(int(id) for id in MENTION.findall(text))
    if allowed is not None and "users" not in (allowed.get("parse") or ()):
        users = {int(id) for id in allowed.get("users") or ()}
        named = {id: None for id in named if id in users}
    return tuple(id for id in named if channel.known(id))


def named(channel: Channel, text: str, reply_to: Message | None = None) -> tuple[int, ...]:
    """Whom somebody's message calls: those it names, and whom it replies to."""
    ids = [int(id) for id in MENTION.findall(text)] + ([reply_to.author.id] if reply_to else [])
    return tuple(id for id in dict.fromkeys(ids) if channel.known(id))


def editable(world: World, message: Message) -> Message:
    if message.author is not world.bot:
        raise Refused(50005)
    return message


def edited(world: World, message: Message, call: Call) -> Message:
    """A message after an edit; one that only said that the bot is thinking becomes a message."""
    new = content(world, message.channel, call, call.body or {}, message.content)
    world.edit(message, replace(new, flags=new.flags & ~LOADING))
    return message
