"""Names: a painter is a style, a people an adjective, a place or a brand describes the thing it stands before."""

from collections.abc import Sequence

import pytest

from prompts.translate.chain import word_by_word
from prompts.translate.translator import Translator


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("塞尚风格", "paul cezanne style"),
        ("塞尚风格的苹果", "paul cezanne style, apple"),
        ("保罗·塞尚", "paul cezanne style"),
        ("歌川广重画风", "utagawa hiroshige style"),
        ("洛阳牡丹", "luoyang peony"),
        ("景德镇瓷器", "jingdezhen porcelain"),
        ("埃菲尔铁塔下的情侣", "couple, under eiffel tower"),
        ("苗族女孩", "1girl, miao"),
        ("藏式建筑", "tibetan building"),
        ("印第安酋长", "native american chief"),
        ("一辆红色保时捷跑车", "red porsche sports car"),
        ("穿耐克球鞋的男孩", "1boy, nike sneakers"),
        ("蒙娜丽莎戴墨镜", "mona lisa, wearing sunglasses"),
        ("清明上河图", "along the river during the qingming festival"),
        ("保加利亚玫瑰", "bulgarian rose"),
        ("曲阜牌坊", "Qufu paifang"),  # a place that only CC-CEDICT knows
    ],
)
def test_names(clause: str, tags: str, translators: Sequence[Translator]) -> None:
    assert ", ".join(phrase.text for phrase in word_by_word(clause, translators)[0]) == tags
