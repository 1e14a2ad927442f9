"""The first word: two lines and examples that draw at once, for whoever says hello or does not know what to say."""

from __future__ import annotations

import unicodedata

from bot.chat import Button, Card, Request, Say
from bot.commands.command import Command
from bot.people.limits import standing
from bot.studio.studio import Studio

EXAMPLES = ("1", "3", "4")  # of the texts `page.example.*`
LONGEST = 60  # characters of a greeting, with all its signs
GREETINGS = frozenset(
    {
        *("你好", "您好", "你好呀", "你好啊", "大家好", "哈喽", "哈啰", "嗨", "嘿", "喂", "在吗", "在不在", "有人吗"),
        *("早", "早安", "早上好", "上午好", "中午好", "下午好", "晚上好", "晚安", "妳好", "哈囉", "在嗎", "有人嗎"),
        *("hello", "hello there", "hello bot", "hi", "hi there", "hi bot", "hey", "hey there", "hiya", "yo", "howdy"),
        *("good morning", "good afternoon", "good evening", "good night", "greetings"),
    }
)
THANKS = frozenset(
    {
        *("谢谢", "谢谢你", "谢谢啦", "谢啦", "多谢", "感谢", "谢了", "谢谢您", "謝謝", "謝謝你", "多謝", "感謝"),
        *("thanks", "thank you", "thank you very much", "thanks a lot", "thx", "ty", "cheers"),
    }
)


def greeted(text: str) -> bool:
    """Whether a text is a greeting, or thanks, and nothing else."""
    return len(text) <= LONGEST and _bare(text) in GREETINGS | THANKS


def _bare(text: str) -> str:
    """The words of a text, without marks and signs."""
    kept = (sign if unicodedata.category(sign)[0] in "LN" else " " for sign in text.casefold())
    return " ".join("".join(kept).split())


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    if request.files or request.reply_to:  # said about a picture: that is drawn
        await studio.imagine(request, rest)
        return None
    if _bare(rest) in THANKS:
        return Card(text=Say("hello.thanks"))
    return card((await standing(studio.db, request)).server.get("greeting"))


def card(greeting: object = None) -> Card:
    """Two lines and examples; `greeting` is a server's own first line."""
    text = Say("hello.of_server", {"greeting": str(greeting)}) if greeting else Say("hello.title")
    examples = (Button("example", one, label=Say(f"page.example.{one}")) for one in EXAMPLES)
    return Card(text=text, buttons=(*examples, Button("help", "topics", label=Say("button.help"))))


COMMAND = Command("start", ("hello", "开始", "開始"), run)
