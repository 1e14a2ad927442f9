"""What goes of trainings: all of one that is deleted, and by itself what has lain long enough."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from bot.training import learnt_files, previews, sheets
from bot.training.classroom import Classroom
from bot.training.losses import Losses
from bot.training.publishing import Publishing
from bot.training.showing import Showing
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import facts, forgetting, jobs, known_files, people, pictures, trainings
from storage.trainings import ACTIVE, ENDED, KeptTraining

RENEWED = timedelta(hours=1)  # between two times that what cards show is kept for longer


class Removing:
    """Leaves nothing of trainings, whatever is drawn, written or shown of them meanwhile."""

    def __init__(self, studio: Classroom, data: Path, files: Publishing, showing: Showing, losses: Losses) -> None:
        self._studio = studio
        self._db = studio.db
        self._data = data
        self._files = files
        self._showing = showing
        self._losses = losses
        self._renewed: datetime | None = None

    async def remove(self, training: str) -> None:
        """Leave nothing of a training."""
        async with self._files.door(training):  # no file of it is written meanwhile
            kept = await trainings.get(self._db, training)
            if kept is not None:
                await self._remove(kept)

    async def _remove(self, kept: KeptTraining) -> None:
        await trainings.change(self._db, kept.id, {"state": "cancelled"}, only=ACTIVE)
        await self._studio.queue.trainings.forget(kept.id)
        ordered = await trainings.sample_jobs(self._db, kept.id)
        for job in ordered:
            self._studio.queue.cancel(job)
            for row in await pictures.of_job(self._db, job):
                await pictures.delete(self._db, row.id)
        await jobs.remove(self._db, ordered)
        await sheets.forget(self._db, kept)
        self._losses.forget(kept.id)
        path = None
        if kept.file:
            with suppress(Refusal):
                path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
        if path is not None:
            await self._unwanted(kept)
            await previews.forget(self._db, learnt_files.preview(path), kept.person)
        gone = await asyncio.to_thread(learnt_files.remove, self._data, kept.id, path)
        await known_files.forget(self._db, gone)
        await trainings.remove(self._db, kept.id)
        # Again: workers forget LoRAs whose files are gone, and a machine that came meanwhile was told that it is there.
        await self._studio.queue.trainings.forget(kept.id)
        await self._showing.gone(kept)
        await self._files.recall()
        await facts.set_fact(self._db, forgetting.TRACES, True)  # and soon none of it is on the disk

    async def _unwanted(self, kept: KeptTraining) -> None:
        """Take a LoRA out of what its owner wants in every picture."""
        wanted = cast(list[list[Json]], await people.setting(self._db, kept.person, "loras") or [])
        rest = [one for one in wanted if one[0] != kept.file]
        if rest != wanted:
            await people.set_setting(self._db, kept.person, "loras", cast(Json, rest) or None)

    async def tidy(self) -> None:
        """Remove what has lain long enough, and keep what cards show."""
        now, rules = self._studio.now(), self._studio.rules.training
        if self._renewed is None or now - self._renewed >= RENEWED:
            self._renewed = now
            await sheets.renew(self._db)
        for kept in await trainings.in_states(self._db, ("draft",)):
            # Looked at again: while another was removed, somebody may have begun it.
            if kept.changed < now - rules.draft_kept and await trainings.get(self._db, kept.id) == kept:
                await self.remove(kept.id)
        for kept in await trainings.in_states(self._db, ENDED):
            if kept.ended and kept.ended < now - rules.kept and await trainings.pictures(self._db, kept.id):
                await self._clear(kept)

    async def _clear(self, kept: KeptTraining) -> None:
        """Leave of a training that ended long ago its LoRA and samples alone; one without a LoRA goes whole."""
        if not kept.file:
            await self.remove(kept.id)
            return
        async with self._files.door(kept.id):
            await sheets.forget(self._db, kept)
            await trainings.remove_pictures(self._db, kept.id)
            await self._studio.queue.trainings.forget(kept.id)
            await known_files.forget(self._db, await asyncio.to_thread(learnt_files.remove, self._data, kept.id, None))
        await self._files.recall()
