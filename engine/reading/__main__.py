"""`python -m engine.reading`: a reader of clauses, asked and answering in lines of JSON on standard input and output.

It says `{"ready": true}` once it is loaded, or `{"broken": "why"}`, and then answers each `{"number": 1, "clause": "…",
"language": "zh", "seconds": 10}` with `{"number": 1, "english": "…"}`, or with `"slow": true` where the time was up. A
language model that finds a `"task"` beside the clause does that with it instead of translating it.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Protocol, TextIO, runtime_checkable

from engine import importing, machine
from prompts.prompt import Json

log = logging.getLogger("engine.reading")


class ClauseInEnglish(Protocol):
    """A loaded reader."""

    def english(self, clause: str, language: str, seconds: float) -> str:
        """The clause in English, "" where it makes nothing of it. Raises TimeoutError when the seconds are over."""
        ...


@runtime_checkable
class DoesTasks(ClauseInEnglish, Protocol):
    """A loaded reader that does what a task says, too."""

    def answer(self, task: str, said: str, seconds: float) -> str:
        """Its own answer. Raises TimeoutError when the seconds are over."""
        ...


def main() -> None:
    """Answer until standard input closes."""
    importing.begin()
    parser = argparse.ArgumentParser(prog="python -m engine.reading", description=__doc__)
    parser.add_argument("kind", choices=("model", "argos"))
    parser.add_argument("--folder", type=Path, help="the model's folder")
    arguments = parser.parse_args()
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    warnings.simplefilter("ignore")  # the libraries' advice to programmers
    # Ctrl-C reaches the whole terminal; the parent closes our input when it wants us gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = _wire()
    # Read once, when the libraries are imported: nothing is asked of a hub, and threads do not spin while they wait.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(machine.cores()))

    def say(**said: Json) -> None:
        out.write(json.dumps(said) + "\n")
        out.flush()

    try:
        reader = _loaded(arguments.kind, arguments.folder)
    except Exception as error:  # whatever the libraries raise for a folder that they cannot use
        log.exception("the reader cannot be loaded")
        say(broken=f"{type(error).__name__}: {error}".partition("\n")[0][:200])
        return
    say(ready=True)
    for line in sys.stdin:
        _answer(reader, json.loads(line), say)


def _loaded(kind: str, folder: Path | None) -> ClauseInEnglish:
    if kind == "argos":
        from engine.reading.argos_library import ArgosLibrary  # only the one that is asked for: both are heavy

        importing.done()
        return ArgosLibrary()
    from engine.reading.language_model import LanguageModel  # as above

    importing.done()
    if folder is None or not (folder / "config.json").is_file():
        raise FileNotFoundError(f"there is no model in {folder}")
    return LanguageModel(folder)


class _Say(Protocol):
    def __call__(self, **said: Json) -> None: ...


def _answer(reader: ClauseInEnglish, asked: dict[str, str | float], say: _Say) -> None:
    number = asked["number"]
    started = time.monotonic()
    try:
        clause, seconds = str(asked["clause"]), float(asked["seconds"])
        if "task" in asked:
            english = reader.answer(str(asked["task"]), clause, seconds) if isinstance(reader, DoesTasks) else ""
        else:
            english = reader.english(clause, str(asked["language"]), seconds)
        say(number=number, english=english)
    except TimeoutError:
        say(number=number, slow=True)
    except Exception:  # one clause that a library cannot take costs that clause only
        log.exception("a clause could not be read, after %.1f s", time.monotonic() - started)
        say(number=number, english="")


def _wire() -> TextIO:
    """The real standard output, for answers alone: whatever else is printed goes to standard error from here on."""
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    main()
