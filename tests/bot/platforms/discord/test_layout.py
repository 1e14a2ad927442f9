"""Whatever a card holds, its message keeps to Discord's limits and loses nothing."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from bot.chat import Button, Card, Field, Say, Shown
from bot.platforms.discord import custom_ids, images, layout
from bot.studio import cards
from prompts.doctor import Finding
from storage.pictures import PictureRow
from tests.bot.platforms.discord.desk import size
from tests.fakes import a_png, a_prompt, a_recipe


def a_row(id: str, *, kept: bool = False) -> PictureRow:
    """A picture that was drawn, and is a favourite or none."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return PictureRow(
        id=id, person="p", job="j", hash="0" * 64, recipe=a_recipe(), width=8, height=8, seconds=1.0, parent=None,
        created=now, favourite=kept,
    )  # fmt: skip


def checked(card: Card, language: str = "en") -> layout.Read:
    """The card's words, after a look at every limit."""
    read = layout.lay_out(card, language)
    payload: dict[str, Any] = dict(read.payload)
    assert len(payload["content"]) <= 2000
    for embed in payload["embeds"]:
        fields = embed.get("fields", [])
        texts = [embed.get("description", ""), *(one[part] for one in fields for part in ("name", "value"))]
        assert len(fields) <= 25 and sum(map(len, texts)) <= 6000 and len(texts[0]) <= 4096
        assert all(0 < len(one["name"]) <= 256 and 0 < len(one["value"]) <= 1024 for one in fields)
    rows = payload["components"]
    assert len(rows) <= 5
    seen: list[str] = []
    for row in rows:
        inner = row["components"]
        assert 1 <= len(inner) <= 5
        for one in inner:
            seen.append(one["custom_id"])
            assert len(one["custom_id"]) <= 100 and len(one.get("label", "")) <= 80
            options = one.get("options", [])
            assert len(options) <= 25 and all(len(o["label"]) <= 100 and len(o["value"]) <= 100 for o in options)
    assert len(set(seen)) == len(seen)
    return read


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 9, 26, 64])
def test_any_number_of_pictures(count: int) -> None:
    shown = tuple(Shown(f"picture{number:05}", "0" * 64, 8, 8) for number in range(count))
    buttons = tuple(button for one in shown for button in cards.picture_buttons(a_row(one.id, kept=count % 2 == 1)))
    if count > 1:
        buttons += (Button("again_all", "thejob"),)
    card = Card(text=Say("job.done"), job="j", pictures=shown, buttons=buttons)
    rows: Any = checked(card).payload["components"]
    reached = str(rows)
    assert all(one.id in reached for one in shown) and ("again_all:thejob" in reached) == (count > 1)


@pytest.mark.parametrize("kept", [False, True])
def test_every_button_of_one_picture_is_reached_and_five_stand_at_once(kept: bool) -> None:
    buttons = cards.picture_buttons(a_row("abcdefghijkl", kept=kept))
    rows: Any = checked(Card(text=Say("job.done"), buttons=buttons)).payload["components"]
    said = str(rows)
    assert [one["label"] for one in rows[0]["components"]] == [
        "Again", "Vary", "Upscale ×2", "Edit", "Saved" if kept else "Save",
    ]  # fmt: skip
    assert [one["label"] for one in rows[1]["components"]] == ["Tag table"]
    assert rows[2]["components"][0]["placeholder"] == "More…" and len(rows) == 3
    assert ("'rename:" in said) == kept
    assert all(f":{layout._pressed(one)}:" in said or f"'{layout._pressed(one)}:" in said for one in buttons)
    assert "ask_delete" in said and "'delete:" not in said


def test_what_does_not_fit_stands_in_a_file() -> None:
    lines = tuple(Field(Say("favourites.name", {"name": f"name {number}"}), "word " * 300) for number in range(40))
    read = checked(Card(text=Say("favourites.found", {"count": 40}), fields=lines))
    (file,) = read.files
    assert file.content.decode().count("word") == 40 * 300 and b"name 39" in file.content


def test_many_of_a_kind_become_a_select_with_names() -> None:
    lines = tuple(Field(Say("favourites.name", {"name": f"cat {number}"}), "a cat") for number in range(20))
    buttons = tuple(Button("use", f"id{number}") for number in range(20))
    rows: Any = checked(Card(text=Say("favourites.found", {"count": 20}), fields=lines, buttons=buttons)).payload
    options = rows["components"][0]["components"][0]["options"]
    assert options[7]["label"] == "cat 7" and options[7]["value"] == "use:id7"
    assert rows["components"][0]["components"][0]["placeholder"] == "Use"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_button_turns_in_the_language_it_has(language: str) -> None:
    one, kept = a_row("abcdefghijkl"), a_row("abcdefghijkl", kept=True)
    card, after = (Card(text=Say("job.done_at_once"), buttons=cards.picture_buttons(row)) for row in (one, kept))
    before: Any = list(layout.rows(card, language))
    turned: Any = layout.turned(before, "dq1:favourite:abcdefghijkl", "unfavourite")
    wanted: Any = list(layout.rows(after, language))
    assert turned[0] == wanted[0] and turned[1] == before[1]
    assert layout.turned(turned, "dq1:unfavourite:abcdefghijkl", "favourite") == before
    [select] = layout._selects([(Button("favourite", "x"), f"2 · {layout.label('favourite', language)}")], language)
    option: Any = layout.turned([select], "favourite:x", "unfavourite")
    [entry] = option[0]["components"][0]["options"]
    assert (entry["label"], entry["value"]) == (f"2 · {layout.label('unfavourite', language)}", "unfavourite:x")


def test_words_cannot_call_anybody_or_dress_up() -> None:
    prompt = a_prompt("@everyone **bold** <@123> `code`")
    findings = (Finding("doctor.typo", {"word": "`x`", "near": "y"}, "warn", "`fix`"),)
    payload: Any = checked(Card(text=Say("job.waiting.a"), prompt=prompt, findings=findings)).payload
    assert payload["allowed_mentions"] == {"parse": [], "users": []}
    assert r"\*\*bold\*\*" in payload["embeds"][0]["description"]


def test_ids_say_all_and_refuse_others() -> None:
    assert custom_ids.parse_id(custom_ids.make("again", "abc", 3)) == custom_ids.Id("again", "abc")
    assert [custom_ids.parse_id(one) for one in ("dq0:again:abc", "dq1:again", "other", "")] == [None] * 4
    with pytest.raises(ValueError, match="too long"):
        custom_ids.make("again", "x" * 100)


def test_a_sheet_keeps_every_picture_in_order() -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    made = images.sheet([a_png(colour, 64) for colour in colours])
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.size == (136, 136)
        assert [picture.getpixel(at) for at in ((32, 32), (104, 32), (32, 104))] == colours


def test_a_picture_that_is_too_large_is_encoded_anew() -> None:
    noise = Image.frombytes("RGB", (400, 400), random.Random(1).randbytes(480_000))
    out = io.BytesIO()
    noise.save(out, "PNG")
    whole = out.getvalue()
    assert images.fitted(whole, len(whole)) == ("png", whole)
    suffix, small = images.fitted(whole, 200_000)
    assert suffix == "webp" and len(small) <= 200_000 and size(small) == (400, 400)
    suffix, tiny = images.fitted(whole, 10_000)
    assert len(tiny) <= 10_000 and size(tiny)[0] < 400


@pytest.mark.parametrize("count", [3, 30, 97])
def test_a_comparison_drawn_in_part_has_all_its_numbers(count: int) -> None:
    numbers = [Button("compared_picture", f"picture{at:05}", label=Say("compare.number", {"number": at})) for at in
               range(count)]  # fmt: skip
    rows: Any = checked(Card(text=Say("job.done"), buttons=(Button("compare_rest", "thejob"), *numbers))).payload
    said = str(rows["components"])
    assert all(one.target in said for one in numbers) and "compare_rest:thejob" in said
