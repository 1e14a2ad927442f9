"""/help: what can be done here, by topics; under "more", every command in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat import Button, Card, Field, Person, Request, Room, Say
from bot.commands.command import Command
from bot.studio.cards import quality
from bot.studio.studio import Studio
from bot.texts import say
from engine.qualities import QUALITIES
from prompts.option_list import listed

NAME = "help"
TOPICS: Mapping[str, tuple[str, ...]] = {
    "draw": ("imagine", "prompt", "compare", "styles", "poses", "queue", "cancel"),
    "change": ("edit", "control", "recipe"),
    "find": ("history", "find", "favourites", "tags"),
    "models": ("models", "loras", "train", "controls", "samplers"),
    "settings": (),  # and every command that no other topic has
    "admin": ("admin",),
}
MORE = "more"
ALIASES = {
    "画": "draw",
    "画画": "draw",
    "改": "change",
    "改图": "change",
    "找": "find",
    "找图": "find",
    "模型": "models",
    "设置": "settings",
    "管理": "admin",
    "更多": MORE,
    "全部": MORE,
    "all": MORE,
}


def command(others: Sequence[Command]) -> Command:
    """The command that explains these and itself."""
    names = (*(one.name for one in others), NAME)

    async def run(studio: Studio, request: Request, rest: str) -> Card:
        return shown(names, rest.strip().lower(), request.person, request.room)

    return Command(NAME, ("帮助", "幫助"), run)


def shown(names: Sequence[str], topic: str, person: Person, room: Room) -> Card:
    """The card of a topic for somebody, of all topics for any other word."""
    topic = ALIASES.get(topic, topic)
    topics = [one for one in TOPICS if one != "admin" or person.admin or room.moderator]
    buttons = [Button(NAME, one, label=Say(f"help.topic.{one}")) for one in (*topics, MORE) if one != topic]
    told = [name for name in names if name not in TOPICS["admin"] or "admin" in topics]
    if topic == MORE:
        text = Say("help.more")
    elif topic in topics:
        told, text = _of(topic, told), Say(f"help.{topic}")
    else:
        told, text = [], Say("help.title")
    fields = [_line(name, person) for name in told]
    if topic in ("draw", MORE):
        fields += _options(person.language)
        fields += [Field(Say("quality.usage", {"name": name}), quality(name)) for name in filter(None, QUALITIES)]
    return Card(text=text, fields=tuple(fields), buttons=tuple(buttons), panel=True)


def _options(language: str) -> list[Field]:
    """Every option of a text with what it does, a field for each group."""
    return [
        Field(
            Say("help.options", {"group": say(language, f"help.options.{group}")}),
            "\n".join(f"{written}: {say(language, f'option.help.{name}')}" for name, written in rows),
        )
        for group, rows in listed().items()
    ]


def _line(name: str, person: Person) -> Field:
    """A command with what it does; of the owner's, moderators have the server's rules only."""
    if name in TOPICS["admin"] and not person.admin:
        return Field(Say("help.server"), Say("help.server.line"))
    return Field(Say(f"command.{name}.usage"), Say(f"command.{name}"))


def _of(topic: str, names: Sequence[str]) -> list[str]:
    if topic != "settings":
        return [name for name in TOPICS[topic] if name in names]
    elsewhere = {name for one in TOPICS.values() for name in one}
    return [name for name in names if name not in elsewhere]
