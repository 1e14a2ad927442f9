"""A row: one picture being drawn.

Its latents are in float32 whatever the device, and its noise is drawn on the CPU, so neither batch nor device changes
the picture to the eye. They lie on the device while it is drawn, with those of the rows that take their steps with it,
and on the CPU before and after; one that goes by itself stays there, but for the UNet call.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from torch import Tensor

from engine import qualities
from engine.adapters.loras import Chosen
from engine.controls.guide import Guide
from engine.controls.residuals import Follower
from engine.further_guidance import Perturbed, Smoothed
from engine.models.loaded import Loaded
from engine.patches.patches import Patches, Shared
from engine.recipe import Recipe
from engine.sampling.keep import Keep
from engine.sampling.walk import Walk
from engine.sampling.way import SamplerWay
from engine.worker import guidance, prompt_encoding, row_texts
from engine.worker.digests import Digests
from engine.worker.inpaint import CHANNELS
from engine.worker.prompt_encoding import Conditioning
from engine.worker.row_texts import RowTexts

EDGE = 1e-6  # a share of the way may lie a hair below the step that it stands for
Followed = tuple[Loaded, tuple[Conditioning, ...], Conditioning | None]
Group = tuple[int, tuple[int, int], bool, Shared, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Successor:
    """The model that takes over a row in A1111's way once `switch` (0…1) of the timesteps are behind it, or `by_steps`
    of its calls: `model` gives it, with the recipe's texts as it reads them."""

    switch: float
    model: Callable[[], Followed]
    by_steps: bool = False


@dataclass(slots=True, eq=False)
class Row:
    """One picture being drawn; `job` and `index` say for whom. `latents` is (1, 4, h, w); `at` counts UNet calls,
    `steps` the sampler's steps (a second-order sampler takes two calls a step). `seconds` is device time in all.
    `positive` has one text, or several that are mixed (AND); each text knows its embeddings at every step. Without
    `negative` there is no guidance. `keep` and `beside` are for redrawing part of a picture
    (engine/worker/inpaint.py), `deep` for the "fast" quality (engine/speed/deep_cache.py). One that is drawn in A1111's
    way has a `walk` instead of a diffusers sampler with its timesteps; `latents` are those of the walk. A row has its
    `way` along its sampler's tape unless it goes by itself. `foreseen` gives the picture foreseen after the last step.
    `successor` is the model that is to take it over, `predecessor` the one it was begun with where that has
    happened. `patches` are what its recipe changes inside the UNet, `lots` what these draw by lot with. `guides` are
    the controls that it follows, and with `digests` it is not drawn anew what others had in common with it."""

    job: str
    index: int
    recipe: Recipe
    loaded: Loaded
    loras: Chosen
    positive: tuple[Conditioning, ...]
    negative: Conditioning | None
    sampler: Any
    timesteps: Tensor
    steps: int
    latents: Tensor
    extra: dict[str, Any]
    at: int = 0
    foreseen: Callable[[], Tensor | None] | None = None
    seconds: float = 0.0
    keep: Keep | None = None
    beside: Tensor | None = None
    deep: Tensor | None = None
    walk: Walk | None = None
    way: SamplerWay | None = None
    successor: Successor | None = None
    predecessor: Loaded | None = None
    guides: tuple[Guide, ...] = ()
    digests: Digests | None = None
    patches: Patches = field(init=False)
    lots: Random = field(init=False)
    rests: bool = field(init=False)  # whether its quality lets the UNet's deep levels rest now and then
    outside: bool = field(init=False)  # whether its recipe leaves the network as it is, LoRAs and controls aside
    _told: RowTexts | None = field(init=False, default=None)
    _told_at: int = field(init=False, default=-1)
    _said: tuple[tuple[Conditioning, Tensor], ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self.patches, self.lots = Patches.of(self.recipe), Random(self.recipe.seed)
        self.rests = qualities.quality(self.recipe.quality).rest > 1
        asked = (self.recipe.pag, self.recipe.seg, self.recipe.regions)
        self.outside = asked == (None, None, None) and not self.patches and not self.rests

    @property
    def clean(self) -> Tensor | None:
        """The picture foreseen after the last step, as latents (1, 4, h, w) on the CPU, computed anew each time."""
        found = self.foreseen() if self.foreseen else None
        return None if found is None else found.cpu()

    @property
    def acting(self) -> Chosen:
        """The LoRAs that act on the UNet in the step to come."""
        return tuple(one for one in self.loras if one[3].covers(self.step)) if self.loras else ()

    @property
    def followed(self) -> tuple[Guide, ...]:
        """The controls that act in the step to come."""
        if not self.guides or self.done:
            return ()
        return tuple(one for one in self.guides if one.control.acts(self.step, self.steps))

    def followers(self, first: int) -> list[Follower]:
        """What each of them is asked for where the row's entries begin at `first`: those of the words, and the
        negative's too, unless it acts on the words' alone."""
        if not self.guides:
            return []
        texts = len(self.positive) * (1 + len(self.astray))
        end = first + self.width
        return [Follower(one, end - texts if one.one_sided else first, end) for one in self.followed]

    @property
    def shallow(self) -> bool:
        """Whether they rest at the call to come, which is neither the first nor the last."""
        if self.deep is None or len(self.deep) != self.width or self.left <= 1:
            return False
        return self.at % qualities.quality(self.recipe.quality).rest > 0

    @property
    def group(self) -> Group:
        """Rows with equal groups share UNet calls. Where calls are prepared, those with patches, controls or regions
        keep nobody else from them."""
        height, width = self.latents.shape[-2:]
        apart = self.loaded.prepared is not None and bool(self.patches or self.followed or self.recipe.regions)
        whose = id(self if self.alone else self.loaded)
        return whose, (height, width), self.shallow, self.patches.shared, apart

    @property
    def alone(self) -> bool:
        """Whether it shares no UNet call."""
        return self.walk is not None and self.walk.alone

    @property
    def step(self) -> int:
        """The sampler's steps taken."""
        if self.walk:
            return int(self.walk.share * self.steps + EDGE)
        return self.at * self.steps // self.timesteps.shape[0]

    @property
    def left(self) -> int:
        """The UNet calls to come, as far as that is known."""
        return self.walk.left if self.walk else self.timesteps.shape[0] - self.at

    @property
    def done(self) -> bool:
        """Whether the picture only needs decoding."""
        return self.walk.done if self.walk else self.at >= self.timesteps.shape[0]

    @property
    def time(self) -> float:
        """The timestep of the call to come."""
        if self.way and not self.way.done:
            return self.way.stop.time
        return self.walk.time if self.walk else float(self.timesteps[self.at])

    @property
    def input(self) -> Tensor:
        """The latents as the UNet is to be shown them."""
        if self.walk:
            return self.walk.input
        scaled: Tensor = self.sampler.scale_model_input(self.latents, self.timesteps[self.at])
        return scaled

    @property
    def due(self) -> bool:
        """Whether another model takes over before the call to come."""
        if self.successor is None or self.walk is None or self.done:
            return False
        return self.walk.behind(by_steps=self.successor.by_steps) >= self.successor.switch

    def hand_over(self) -> None:
        """Let the other model go on: the sampler stays as it is."""
        assert self.successor
        self.predecessor = self.loaded
        self.loaded, self.positive, self.negative = self.successor.model()
        self.successor, self.loras, self.deep, self.guides = None, (), None, ()
        if int(self.loaded.unet.config.in_channels) != CHANNELS:
            self.beside = None

    @property
    def _calls(self) -> int:
        return self.way.at if self.way else self.walk.calls if self.walk else self.at

    @property
    def _now(self) -> RowTexts:
        """What it is told in the call to come, which is asked for many times in a step."""
        told, at = self._told, self._calls
        same = told is not None and told.positive is self.positive and told.negative is self.negative
        if told and same and self._told_at == at:
            return told
        against, astray = self._against(), self._astray()
        if not (told and same and told.against is against and told.astray == astray):
            told = self._told = row_texts.of(self.recipe, self.positive, self.negative, against, astray)
            self._said = ()
        self._told_at = at
        return told

    def _against(self) -> Conditioning | None:
        if self.negative is None or self.done:
            return self.negative
        if self.walk and self.walk.skips:
            return None
        acts = guidance.always(self.recipe) or guidance.acts(self.recipe, self.time, self.loaded.signal.shape[0])
        return self.negative if acts else None

    def _astray(self) -> tuple[Perturbed | Smoothed, ...]:
        if self.recipe.pag is None and self.recipe.seg is None:
            return ()
        return () if self.done else guidance.astray(self.recipe, self.time)

    @property
    def against(self) -> Conditioning | None:
        """The negative, where the call to come takes it."""
        return self._now.against

    @property
    def astray(self) -> tuple[Perturbed | Smoothed, ...]:
        """The ways in which attention is disturbed in the call to come, to be guided away from what comes of it."""
        return self._now.astray

    @property
    def plainly(self) -> bool:
        """Whether it is guided by its text and its negative alone in the call to come, or not at all."""
        return self._now.plainly

    @property
    def disturbances(self) -> list[Perturbed | Smoothed | None]:
        """For each batch entry of the call to come how its attention is disturbed."""
        own: list[Perturbed | Smoothed | None] = [None] * (self.width - len(self.positive) * len(self.astray))
        return own + [way for way in self.astray for _ in self.positive]

    @property
    def width(self) -> int:
        """The UNet's batch entries this row takes: one for each text, with guidance one for the negative and one more
        where that acts across the words only, and one for each text and way in which attention is disturbed."""
        return len(self.conditionings)

    @property
    def load(self) -> float:
        """The work of its batch entries, in entries of the UNet's: its nets' count by how large they are beside it."""
        return self.width + sum(one.count * one.guide.share for one in self.followers(0))

    @property
    def area(self) -> int:
        """The latent pixels of its batch entries, those that its nets see counted likewise."""
        return math.ceil(self.load * self.latents.shape[-2] * self.latents.shape[-1])

    @property
    def length(self) -> int:
        """The tokens of its embeddings, repeated to one length where its texts differ in it."""
        return self._now.length

    @property
    def conditionings(self) -> tuple[Conditioning, ...]:
        """The texts that the UNet is given: the negative where there is one, and what it is measured from, then each of
        the positive prompt, and again for each way in which attention is disturbed."""
        return self._now.texts

    @property
    def counted(self) -> int:
        """The step to come as prompts that change on the way count it: from 1, in A1111's way its calls from 0."""
        return self._calls if self.walk else self.step + 1

    @property
    def said(self) -> tuple[tuple[Conditioning, Tensor], ...]:
        """Each of them with its embeddings for the step to come; the same object as long as they are the same."""
        told, said = self._now, self._said
        if not said or not told.still:
            step = self.counted
            made = tuple((one, one.at(step)) for one in told.texts)
            if not said or any(one is not other for (_, one), (_, other) in zip(made, said, strict=True)):
                self._said = said = made
        return said

    @property
    def sides(self) -> list[Tensor]:
        """The embeddings alone."""
        return [embeddings for _, embeddings in self.said]

    @property
    def added(self) -> dict[str, Tensor] | None:
        """SDXL's added conditions for the step to come."""
        height, width = (side * self.loaded.scale for side in self.latents.shape[-2:])
        return prompt_encoding.added(self.loaded, self.conditionings, self.counted, height, width)
