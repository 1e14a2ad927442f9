"""The road of a training, from a draft to somebody's own LoRA, whatever the platform."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.chat import Press, Request
from bot.training.now import TrainingEstimate
from bot.training.tag_changes import TagChange
from prompts.prompt import Json
from storage.trainings import KeptPicture, KeptSample, KeptTraining

log = logging.getLogger(__name__)

CONSENT = 1  # the number of the text `train.consent`: another number for another text


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture that somebody sends to be learnt from: what its file is called, the file, what is said of it ("":
    nothing), how often it counts, and what its folder is called ("": nothing)."""

    name: str
    content: bytes
    caption: str = ""
    repeats: int = 1
    named: str = ""


Watch = Callable[[KeptTraining], Awaitable[None]]


class Teaching:
    """What people want learnt: every call raises Refusal for what a person can mend. Of a training nobody hears but
    its owner, and admins: `train.gone` for others."""

    def __init__(self) -> None:
        self.watching: list[Watch] = []  # told after every change that somebody may look at

    async def draft(self, asked: Request | Press, name: str) -> KeptTraining:
        """Begin a draft, or go on with the person's own of this name. Raises Refusal `train.who`, `train.drafts`,
        `train.name`."""
        raise NotImplementedError

    async def add(self, asked: Request | Press, training: str, pictures: Sequence[NewPicture]) -> KeptTraining:
        """Put pictures into a draft, each looked at; one that is in it already stays as it is. Raises Refusal
        `train.count`, `train.bytes`, `upload.…`: none of them is put in then."""
        raise NotImplementedError

    async def remove_picture(self, person: str, training: str, place: int) -> KeptTraining:
        """Take a picture out of a draft; those behind it move up."""
        raise NotImplementedError

    async def change(self, person: str, training: str, **wishes: Json) -> KeptTraining:
        """Choose of a draft: name, trigger, kind, model, preset, steps, seed, rank, keep (how many files are kept along
        the way); None takes a choice back. Raises Refusal for what cannot be."""
        raise NotImplementedError

    async def caption(self, asked: Request | Press, training: str, place: int, text: str) -> KeptTraining:
        """Say of a picture what is in it, in English or Chinese."""
        raise NotImplementedError

    async def tag_all(self, asked: Request | Press, training: str, change: TagChange) -> KeptTraining:
        """Change the tags of a draft's pictures, all at once or some of them; Chinese ones are put into English."""
        raise NotImplementedError

    async def read_tags(self, asked: Request | Press, training: str) -> KeptTraining:
        """Have the tags read of the pictures that nothing is said of."""
        raise NotImplementedError

    async def agree(self, person: str, training: str) -> KeptTraining:
        """Write down that its owner agrees to the text `train.consent`."""
        raise NotImplementedError

    async def needs_consent(self, training: str) -> bool:
        """Whether somebody has to agree before it can begin: it is of a person, or a face was found."""
        raise NotImplementedError

    async def estimate(self, training: str) -> TrainingEstimate:
        """What it would take as it is now. Raises Refusal for what cannot be learnt."""
        raise NotImplementedError

    async def start(self, asked: Request | Press, training: str) -> KeptTraining:
        """Begin: the pictures are as they are from here on. Raises Refusal `train.consent_first`, `train.count`,
        `train.active`, `access.seconds` …"""
        raise NotImplementedError

    async def pause(self, person: str, training: str) -> KeptTraining:
        """Let it rest until it is told to go on."""
        raise NotImplementedError

    async def go_on(self, asked: Request | Press, training: str) -> KeptTraining:
        """Go on after a pause, or after a failure from its last checkpoint."""
        raise NotImplementedError

    async def stop_and_keep(self, person: str, training: str) -> KeptTraining:
        """End it, and take the newest file for the LoRA. Raises Refusal `train.no_file` where there is none yet."""
        raise NotImplementedError

    async def again(self, asked: Request | Press, training: str) -> KeptTraining:
        """A new draft with the pictures, captions and choices of one that has ended."""
        raise NotImplementedError

    async def choose(self, person: str, training: str, step: int) -> KeptTraining:
        """Take the file of another step for the LoRA. Raises Refusal `train.no_step`."""
        raise NotImplementedError

    async def share(self, person: str, training: str, shared: bool = True) -> KeptTraining:
        """Let everybody draw with the LoRA, or nobody else again."""
        raise NotImplementedError

    async def delete(self, person: str, training: str) -> None:
        """Leave nothing of it: pictures, captions, checkpoints, samples, the LoRA."""
        raise NotImplementedError

    async def mine(self, person: str) -> list[KeptTraining]:
        """A person's trainings, newest first."""
        raise NotImplementedError

    async def get(self, person: str, training: str) -> KeptTraining:
        """The training. Raises Refusal `train.gone`."""
        raise NotImplementedError

    async def pictures(self, person: str, training: str) -> list[KeptPicture]:
        """Its pictures, in order."""
        raise NotImplementedError

    async def samples(self, person: str, training: str) -> list[KeptSample]:
        """Its samples, by step and place."""
        raise NotImplementedError

    async def steps(self, person: str, training: str) -> tuple[int, ...]:
        """The steps whose files are kept, of which one can be chosen."""
        raise NotImplementedError

    async def download(self, person: str, training: str) -> tuple[str, bytes]:
        """What the LoRA's file is called, and the file. Raises Refusal `train.no_file`."""
        raise NotImplementedError

    async def stands(self, training: str, message: str, chat: str, platform: str) -> None:
        """Remember where its card stands: the message that is edited from here on."""
        raise NotImplementedError
