"""A training, one batch after another: what goes on from its checkpoint becomes what it would have been unbroken."""

from __future__ import annotations

import io
import logging
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import BadPlan, TrainingFailed
from engine.models.loaded import BROKEN, Loaded
from engine.train import noising
from engine.train.control_pupil import ControlPupil
from engine.train.dice import Order, Purpose, dice
from engine.train.lora_file import based_on, content, lora_file, metadata, write
from engine.train.optimisers import at_rest, optimiser
from engine.train.pupils import pupil
from engine.train.seen import SeenPicture, seen
from engine.train.whole import WholePupil
from engine.train.words import said
from engine.training_plan import TrainingPicture, TrainingPlan

log = logging.getLogger(__name__)

CHECKPOINT, OLDER = "checkpoint.pt", "checkpoint-1.pt"
BETWEEN, SHARE = 60.0, 0.02  # seconds from one checkpoint to the next, and the most of the time that they may take
NORM = 1.0  # the longest that a step's gradient may be
PATIENCE = 3  # steps in a row whose loss is no number


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: which of how many, its loss, and the seconds that it took."""

    step: int
    steps: int
    loss: float
    seconds: float


class TrainingRun:
    """A training on a model. The plan's pictures lie in `folder`, where checkpoints are kept as well; it goes on from
    the last of them. Pictures that are `known` are not looked at again. Raises BadPlan for pictures that are not the
    plan's, and for checkpoints of another plan or model."""

    def __init__(
        self,
        loaded: Loaded,
        plan: TrainingPlan,
        folder: Path,
        known: Mapping[TrainingPicture, SeenPicture] = MappingProxyType({}),
    ) -> None:
        self.plan, self.step, self.losses = plan, 0, list[float]()
        self._loaded, self._folder = loaded, folder
        self._slower = 1.0  # what rates are multiplied by, once losses were no numbers
        self._new = seen(loaded, plan, folder, plan.new, known)
        self._prior = seen(loaded, plan, folder, plan.prior, known)
        batches = plan.steps * plan.accumulate
        self._order = _order(plan, self._new, batches, 0)
        self._prior_order = _order(plan, self._prior, batches, 1) if self._prior else None
        self._pupil = pupil(loaded, plan)
        self._optimiser = optimiser(plan, self._pupil)
        self._scaler = torch.amp.GradScaler(loaded.device.type, enabled=loaded.dtype == torch.float16)
        self._micro = 0  # batches of the step to come that are done
        self._pieces = 1  # that a batch is learnt from in, one after the other, where memory is short
        self._loss, self._seconds, self._bad = 0.0, 0.0, 0
        self._kept_at, self._keeping = time.monotonic(), 0.0
        self._resting = False
        self._base = based_on(loaded.model, str(loaded.schedule["prediction_type"]))
        self._resume()

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self.plan.steps

    def turn(self) -> Taken | None:
        """Learn from one batch; the step that this completes, or none. Raises TrainingFailed where losses are no
        numbers, though it went back and on with half the rate."""
        began = time.monotonic()
        self._wake()
        plan = self.plan
        number = self.step * plan.accumulate + self._micro
        self._learn(self._of_batch(self._new, self._order, number, 0), 1.0)
        if self._prior_order:
            self._learn(self._of_batch(self._prior, self._prior_order, number, 1), plan.prior_weight)
        self._micro += 1
        if self._micro < plan.accumulate:
            self._seconds += time.monotonic() - began
            return None
        fine = self._stepped()
        taken = Taken(self.step, plan.steps, self._loss, self._seconds + time.monotonic() - began)
        self._micro, self._loss, self._seconds = 0, 0.0, 0.0
        if not fine:
            self._go_back()
            return None
        self.losses.append(taken.loss)
        if time.monotonic() - self._kept_at > max(BETWEEN, self._keeping / SHARE):
            self.keep()
        return taken

    def _learn(self, losses: Iterator[Tensor], weight: float) -> None:
        """Add up what a batch teaches, piece by piece: the next is computed once nothing is kept of the one before."""
        for loss in losses:
            counted = weight * loss / self.plan.accumulate
            self._scaler.scale(counted).backward()  # type: ignore[no-untyped-call]
            self._loss += counted.item()

    def _of_batch(self, pictures: Sequence[SeenPicture], order: Order, number: int, side: int) -> Iterator[Tensor]:
        """The loss of a batch, in as many parts as it is learnt from."""
        plan = self.plan
        shown = [pictures[place] for place in order.batch(number)]
        flipped = dice(plan.seed, Purpose.FLIPS, side, number).random(len(shown)) < 0.5
        latents = torch.cat(
            [
                one.mirrored if turned and one.mirrored is not None else one.latents
                for one, turned in zip(shown, flipped, strict=True)
            ]
        )
        texts = [said(plan, one.picture, (side, number, place)) for place, one in enumerate(shown)]
        noised = noising.noised(
            plan,
            latents,
            self._loaded.signal,
            str(self._loaded.schedule["prediction_type"]),
            dice(plan.seed, Purpose.TIMES, side, number),
            dice(plan.seed, Purpose.NOISE, side, number),
        )
        sizes = torch.stack([one.size for one in shown])
        for part in torch.arange(len(shown)).chunk(self._pieces):
            at = slice(int(part[0]), int(part[-1]) + 1)
            some = noised.only(at)
            maps = torch.cat([one.map() for one in shown[at] if one.map]) if shown[0].map else None
            found = self._pupil.found(some.latents, some.times, texts[at], sizes[at], maps)
            yield noising.loss(found, some) * (len(part) / len(shown))

    def _stepped(self) -> bool:
        """Take the step that the gradients say; False where losses have been no numbers for too long."""
        for group in self._optimiser.param_groups:
            group["lr"] = group["full"] * self._slower * rate_share(self.plan, self.step)
        self._scaler.unscale_(self._optimiser)
        weights = [weight for group in self._optimiser.param_groups for weight in group["params"]]
        norm = nn.utils.clip_grad_norm_(weights, NORM)
        scaled = self._scaler.is_enabled()  # then no step of infinite gradients is taken, and they are scaled less
        sound = self._scaler.get_scale() >= 1.0 if scaled else bool(torch.isfinite(norm))
        fine = math.isfinite(self._loss) and sound
        if fine or scaled:
            self._scaler.step(self._optimiser)
        self._scaler.update()
        self._optimiser.zero_grad(set_to_none=True)
        self._pupil.stepped()
        self._bad = 0 if fine else self._bad + 1
        self.step += 1
        return self._bad < PATIENCE

    def _go_back(self) -> None:
        if self._slower < 1.0:
            raise TrainingFailed("its losses are no numbers, with half the rate as well", "train.no_numbers")
        log.warning("losses are no numbers: back to the last checkpoint, with half the rate")
        if not self._resume():
            self.step, self.losses = 0, []
            self._pupil = pupil(self._loaded, self.plan)
            self._optimiser = optimiser(self.plan, self._pupil)
        self._slower, self._bad = 0.5, 0
        self.keep()  # whoever goes on from here does so with half the rate, and goes back no more

    def rest(self) -> None:
        """Hold as little of the device's memory as can be until the next turn. Batches of a step to come are forgotten,
        and will be as they were."""
        self._optimiser.zero_grad(set_to_none=True)
        self._micro, self._loss, self._seconds = 0, 0.0, 0.0
        self._lay_state("cpu")
        self._resting = True

    def thinner(self) -> bool:
        """Learn from batches in twice as many pieces from here on, with half the memory; False where each is a single
        picture already."""
        if self._pieces >= self.plan.batch:
            return False
        self._pieces *= 2
        log.warning("batches of %d are learnt from in %d pieces, as memory is short", self.plan.batch, self._pieces)
        return True

    def _wake(self) -> None:
        if self._resting:
            self._lay_state(self._loaded.device)
            self._resting = False

    def _lay_state(self, device: torch.device | str) -> None:
        for state in self._optimiser.state.values():
            for name, value in state.items():
                if isinstance(value, Tensor) and value.ndim:  # the counts of steps are on the CPU anyway
                    state[name] = value.to(device)

    # --- checkpoints ---

    def keep(self) -> None:
        """Write a checkpoint of the steps taken; batches of a step to come are not in it. The one before stays beside
        it."""
        began = time.monotonic()
        state = {
            "plan": self.plan.code,
            "base": self._loaded.hash.result(),
            "made_with": _versions(),
            "step": self.step,
            "slower": self._slower,
            "bad": self._bad,
            "losses": self.losses,
            "weights": {
                part: {name: weight.detach() for name, weight in own.items()}
                for part, own in self._pupil.weights.items()
            },
            "optimiser": self._optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
        }  # fmt: skip
        made = io.BytesIO()
        torch.save(state, made)
        now, before = self._folder / CHECKPOINT, self._folder / OLDER
        if now.exists():
            now.replace(before)
        write(now, [made.getbuffer()])
        self._kept_at = time.monotonic()
        self._keeping = self._kept_at - began

    def _resume(self) -> bool:
        """Go on from the last checkpoint that can be read; False where there is none."""
        for name in (CHECKPOINT, OLDER):
            path = self._folder / name
            if not path.exists():
                continue
            try:
                state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            except (*BROKEN, EOFError) as error:
                log.warning("the checkpoint %s cannot be read: %s", path.name, error)
                continue
            if state["plan"] != self.plan.code:
                raise BadPlan("this folder has a checkpoint of another plan", "train.other_plan")
            if state["base"] != self._loaded.hash.result():
                raise BadPlan(
                    "the model is not the one that the training was begun with", "train.other_model",
                    name=self._loaded.model.name,
                )  # fmt: skip
            if state["made_with"] != _versions():
                log.warning("begun with %s, going on with %s: it may become another", state["made_with"], _versions())
            with torch.no_grad():
                for part, own in self._pupil.weights.items():
                    for key, weight in own.items():
                        weight.copy_(state["weights"][part][key])
            self._optimiser.load_state_dict(state["optimiser"])
            self._scaler.load_state_dict(state["scaler"])
            self.step, self._slower, self._bad = state["step"], state["slower"], state.get("bad", 0)
            self.losses = list(state["losses"])
            self._micro, self._loss, self._seconds = 0, 0.0, 0.0
            return True
        return False

    # --- the file ---

    def file(self) -> bytes:
        """What is learnt as a file, as it is after the steps taken: a LoRA, an embedding, a net. Raises TrainingFailed
        where it has numbers that are none."""
        with at_rest(self._optimiser):
            tensors = self._pupil.tensors()
        try:
            if self.plan.learns == "lora":
                return lora_file(tensors, self._metadata())
            return content(tensors, self._metadata())
        except ValueError as error:
            raise TrainingFailed(str(error), "train.no_numbers") from error

    def save(self, path: Path) -> None:
        """Write what is learnt: of whole weights a model in the form of its own, a net as a file or a folder, else the
        file. Raises TrainingFailed, OSError."""
        if not isinstance(self._pupil, WholePupil | ControlPupil):
            write(path, self.file())
            return
        with at_rest(self._optimiser):
            self._pupil.save(path, self._metadata())

    def _metadata(self) -> Mapping[str, str]:
        buckets = Counter(one.bucket for one in self._new)
        told = metadata(self.plan, self.step, buckets, self._base.result())
        if self.plan.learns == "lora":
            return told
        # What is no network of kohya's does not say that it were one.
        return {name: value for name, value in told.items() if not name.startswith("ss_")}


def rate_share(plan: TrainingPlan, step: int) -> float:
    """What rates are multiplied by in a step, counted from 0: rising over the first, falling over the last of them."""
    rising = (step + 1) / (plan.warm * plan.steps + 1)
    falling = (plan.steps - step) / (plan.fall * plan.steps) if plan.fall else 1.0
    return min(1.0, rising, falling)


def _order(plan: TrainingPlan, pictures: Sequence[SeenPicture], batches: int, side: int) -> Order:
    return Order(plan.seed, [one.bucket for one in pictures], plan.batch, batches, side)


def _versions() -> str:
    return f"torch {torch.__version__}, numpy {np.__version__}"
