"""The forms in which a change may be asked for: each has a sentence that it reads, and no form above it does."""

from __future__ import annotations

import pytest

from prompts.edit.forms import Form
from prompts.edit.forms_en import FORMS_EN
from prompts.edit.forms_zh import FORMS_ZH
from prompts.edit.instructions import Instruction, instructions, instructs

ROWS = [pytest.param(forms, form, id=form.example) for forms in (FORMS_ZH, FORMS_EN) for form in forms]


@pytest.mark.parametrize(("forms", "form"), ROWS)
def test_a_form_reads_its_example(forms: tuple[Form, ...], form: Form) -> None:
    assert next(one for one in forms if one.pattern.fullmatch(form.example)) is form
    assert form.kind in {one.kind for one in instructions(form.example)}
    assert instructs(form.example) is not form.maybe


def test_a_name_alone_is_what_is_to_be_there() -> None:
    assert instructions("夜景") == (Instruction("set", value="夜景"),)
    assert instructions("night") == (Instruction("set", value="night"),)
    assert not instructs("night")


@pytest.mark.parametrize(
    "said",
    [
        "要去吃饭了", "我不要", "他不要了", "这个不要了", "晚上加班", "路上加油", "越变越好",
        "it should be fine", "you should be proud", "that must be fun", "天黑了", "开始下雨了",
        "我搬到北京了", "有没有", "back to school", "sky blue", "looks too dark", "that is too much", "she is gone",
        "you should sleep", "别哭", "紫色的天空更好看", "这张比较好看", "长大了",
        "everyone is talking about it", "people are reading less", "the bear is just sleeping", "he should be a doctor",
        "the team should have a plan", "her in a red dress", "younger", "shorter hair", "so tired", "two is enough",
        "it's late, so no party", "a place where the house was", "the bus got replaced by a train",
        "instead of work let's have a party", "i wanted to go home", "that's not what i meant", "running and jumping",
        "屋顶上有积雪", "家里有猫", "穿的是校服", "两个人换位置", "因为下雨，所以不去了", "不是这个意思",
        "不吃饭", "one more time", "another day", "as you wish",
    ],
)  # fmt: skip
def test_what_people_say_to_each_other_asks_for_no_change(said: str) -> None:
    assert not instructs(said)
