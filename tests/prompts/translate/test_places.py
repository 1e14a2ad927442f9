"""Where things are: a side belongs to the thing that is there, and to the thing that it is a side of."""

from __future__ import annotations

import pytest

from prompts.translate.glossary_translator import Glossary


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("正中间有一口井", "well in the middle"),
        ("画面中央是一朵莲花", "lotus in the middle"),
        ("画面左侧有一棵树", "tree on the left"),
        ("猫在狗左边", "cat to the left of dog"),
        ("貓在狗左邊", "cat to the left of dog"),
        ("狗在猫的右边", "dog to the right of cat"),
        ("猫在狗的后面", "cat behind dog"),
        ("狗右侧的猫", "cat to the right of dog"),
        ("女孩在男孩身后", "1boy, 1girl, girl behind boy"),
        ("老虎后面站着两个女孩", "2girls, standing, two girls behind tiger"),
        ("小猫在女孩怀里", "1girl, kitten in girl's arms"),
        ("女孩脚下有一只猫", "1girl, cat at girl's feet"),
        ("山脚下的村庄", "at the foot of mountain, village"),
        ("男孩和女孩中间有一只狗", "1boy, 1girl, dog between boy and girl"),
        ("两座山中间有一条河", "between two mountains, river"),
        ("前景是花丛", "flower field in the foreground"),
        ("后面是雪山", "snowy mountain in the background"),
        ("远处是连绵的雪山", "rolling snowy mountain in the distance"),
        ("中景是湖", "lake in the middle ground"),
        ("角落里有一只猫", "cat in the corner"),
        ("左边的女孩", "1girl, girl on the left"),
        ("月亮在山的上方", "above mountain, moon"),
        ("肩膀上停着鸟的女孩", "1girl, bird, on shoulders"),
    ],
)
def test_a_place_belongs_to_what_is_there(clause: str, tags: str) -> None:
    assert ", ".join(sorted(phrase.text for phrase in Glossary().translate(clause))) == tags


@pytest.mark.parametrize("clause", ["从后面看", "从前面拍摄的女孩", "手里拿着剑"])
def test_not_every_word_of_place_is_a_side(clause: str) -> None:
    said = ", ".join(phrase.text for phrase in Glossary().translate(clause))
    assert "ground" not in said and "hands" not in said
