"""What a hub holds: repositories of files, large ones kept apart as Git LFS does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGE = (".safetensors", ".bin", ".ckpt", ".onnx", ".msgpack")


@dataclass(frozen=True, slots=True)
class File:
    """A file; a large one is known by its SHA-256 and comes from another host."""

    content: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def blob(self) -> str:
        """What Git calls it: the hash of itself, or of the note that stands for a large file."""
        content = self.content
        if self.large:
            note = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(content)}\n"
            content = note.encode()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Repository:
    """`gated`: for those who have accepted its terms; `private`: for its owner. `readers` are their tokens."""

    files: dict[str, File]
    gated: bool = False
    private: bool = False
    readers: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, files: Mapping[str, bytes], **values: Any) -> Repository:
        """A repository of these files."""
        return cls({name: File(content, name.endswith(LARGE)) for name, content in files.items()}, **values)

    @classmethod
    def folder(cls, folder: Path, **values: Any) -> Repository:
        """A repository of what lies in a folder."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return cls.of({path.relative_to(folder).as_posix(): path.read_bytes() for path in files}, **values)

    @property
    def revision(self) -> str:
        """The commit, which is another as soon as a file is."""
        names = "".join(f"{name} {file.blob}\n" for name, file in sorted(self.files.items()))
        return hashlib.sha1(names.encode(), usedforsecurity=False).hexdigest()
