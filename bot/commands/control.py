"""/control: draw with the shapes of a picture that is attached or answered: "/control pose 0.8 a girl …"."""

from __future__ import annotations

from dataclasses import replace

from bot.chat import Card, Request
from bot.commands.command import Command
from bot.commands.controls import listed
from bot.studio.studio import Studio
from engine import control_words
from prompts import controls
from prompts.errors import Refusal


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """Without a word it says what there is. Raises Refusal `control.no_picture` where there is none, and no other
    control that has one."""
    rest = rest.strip()
    if not rest:
        return await listed(studio, request)
    asked, text = read(rest)
    one = controls.asked(asked)
    if not (request.files or request.guides or request.reply_to or one.map):
        raise Refusal("control.no_picture", name=one.name[:40])
    wanted = controls.with_controls(request.options, (asked, *(request.options.controls or ())))
    await studio.imagine(replace(request, options=wanted), text)
    return None


def read(rest: str) -> tuple[str, str]:
    """The control that a text begins with, and the words behind it: "soft edges 80% 0-0.5 a cat", "姿势：0.8 女孩"."""
    if name := control_words.leading(rest):
        rest = f'"{name}"{rest[len(name) :]}'
    asked, end = controls.value(rest.replace("：", ":"), 0)
    return asked, rest[end:].lstrip(" \t\n,，。、")


COMMAND = Command("control", ("控制", "controlnet"), run)
