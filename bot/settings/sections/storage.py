"""Where the bot keeps what it remembers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from bot.settings.sections.field_types import Database, Folder, Section, secret_file
from bot.settings.settings import setting


class DataSection(Section):
    """Where the bot keeps what it remembers."""

    folder: Folder = setting(
        Path("data"),
        "Where pictures and the built-in database are kept.",
        "存放图片和内置数据库的文件夹。",
    )


class StorageSection(Section):
    """The database."""

    url: Database = setting(
        SecretStr(""),
        "The database; empty keeps one file in the data folder, postgresql://user@host/name uses a server.",
        "数据库地址；留空则在数据文件夹里用一个文件，postgresql://用户@主机/库名 则用服务器。",
        example="postgresql://danqing@localhost/danqing",
    )
    password: SecretStr | None = setting(None, "The database server's password.", "数据库服务器的密码。", min_length=1)
    password_file: Folder | None = secret_file("the database password", "数据库密码", "database-password.txt")

    @property
    def address(self) -> str:
        """The database's URL, empty for the file in the data folder; its password is in it, so never show or log it."""
        url = self.url.get_secret_value()
        if not url.startswith("postgres") or self.password is None:
            return url
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        name = user.partition(":")[0]
        return parts._replace(netloc=f"{name}:{quote(self.password.get_secret_value(), safe='')}@{host}").geturl()
