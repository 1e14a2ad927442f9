"""Discord: slash commands, buttons that never die, reactions, menus and forms."""

from bot.platforms.discord.chat import DiscordChat
from bot.platforms.discord.settings import DiscordSettings

__all__ = ["DiscordChat", "DiscordSettings"]
