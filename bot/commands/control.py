"""/control: draw with the shapes of a picture that is attached or answered: "/control pose 0.8 a girl …", or of a code
made of a text: "/control qr https://… a castle"."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.chat import Card, Request
from bot.commands.command import Command
from bot.commands.controls import listed
from bot.studio import guides
from bot.studio.studio import Studio
from engine import control_words
from prompts import controls
from prompts.controls import AskedControl

# What a code says at the beginning of a text: in quotes, or an address as people write and send them.
_QUOTED = re.compile(r'"([^"\n]+)"|“([^”\n]+)”|「([^」\n]+)」')
_WHOLE = re.compile(r"([0-9]+)[ \t]+")
_SIGN = r"[^\s，、。；！？「」“”<>]"
_ADDRESS = re.compile(
    rf"<?((?:[a-z][a-z0-9+.-]*://|(?:mailto|tel|sms|geo|wifi):|www\.){_SIGN}+"
    rf"|(?:[\w-]+\.)+[a-z]{{2,}}(?:[/:?]{_SIGN}*)?(?![\w.]))>?",
    re.IGNORECASE,
)


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    """Without a word it says what there is. Raises Refusal `control.no_picture` where there is none, and no other
    control that has one."""
    rest = rest.strip()
    if not rest:
        return await listed(studio, request)
    asked, text = read(rest)
    one = controls.asked(asked)
    sent = bool(request.files or request.guides or request.reply_to)
    row = control_words.word(one.name)
    if row is control_words.WORDS["qr"] and one.pictured:
        coded, words = said(one, text)
        if coded.text and not (request.files and _QUOTED.match(text)):  # a picture of a code, and quoted words to draw
            one, text = coded, words
    if one.pictured and not sent:
        raise guides.without_picture(one)
    wanted = controls.with_controls(request.options, (str(one), *(request.options.controls or ())))
    await studio.imagine(replace(request, options=wanted), text)
    return None


def read(rest: str) -> tuple[str, str]:
    """The control that a text begins with, and the words behind it: "soft edges 80% 0-0.5 a cat", "姿势：0.8 女孩"."""
    if name := control_words.leading(rest):
        rest = f'"{name}"{rest[len(name) :]}'
    asked, end = controls.value(rest, 0)
    head, says = controls.parted(asked)
    head = head.replace("：", ":")
    return f"{head}:{controls.TEXT}={says}" if says else head, rest[end:].lstrip(" \t\n,，。、")


def said(one: AskedControl, text: str) -> tuple[AskedControl, str]:
    """The control with what its code is to say, in quotes or an address at the beginning of a text, and the words
    behind it; as they are where it begins with neither. A weight may stand before it: "2 https://… a castle"."""
    weight = _WHOLE.match(text)
    begin = weight.end() if weight else 0
    match = _QUOTED.match(text, begin) or _ADDRESS.match(text, begin)
    if match is None:
        return one, text
    says = next(filter(None, match.groups()))
    coded = replace(one, text=says, strength=float(weight.group(1)) if weight else one.strength)
    return coded, text[match.end() :].lstrip(" \t\n,，。、")


COMMAND = Command("control", ("控制", "controlnet"), run)
