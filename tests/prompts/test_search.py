"""Tags found while somebody types: Chinese, pinyin, initials, English; in the right order and quickly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from prompts.search import Index
from tests.prompts.measure_search import Found, measured


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def index(folder: Path) -> Index:
    return Index(folder)


@pytest.fixture(scope="module")
def ways(index: Index, folder: Path) -> Mapping[str, Found]:
    return measured(index, folder, 400, timed=False)  # of 200, chance has a word in how many have two initials


def tags(index: Index, query: str, **more: bool) -> list[str]:
    return [one.tag for one in index.find(query, **more)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("猫", "cat"),
        ("长发", "long hair"),
        ("長髮", "long hair"),
        ("水墨", "ink wash painting"),
        ("changfa", "long hair"),
        ("chang fa", "long hair"),
        ("lvse", "green"),
        ("shuimo", "ink wash painting"),
        ("long hair", "long hair"),
        ("LONG_HAIR", "long hair"),
        ("cat", "cat"),
    ],
)
def test_what_was_meant_comes_first(index: Index, query: str, first: str) -> None:
    assert tags(index, query)[0] == first


@pytest.mark.parametrize(
    ("query", "among"),
    [
        ("cf", "long hair"),
        ("hf", "black hair"),
        ("sm", "ink wash painting"),
        ("chang", "long hair"),
        ("长", "long hair"),
        ("long ha", "long hair"),
        ("haitan", "beach"),
        ("xueshan", "snowy mountain"),
    ],
)
def test_a_beginning_is_enough(index: Index, query: str, among: str) -> None:
    assert among in [one.tag for one in index.find(query, 12)]


@pytest.mark.parametrize(
    ("query", "tag"),
    [
        ("lnog hair", "long hair"),
        ("log hair", "long hair"),
        ("longg hair", "long hair"),
        ("lomg hair", "long hair"),
        ("longhair", "long hair"),
        ("kong hair", "long hair"),
        ("masterpeice", "masterpiece"),
        ("cinamatic", "cinematic"),
        ("blue eye", "blue eyes"),
        ("watercolr", "watercolor"),
        ("wtaercolor", "watercolor"),
        ("changgfa", "long hair"),
        ("hcangfa", "long hair"),
        ("shuimp", "ink wash painting"),
        ("shuimohau", "ink wash painting"),
    ],
)
def test_one_letter_may_be_wrong(index: Index, query: str, tag: str) -> None:
    assert tag in tags(index, query)[:5]


@pytest.mark.parametrize(
    ("text", "length", "tag"),
    [
        ("a girl with lnog ha", 7, "long hair"),
        ("girl with bleu eyes", 9, "blue eyes"),
        ("long hait", 9, "long hair"),  # and no beach, "haitan"
    ],
)
def test_a_slip_at_the_end_of_a_clause_is_completed(index: Index, text: str, length: int, tag: str) -> None:
    replaced, found = index.complete(text)
    assert replaced == length and found[0].tag == tag


def test_what_stands_before_a_word_of_chinese_is_no_slip(index: Index) -> None:
    assert index.find("大水墨画") == () and index.complete("大水墨画")[0] == 3


def test_what_is_typed_rightly_comes_before_what_is_near(index: Index) -> None:
    for typed in ("boat", "hair", "chair", "mountain"):
        assert tags(index, typed)[0] == typed
    for typed, tag in (("haitan", "beach"), ("mao", "cat"), ("gou", "dog")):
        assert tags(index, typed)[0] == tag


# In the first five of tags drawn by chance. Two initials stand for hundreds of tags: 60 of 100 would be all there can.
@pytest.mark.parametrize(
    ("way", "least"),
    [
        ("English", 0.99),
        ("English, a slip", 0.95),
        ("English, its beginning", 0.95),
        ("pinyin", 0.99),
        ("pinyin, a slip", 0.95),
        ("initials of 2", 0.5),
        ("initials of 3", 0.95),
        ("initials of 4 and more", 0.95),
        ("Chinese", 0.99),
        ("Chinese, its beginning", 0.95),
        ("Chinese, its middle", 0.9),
    ],
)
def test_most_tags_are_found_in_every_way(ways: Mapping[str, Found], way: str, least: float) -> None:
    assert ways[way].share >= least


def test_most_initials_are_enough(ways: Mapping[str, Found]) -> None:
    rows = [row for way, row in ways.items() if way.startswith("initials")]
    assert sum(row.found for row in rows) / sum(row.asked for row in rows) >= 0.8


def test_the_word_to_write_is_in_the_language_of_the_query(index: Index) -> None:
    chinese, english = index.find("changfa")[0], index.find("long hair")[0]
    assert (chinese.insert, chinese.chinese) == ("长发", "长发")
    assert (english.insert, english.chinese) == ("long hair", "长发")
    assert english.part == "subject" and english.category == "hair"


def test_english_comes_first_for_who_reads_english(index: Index) -> None:
    chinese, english = tags(index, "long"), tags(index, "long", pinyin=False)
    assert chinese.index("dragon") < chinese.index("long hair")
    assert "dragon" not in english or english.index("long hair") < english.index("dragon")


def test_every_tag_once_and_no_more_than_asked(index: Index) -> None:
    found = [one.tag for one in index.find("a", 20)]
    assert len(found) == len(set(found)) == 20


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        *(
            ("猫", "cat"),
            ("貓", "cat"),
            ("狗", "dog"),
            ("花", "flower"),
            ("雪", "snow"),
            ("红", "red"),
            ("一位女孩", "1girl"),
        ),
        *(("cat", "cat"), ("flower", "flower"), ("girl", "1girl"), ("boy", "1boy"), ("mao", "cat"), ("hong", "red")),
    ],
)
def test_the_plain_word_comes_first(index: Index, text: str, tag: str) -> None:
    _, found = index.complete(text)
    assert found[0].tag == tag and len(found) > 1


@pytest.mark.parametrize(
    ("text", "length", "tag"),
    [
        ("一只可爱的小猫", 3, None),
        ("戴着红色帽子的水墨", 2, "ink wash animation"),
        ("a girl with long ha", 7, "long hair"),
        ("girl, long ha", 7, "long hair"),
        ("  lon", 3, "long hair"),
    ],
)
def test_the_end_of_a_clause_is_completed(index: Index, text: str, length: int, tag: str | None) -> None:
    clause = text.rpartition(",")[2]
    replaced, found = index.complete(clause, 12)
    if tag is None:
        assert replaced <= len(clause)
        return
    assert replaced == length
    assert tag in [one.tag for one in found]


@pytest.mark.parametrize(
    "query", ["", " ", "\n", "qqqqqqq", "的的的的的", "\ud83d", "%", "\\", "x" * 10_000, "。", "1\n2"]
)
def test_any_query_has_an_answer(index: Index, query: str) -> None:
    index.find(query)
    index.complete(query)


def test_the_pinyin_is_kept(index: Index, folder: Path) -> None:
    index.find("mao")
    (kept,) = folder.glob("pinyin-*.tsv")
    assert "长发\tchang fa\n" in kept.read_text(encoding="utf-8")
    changed = kept.stat().st_mtime_ns
    assert tags(Index(folder), "mao")[0] == "cat"
    assert kept.stat().st_mtime_ns == changed


def test_a_folder_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert tags(Index(file / "cache"), "mao")[0] == "cat"
