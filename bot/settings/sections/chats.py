"""Where people are talked to: the page, Discord and Telegram."""

from __future__ import annotations

from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_core import PydanticCustomError

from bot.settings.sections.field_types import Folder, Host, Networks, Reactions, Section, Url, is_loopback, secret_file
from bot.settings.settings import setting


class WebSection(Section):
    """The page people paint on."""

    enabled: bool = setting(True, "Whether to serve the web chat.", "是否开启网页聊天。")
    host: Host = setting(
        "127.0.0.1",
        "The address to listen on; anything but this machine itself (as 0.0.0.0) needs a password.",
        "监听的地址；除本机以外的地址（如 0.0.0.0）必须设置密码。",
        example="127.0.0.1",
    )
    port: int = setting(
        7860, "The port to listen on; 0 takes any free one.", "监听的端口；0 表示任选空闲端口。", ge=0, le=65535
    )
    password: SecretStr | None = setting(
        None, "The password that opens the page.", "打开网页所需的密码。", min_length=1, max_length=1000
    )
    password_file: Folder | None = secret_file("the password", "密码", "web-password.txt")
    max_upload_mb: int = setting(
        20, "The largest file a person may upload, in megabytes.", "上传文件的大小上限，单位 MB。", ge=1, le=200
    )
    public_url: Url | None = setting(
        None,
        "The address people type when a proxy stands before the page.",
        "网页前面有反向代理时，大家在浏览器里输入的地址。",
        example="https://paint.example.org",
    )
    trusted_proxies: Networks = setting(
        (),
        "The proxies before the page, as addresses or networks: their X-Forwarded-For and X-Forwarded-Proto are "
        "believed; with any, the page needs a password.",
        "网页前面的反向代理的地址或网段：信任它们给出的 X-Forwarded-For 和 X-Forwarded-Proto；设置后网页必须有密码。",
        example="127.0.0.1",
    )

    @model_validator(mode="after")
    def _closed(self) -> Self:
        others = self.trusted_proxies or not is_loopback(self.host)
        if self.enabled and self.password is None and others:
            raise PydanticCustomError("open", "open to others without a password")
        return self


class SdapiSection(Section):
    """A1111's API, which the page's server serves."""

    enabled: bool = setting(
        False,
        "Whether programs that speak A1111's API may draw, at the page's address under /sdapi/v1.",
        "是否让使用 A1111 API 的程序来画图，地址是网页地址加 /sdapi/v1。",
    )
    user: str = setting(
        "danqing",
        "The name these programs sign in with, where there is a password.",
        "有密码时，这些程序登录用的用户名。",
        pattern=r"^[^\s:]{1,100}$",
        example="danqing",
    )
    password: SecretStr | None = setting(
        None,
        "The password these programs sign in with; without one, the page's.",
        "这些程序登录用的密码；不设则用网页的密码。",
        min_length=1,
        max_length=1000,
    )
    password_file: Folder | None = secret_file("that password", "该密码", "sdapi-password.txt")


class DiscordSection(Section):
    """The Discord bot; it runs where there is a token."""

    token: SecretStr | None = setting(None, "The bot's token.", "机器人的令牌。", min_length=1)
    token_file: Folder | None = secret_file("the token", "令牌", "discord-token.txt")
    api_base: Url = setting(
        "https://discord.com/api/v10",
        "Where Discord's API answers.",
        "Discord 接口的地址。",
        example="https://discord.com/api/v10",
    )
    gateway: str | None = setting(
        None,
        "The gateway's address; empty asks the API for it.",
        "网关地址；留空则向接口查询。",
        pattern=r"^wss?://[^\s@]+$",
        example="wss://gateway.discord.gg",
    )
    reactions: Reactions = setting(
        ("🔁=again", "⬆️=upscale", "🎲=vary", "❤️=favourite", "⭐=favourite", "✉️=original", "ℹ️=recipe", "❌=delete"),
        "What a reaction to the bot's pictures does, each as emoji=action.",
        "给图片加表情回应会做什么，每项写成“表情=操作”。",
        example="🔁=again, ❌=delete",
    )


class TelegramSection(Section):
    """The Telegram bot; a token turns it on."""

    token: SecretStr | None = setting(None, "The bot's token.", "机器人的令牌。", min_length=1)
    token_file: Folder | None = secret_file("the token", "令牌", "telegram-token.txt")
    api_base: Url = setting(
        "https://api.telegram.org",
        "Where Telegram's API answers.",
        "Telegram 接口的地址。",
        example="https://api.telegram.org",
    )
    file_base: Url = setting(
        "https://api.telegram.org/file",
        "Where Telegram hands out files.",
        "下载 Telegram 文件的地址。",
        example="https://api.telegram.org/file",
    )
    reactions: Reactions = setting(
        ("❤=favourite", "🔥=upscale", "👎=delete"),
        "What reactions to a picture do, each as emoji=action, named as the buttons are; 👍=again can be added.",
        "给图片点的表情各做什么，写成“表情=动作”，动作与按钮同名；也可以加上 👍=again。",
        example="❤=favourite",
    )
    webhook: Url | None = setting(
        None,
        "The https address where Telegram posts updates; empty asks Telegram for them, which needs no address.",
        "Telegram 推送更新的 https 地址；留空则由机器人自己去取，不需要公网地址。",
        example="https://bot.example.org/telegram",
    )
    webhook_host: Host = setting(
        "127.0.0.1",
        "The address to listen on for what Telegram posts; a proxy with the certificate stands before it.",
        "接收推送时监听的地址；前面由带证书的反向代理转发。",
        example="127.0.0.1",
    )
    webhook_port: int = setting(
        8443, "The port to listen on for what Telegram posts.", "接收推送时监听的端口。", ge=0, le=65535
    )
