"""The settings of A1111's API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SdapiSettings:
    """`user` and `password` are asked for by HTTP basic auth; without a password of its own that of the page holds, and
    where neither is set nobody is asked. `model` is the usual one, `folders` are where models and all that goes with
    them lie."""

    user: str = "danqing"
    password: str | None = None
    model: str = ""
    folders: tuple[Path, ...] = ()
