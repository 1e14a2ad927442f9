"""A measured figure beside its baseline."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `baseline` in `unit`, measured in the same run; `aim` says in words what is hoped for."""

    what: str
    ours: float
    unit: str
    baseline: float | None = None
    against: str = ""
    aim: str = ""

    def row(self) -> tuple[str, str, str, str, str]:
        known = self.baseline is not None
        return (
            self.what,
            f"{self.ours:.4g} {self.unit}",
            f"{self.baseline:.4g} {self.unit} ({self.against})" if known else "",
            f"{self.ours / self.baseline:.3f}" if self.baseline else "",
            self.aim,
        )

    def to_json(self) -> dict[str, str | float | None]:
        return asdict(self)
