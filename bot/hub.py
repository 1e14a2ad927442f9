"""Models from a hub (`HF_ENDPOINT`, huggingface.co without it), fetched only where somebody says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from prompts.errors import Refusal

NAME = re.compile(r"([\w.-]+/[\w.-]+)(?:/([\w./-]+\.safetensors))?")
WEIGHTS = (".safetensors", ".bin")
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")


def install(name: str, folder: Path) -> Path:
    """The model `owner/name`, or one file of it (`owner/name/file.safetensors`), in the folder; what is there already
    is not fetched again. The hub's own bars on standard error show how far it is.

    Raises Refusal `hub.name`, `hub.unknown`, `hub.which`, `hub.nothing` or `hub.network`.
    """
    match = NAME.fullmatch(name.strip())
    if match is None or ".." in name:
        raise Refusal("hub.name", name=name[:80])
    # Imported here: it takes half a second that nothing else has a use for.
    from httpx2 import HTTPError
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    repository, file = match.groups()
    try:
        wanted = [file] if file else choose(repository, HfApi().list_repo_files(repository))
        single = len(wanted) == 1 and wanted[0].endswith(".safetensors")
        target = folder if single else folder / repository.rpartition("/")[2]
        snapshot_download(repository, allow_patterns=wanted, local_dir=target)
        found = target / wanted[0] if single else target
    except RepositoryNotFoundError as error:
        raise Refusal("hub.unknown", name=repository) from error
    except (HfHubHTTPError, HTTPError, OSError) as error:
        raise Refusal("hub.network", name=repository, reason=type(error).__name__) from error
    if not found.exists():
        raise Refusal("hub.nothing", name=name)
    return found


def choose(repository: str, files: Sequence[str]) -> list[str]:
    """Of a repository's files those that the engine reads: each part once, in half precision where there is a choice.
    Raises Refusal `hub.which` and `hub.nothing`."""
    if "model_index.json" not in files:
        single = [file for file in files if file.endswith(".safetensors")]
        if len(single) > 1:
            raise Refusal("hub.which", name=repository, files=", ".join(f"{repository}/{file}" for file in single[:9]))
        if not single:
            raise Refusal("hub.nothing", name=repository)
        return single
    wanted = ["model_index.json"]
    for part in PARTS:
        own = [file for file in files if PurePosixPath(file).parent == PurePosixPath(part)]
        weights = [file for file in own if file.endswith(WEIGHTS) and "flax" not in file and "non_ema" not in file]
        safe = [file for file in weights if file.endswith(".safetensors")] or weights
        half = [file for file in safe if ".fp16." in file]
        wanted += [file for file in own if file.endswith((".json", ".txt"))]
        wanted += half or [file for file in safe if ".fp16." not in file]
    return wanted
