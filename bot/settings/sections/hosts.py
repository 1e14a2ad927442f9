"""Other machines that draw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from bot.settings.sections.field_types import Folder, Section, secret_file
from bot.settings.settings import setting
from engine.queue.nats_server import Server


def _server(value: object) -> object:
    text = str(value).strip()
    url = urlsplit(text)
    try:
        whole = url.scheme in ("nats", "tls", "ws", "wss") and url.hostname and (url.port is None or url.port)
    except ValueError:
        whole = False
    if text and (not whole or url.username or url.password or url.query or url.fragment):
        raise PydanticCustomError("form", "not a server")
    return text


class HostsSection(Section):
    """Other machines that draw."""

    url: Annotated[str, BeforeValidator(_server)] = setting(
        "",
        "The NATS server over which other machines (`python bot.py work`) draw; empty: this machine draws itself.",
        "其他机器（运行 python bot.py work）通过哪个 NATS 服务器来画；留空则由本机自己画。",
        example="nats://10.0.0.1:4222",
    )
    user: str = setting("", "The user on that server.", "该服务器上的用户名。", example="bot")
    password: SecretStr | None = setting(None, "The user's password.", "该用户的密码。", min_length=1)
    password_file: Folder | None = secret_file("the password of hosts.user", "hosts.user 的密码", "hosts-password.txt")
    ca_file: Folder | None = setting(
        None,
        "The certificate (PEM) that vouches for that server, where no public authority does; with tls:// in hosts.url.",
        "为该服务器作保的证书（PEM），公共机构签发的不用填；hosts.url 用 tls:// 开头。",
        example="ca.pem",
    )

    @property
    def server(self) -> Server:
        """The server with the password in it: never show or log what is in it but `where`."""
        ca = Path(self.ca_file) if self.ca_file else None
        return Server(self.url, self.user, self.password.get_secret_value() if self.password else "", ca)
