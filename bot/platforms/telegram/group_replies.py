"""Whether a reply to the bot in a group is meant for it, or is what people say to each other about a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from telegram import Message

from bot.platforms.telegram import places
from prompts.edit_instructions import instructs
from storage.pictures import PictureRow
from storage.posts import Post

ALIKE = 0.6  # of 1: a description changed here and there is well above, a sentence about it well below
# What reads like a wish for a change and is none: "add oil" (加油) cheers, and whoever asks how does not ask for it.
TALK = re.compile(
    r"加油+|没有?(?:问题|关系|事|错|意见|毛病)|不要(?:紧|客气)|别(?:闹|急|这样)|来看看?|来吧|来了|"
    r"没有.*(?:好看?|厉害|可爱|漂亮|强)|(?:加|换)(?:我|你|他|她|个?微信|个?好友|群).*|(?:加载|加班|改天|改日|来自|来晚).*|"
    r"no (?:way|problem|worries|idea|thanks|comment|doubt|kidding|cap|more)|with(?:out a doubt| love| pleasure)|"
    r"more(?: please| like (?:this|that)| of (?:this|that|these))?|(?:add|give|take) (?:me|care|it easy)\b.*|"
    r"makes? sense.*",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"怎么|怎样|什么|为啥|^(?:谁|哪|啥)|(?:谁|哪|啥|多少).*[?？]$|^(?:how|why|who|what|where|when|which)\b",
    re.IGNORECASE,
)
_SIGNS = " \t\n,，.。!！~～…"


def meant(replied: Message | None, post: Post, row: PictureRow, said: str, photos: int) -> bool:
    """Whether the owner of a picture (`row`, at `post`) who only replies, and neither calls nor mentions the bot, wants
    something of it: they answer a question it asked, or the change is said in so many words, written as a new
    description, or painted on a copy. `said` are the words without the picture's number."""
    asked = post.key.startswith(f"{places.PLATFORM}:") and not (replied and (replied.photo or replied.document))
    return asked or photos > 0 or orders(said) or anew(row, said)


def orders(said: str) -> bool:
    """Whether words say what is to become of a picture: "背景换成雪山", "make it night"; not "哈哈好看"."""
    said = said.strip(_SIGNS)
    return not ASKS.search(said) and not TALK.fullmatch(said) and instructs(said)


def anew(row: PictureRow, said: str) -> bool:
    """Whether words are a picture's description written anew, rather than a sentence on what to change in it."""
    return SequenceMatcher(None, row.recipe.prompt.text, said).ratio() >= ALIKE


def photos_in(messages: Sequence[Message]) -> int:
    """How many of these messages bring a picture."""
    return sum(1 for one in messages if one.photo or one.document)
