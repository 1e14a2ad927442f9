"""A hub's repository, and which of its files the engine reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from huggingface_hub import HfApi

from bot.models.download import Blob
from engine.files.taggers import LABELS
from prompts.errors import Refusal

WEIGHTS = (".safetensors", ".bin")
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
OTHERS = re.compile(r"flax|non_ema|openvino|onnx|training_args|optimizer")  # weights that the engine has no use for
ALONE = re.compile(r"diffusion_pytorch_model(?:[.]|-\d)")  # how diffusers calls the weights of a part
HALF = re.compile(r"\.fp16[.-]")
NAMELESS = re.compile(r"(pytorch_lora_weights|diffusion_pytorch_model|model|lora)(\.fp16)?\.safetensors")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of a hub at one revision: its files by their paths."""

    name: str
    revision: str
    files: Mapping[str, Blob]


def listed(name: str, endpoint: str | None) -> Repository:
    """The repository of that name with all its files. Raises HfHubHTTPError, HTTPError."""
    told = HfApi(endpoint=endpoint).model_info(name, files_metadata=True, timeout=30)
    files = {}
    for one in told.siblings or ():
        path = PurePosixPath(one.rfilename)
        if one.size is not None and not path.is_absolute() and ".." not in path.parts:
            files[one.rfilename] = Blob(one.rfilename, one.size, one.lfs.sha256 if one.lfs else "")
    return Repository(name, told.sha or "main", files)


def choose(repository: str, files: Sequence[str]) -> list[str]:
    """The files of a repository that the engine reads: each part once, in half precision where there is a choice.
    Raises Refusal `hub.which` and `hub.nothing`."""
    if "model_index.json" in files:
        return ["model_index.json", *(file for part in PARTS for file in _part(files, part))]
    if labels := [file for file in files if file in LABELS]:
        return [labels[0], _network(repository, files)]
    alone = [file for file in files if ALONE.match(file)]
    if "config.json" in files and (weights := _part(alone, "")):
        return ["config.json", *weights]  # a part of a model, such as a VAE
    single = [file for file in files if file.endswith(".safetensors")]
    if len(single) > 1:
        raise Refusal("hub.which", name=repository, files=", ".join(f"{repository}/{file}" for file in single[:9]))
    if not single:
        raise Refusal("hub.nothing", name=repository)
    return single


def is_tagger(files: Sequence[str]) -> bool:
    """Whether these files are a tagger: a network and the list of what its answers mean."""
    return any(file in LABELS for file in files)


def _network(repository: str, files: Sequence[str]) -> str:
    """The one network of a tagger's repository. Raises Refusal `hub.nothing`."""
    networks = [file for file in files if file.endswith(".onnx") and "/" not in file]
    if not networks:
        raise Refusal("hub.nothing", name=repository)
    return "model.onnx" if "model.onnx" in networks else networks[0]


def _part(files: Sequence[str], part: str) -> list[str]:
    """The files of one part: its configuration and its weights once."""
    own = [file for file in files if PurePosixPath(file).parent == PurePosixPath(part)]
    weights = [file for file in own if file.endswith(WEIGHTS) and not OTHERS.search(PurePosixPath(file).name)]
    weights = [file for file in weights if file.endswith(".safetensors")] or weights
    half = [file for file in weights if HALF.search(file)]
    told = [file for file in own if file.endswith((".json", ".txt"))]
    if half:  # the list of what lies in which of several files has a name of its own in half precision
        told = [file for file in told if not file.endswith(".index.json")]
    return told + (half or weights)


def chosen(repository: Repository, file: str | None) -> list[str]:
    """The files to fetch: the one that was named, or all that make the model. Raises Refusal."""
    if file is None:
        return choose(repository.name, sorted(repository.files))
    if file not in repository.files:
        raise Refusal("hub.nothing", name=f"{repository.name}/{file}")
    return [file]


def target_of(repository: Repository, wanted: Sequence[Blob]) -> str:
    """The name of the file or folder on the disk."""
    own = repository.name.rpartition("/")[2]
    if len(wanted) > 1:
        return own
    file = PurePosixPath(wanted[0].path).name
    return f"{own}.safetensors" if NAMELESS.fullmatch(file) else file
