"""What a reply to the bot's message is about; in a group, whether it is meant for the bot or is what people say to each
other about a picture."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.commands.table import command_of
from bot.training.orders import says
from prompts.edit.instructions import instructs
from prompts.errors import Refusal
from storage.pictures import PictureRow
from storage.posts import Post

ALIKE = 0.6  # of 1: a description changed here and there is well above, a sentence about it well below
# What reads like a wish for a change and is none: "add oil" (加油) cheers, and whoever asks how does not ask for it.
TALK = re.compile(
    r"加油+|没有?(?:问题|关系|事|错|意见|毛病)|不要(?:紧|客气)|别(?:闹|急|这样)|来看看?|来吧|来了|"
    r"没有.*(?:好看?|厉害|可爱|漂亮|强)|(?:人|钱|命|魂|没有?)没有?了?|[^,，]*(?:太|有点|有些|过于)[^,，]{1,3}了?|"
    r"(?:多来|再来|少来|少)点(?:废话|儿)?|转到群里?|(?:加|换)(?:我|你|他|她|个?微信|个?好友|群).*|(?:加载|加班|改天|改日|来自|来晚).*|"
    r"no (?:way|problem|worries|idea|thanks|comment|doubt|kidding|cap|more)|with(?:out a doubt| love| pleasure)|"
    r"more(?: please| like (?:this|that)| of (?:this|that|these))?|(?:add|give|take) (?:me|care|it easy)\b.*|"
    r"makes? sense.*|there must be .*|[^,]+ (?:is|are|has|have) (?:gone|over|stopped|cleared)|[^,]+ stops?|"
    r"[^,]+ (?:is|are|looks?) too \w+",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"怎么|怎样|什么|为啥|^(?:谁|哪|啥)|(?:谁|哪|啥|多少).*[?？]$|^(?:how|why|who|what|where|when|which)\b",
    re.IGNORECASE,
)
# "2 背景换成雪山" on a sheet
NUMBERED = re.compile(r"(?:第\s*)?([1-9]\d{0,2})\s*(?:张|張|号|號)?[\s,，:：、.]+(?=\S)")
TRAIN = "train"
LOOKING = frozenset({"find", "recipe"})  # commands that look at a picture
_SIGNS = " \t\n,，.。!！~～…"


@dataclass(frozen=True, slots=True)
class Addressed:
    """The words of a message to the bot; `plain` where nothing but being a reply to it says that it is meant."""

    text: str
    plain: bool = False


def which(post: Post | None, text: str) -> tuple[str | None, str]:
    """The picture that a reply is about; on a sheet the first, or the one whose number the words begin with."""
    if post is None or not post.pictures:
        return None, text
    if found := _number(post, text):
        return post.pictures[int(found[1]) - 1], text[found.end() :]
    return post.pictures[0], text


def unnumbered(post: Post | None, text: str) -> bool:
    """Whether words in reply to a comparison's sheet are a wish that does not say which picture it is about."""
    return post is not None and post.compared and bool(text) and text[0] not in "/／" and not _number(post, text)


def _number(post: Post, text: str) -> re.Match[str] | None:
    found = NUMBERED.match(text) if len(post.pictures) > 1 else None
    return found if found and int(found[1]) <= len(post.pictures) else None


def meant(row: PictureRow, said: str, *, asked: bool, painted: bool) -> bool:
    """Whether the owner of a picture who only replies, and neither calls nor mentions the bot, wants something of it:
    they answer a question it asked, or the change is said in so many words, written as a new description, or painted on
    a copy. `said` are the words without the picture's number."""
    return asked or painted or orders(said) or anew(row, said)


def orders(said: str) -> bool:
    """Whether words say what is to become of a picture: "背景换成雪山", "make it night"; not "哈哈好看"."""
    said = said.strip(_SIGNS)
    return not ASKS.search(said) and not TALK.fullmatch(said) and instructs(said)


def looks_at(text: str) -> bool:
    """Whether words are a command that looks at the picture of a message, whosoever it is."""
    with suppress(Refusal):
        return text.startswith(("/", "／")) and command_of(text)[0].name in LOOKING
    return False


def trains(text: str) -> bool:
    """Whether words call for a training: what comes with them is learnt from, whole as it is, and not drawn over."""
    with suppress(Refusal):
        return text.startswith(("/", "／")) and command_of(text)[0].name == TRAIN
    return False


def of_training(text: str, *, files: bool, plain: bool) -> str:
    """The command that words in reply to the card of a training stand for; "" for what is no wish for it: a command of
    its own, or in a group (`plain`) what people say to each other about it."""
    if text.startswith(("/", "／")):
        return ""
    if plain and not files and not says(text):
        return ""
    return f"/{TRAIN} {text}".strip()


def anew(row: PictureRow, said: str) -> bool:
    """Whether words are a picture's description written anew, rather than a sentence on what to change in it."""
    return SequenceMatcher(None, row.recipe.prompt.text, said).ratio() >= ALIKE
