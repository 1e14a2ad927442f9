"""The pictures that a worker draws: each goes through its stages, whose rows share the slots there are."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from PIL import Image
from torch import Tensor

from engine import second_pass
from engine.adapters import loras
from engine.files import catalog, compatibility, sizes
from engine.files.checkers import checkers
from engine.files.hashes import hashes
from engine.finish.picture_checker import for_adults
from engine.models import card
from engine.models.card import out_of_memory
from engine.pixels import control_map, region_map, source_picture
from engine.wire import Ended, Message, Step
from engine.worker import prepare, stages
from engine.worker.aside import Speech
from engine.worker.canvas import Canvas, Done
from engine.worker.decoding import Decoding
from engine.worker.digests import Digests
from engine.worker.drawing import Drawing, RowRequest, Work
from engine.worker.finishing import Finishing, failed
from engine.worker.library import Library
from engine.worker.repeats import repeats
from engine.worker.row import Row
from engine.worker.rows import Rows

log = logging.getLogger(__name__)

# A preview by the linear map costs half a millisecond, one by the built-in model's tiny decoder seven on a slow core
# (a step: fifty): on another thread, but of the same processor. Every third step shows the picture grow on a fast
# device; on a slow one, where a step takes long, each step that comes half a second after the last preview has one.
PREVIEW_STEPS, PREVIEW_SECONDS = 3, 0.5
PREVIEW_REST = 10  # for so many times as long as one took there is none: a tenth of the time, however many rows
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashes")  # hashing a LoRA takes a second


class Drawings:
    """The jobs being drawn, `slots` rows at once. `send` puts what becomes of them on the wire."""

    def __init__(self, send: Callable[[Message], None], library: Library, slots: int) -> None:
        self._send = send
        self._library = library
        self._slots = slots
        self._rows = Rows()
        self._jobs: dict[str, Work] = {}
        self._waiting: deque[tuple[Work, int]] = deque()
        self._asked: deque[RowRequest] = deque()  # rows to be made when there is room
        self._drawn: dict[Row, RowRequest] = {}  # rows being drawn
        self._halted: deque[Drawing] = deque()  # stages that only let others have a turn
        self._newcomer = True  # whether the next free slot is a waiting picture's
        self._finishing = Finishing(library.folders.all, slots, library.folders.checking)
        self._decoding = Decoding(slots)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to draw, but for what rests, until it is woken."""
        if self._unbegun() or not all(request.drawing.rests for request in self._drawn.values()):
            return False
        return all(drawing.rests for drawing in (*(request.drawing for request in self._asked), *self._halted))

    @property
    def empty(self) -> bool:
        """Whether nobody is drawn for, nor waits or rests."""
        return not self._jobs

    def wake_by(self, wake: Callable[[], None]) -> None:
        """Have this called, on any thread, when there is something to do again."""
        self._decoding.wake = wake

    def add(self, work: Work) -> None:
        """Have a job drawn, in the place of one with its id."""
        self.remove(work.job)
        work.speech = Speech(self._send)
        work.alike = repeats(work.recipes)
        self._jobs[work.job] = work
        self._waiting.extend((work, index) for index in range(len(work.recipes)))

    def remove(self, job: str) -> Work | None:
        """Give a job up, of which nothing is said any more; what it was, None where it is not here or has ended."""
        work = self._forget(job)
        return work if work and work.speech.cut() else None

    def close(self) -> None:
        """Give up all jobs."""
        for job in tuple(self._jobs):
            self.remove(job)
        self._decoding.close()
        self._finishing.close()

    def _forget(self, job: str) -> Work | None:
        self._rows.remove(job)
        self._waiting = deque(waiting for waiting in self._waiting if waiting[0].job != job)
        self._asked = deque(request for request in self._asked if request.drawing.work.job != job)
        self._halted = deque(drawing for drawing in self._halted if drawing.work.job != job)
        self._drawn = {row: request for row, request in self._drawn.items() if row.job != job}
        self._decoding.forget(job)
        return self._jobs.pop(job, None)

    def rest(self, job: str, pictures: Collection[int]) -> None:
        """Let exactly these pictures of a job rest from the next turn on; a job that is not here has none."""
        if work := self._jobs.get(job):
            work.resting = frozenset(pictures)

    def turn(self) -> None:
        """Take up what has been decoded, fill the free slots, and take one step of the rows whose turn it is."""
        for job in [job for job, work in self._jobs.items() if work.speech.over]:  # over one of its pictures' files
            self._forget(job)
        self._take_decoded()
        self._give_way()
        self._admit()
        if halted := next((drawing for drawing in self._halted if not drawing.rests), None):
            self._halted.remove(halted)
            self._go_on(halted, ())
        if len(self._rows):
            self._step()

    def _admit(self) -> None:
        """Fill the free slots: in turns with the next picture in the order the jobs came in, and with what pictures
        that have begun ask for, so that one of many tiles holds nobody up."""
        while len(self._rows) < self._slots:
            waiting = self._unbegun()
            request = None if waiting and self._newcomer else self._next()
            if request:
                self._newcomer = True
                with self._answering(request.drawing.work):
                    row = request.row or self._made(request)
                    self._drawn[row] = request
                    self._rows.add(row, request.drawing.work.owner)
            elif waiting and (self._newcomer or not self._entitled()):
                self._newcomer = False
                work, index = waiting[0]
                self._waiting.remove(waiting[0])
                with self._answering(work):
                    self._begin(work, index)
            else:
                return

    def _made(self, request: RowRequest) -> Row:
        work, row = request.drawing.work, request.drawing.ask.rows[request.number]()
        if request.drawing.canvas.index in work.alike:
            row.digests = Digests(work.job)
        return row

    def _unbegun(self) -> list[tuple[Work, int]]:
        """The pictures that have not begun and may."""
        return [waiting for waiting in self._waiting if waiting[1] not in waiting[0].resting]

    def _share(self) -> int:
        """How many rows a picture may have at once: all slots while it is alone, else as many as each can have. On a
        processor, where a call takes about as long as its rows one by one, each has a single one then."""
        pictures = {request.drawing for request in (*self._drawn.values(), *self._asked)}
        count = sum(not drawing.rests for drawing in pictures) + len(self._unbegun())
        if count > 1 and self._library.device.type == "cpu":
            return 1
        return max(1, self._slots // max(1, count))

    def _give_way(self) -> None:
        """Set rows aside, between two of their steps, of pictures that have more than their share, and all of those
        that rest. They go on where they were as soon as they may."""
        share, have = self._share(), Counter[Drawing]()
        aside: list[RowRequest] = []
        for row, request in tuple(self._drawn.items()):
            have[request.drawing] += 1
            if have[request.drawing] > share or request.drawing.rests:
                del self._drawn[row]
                self._rows.leave(row)
                request.row = row
                aside.append(request)
        self._asked.extendleft(reversed(aside))

    def _entitled(self) -> list[RowRequest]:
        """The rows asked for by pictures that have not their share of them yet."""
        share, have = self._share(), Counter(request.drawing for request in self._drawn.values())
        return [request for request in self._asked if have[request.drawing] < share and not request.drawing.rests]

    def _next(self) -> RowRequest | None:
        """The next row for a picture that has not its share, whose LoRAs and nets have been read; while nothing else is
        drawn, any."""
        for request in self._entitled():
            if not len(self._rows) or self._ready(request.drawing):
                self._asked.remove(request)
                return request
        return None

    def _ready(self, drawing: Drawing) -> bool:
        """Whether the LoRAs and nets of a picture have been read; those of a second pass with another model are, with
        it, when it begins, as one that has had its turn is not to be loaded for that."""
        canvas, recipe = drawing.canvas, drawing.canvas.recipe
        other = recipe.hires is not None and recipe.hires.checkpoint and drawing.before
        if other or not (canvas.loras or canvas.maps):
            return True
        loaded = canvas.model(recipe.model, recipe.vae)
        read = self._library.nets_ready([one.control.net for one in canvas.maps], loaded)
        return loras.ready(loaded, canvas.loras) and read

    def _begin(self, work: Work, index: int) -> None:
        folders, recipe = self._library.folders.beside(work.lent), work.recipes[index]
        model = catalog.model(catalog.models(folders.models), recipe.model, folders.models)
        sizes.finished_size(recipe, model, folders.all)
        compatibility.check_recipe(recipe, model, folders.all)
        prepare.check_sampler(recipe)
        base = source_picture.drawn_over(recipe, work.sources)
        shape = base.whole.picture.size if base and base.whole else (recipe.width, recipe.height)
        canvas = Canvas(
            job=work.job,
            index=index,
            recipe=recipe,
            base=base,
            loras=loras.resolve(recipe.prompt.loras, folders.loras, recipe.seed),
            model=partial(self._library.model, lent=work.lent),
            native=min(model.width, model.height),
            device=self._library.device,
            second=loras.resolve(second_pass.prompt(recipe).loras, folders.loras, recipe.seed),
            fixed=tuple(
                loras.resolve(second_pass.fix_prompt(recipe, fix).loras, folders.loras, recipe.seed)
                for fix in recipe.fixes
            ),
            upscalers=folders.upscalers,
            detectors=folders.detectors,
            maps=control_map.opened(recipe, work.sources, shape),
            net=self._library.net,
            painted=region_map.opened(recipe.regions, work.sources),
        )
        # What has to be looked at first is not shown before.
        early = not checkers(folders.all, folders.checking) or for_adults(second_pass.all_words(recipe))
        known = _reader.submit(hashes, recipe, folders.all)
        self._go_on(Drawing(work, canvas, stages.picture(canvas), known, shown_early=early), None)

    def _go_on(self, drawing: Drawing, done: Done | None) -> None:
        """Let a picture's stages go on with what they asked for."""
        with self._answering(drawing.work):
            began = time.monotonic()
            drawing.step = drawing.before = drawing.before + drawing.ask.steps
            try:
                ask = drawing.stages.send(done) if done is not None else next(drawing.stages)
            except StopIteration as end:
                drawing.seconds += time.monotonic() - began
                self._finish(drawing, end.value)
                return
            passed = time.monotonic() - began
            drawing.seconds += passed
            first = drawing.before == 0
            drawing.ask, drawing.done = ask, {}
            requests = [RowRequest(drawing, number) for number in range(len(ask.rows))]
            if first:
                self._asked.extendleft(reversed(requests))
            else:
                self._asked.extend(requests)
            if not requests:
                drawing.step += ask.steps
                drawing.work.speech.say(_step(drawing, passed))
                self._halted.append(drawing)

    def _step(self) -> None:
        turn = self._rows.turn()
        for row, error in turn.failed:
            if work := self._jobs.get(row.job):
                self._fail(work, error)
        for row in turn.stepped:
            self._report(row)
        finished = [row for row in turn.stepped if row.done and row in self._drawn]
        for row in finished:
            self._rows.leave(row)
            if not bool(row.latents.isfinite().all()) and (precision := self._library.widen(row.loaded)):
                self._begin_again(row, precision)
        finished = [row for row in finished if row in self._drawn]
        if pictures := [row for row in finished if not self._drawn[row].drawing.ask.latents]:
            self._decoding.start({row: self._drawn.pop(row) for row in pictures})
            self._take_decoded()
        for row in finished:
            if row in self._drawn and self._drawn[row].drawing.ask.latents:
                self._answer(self._drawn.pop(row), row, row.latents)

    def _begin_again(self, row: Row, precision: str) -> None:
        """Draw a row once more whose numbers have grown beyond its model's precision: all that it shows is black."""
        request, name = self._drawn.pop(row), row.loaded.model.name
        log.warning("model %s is too much for %s and goes on in %s", name, row.loaded.dtype, precision)
        request.drawing.widened[name] = precision
        request.drawing.step -= request.step
        self._asked.appendleft(RowRequest(request.drawing, request.number))

    def _report(self, row: Row) -> None:
        request = self._drawn.get(row)
        if request is None or request.step == row.step:
            return  # given up, or half of a second-order sampler's step
        drawing = request.drawing
        now = time.monotonic()
        drawing.step += row.step - request.step
        shows = (
            drawing.ask.whole
            and drawing.shown_early
            and row.loaded.tuning.previews != "none"
            and (row.step % PREVIEW_STEPS == 0 or now - drawing.shown > PREVIEW_SECONDS)
        )
        passed = row.seconds - request.seconds
        request.step, request.seconds = row.step, row.seconds
        drawing.seconds += passed
        said = _step(drawing, passed)
        rests = now - drawing.shown <= self._finishing.took * PREVIEW_REST * len(self._rows)
        waits = drawing.preview is not None and not drawing.preview.done()
        if shows and not rests and not waits and (clean := row.clean) is not None:
            drawing.shown = now
            drawing.preview = self._finishing.view(drawing, said, row, clean)
        else:
            drawing.work.speech.say(said)

    def _take_decoded(self) -> None:
        for row, request, made, seconds in self._decoding.take():
            if isinstance(made, Exception):
                self._fail(request.drawing.work, made)
            else:
                request.drawing.seconds += seconds
                self._answer(request, row, made)

    def _answer(self, request: RowRequest, row: Row, value: Image.Image | Tensor) -> None:
        """Give a stage what one of its rows became; with the last of them the stage goes on."""
        drawing = request.drawing
        drawing.done[request.number] = value
        drawing.recalled |= row.digests is not None and row.digests.recalled > 0
        drawing.left |= {lora.name: len(lora.left) for lora, *_ in row.loras if lora.left}
        if row.recipe.model == drawing.canvas.recipe.model:
            drawing.loaded = row.predecessor or row.loaded
        if len(drawing.done) == len(drawing.ask.rows):
            self._go_on(drawing, [drawing.done[number] for number in range(len(drawing.ask.rows))])

    def _finish(self, drawing: Drawing, image: Image.Image) -> None:
        """Have the file written and sent, and the word that the job is done after its last one."""
        work = drawing.work
        self._finishing.write(drawing, image)
        work.left -= 1
        if not work.left:
            self._jobs.pop(work.job, None)
            work.speech.say(Ended(work.job, work.attempt, "done"))

    # --- what goes wrong ---

    @contextlib.contextmanager
    def _answering(self, work: Work) -> Iterator[None]:
        """While it holds, an error ends this job and nothing else."""
        try:
            yield
        except (BrokenPipeError, ConnectionError):
            raise  # nobody listens any more
        except Exception as error:
            self._fail(work, error)

    def _fail(self, work: Work, error: Exception) -> None:
        card.check(error)
        if self._forget(work.job) is None:
            return
        if out_of_memory(error) and not len(self._rows):
            self._library.drop_all()
        work.speech.say(failed(work, error))


def _step(drawing: Drawing, seconds: float) -> Step:
    work = drawing.work
    return Step(work.job, work.attempt, drawing.canvas.index, drawing.step, drawing.steps, seconds)
