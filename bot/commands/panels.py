"""What can be pressed on the cards of commands: examples, the topics of the help, and settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot import texts
from bot.buttons import training
from bot.chat import Card, Press, Request
from bot.commands import hello, help, poses, settings
from bot.commands.table import COMMANDS
from bot.studio.studio import Studio
from bot.training.cards import SELECT
from prompts.errors import Refusal


async def example(studio: Studio, press: Press) -> None:
    """Draw an example, in the words of whoever presses."""
    if press.target not in hello.EXAMPLES:
        raise Refusal("press.unknown")
    text = texts.say(press.person.language, f"page.example.{press.target}")
    request = Request(person=press.person, place=press.place, text=text, key=press.key, room=press.room)
    await studio.imagine(replace(request, place=replace(press.place, message="")), text)


async def topic(studio: Studio, press: Press) -> Card:
    return help.shown([one.name for one in COMMANDS], press.target, press.person, press.room)


async def choose(studio: Studio, press: Press) -> Card:
    """The choices of one setting, or the whole panel; or those of a training."""
    if press.target.startswith(f"{SELECT}."):
        return await training.choices(studio, press)
    return await settings.panel(studio, press.person, press.target)


async def choice(studio: Studio, press: Press) -> Card | None:
    """Set what was chosen. A button has the value in its target, "name.value"."""
    if press.target.startswith(f"{SELECT}."):
        await training.chosen(studio, press)
        return None
    name, _, value = press.target.partition(".")
    card = await settings.chosen(studio, press.person, name, press.values.get("value", value))
    return replace(card, fleeting=True)  # where nothing can be replaced, a passing word is enough


PANELS: Mapping[str, Callable[[Studio, Press], Awaitable[Card | None]]] = {
    "example": example,
    "help": topic,
    "choose": choose,
    "poses": poses.turned,
    "set": choice,
}
