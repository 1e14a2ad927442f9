"""What a UNet has answered, for rows that ask it the very same again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from random import Random

from torch import Tensor

# Sixteen pictures of SDXL say 126 MB in 30 steps: (2, 4, 128, 128) in half precision a call.
MOST = 192 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class UnetAnswer:
    """What came of a row's entries, (entries, 4, h, w), and how the lots lay afterwards that its patches draw with."""

    output: Tensor
    lots: Random


class CallMemory:
    """The latest answers of a UNet by what it was asked, of at most so many bytes."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._bytes = 0
        self._answers: OrderedDict[object, UnetAnswer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, question: object) -> UnetAnswer | None:
        """What was answered, None where it was not asked or is forgotten."""
        if question in self._answers:
            self._answers.move_to_end(question)
        return self._answers.get(question)

    def keep(self, question: object, answer: UnetAnswer) -> None:
        """Keep an answer as the latest one."""
        self._forget(question)
        self._answers[question] = answer
        self._bytes += answer.output.nbytes
        while self._bytes > self._most:
            self._forget(next(iter(self._answers)))

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
        self._bytes = 0

    def _forget(self, question: object) -> None:
        if (known := self._answers.pop(question, None)) is not None:
            self._bytes -= known.output.nbytes
