"""The seconds that drawing, loading a model and starting a worker should take, learnt from those they have taken. No
torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast
from weakref import ref

from engine import second_pass
from engine.queue import entries
from engine.recipe import Hires, Recipe
from prompts.errors import Refusal
from prompts.prompt import Json

# Before anything was measured: device-seconds per megapixel and step (the built-in model on two cores), the seconds
# until a worker has imported its libraries, and what a model takes to load: a second for its networks to be made, and
# its file read at the pace of a plain SSD. A model whose file has not been looked at yet is taken for a large one.
FIRST_GUESS = 2.0
START = 8.0
MAKING, PACE, LARGE = 1.0, 400e6, 6 * 10**9
OVERLAP = 1.25  # tiles lie over one another: so many times the area of the enlarged picture is drawn
NET = 0.4  # of a UNet's call a net's takes: 0.35 for SD 1.5, 0.45 for SDXL, by counting operations
KNOWN = 20_000  # recipes on devices whose seconds are remembered until something is learnt
SMOOTHING = 0.3  # share of the newest measurement: five pictures forget a cold start


# By identity, as long as the recipe is somewhere: thousands that were drawn long ago would fill the memory.
_known: dict[int, tuple[ref[Recipe], Mapping[str, float]]] = {}


def work(recipe: Recipe) -> float:
    """The size of a recipe in megapixel-steps, by whichever of its models they are drawn."""
    return sum(parts(recipe).values())


def parts(recipe: Recipe) -> Mapping[str, float]:
    """What `_parts` says of a recipe, reckoned once: the queue asks for it at every turn."""
    key = id(recipe)
    if known := _known.get(key):
        return known[1]
    found = _parts(recipe)
    _known[key] = ref(recipe, lambda gone: _drop(key)), found
    return found


def _drop(key: int) -> None:
    _known.pop(key, None)


def _parts(recipe: Recipe) -> Mapping[str, float]:
    """The size of a recipe in guided megapixel-steps: of the picture, of what is drawn over it enlarged, whole or in
    tiles, and of what is mended, a face being taken to be one. What is drawn over at strength s needs that share of the
    steps; a picture that is taken as it is counts as one. By model, as the second pass may have another."""
    share = 1.0 if recipe.source is None else recipe.source.strength
    own = area = float(recipe.width * recipe.height)
    drawn, second = _entries(recipe, max(1.0, recipe.steps * share), apart="second") * area, 0.0
    if hires := recipe.hires:
        wide, high = second_pass.size(recipe, hires).finished
        area = float(wide * high)
        steps = (hires.steps or recipe.steps) * (1.0 if recipe.like else hires.strength)
        second = _entries(_again(recipe, hires), steps) * area
    drawn += sum(_entries(recipe, recipe.steps * fix.strength) * own for fix in recipe.fixes)
    if last := recipe.upscale:
        drawn += _entries(recipe, recipe.steps * last.strength) * area * last.factor**2 * OVERLAP
    other = hires.checkpoint if hires else ""
    if not other or other == recipe.model:
        return {recipe.model: (drawn + second) / 2e6}
    return {recipe.model: drawn / 2e6, other: second / 2e6}


def _entries(recipe: Recipe, steps: float, *, apart: str = "first") -> float:
    """The UNet's entries for so many steps (engine/queue/entries.py), each as long as a plain one takes, with those of
    the nets that do not act in the stages `apart` alone."""
    if not steps:
        return 0.0
    wanted, unwanted = entries.texts(recipe) + entries.astray(recipe), entries.unwanted(recipe)
    acting = [one for one in recipe.controls if one.strength and one.stages != apart]
    nets = sum(max(0.0, one.end - one.start) * (wanted + (one.mode != "control") * unwanted) for one in acting)
    return entries.calls(recipe, steps) * ((wanted + unwanted) * entries.pace(recipe) + NET * nets)


def _again(recipe: Recipe, hires: Hires) -> Recipe:
    """What the second pass is drawn by; what the first one is where it will be refused."""
    try:
        return second_pass.recipe(recipe, hires)
    except Refusal:
        return recipe


def _draws(recipe: Recipe) -> bool:
    """Whether the model has anything to do."""
    again = bool(recipe.hires or recipe.fixes or (recipe.upscale and recipe.upscale.strength))
    return again or recipe.source is None or recipe.source.strength > 0


def size(path: Path) -> int:
    """The bytes that a model's file or folder takes on the disk; 0 where it is gone."""
    try:
        if path.is_file():
            return path.stat().st_size
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    except OSError:
        return 0


@dataclass(slots=True)
class Estimate:
    """Device-seconds per megapixel-step by model, over all devices (`speeds`) and by the device's words (`devices`);
    seconds to load by model (`loads`) and to start a worker (`start`). `sizes` are the bytes of models on the disk."""

    speeds: dict[str, float] = field(default_factory=dict)
    devices: dict[str, dict[str, float]] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)
    start: float = START
    sizes: dict[str, int] = field(default_factory=dict)
    # What `seconds` said since the last picture taught it something, by recipe and device: the queue asks for it at
    # every turn, for every row. The recipe is held, so that its identity stays its own.
    _said: dict[tuple[int, str], tuple[Recipe, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def seconds(self, recipe: Recipe, device: str = "") -> float:
        """The device-seconds that a recipe should take on a device, or on any."""
        said = self._said.get((id(recipe), device))
        if said is not None:
            return said[1]
        own = self.devices.get(device, {})
        seconds = sum(self._speed(model, own) * size for model, size in parts(recipe).items())
        if len(self._said) >= KNOWN:
            self._said.clear()
        self._said[id(recipe), device] = recipe, seconds
        return seconds

    def together(self, recipes: Sequence[Recipe]) -> float:
        """The device-seconds that recipes of one job should take: passes that they have in common are drawn once."""
        known: set[str] = set()
        total = 0.0
        for recipe in recipes:
            total += self.seconds(recipe)
            passes = [replace(recipe, fixes=(), upscale=None), replace(recipe, fixes=(), upscale=None, hires=None)]
            total -= next((self.seconds(one) for one in passes if one.code in known), 0.0)
            known |= {one.code for one in passes}
        return total

    def _speed(self, model: str, own: Mapping[str, float]) -> float:
        """The seconds per megapixel-step of a model, measured on a device, else on any, else as others are."""
        if known := own.get(model) or self.speeds.get(model):
            return known
        return sum(self.speeds.values()) / len(self.speeds) if self.speeds else FIRST_GUESS

    def comparable(self, model: str, one: str, other: str) -> bool:
        """Whether it is known how fast two devices are beside each other: they are alike, or both were measured."""
        return one == other or all(model in self.devices.get(device, {}) for device in (one, other))

    def loading(self, model: str) -> float:
        """The seconds that a model should take to load."""
        known = self.loads.get(model)
        if known is not None:
            return known
        guessed = sum(map(self._guess, self.loads))
        return self._guess(model) * (sum(self.loads.values()) / guessed if guessed else 1.0)

    def drew(self, recipe: Recipe, device: str, seconds: float) -> None:
        """Learn from a picture that took so many device-seconds."""
        if not _draws(recipe):
            return
        self._said.clear()
        for speeds in (self.speeds, self.devices.setdefault(device, {})):
            sizes = {model: size for model, size in parts(recipe).items() if size}
            # Of two models both are taken to be as much slower or faster than was thought.
            thought = {model: self._speed(model, speeds) if len(sizes) > 1 else 1.0 for model in sizes}
            ratio = seconds / sum(thought[model] * size for model, size in sizes.items())
            for model in sizes:
                speeds[model] = _smoothed(speeds.get(model), thought[model] * ratio)

    def loaded(self, model: str, seconds: float) -> None:
        """Learn from a model that took so long to load."""
        self.loads[model] = _smoothed(self.loads.get(model), seconds)

    def started(self, seconds: float) -> None:
        """Learn from a worker that was ready so many seconds after its first word, loading not counted."""
        self.start = _smoothed(self.start, max(0.0, seconds))

    def _guess(self, model: str) -> float:
        return MAKING + self.sizes.get(model, LARGE) / PACE

    def to_json(self) -> dict[str, Json]:
        return cast(
            dict[str, Json],
            {"speeds": self.speeds, "devices": self.devices, "loads": self.loads, "start": self.start},
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Json]) -> Estimate:
        return cls(
            speeds=dict(cast(Mapping[str, float], values.get("speeds", {}))),
            devices={
                device: dict(speeds)
                for device, speeds in cast(Mapping[str, Mapping[str, float]], values.get("devices", {})).items()
            },
            loads=dict(cast(Mapping[str, float], values.get("loads", {}))),
            start=cast(float, values.get("start", START)),
        )


def _smoothed(known: float | None, measured: float) -> float:
    return measured if known is None else known + SMOOTHING * (measured - known)
