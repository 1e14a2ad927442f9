"""Somebody's hands: what people do in Discord, checked as their client would."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from tests.peers.discord import posting
from tests.peers.discord.call import Registered, Upload
from tests.peers.discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction
from tests.peers.discord.message import Content, Message, inner, label
from tests.peers.discord.state import Channel, Json, User
from tests.peers.discord.world import World, context

BUTTON, SELECT, TEXT_INPUT, WORDS, LABEL = 2, 3, 4, 10, 18
Value = str | int | float | bool | bytes | tuple[str, bytes] | User | None


class Kind(IntEnum):
    """What an option of a command takes."""

    SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, NUMBER, FILE = 1, 2, 3, 4, 5, 6, 10, 11


@dataclass(frozen=True, slots=True)
class Person:
    """A user and what they can do. Every verb returns at once; what comes of it is waited for where it shows."""

    world: World
    user: User

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def private(self) -> Channel:
        """The direct messages with the bot."""
        return self.world.private(self.user)

    def refuse_messages(self) -> None:
        """Let the bot's direct messages be turned away."""
        self.user.dms = False

    async def say(
        self,
        channel: Channel,
        text: str,
        *,
        reply_to: Message | None = None,
        file: tuple[str, bytes] | None = None,
        ping: bool = True,
        twice: bool = False,
    ) -> Message:
        """Write a message, with a file or without. A reply calls whom it replies to, unless told not to `ping`; `twice`
        brings it to the bot two times, as after a reconnect."""
        content = Content(
            text,
            files=(self._file(channel, file),) if file else (),
            pings=posting.named(channel, text, reply_to if ping else None),
        )
        message = self.world.post(channel, self.user, content, reply_to=reply_to)
        if twice:
            self.world.tell("MESSAGE_CREATE", message)
        return message

    async def edit(self, message: Message, text: str) -> None:
        """Change one's own message; whom it called it calls still."""
        assert message.author is self.user, f"{self.user.name} did not write it"
        pings = dict.fromkeys((*message.content.pings, *posting.named(message.channel, text)))
        self.world.edit(message, replace(message.content, text=text, pings=tuple(pings)))

    async def react(self, message: Message, emoji: str) -> None:
        assert self.sees(message) and not message.only_for, "nobody can react to this"
        self.world.react(message, emoji, self.user, on=True)

    async def unreact(self, message: Message, emoji: str) -> None:
        self.world.react(message, emoji, self.user, on=False)

    async def delete(self, message: Message) -> None:
        """Take a message away: one's own, as a moderator any."""
        rights = message.channel.may(self.user, "manage_messages")
        assert message.author is self.user or rights, f"{self.user.name} may not"
        self.world.delete(message)

    def sees(self, message: Message) -> bool:
        return message in message.channel.seen(self.user) and message.channel.may(self.user, "view_channel")

    # Commands

    async def slash(self, channel: Channel, name: str, /, *, late: float = 0.0, **options: Value) -> Interaction:
        """Use a command, "name" or "name sub", with its options; a file is its content or (name, content).
        `late` seconds pass before the bot hears of it."""
        first, *below = name.split(" ")
        command = self._found(channel, first, 1)
        table, data = self._data(channel, command, below, {one: v for one, v in options.items() if v is not None})
        missing = [one["name"] for one in table if one.get("required") and options.get(one["name"]) is None]
        assert not missing, f"/{name} needs {missing}"
        return self.world.interact(COMMAND, self.user, channel, data, late)

    async def autocomplete(
        self, channel: Channel, name: str, option: str, typed: str, /, **options: Value
    ) -> list[Json]:
        """What the bot offers while an option is typed."""
        first, *below = name.split(" ")
        command = self._found(channel, first, 1)
        table, data = self._data(channel, command, below, options | {option: typed}, focused=option)
        assert next(one for one in table if one["name"] == option).get("autocomplete"), f"{option} offers nothing"
        asked = self.world.interact(AUTOCOMPLETE, self.user, channel, data, 0.0)
        await asked.acknowledged()
        assert asked.choices is not None
        return asked.choices

    async def menu(self, message: Message, name: str, *, late: float = 0.0) -> Interaction:
        """Use a command from a message's menu."""
        assert self.sees(message)
        command = self._found(message.channel, name, 3)
        data: Json = {"id": str(command.id), "name": command.body["name"], "type": 3, "target_id": str(message.id)}
        data["resolved"] = {"messages": {str(message.id): message.json()}}
        return self.world.interact(COMMAND, self.user, message.channel, data, late)

    def _found(self, channel: Channel, name: str, kind: int) -> Registered:
        """The command, if it may be used here by this person."""
        command = self.world.command(name, kind, channel.guild)
        body, here = command.body, context(channel)
        contexts, types = body.get("contexts"), body.get("integration_types") or [0]
        assert here in (contexts or (0, 1, 2)), f"{name} is for {contexts}, not for {here}"
        there = channel.guild is None or channel.guild.present
        assert (0 in types and there and here != 2) or (1 in types and self.user.installed), f"{name} is not here"
        needed = body.get("default_member_permissions")
        if channel.guild and needed is not None:
            rights = channel.allowed(self.user)
            assert rights & 8 or not (int(needed) & ~rights or int(needed) == 0), f"{name} is not for {self.user.name}"
        assert channel.guild is None or channel.may(self.user, "use_application_commands")
        return command

    def _data(
        self,
        channel: Channel,
        command: Registered,
        below: Sequence[str],
        options: Mapping[str, Value],
        focused: str = "",
    ) -> tuple[list[Json], Json]:
        """The options the command knows, and what is sent of it."""
        table: list[Json] = command.body.get("options") or []
        chain: list[Json] = []
        for name in below:
            steps = [one for one in table if one["type"] in (Kind.SUBCOMMAND, Kind.GROUP)]
            step = next((one for one in steps if one["name"] == name), None)
            assert step, f"no {name} below {command.body['name']}, only {[one['name'] for one in table]}"
            chain.append({"name": name, "type": step["type"]})
            table = step.get("options") or []
        assert not any(one["type"] in (Kind.SUBCOMMAND, Kind.GROUP) for one in table), f"which of {table}?"
        known = {one["name"]: one for one in table}
        assert set(options) <= set(known), f"{set(options) - set(known)} is unknown, only {list(known)}"
        resolved: Json = {}
        given: list[Json] = []
        for name, value in options.items():
            one: Json = {"name": name, "type": known[name]["type"]}
            one["value"] = value if name == focused else self._value(channel, known[name], value, resolved)
            given.append(one | ({"focused": True} if name == focused else {}))
        for step in reversed(chain):
            given = [step | {"options": given}]
        data: Json = {"id": str(command.id), "name": command.body["name"], "type": 1, "options": given}
        data |= {"resolved": resolved} if resolved else {}
        return table, data | ({"guild_id": str(command.guild)} if command.guild else {})

    def _value(self, channel: Channel, option: Json, value: Value, resolved: Json) -> object:
        """An option's value as it is sent, if the client would let it through."""
        name, kind = option["name"], option["type"]
        choices = [one["value"] for one in option.get("choices") or ()]
        assert not choices or value in choices, f"{name} is one of {choices}"
        match kind, value:
            case Kind.STRING, str():
                least, most = option.get("min_length") or 0, option.get("max_length") or 6000
                assert least <= len(value) <= most, f"{name} has {least} to {most} characters"
                return value
            case Kind.INTEGER | Kind.NUMBER, int() | float():
                least, most = option.get("min_value"), option.get("max_value")
                assert least is None or value >= least, f"{name} is at least {least}"
                assert most is None or value <= most, f"{name} is at most {most}"
                return value
            case Kind.BOOLEAN, bool():
                return value
            case Kind.USER, User():
                resolved.setdefault("users", {})[str(value.id)] = value.json()
                if channel.guild:
                    known = channel.guild.member(value) | {"permissions": str(channel.allowed(value))}
                    resolved.setdefault("members", {})[str(value.id)] = known
                return str(value.id)
            case Kind.FILE, bytes() | tuple():
                file = self._file(channel, ("picture.png", value) if isinstance(value, bytes) else value)
                resolved.setdefault("attachments", {})[str(file.id)] = file.json(self.world.url(file), True)
                return str(file.id)
        raise AssertionError(f"{name} is of type {kind}, not {value!r}")

    def _file(self, channel: Channel, given: tuple[str, bytes]) -> Any:
        name, content = given
        mime = mimetypes.guess_type(name)[0] or ""
        file = posting.keep(self.world, channel, Upload(name, content, mime), {})
        self.world.files[file.path] = file
        return file

    # Components

    async def press(self, message: Message, button: str, *, late: float = 0.0) -> Interaction:
        """Press a button, by its label, emoji, custom id, or one of the parts between the id's colons."""
        one = self._control(message, button, BUTTON)
        assert "custom_id" in one, f"{button} is a link"
        data = {"custom_id": one["custom_id"], "component_type": BUTTON, "id": one["id"]}
        return self.world.interact(COMPONENT, self.user, message.channel, data, late, message=message)

    async def choose(self, message: Message, select: str, *values: str, late: float = 0.0) -> Interaction:
        """Choose in a select, named by its placeholder or id; the values by themselves or their labels."""
        one = self._control(message, select, SELECT)
        chosen = _chosen(one, values)
        data = {"custom_id": one["custom_id"], "component_type": SELECT, "id": one["id"], "values": chosen}
        return self.world.interact(COMPONENT, self.user, message.channel, data, late, message=message)

    def _control(self, message: Message, name: str, kind: int) -> Json:
        assert self.sees(message), f"{self.user.name} does not see it"
        some = [one for one in message.controls if one["type"] == kind]
        exact = [one for one in some if name in (label(one), one.get("placeholder"), one.get("custom_id"))]
        partly = [one for one in some if name in (*str(one.get("custom_id")).split(":"), *label(one).split())]
        if found := exact or partly:
            assert not found[0].get("disabled"), f"{name} is disabled"
            return found[0]
        told = [(label(one) or one.get("placeholder"), one.get("custom_id")) for one in some]
        raise AssertionError(f"no {name!r} here, only {told}")

    async def submit(self, asked: Interaction, /, *, late: float = 0.0, **values: str | Sequence[str]) -> Interaction:
        """Fill in the form that answered an interaction, by the inputs' custom ids or labels, and send it."""
        form = await asked.form()
        left = dict(values)
        parts = [_filled(part, left) for part in form["components"] if part["type"] != WORDS]
        names = [(one.get("custom_id"), one.get("label")) for one in inner(form["components"])]
        assert not left, f"no {list(left)} in the form, only {names}"
        data = {"custom_id": form["custom_id"], "components": parts}
        return self.world.interact(
            MODAL_SUBMIT, self.user, asked.channel, data, late, message=asked.message, source=asked
        )

    def again(self, asked: Interaction) -> None:
        """Deliver an interaction once more, as after a reconnect."""
        self.world.gateway.send("INTERACTION_CREATE", asked.payload)


def _chosen(select: Json, values: Sequence[str]) -> list[str]:
    known = {option["label"]: option["value"] for option in select["options"]}
    chosen = [known.get(value, value) for value in values]
    assert set(chosen) <= set(known.values()), f"{values} are not among {known}"
    least, most = select.get("min_values", 1), select.get("max_values") or 1
    assert least <= len(chosen) <= most, f"{least} to {most} can be chosen"
    return chosen


def _filled(part: Json, left: dict[str, str | Sequence[str]]) -> Json:
    """A part of a form as it is sent back; what is not given keeps what stood there."""
    one = part["component"] if part["type"] == LABEL else part["components"][0]
    name = next((name for name in (one["custom_id"], part.get("label"), one.get("label")) if name in left), None)
    given = None if name is None else left.pop(name)
    sent: Json = {"type": one["type"], "custom_id": one["custom_id"], "id": one.get("id") or 1}
    if one["type"] == TEXT_INPUT:
        text = str(one.get("value") or "") if given is None else str(given)
        least = one.get("min_length") or (1 if one.get("required", True) else 0)
        assert (text == "" and not one.get("required", True)) or least <= len(text) <= (one.get("max_length") or 4000)
        sent["value"] = text
    elif one["type"] == SELECT:
        defaults = [option["value"] for option in one["options"] if option.get("default")]
        wanted = [given] if isinstance(given, str) else given
        needed = one.get("required", True) or wanted
        sent["values"] = _chosen(one, defaults if wanted is None else wanted) if needed or defaults else []
    else:
        raise AssertionError(f"a component of type {one['type']} is not played in forms")
    if part["type"] == LABEL:
        return {"type": LABEL, "id": part.get("id") or 1, "component": sent}
    return {"type": 1, "id": part.get("id") or 1, "components": [sent]}
