"""Application commands, global and of a guild."""

from __future__ import annotations

from collections.abc import Sequence

from tests.peers.discord import judged
from tests.peers.discord.call import Call, Registered
from tests.peers.discord.refusal import Refused
from tests.peers.discord.state import Json
from tests.peers.discord.world import World


def _scope(world: World, call: Call) -> int | None:
    if int(call.where["application_id"]) != world.bot.id:
        raise Refused(50001)
    guild = int(call.where["guild_id"]) if "guild_id" in call.where else None
    if guild is not None and (guild not in world.guilds or not world.guilds[guild].present):
        raise Refused(50001)
    return guild


def _known(world: World, call: Call) -> list[Registered]:
    guild = _scope(world, call)
    return [one for one in world.commands if one.guild == guild]


def _one(world: World, call: Call) -> Registered:
    for one in _known(world, call):
        if one.id == int(call.where["command_id"]):
            return one
    raise Refused(10063)


def _shown(world: World, commands: Sequence[Registered], localized: bool = True) -> list[Json]:
    hidden = () if localized else ("name_localizations", "description_localizations")
    whole = [one.json(world.bot.id) for one in commands]
    return [{name: value for name, value in one.items() if name not in hidden} for one in whole]


def list_commands(world: World, call: Call) -> list[Json]:
    return _shown(world, _known(world, call), call.query.get("with_localizations", "") in ("1", "true", "True"))


def get_command(world: World, call: Call) -> Json:
    return _one(world, call).json(world.bot.id)


def set_commands(world: World, call: Call) -> list[Json]:
    """The whole set anew; a command that keeps its name and kind keeps its id."""
    guild, given = _scope(world, call), call.body or []
    judged.commands(given)
    old = {(one.body["name"], one.body.get("type") or 1): one for one in _known(world, call)}
    new = []
    for body in given:
        before = old.get((body["name"], body.get("type") or 1))
        same = before is not None and before.body == body
        version = before.version if before and same else world.snowflake()
        new.append(Registered(before.id if before else world.snowflake(), guild, body, version))
    world.commands = [one for one in world.commands if one.guild != guild] + new
    world.changes.tell()
    return _shown(world, new)


def add_command(world: World, call: Call) -> Json:
    """A new command, or another for one of the same name and kind."""
    guild, body = _scope(world, call), call.body
    others = [one for one in _known(world, call) if _named(one.body) != _named(body)]
    judged.commands([*(one.body for one in others), body])
    made = Registered(world.snowflake(), guild, body, world.snowflake())
    world.commands = [one for one in world.commands if one.guild != guild] + [*others, made]
    world.changes.tell()
    return made.json(world.bot.id)


def edit_command(world: World, call: Call) -> Json:
    one = _one(world, call)
    judged.commands([one.body | call.body])
    one.body, one.version = one.body | call.body, world.snowflake()
    world.changes.tell()
    return one.json(world.bot.id)


def delete_command(world: World, call: Call) -> None:
    world.commands.remove(_one(world, call))
    world.changes.tell()


def _named(body: Json) -> tuple[str, int]:
    return body["name"], body.get("type") or 1
