"""Where the bot keeps what it remembers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from bot.settings.sections.field_types import Database, Folder, Pictures, Section, secret_file
from bot.settings.settings import setting
from storage.bucket import Bucket, bucket_of


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
    pictures: Pictures = setting(
        "",
        "Where pictures lie; empty: the data folder, s3://bucket/prefix?endpoint=https://host:port: object storage.",
        "图片放在哪里；留空则放在数据文件夹，s3://桶名/前缀?endpoint=https://主机:端口 则放进对象存储。",
        example="s3://danqing/pictures?endpoint=http://minio:9000",
    )
    pictures_key: str = setting("", "The object storage's access key.", "对象存储的访问密钥 ID（Access Key）。")
    pictures_secret: SecretStr | None = setting(
        None, "The object storage's secret key.", "对象存储的私有密钥（Secret Key）。", min_length=1
    )
    pictures_secret_file: Folder | None = secret_file(
        "the object storage's secret key", "对象存储私有密钥", "pictures-secret.txt"
    )

    @property
    def bucket(self) -> Bucket | None:
        """The bucket that pictures lie in, None for the data folder; never log its secret."""
        if not self.pictures:
            return None
        secret = self.pictures_secret.get_secret_value() if self.pictures_secret else ""
        return bucket_of(self.pictures, self.pictures_key, secret)

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
