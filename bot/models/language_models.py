"""Small language models from a hub, for reading whole clauses (`translate.service: local`)."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

from bot.models.download import have, patiently, room, writing
from bot.models.hub import Tell, asking, brought, kept_of, moved, silent, there
from bot.models.repository import Repository, listed
from prompts.errors import Refusal

NAME = re.compile(r"[\w.-]+/[\w.-]+")
# What transformers reads of a folder: no code, and of weights only what cannot hold any.
READ = re.compile(
    r"(?:generation_)?config\.json|tokenizer[\w.]*|vocab\.(?:json|txt)|merges\.txt|spiece\.model|added_tokens\.json|"
    r"special_tokens_map\.json|chat_template\.\w+|model\.safetensors(?:\.index\.json)?|model-\d+-of-\d+\.safetensors|"
    r"(?:LICENSE|README)[\w.]*"
)


def install(name: str, folder: Path, progress: Tell = silent, endpoint: str | None = None) -> Path:
    """The language model `owner/name`, in a folder of its own name under `folder`; what is there already is not fetched
    again, and what an interruption left is gone on with.

    Raises Refusal `hub.…`, and `install.no_reader` for a repository that holds no language model.
    """
    if NAME.fullmatch(name.strip()) is None or ".." in name:
        raise Refusal("hub.name", name=name[:80])
    with asking(name):
        repository = patiently(lambda: listed(name.strip(), endpoint))
        wanted = [repository.files[path] for path in chosen(repository)]
        target = repository.name.rpartition("/")[2]
        if already := there(target, wanted, [folder]):
            return already
        with writing(folder), kept_of(folder, repository) as kept:
            room(folder, sum(blob.size - have(kept / blob.path) for blob in wanted))
            whole = brought(repository, wanted, kept, lambda path: judged(name, path), progress, endpoint)
            return moved(whole, folder / target)


def chosen(repository: Repository) -> list[str]:
    """The files that are read. Raises Refusal `install.no_reader` where configuration, words or weights are missing."""
    files = [path for path in sorted(repository.files) if len(PurePosixPath(path).parts) == 1 and READ.fullmatch(path)]
    shards = [path for path in files if path.startswith("model-")]
    files = [path for path in files if not shards or path != "model.safetensors"]
    weights = any(path.endswith(".safetensors") for path in files)
    words = any(path in ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model") for path in files)
    if "config.json" not in files or not weights or not words:
        raise Refusal("install.no_reader", name=repository.name)
    return files


def judged(name: str, folder: Path) -> None:
    """Raises Refusal `install.no_reader` for a folder whose configuration is that of no language model."""
    try:
        content = json.loads((folder / "config.json").read_text("utf-8"))
        made_for = content["architectures"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        made_for = None
    if not isinstance(made_for, list) or not any(str(one).endswith("ForCausalLM") for one in made_for):
        raise Refusal("install.no_reader", name=name)
