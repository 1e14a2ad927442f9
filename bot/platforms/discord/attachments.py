"""Pictures that people attach: only Discord's own files, looked at before they are fetched."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.chat import Upload
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM
from bot.studio import uploads
from prompts.errors import Refusal
from storage import posts
from storage.jobs import Place
from storage.posts import Post

KINDS = frozenset({"image/png", "image/jpeg", "image/webp", "application/json"})  # JSON may be a pose
ZIPS = frozenset({"application/zip", "application/x-zip-compressed"})
MOST = 20  # megabytes; a phone's photo has five

Attachment = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Meant:
    """The pictures of a message: of ours the first one's id and its post, of anybody else's message its attachments."""

    picture: str = ""
    attachments: tuple[Attachment, ...] = ()
    post: Post | None = None


async def meant(context: DiscordContext, message: Attachment) -> Meant:
    """The picture that a message is about."""
    post = await posts.at(context.db, Place(PLATFORM, str(message["channel_id"]), str(message["id"])))
    if post is not None and post.pictures:
        return Meant(post.pictures[0], post=post)
    return Meant(attachments=tuple(one for one in message.get("attachments", ()) if drawable(one)))


async def fetched(context: DiscordContext, attachment: Attachment, *, learnt: bool = False) -> Upload:
    """The attached picture as the bot may use it; one that is to be `learnt` from as it is, or a zip of such. Raises
    Refusal: what can be known before is checked before."""
    if not (drawable(attachment) or (learnt and _kind(attachment) in ZIPS)):
        raise Refusal("upload.not_a_picture")
    if int(attachment.get("size", 0)) > MOST * 2**20:
        raise Refusal("web.too_large", limit=MOST)
    width, height = int(attachment.get("width") or 0), int(attachment.get("height") or 0)
    if width * height > uploads.MAX_MEGAPIXELS * 1_000_000:
        raise Refusal("upload.too_many_pixels", width=width, height=height, limit=uploads.MAX_MEGAPIXELS)
    url = str(attachment["url"])
    parts, base = urlsplit(url), urlsplit(context.settings.api_base)
    if (
        not (parts.scheme == "https" and parts.hostname in context.settings.cdn)
        and (parts.scheme, parts.netloc) != base[:2]
    ):
        raise Refusal("upload.not_a_picture")
    content = await context.client.http.get_from_cdn(url)
    upload = Upload(str(attachment.get("filename", "")), content)
    return upload if learnt else await asyncio.to_thread(uploads.checked, upload)


def drawable(attachment: Attachment) -> bool:
    """Whether it is a picture of a kind that can be drawn over."""
    return _kind(attachment) in KINDS


def _kind(attachment: Attachment) -> str:
    said = attachment.get("content_type") or mimetypes.guess_type(str(attachment.get("filename", "")))[0] or ""
    return str(said).partition(";")[0]
