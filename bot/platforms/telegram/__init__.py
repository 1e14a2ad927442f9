"""Telegram: the Bot API by python-telegram-bot, over long polling or a webhook."""

from bot.platforms.telegram.chat import TelegramChat
from bot.platforms.telegram.settings import TelegramSettings, Webhook

__all__ = ["TelegramChat", "TelegramSettings", "Webhook"]
