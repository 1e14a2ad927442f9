"""The kinds of values that settings take, and what is checked of each."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from bot.settings.settings import setting
from storage.bucket import bucket_of


def _absolute(value: object, info: ValidationInfo) -> object:
    """Relative folders start at the settings file's folder, or at the working folder where there is no file."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise PydanticCustomError("form", "not a path")
    start: Path = (info.context or {}).get("folder", Path.cwd())
    try:
        return (start / Path(value).expanduser()).absolute()
    except RuntimeError:  # ~somebody who has no home
        raise PydanticCustomError("form", "no such home folder") from None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _several(value: object) -> object:
    return [value] if isinstance(value, str | Path) else value


def _bare(value: object) -> object:
    """Without the brackets that an IPv6 address wears in a URL."""
    return value.removeprefix("[").removesuffix("]") if isinstance(value, str) else value


def _size(value: object) -> object:
    match = re.fullmatch(r"(\d{2,4})[x×*](\d{2,4})", str(value))
    if not match or any(int(side) % 8 or not 64 <= int(side) <= 2048 for side in match.groups()):
        raise PydanticCustomError("form", "not a size")
    return f"{int(match[1])}x{int(match[2])}"


def _public(value: object) -> object:
    url = urlsplit(str(value))
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
        raise PydanticCustomError("form", "not an address")
    return str(value).rstrip("/")


def _network(value: object) -> object:
    try:
        return str(ipaddress.ip_network(str(value).strip()))
    except ValueError:
        raise PydanticCustomError("form", "not an address or network") from None


def _database(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or (text and not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", text)):
        raise PydanticCustomError("form", "not a database address")
    return text


def _pictures(value: object) -> object:
    try:
        if value != "":
            bucket_of(str(value))
    except ValueError:
        raise PydanticCustomError("form", "not a bucket's address") from None
    return value


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_password(url: str) -> bool:
    """Whether a database address carries a password, in its middle or among its options."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or "password=" in parts.query.lower()
    except ValueError:
        return "@" in url


Folder = Annotated[Path, BeforeValidator(_absolute)]
Folders = Annotated[tuple[Folder, ...], BeforeValidator(_several)]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|(cuda|xpu)(:\d{1,3})?)$"), BeforeValidator(_lower)]
Devices = Annotated[tuple[Device, ...], BeforeValidator(_several), Field(min_length=1)]
Named = Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]+:\S(.*\S)?$")], ...], BeforeValidator(_several)]
Counted = Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]+:[^\s=]+=\d{1,6}$")], ...], BeforeValidator(_several)]
Reactions = Annotated[tuple[Annotated[str, Field(pattern=r"^[^\s=]+=[a-z_]+$")], ...], BeforeValidator(_several)]
Host = Annotated[str, Field(pattern=r"^[\w.:%-]+$"), BeforeValidator(_bare)]
Networks = Annotated[tuple[Annotated[str, BeforeValidator(_network)], ...], BeforeValidator(_several)]
Url = Annotated[str, BeforeValidator(_public)]
Size = Annotated[str, BeforeValidator(_size)]
Database = Annotated[SecretStr, BeforeValidator(_database)]
Pictures = Annotated[str, BeforeValidator(_pictures)]
AnyCase = BeforeValidator(_lower)  # for a choice of words


class Section(BaseModel):
    """A group of settings that cannot be changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)


def secret_file(en: str, zh: str, example: str) -> Any:
    """The field that names a file with a secret, for those who keep it out of the environment."""
    return setting(None, f"A file that holds {en}.", f"存放{zh}的文件。", example=example)
