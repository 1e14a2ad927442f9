"""Qualities by name."""

from __future__ import annotations

import pytest

from engine import qualities
from prompts.errors import Refusal


def test_a_quality_nobody_knows_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        qualities.quality("best")
    assert caught.value.key == "quality.unknown"
