from __future__ import annotations

from storage import favourites, pictures, shares
from storage.database import Database
from tests.storage.samples import drawn


async def test_a_picture_has_one_code_that_nobody_guesses(db: Database, person: str) -> None:
    first, second = await drawn(db, person), await drawn(db, person)
    code = await shares.share(db, first.id)
    assert code is not None and len(code) == 16 and code != await shares.share(db, second.id)
    assert await shares.share(db, first.id) == code == await shares.code_of(db, first.id)
    opened = await shares.opened(db, code)
    assert opened is not None and opened.id == first.id
    assert await shares.opened(db, first.id) is None
    assert await shares.share(db, "nothing") is None and await shares.code_of(db, "nothing") is None


async def test_a_code_taken_back_opens_nothing_and_never_comes_again(db: Database, person: str) -> None:
    picture = await drawn(db, person)
    old = await shares.share(db, picture.id)
    assert old is not None
    await shares.take_back(db, old)
    assert await shares.opened(db, old) is None and await shares.code_of(db, picture.id) is None
    assert await shares.share(db, picture.id) not in (None, old)


async def test_a_deleted_picture_is_shared_no_more(db: Database, person: str) -> None:
    picture = await drawn(db, person)
    code = await shares.share(db, picture.id)
    assert code is not None and await pictures.delete(db, picture.id)
    assert await shares.opened(db, code) is None


async def test_favourites_the_others_and_other_words(db: Database, person: str) -> None:
    first, second = await drawn(db, person), await drawn(db, person)
    await favourites.keep(db, first, person, ["cat"])

    async def found(**asked: object) -> list[str]:
        page = await pictures.search(db, person, **asked)  # type: ignore[arg-type]
        return [row.id for row in page.pictures]

    assert (await found(favourite=True), await found(favourite=False)) == ([first.id], [second.id])
    words = first.recipe.prompt.text
    assert await found(words="gondola") == []
    assert await found(words="gondola", instead=[words]) == [second.id, first.id]
    assert await found(words="gondola", instead=[words], favourite=True) == [first.id]
