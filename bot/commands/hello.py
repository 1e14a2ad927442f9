"""The first word: two lines and examples that draw at once, for whoever says hello or does not know what to say."""

from __future__ import annotations

from bot.buttons import sent
from bot.chat import Button, Card, Request, Say
from bot.commands.command import Command
from bot.people.limits import standing
from bot.studio.studio import Studio
from prompts.greetings import thanks

EXAMPLES = ("1", "3", "4")  # of the texts `page.example.*`


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    if request.files and not rest.strip():
        return await sent.asked(studio, request)
    if request.files or request.reply_to:  # said about a picture: that is drawn
        await studio.imagine(request, rest)
        return None
    if thanks(rest):
        return Card(text=Say("hello.thanks"))
    return card((await standing(studio.db, request)).server.get("greeting"))


def card(greeting: object = None) -> Card:
    """Two lines and examples; `greeting` is a server's own first line."""
    text = Say("hello.of_server", {"greeting": str(greeting)}) if greeting else Say("hello.title")
    examples = (Button("example", one, label=Say(f"page.example.{one}")) for one in EXAMPLES)
    return Card(text=text, buttons=(*examples, Button("help", "topics", label=Say("button.help"))))


COMMAND = Command("start", ("hello", "开始", "開始"), run)
