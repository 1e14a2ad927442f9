"""What the page is told while somebody types."""

import pytest

from tests.bot.platforms.web.conftest import Serve

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_end_of_a_clause_is_completed(serve: Serve) -> None:
    served = await serve()
    async with served.browser("zh").get("/api/tags", params={"q": "changf"}) as response:
        answer = await response.json()
    assert answer["length"] == 6
    assert answer["tags"][0] == {
        "tag": "long hair",
        "chinese": "长发",
        "insert": "长发",
        "part": "subject",
        "label": "主体",
    }
    async with served.browser("en").get("/api/tags", params={"q": "a girl with long ha"}) as response:
        answer = await response.json()
    assert answer["length"] == 7 and answer["tags"][0]["insert"] == "long hair"


@pytest.mark.parametrize(
    "typed", ["", " ", "\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "x" * 3000]
)
async def test_any_question_has_an_answer(serve: Serve, typed: str) -> None:
    served = await serve()
    async with served.browser().get("/api/tags", params={"q": typed}) as response:
        assert response.status == 200 and await response.json() == {"length": 0, "tags": []}


async def test_only_who_signed_in_is_answered(serve: Serve) -> None:
    served = await serve(password="letmein")
    async with served.browser().get("/api/tags", params={"q": "mao"}) as response:
        assert response.status == 401
