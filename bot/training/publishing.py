"""The files of trainings: those of their steps, and of each the one that is chosen, among its owner's LoRAs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from bot.training import learnt_files, previews
from bot.training.classroom import Classroom
from engine.files import model_folders, private, signs
from engine.files.private import PrivateFile
from prompts.errors import Refusal
from storage import facts, known_files, trainings
from storage.trainings import KeptTraining


class Publishing:
    """Writes the files of trainings, one after the other of each, and says whose every file is."""

    def __init__(self, studio: Classroom, data: Path) -> None:
        self._studio = studio
        self._db = studio.db
        self._data = data
        self._naming, self._recalling = asyncio.Lock(), asyncio.Lock()
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def door(self, training: str) -> asyncio.Lock:
        """Whoever writes or removes files of a training goes through it."""
        return self._doors.setdefault(training, asyncio.Lock())

    async def keep_half(self, training: str, step: int, blob: bytes) -> bool:
        """Keep the file of a step; False where the training is gone. Raises Refusal where it cannot be kept."""
        async with self.door(training):
            if await trainings.get(self._db, training) is None:
                return False
            await asyncio.to_thread(learnt_files.write, learnt_files.half(self._data, training, step), blob)
            await self.recall()
        return True

    async def publish(self, kept: KeptTraining, step: int) -> None:
        """Put the file of a step among the LoRAs, its owner's alone until it is shared. Raises Refusal `train.gone`,
        `train.no_file` and where it cannot be written."""
        async with self.door(kept.id):
            now = await trainings.get(self._db, kept.id)
            if now is None:
                raise Refusal("train.gone")
            try:
                content = await asyncio.to_thread(learnt_files.half(self._data, kept.id, step).read_bytes)
            except OSError:
                raise Refusal("train.no_file") from None
            places, folders = self._studio.rules.places, self._studio.rules.folders
            target = await asyncio.to_thread(learnt_files.folder, now, places)
            async with self._naming:
                others = [one.file for one in await trainings.with_files(self._db)]
                name = now.file or await asyncio.to_thread(learnt_files.free_name, now, target, folders, others)
                await trainings.change(self._db, kept.id, {"file": name, "chosen": step})
            await self.recall()  # before it is there: nobody else may see it for a moment
            await asyncio.to_thread(learnt_files.put, target, name, content, await self._sign())
            await self.lend()
            await known_files.keep(self._db, model_folders.news())
            samples = [one for one in await trainings.samples(self._db, kept.id) if one.place == 0 and one.hash]
            shown = next((one for one in samples if one.step == step), samples[-1] if samples else None)
            if shown:
                await self._show(replace(now, file=name), shown.hash)

    async def preview(self, training: str, step: int, hash: str) -> None:
        """Have a sample of a step stand for the LoRA, if that is of this step."""
        async with self.door(training):
            now = await trainings.get(self._db, training)
            if now is not None and now.file and now.chosen == step:
                with suppress(Refusal):
                    await self._show(now, hash)

    async def _show(self, kept: KeptTraining, hash: str) -> None:
        path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
        content = await self._db.files.get(hash)
        made = await asyncio.to_thread(previews.preview, content)
        await asyncio.to_thread(learnt_files.write, learnt_files.preview(path), made)

    async def mend(self, kept: KeptTraining) -> None:
        """Put a file back that was not there yet when the program ended."""
        with suppress(Refusal):
            path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
            steps = await asyncio.to_thread(learnt_files.steps, self._data, kept.id)
            if kept.chosen in steps and not path.exists():
                await self.publish(kept, kept.chosen)

    async def recall(self) -> None:
        """Know anew whose every file is that was learnt, and have all that are there drawn with on every machine."""
        async with self._recalling:  # what was asked for first would be kept last, and know less
            found = await self._found()
            private.keep(found, learnt_files.halves(self._data))
            await asyncio.to_thread(learnt_files.sign, found, await self._sign())
            self._studio.queue.lend(await asyncio.to_thread(learnt_files.lendable, found))

    async def lend(self) -> None:
        """Have all files that are there drawn with on every machine, without anybody's being told apart."""
        async with self._recalling:
            self._studio.queue.lend(await asyncio.to_thread(learnt_files.lendable, await self._found()))

    async def _sign(self) -> str:
        known = await facts.fact(self._db, "hosts.bot")
        return signs.sign(known) if isinstance(known, str) else ""

    async def _found(self) -> list[PrivateFile]:
        kept = await trainings.every(self._db)
        return await asyncio.to_thread(learnt_files.private_files, kept, self._data, self._studio.rules.places)
