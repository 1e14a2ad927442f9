"""A job on its way: which of its pictures wait, which are drawn by which worker, and which are finished."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.files.shelf import Need
from engine.job import Job, Picture, State
from engine.queue.pool import Worker


@dataclass(slots=True, eq=False)
class Assignment:
    """Pictures of a job that one worker draws; `indexes` are their numbers in the job. `job` is what the worker is
    handed: the recipes of these alone, under an id that no other assignment has at the same time. `number`
    counts those that were made before it. Those of the numbers `resting` have given their rows up to others for now;
    `moved` is when each last did, or was given one again."""

    of: Course
    worker: Worker
    indexes: tuple[int, ...]
    job: Job
    handed: bool = False
    number: int = 0
    resting: set[int] = field(default_factory=set)
    moved: dict[int, float] = field(default_factory=dict)
    _models: frozenset[str] | None = None

    @property
    def models(self) -> frozenset[str]:
        """The names of all models that draw its pictures, gathered once."""
        if self._models is None:
            self._models = _models_of(self.job)
        return self._models

    @property
    def active(self) -> list[int]:
        """The numbers of its pictures that are not finished and do not rest."""
        drawn, resting = self.of.pictures, self.resting
        return [index for index in self.indexes if index not in drawn and index not in resting]

    @property
    def kept(self) -> list[int]:
        """The numbers of its pictures that rest half drawn, in the order in which they began to."""
        if not self.resting:
            return []
        kept = [index for index in self.left if index in self.resting and index in self.of.steps]
        return sorted(kept, key=lambda index: self.moved.get(index, 0.0))

    @property
    def left(self) -> list[int]:
        """The numbers of its pictures that are not finished."""
        drawn = self.of.pictures
        return [index for index in self.indexes if index not in drawn]


@dataclass(slots=True, eq=False)
class Course:
    """The course of a job that has not ended. Each picture without an end is in one of three places: in the line
    (`waiting`), held for a row to come free on the worker `home` (`held`), or in one of the `assignments`.

    `charged` are the device-seconds that the owner's account carries for pictures not finished, `deferred` is since
    when it waits for a worker that holds its model, `began` when the first of its pictures was begun; `served` counts
    the jobs that were given a home before it.
    """

    job: Job
    waiting: list[int]
    home: Worker | None = None
    held: list[int] = field(default_factory=list)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    charged: dict[int, float] = field(default_factory=dict)
    steps: dict[int, tuple[int, int]] = field(default_factory=dict)
    used: dict[int, float] = field(default_factory=dict)
    pictures: dict[int, Picture] = field(default_factory=dict)
    deferred: float | None = None
    lacking: float | None = None
    needs: frozenset[Need] | None = None
    began: float | None = None
    served: int = 0
    cancelled: bool = False  # its workers were told, and have not all answered yet
    _models: frozenset[str] | None = None

    @property
    def models(self) -> frozenset[str]:
        """The names of all models that draw its pictures, gathered once."""
        if self._models is None:
            self._models = _models_of(self.job)
        return self._models

    @property
    def over(self) -> bool:
        """Whether its end has been told; assignments that remain are only waited for."""
        return self.job.state not in (State.WAITING, State.RUNNING)

    @property
    def first_left(self) -> int:
        """The number of the first picture that is not finished; of the last where all are."""
        last = len(self.job.recipes) - 1
        return next((index for index in range(last) if index not in self.pictures), last)

    @property
    def begun(self) -> bool:
        """Whether workers have something to do with it."""
        return bool(self.held or self.assignments)

    @property
    def claims(self) -> bool:
        """Whether some of it waits for a row."""
        return bool(self.waiting or self.held or any(one.resting & {*one.left} for one in self.assignments.values()))

    @property
    def rests(self) -> bool:
        """Whether all that workers have of it has given way to others for now."""
        handed = [assignment for assignment in self.assignments.values() if assignment.left]
        return bool(handed) and not any(assignment.active for assignment in handed)

    @property
    def lent(self) -> bool:
        """Whether other workers than its home draw for it."""
        return any(assignment.worker is not self.home for assignment in self.assignments.values())

    def assign(self, worker: Worker, indexes: list[int]) -> Assignment:
        """Make an assignment of these pictures for a worker."""
        recipes = tuple(self.job.recipes[index] for index in indexes)
        whole = len(indexes) == len(self.job.recipes)
        name = self.job.id if whole else f"{self.job.id}/{indexes[0]}"
        made = Assignment(self, worker, tuple(indexes), replace(self.job, id=name, recipes=recipes))
        self.assignments[name] = made
        worker.jobs[name] = made.job
        return made


def _models_of(job: Job) -> frozenset[str]:
    return frozenset(model for recipe in job.recipes for model in recipe.models)
