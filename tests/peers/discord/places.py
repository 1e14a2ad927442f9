"""The bot itself, people and guilds."""

from __future__ import annotations

from tests.peers.discord.call import Call
from tests.peers.discord.refusal import Refused
from tests.peers.discord.state import TEXT, Guild, Json
from tests.peers.discord.world import World


def get_me(world: World, call: Call) -> Json:
    return world.bot.json() | {"mfa_enabled": False, "locale": "en-US", "verified": True}


def get_application(world: World, call: Call) -> Json:
    owner = next(iter(user for user in world.users.values() if not user.bot), world.bot)
    known: Json = {"id": str(world.bot.id), "name": world.bot.name, "icon": None, "description": "", "type": None}
    known |= {"bot": world.bot.json(), "verify_key": "0" * 64, "flags": 0, "flags_new": "0", "redirect_uris": []}
    known |= {"bot_public": True, "bot_require_code_grant": False, "owner": owner.json(), "team": None}
    known |= dict.fromkeys(("interactions_endpoint_url", "role_connections_verification_url"))
    counts = ("guild_count", "user_install_count", "user_authorization_count")
    known |= dict.fromkeys((f"approximate_{name}" for name in counts), 0)
    return known | {"explicit_content_filter": 0, "eligible_oauth2_scopes": ["bot", "applications.commands"]}


def get_gateway(world: World, call: Call) -> Json:
    return {"url": world.gateway_base()}


def get_gateway_bot(world: World, call: Call) -> Json:
    left = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": world.gateway_base(), "shards": 1, "session_start_limit": left}


def get_user(world: World, call: Call) -> Json:
    user = world.users.get(int(call.where["user_id"]))
    if user is None:
        raise Refused(10013)
    return user.json()


def open_private(world: World, call: Call) -> Json:
    user = world.users.get(int(call.body["recipient_id"]))
    if user is None:
        raise Refused(10013)
    return world.private(user).json()


def _guild(world: World, call: Call) -> Guild:
    guild = world.guilds.get(int(call.where["guild_id"]))
    if guild is None:
        raise Refused(10004)
    if not guild.present:
        raise Refused(50001)
    return guild


def get_guild(world: World, call: Call) -> Json:
    return _guild(world, call).json()


def list_guilds(world: World, call: Call) -> list[Json]:
    guilds = [guild for guild in world.guilds.values() if guild.present]
    bits = {guild.id: str(guild.allowed(world.bot)) for guild in guilds}
    known: Json = {"icon": None, "banner": None, "owner": False, "features": []}
    return [known | {"id": str(one.id), "name": one.name, "permissions": bits[one.id]} for one in guilds]


def list_channels(world: World, call: Call) -> list[Json]:
    return [one.json() for one in _guild(world, call).channels.values() if one.kind == TEXT and not one.deleted]


def list_roles(world: World, call: Call) -> list[Json]:
    return [role.json() for role in _guild(world, call).roles.values()]


def get_member(world: World, call: Call) -> Json:
    guild = _guild(world, call)
    if int(call.where["user_id"]) not in guild.members:
        raise Refused(10007)
    user, _ = guild.members[int(call.where["user_id"])]
    return guild.member(user) | {"user": user.json()}


def list_members(world: World, call: Call) -> list[Json]:
    guild = _guild(world, call)
    return [guild.member(user) | {"user": user.json()} for user, _ in guild.members.values()]
