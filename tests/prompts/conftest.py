"""The chain of translators, whose dictionary takes a second or two to be made, once for all tests of prompts."""

from __future__ import annotations

import pytest

from prompts.translate.chain import chain
from prompts.translate.translator import Translator


@pytest.fixture(scope="session")
def translators(tmp_path_factory: pytest.TempPathFactory) -> tuple[Translator, ...]:
    return chain(tmp_path_factory.mktemp("dictionary"))
