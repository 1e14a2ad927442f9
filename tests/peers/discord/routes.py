"""What the server can do: a function for each method and path it plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.peers.discord import callbacks, channels, commands, places
from tests.peers.discord.call import Call
from tests.peers.discord.state import Json
from tests.peers.discord.world import World

Reply = Json | list[Json] | None
COMMANDS = "/applications/{application_id}/commands"
OF_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
REACTIONS = f"{MESSAGE}/reactions/{{emoji_name}}"
HOOK = "/webhooks/{webhook_id}/{webhook_token}"
GUILD = "/guilds/{guild_id}"

# Paths with a fixed word stand before those with a name in its place.
ROUTES: Mapping[tuple[str, str], Callable[[World, Call], Reply]] = {
    ("GET", "/users/@me"): places.get_me,
    ("GET", "/users/@me/guilds"): places.list_guilds,
    ("POST", "/users/@me/channels"): places.open_private,
    ("GET", "/users/{user_id}"): places.get_user,
    ("GET", "/oauth2/applications/@me"): places.get_application,
    ("GET", "/applications/@me"): places.get_application,
    ("GET", "/gateway"): places.get_gateway,
    ("GET", "/gateway/bot"): places.get_gateway_bot,
    ("GET", GUILD): places.get_guild,
    ("GET", f"{GUILD}/channels"): places.list_channels,
    ("GET", f"{GUILD}/roles"): places.list_roles,
    ("GET", f"{GUILD}/members"): places.list_members,
    ("GET", f"{GUILD}/members/{{user_id}}"): places.get_member,
    **{
        (method, f"{scope}{one}"): function
        for scope in (COMMANDS, OF_GUILD)
        for method, one, function in (
            ("GET", "", commands.list_commands),
            ("PUT", "", commands.set_commands),
            ("POST", "", commands.add_command),
            ("GET", "/{command_id}", commands.get_command),
            ("PATCH", "/{command_id}", commands.edit_command),
            ("DELETE", "/{command_id}", commands.delete_command),
        )
    },
    ("GET", "/channels/{channel_id}"): channels.get_channel,
    ("POST", "/channels/{channel_id}/typing"): channels.typing,
    ("GET", MESSAGES): channels.list_messages,
    ("POST", MESSAGES): channels.create_message,
    ("GET", MESSAGE): channels.get_message,
    ("PATCH", MESSAGE): channels.edit_message,
    ("DELETE", MESSAGE): channels.delete_message,
    ("PUT", f"{REACTIONS}/@me"): channels.add_reaction,
    ("DELETE", f"{REACTIONS}/@me"): channels.remove_own_reaction,
    ("DELETE", f"{REACTIONS}/{{user_id}}"): channels.remove_reaction,
    ("GET", REACTIONS): channels.list_reactions,
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): callbacks.answer,
    ("POST", HOOK): callbacks.follow_up,
    ("GET", f"{HOOK}/messages/@original"): callbacks.get,
    ("PATCH", f"{HOOK}/messages/@original"): callbacks.edit,
    ("DELETE", f"{HOOK}/messages/@original"): callbacks.delete,
    ("GET", f"{HOOK}/messages/{{message_id}}"): callbacks.get,
    ("PATCH", f"{HOOK}/messages/{{message_id}}"): callbacks.edit,
    ("DELETE", f"{HOOK}/messages/{{message_id}}"): callbacks.delete,
}
