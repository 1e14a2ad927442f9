"""The options as they are listed for people."""

import pytest

from bot.chat import Person, Room
from bot.commands.help import shown
from bot.commands.table import COMMANDS
from bot.texts import LANGUAGES, say
from prompts.errors import Refusal
from prompts.option_list import listed
from prompts.options import NAMES, loras_written, read_options


def test_every_option_is_listed_with_help_in_every_language() -> None:
    names = [name for rows in listed().values() for name, _ in rows]
    assert {*names} == NAMES - {"no-expand"} and len(names) == len({*names})  # that is another name of --plain
    for language in LANGUAGES:
        assert len({say(language, f"option.help.{name}") for name in names}) == len(names)


def test_every_option_is_read_as_it_is_written_there() -> None:
    for name, written in (row for rows in listed().values() for row in rows):
        value = {"style": "ink-wash"}.get(name, "x")
        asked = read_options(f"cat {written.replace('NAME', value)}")
        assert asked.text == "cat", written


def test_the_help_of_drawing_lists_them() -> None:
    for language in ("zh", "en"):
        card = shown([one.name for one in COMMANDS], "draw", Person("a", "Ann", language), Room())
        told = "\n".join(str(field.value) for field in card.fields)
        assert all(written in told for rows in listed().values() for _, written in rows)
        assert max(len(str(field.value)) for field in card.fields) <= 1024  # what a field on Discord holds


@pytest.mark.parametrize(
    ("text", "tagged"),
    [
        ("a cat --lora ink:0.5", "a cat <lora:ink:0.5>"),
        ("a cat --lora ink --steps 3", "a cat <lora:ink> --steps 3"),
        ("猫，--lora 水墨：0.8 --lora=b:0.5", "猫， <lora:水墨:0.8> <lora:b:0.5>"),
        ("a cat --lora <lora:ink:1>", "a cat <lora:ink:1>"),
        ("a girl called lora", "a girl called lora"),
    ],
)
def test_a_lora_may_be_an_option_in_any_text(text: str, tagged: str) -> None:
    assert loras_written(text) == tagged


def test_a_lora_without_a_name_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        loras_written("a cat --lora")
    assert refused.value.key == "option.bad_value"
