"""What the documents say has to be so."""

import re

import pytest

from tests.cards.document import documents
from tests.documents import LISTS, PAGES, READMES, ROOT, filled, place

DOCUMENTS = ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md")


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("name", LISTS)
def test_the_lists_in_the_readme_are_those_of_the_program(readme: str, name: str) -> None:
    assert (ROOT / readme).exists(), f"{readme} is missing"
    text = (ROOT / readme).read_text("utf-8")
    found = place(name).findall(text)
    assert len(found) == 1, f"{readme} needs `<!-- list: {name} -->` and `<!-- end of list -->` once, then `make docs`"
    assert found == place(name).findall(filled(text, READMES[readme])), f"run `make docs`: {name} in {readme} is old"


@pytest.mark.parametrize("page", PAGES)
def test_the_lists_in_other_pages_are_those_of_the_program(page: str) -> None:
    name, language = PAGES[page]
    text = (ROOT / page).read_text("utf-8")
    found = place(name).findall(text)
    assert len(found) == 1 and found == place(name).findall(filled(text, language)), f"run `make docs`: {page} is old"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_links_to_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'(?:src|href)="([^"#]+)"', text)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_in_a_document_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", (ROOT / document).read_text("utf-8")))
    assert named <= targets


def test_the_changelog_has_an_unreleased_part() -> None:
    assert re.search(r"^## \[?Unreleased\]?$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_filling_in_changes_the_lists_only() -> None:
    text = "before\n<!-- list: samplers -->\nold\n<!-- end of list -->\nafter\n"
    new = filled(text, "zh")
    assert new.startswith("before\n<!-- list: samplers -->\n\n| 采样器 |") and new.endswith(
        "<!-- end of list -->\nafter\n"
    )
    assert filled(new, "zh") == new


async def test_the_stories_read_as_the_program_tells_them() -> None:
    for name, text in (await documents()).items():
        assert (ROOT / name).exists() and (ROOT / name).read_text("utf-8") == text, f"run `make docs`: {name} is old"
