"""Who wears, holds and does what: verbs by their objects, 把 and 被, manner, hands, and who is meant by 她."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from prompts.translate.translator import Translator
from tests.prompts.measure import score_prompts
from tests.prompts.own import own_of as own

UNSEEN = Path(__file__).parent.parent / "unseen"


def test_sentences_of_holding_and_wearing(translators: Sequence[Translator]) -> None:
    score = score_prompts(UNSEEN / "tune-holding.txt", translators, misses=True)
    assert score.right == score.asked
    assert score.phrases.exact == score.phrases.asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("牧民拉着马", ["herdsman", "leading horse"]),
        ("拉着绳子的男人", ["1boy", "pulling rope"]),
        ("拉小提琴的少女", ["1girl", "playing violin"]),
        ("打着红领带的男人", ["1boy", "red necktie"]),
        ("打傘的女孩", ["1girl", "holding umbrella"]),
        ("打怪物的骑士", ["knight", "fighting monster"]),
        ("放羊的少年", ["1boy", "herding sheep"]),
        ("放烟花的情侣", ["couple", "setting off fireworks"]),
        ("吹笛子的牧童", ["shepherd boy", "playing flute"]),
        ("开着拖拉机的农民", ["farmer", "driving tractor"]),
        ("妈妈牵着孩子的手", ["mother", "holding hand of child"]),
        ("看着女孩的眼睛", ["looking at eyes of girl"]),
    ],
)
def test_a_verb_is_read_by_its_object(text: str, said: list[str], translators: Sequence[Translator]) -> None:
    assert own(text, translators) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("被火焰包围的城堡", ["castle", "surrounded by fire"]),
        ("女孩被猫咪包围", ["1girl", "surrounded by cats"]),
        ("被一群猫围着的女孩", ["1girl", "surrounded by group of cats"]),
        ("湖水被月光照亮", ["lake water", "lit by moonlight"]),
        ("被狗追着跑的小偷", ["thief", "chased by dog", "running"]),
        ("正在被修理的汽车", ["car", "being repaired"]),
        ("群山環繞著小鎮", ["surrounded by mountain range", "town"]),
        ("雪覆盖了整个村庄", ["covered with snow", "village"]),
        ("房顶覆盖着白雪", ["rooftop", "covered with white snow"]),
        ("被晚霞染红的天空", ["sky", "dyed red by sunset glow"]),
        ("用手遮住太阳的女孩", ["1girl", "hands", "covering sun"]),
        ("由水晶構成的龍", ["dragon", "made of crystal"]),
        ("用积木搭成的城堡", ["castle", "made of toy blocks"]),
        ("镶满钻石的皇冠", ["crown", "inlaid with diamond"]),
        ("男孩背着妹妹", ["1boy", "carrying girl"]),
    ],
)
def test_what_is_done_is_done_by_the_right_one(text: str, said: list[str], translators: Sequence[Translator]) -> None:
    assert sorted(own(text, translators)) == sorted(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("把书放在桌上", "book on table"),
        ("她把信放进信封", "letter in envelope"),
        ("女孩把貓抱在懷裡", "holding cat in arms"),
        ("把灯笼挂在树上的女孩", "lantern hanging on tree"),
        ("爸爸把孩子扛在肩上", "carrying child on shoulders"),
        ("将剑插在地上的骑士", "sword in ground"),
        ("坐在爸爸肩膀上的小男孩", "on shoulders of father"),
        ("肩膀上站着鹦鹉的海盗", "parrot on shoulder"),
        ("头上停着一只蝴蝶的女孩", "butterfly on head"),
    ],
)
def test_a_thing_is_where_it_is_put(text: str, said: str, translators: Sequence[Translator]) -> None:
    assert said in own(text, translators)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("牵着一只戴着蓝色项圈的棕色小狗", ["leading brown puppy wearing blue collar"]),
        ("抱著穿紅裙子的娃娃的女孩", ["1girl", "holding doll wearing red dress"]),
        ("看着拿剑的骑士的公主", ["princess", "looking at knight holding sword"]),
        ("抱着两只戴帽子的猫的男孩", ["1boy", "holding two cats wearing hat"]),
        ("看着奔跑的马的老人", ["elderly person", "looking at running horse"]),
        ("女孩把头靠在男孩肩上", ["1girl", "head leaning on shoulders of boy"]),
        ("拿着剑穿着铠甲的骑士", ["knight", "holding sword", "armor"]),
    ],
)
def test_what_is_said_of_an_object_stays_with_it(text: str, said: list[str], translators: Sequence[Translator]) -> None:
    assert own(text, translators) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("慢慢走在雨里的老人", "slowly walking"),
        ("女孩轻轻抚摸着小猫", "gently petting kitten"),
        ("緊緊抱著玩偶的小女孩", "tightly holding stuffed toy"),
        ("静静流淌的河", "quietly flowing river"),
        ("男人左手拿剑，右手拿盾", "holding shield in right hand"),
        ("男人左手拿剑，右手拿盾", "holding sword in left hand"),
    ],
)
def test_an_action_keeps_its_manner_and_hand(text: str, said: str, translators: Sequence[Translator]) -> None:
    assert said in own(text, translators)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("她戴着蓝色帽子", "1girl"),
        ("他肩上的乌鸦", "1boy"),
        ("她们在海边奔跑", "multiple girls"),
    ],
)
def test_whoever_is_only_spoken_of_is_in_the_picture(text: str, said: str, translators: Sequence[Translator]) -> None:
    assert said in own(text, translators)


@pytest.mark.parametrize("text", ["一个老师，她戴着蓝色帽子", "吉他和其他乐器", "一个女孩坐在窗边，她戴着蓝色帽子"])
def test_whoever_was_named_is_named_once(text: str, translators: Sequence[Translator]) -> None:
    assert sum(one in ("1girl", "1boy") for one in own(text, translators)) <= text.count("女孩")
