"""Models from a hub (`HF_ENDPOINT`, huggingface.co without it), fetched only where somebody says so.

It takes half a second to import: whoever runs for anything else imports it where a model is asked for.

What is fetched lies in a hidden folder until it is whole, so that half a model is never listed; an interrupted
download goes on there.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from httpx2 import HTTPError
from huggingface_hub import get_token, hf_hub_url
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from bot.models.download import Blob, fetch, have, patiently, room, writing
from bot.models.repository import WEIGHTS, Repository, chosen, is_tagger, listed, target_of
from engine.files.identify import identify
from engine.files.identity import Identity
from engine.files.only_one import hold
from prompts.errors import Refusal

NAME = re.compile(r"([\w.-]+/[\w.-]+)(?:/([\w./-]+\.safetensors))?")
KEPT = ".danqing-{}-{}"  # the hidden folder: repository and revision

Tell = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes in all."""


def silent(done: int, total: int) -> None:
    """No progress shown."""


def install(name: str, folders: Mapping[str, Path], progress: Tell = silent, endpoint: str | None = None) -> Path:
    """The model `owner/name`, or one file of it (`owner/name/file.safetensors`), in the folder for its kind or in that
    for checkpoints; what is there already is not fetched again.

    Raises Refusal `hub.…`, and with the reason where it is nothing that can be used here.
    """
    match = NAME.fullmatch(name.strip())
    if match is None or ".." in name:
        raise Refusal("hub.name", name=name[:80])
    asked, file = match.groups()
    with asking(asked):
        repository = patiently(lambda: listed(asked, endpoint))
        wanted = [repository.files[path] for path in chosen(repository, file)]
        target = target_of(repository, wanted)
        if already := there(target, wanted, folders.values()):
            return already
        usual = folders["checkpoint"]
        with writing(usual), kept_of(usual, repository) as kept:
            room(usual, sum(blob.size - have(kept / blob.path) for blob in wanted))
            whole = brought(
                repository, wanted, kept, lambda path: _judge(repository, path, arriving=True), progress, endpoint
            )
            if is_tagger([blob.path for blob in wanted]):
                return moved(whole, folders.get("tagger", usual) / target)
            return moved(whole, folders.get(_judge(repository, whole).kind, usual) / target)


def moved(whole: Path, place: Path) -> Path:
    """What has come whole, in its place. Raises Refusal `hub.taken` where something else has it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        raise Refusal("hub.taken", path=str(place))
    hidden = place.with_name(f".{place.name}.new")  # moving from one disk to another takes a while
    shutil.rmtree(hidden, ignore_errors=True)
    shutil.move(whole, hidden)
    return hidden.rename(place)


def there(target: str, wanted: Sequence[Blob], folders: Iterable[Path]) -> Path | None:
    """The path where all wanted files lie already, None where they do not. Raises Refusal `hub.taken` where something
    else has its place."""
    for folder in dict.fromkeys(folders):
        place = folder / target
        if not place.exists():
            continue
        files = {blob: place / blob.path if len(wanted) > 1 else place for blob in wanted}
        if all(file.is_file() and file.stat().st_size == blob.size for blob, file in files.items()):
            return place
        raise Refusal("hub.taken", path=str(place))
    return None


def _judge(repository: Repository, path: Path, *, arriving: bool = False) -> Identity:
    """The kind of model that a file or folder is, or an `arriving` one by its small files. Removes it and raises
    Refusal with the reason where it is no use."""
    found = identify(path, arriving=arriving)
    if found.problem:
        shutil.rmtree(path if path.is_dir() else path.parent)
        raise Refusal(found.problem, name=repository.name, format=found.format, count=found.lacking, first=found.lacks)
    return found


@contextmanager
def kept_of(folder: Path, repository: Repository) -> Iterator[Path]:
    """The hidden folder for what has come of a repository so far, which an interruption leaves; those of earlier
    revisions go. Raises Refusal `hub.busy` where somebody else is fetching the same."""
    name = repository.name.replace("/", "-")
    kept = folder / KEPT.format(name, repository.revision[:10])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / KEPT.format(name, "lock")).open("w") as lock:
        try:
            hold(lock)
        except OSError as error:
            raise Refusal("hub.busy", name=repository.name) from error
        for other in folder.glob(KEPT.format(name, "*")):
            if other.is_dir() and other != kept:
                shutil.rmtree(other)
        kept.mkdir(exist_ok=True)
        try:
            yield kept
            shutil.rmtree(kept, ignore_errors=True)
        finally:
            with contextlib.suppress(OSError):
                kept.rmdir()  # where nothing has come
            with contextlib.suppress(OSError):  # Windows removes no open file; an empty one does no harm
                Path(lock.name).unlink()


def brought(
    repository: Repository,
    wanted: Sequence[Blob],
    kept: Path,
    judge: Callable[[Path], object],
    progress: Tell,
    endpoint: str | None,
) -> Path:
    """All files that are wanted of a repository, in the hidden folder; the file where it is one alone. `judge` looks at
    the folder before the weights come, and raises Refusal where they would be of no use."""
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    done, total = 0, sum(blob.size for blob in wanted)

    def tell(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    # The small files come first: they tell whether the large ones are of any use.
    for blob in sorted(wanted, key=lambda blob: blob.path.endswith(WEIGHTS)):
        if blob.path.endswith(WEIGHTS) and len(wanted) > 1:
            judge(kept)
        file = kept / blob.path
        if file.is_file():
            tell(blob.size)
            continue
        url = hf_hub_url(repository.name, blob.path, revision=repository.revision, endpoint=endpoint)
        fetch(url, headers, blob, file, tell)
    return kept if len(wanted) > 1 else kept / wanted[0].path


@contextmanager
def asking(name: str) -> Iterator[None]:
    """Turns what a hub and the line to it complain about into a Refusal."""
    try:
        yield
    except GatedRepoError as error:
        raise Refusal("hub.gated" if get_token() is None else "hub.forbidden", name=name) from error
    except RepositoryNotFoundError as error:
        raise Refusal("hub.unknown", name=name) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise Refusal("hub.token" if status == 401 else "hub.forbidden", name=name) from error
        raise Refusal("hub.network", name=name, reason=f"HTTP {status}") from error
    except (HTTPError, ConnectionError, TimeoutError) as error:
        raise Refusal("hub.network", name=name, reason=type(error).__name__) from error
