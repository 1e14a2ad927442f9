import re
from pathlib import Path

import pytest

from prompts.grammar import attention, pieces
from prompts.prompt import PARTS
from prompts.translate.chinese import CHINESE, simplified
from prompts.translate.clause_reader import READER
from prompts.translate.dictionary import Dictionary
from prompts.translate.glossary import FOLDER, GlossaryError, entries, rows
from prompts.translate.glossary_translator import Glossary
from prompts.translate.numbers import plural


def test_every_file_has_its_form_and_no_key_stands_twice() -> None:
    seen: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.tsv")):
        for key, entry, line in rows(path):
            where = f"{path.name}:{line} {key}"
            assert key not in seen, f"{where} is also in {seen[key]}"
            seen[key] = where
            assert key == key.lower() == key.strip(), where
            assert simplified(key) == key or CHINESE.search(key), where
            assert entry.part in PARTS, where
            assert not CHINESE.search(entry.tag) and entry.tag.isprintable(), where
    assert len(seen) == len(entries()) > 15_000


def test_every_tag_comes_back_from_the_grammar_as_it_is() -> None:
    for key, entry in entries().items():
        tag = entry.tag.replace("{}", "x")
        assert attention(tag) == [(re.sub(r"\\(.)", r"\1", tag), 1.0)], key
        assert ", ".join(piece.text for piece in pieces(tag)[0]) == tag, key


def test_keys_are_simplified_or_taiwans_own_words() -> None:
    traditional = [key for key in entries() if simplified(key) != key]
    assert len(traditional) < 0.002 * len(entries()), traditional


@pytest.mark.parametrize("line", ["猫 cat", "@ animal", "@ animal nowhere", "\tcat", "猫\tcat\tanimal"])
def test_a_damaged_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(f"@ animal subject\n狗\tdog\n{line}\n", encoding="utf-8")
    with pytest.raises(GlossaryError, match=r"x\.tsv:3"):
        list(rows(path))


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("红色帽子", "red hat"),
        ("黑色长发", "black hair, long hair"),
        ("蓝色的大眼睛", "blue eyes, big eyes"),
        ("红色汉服", "red hanfu"),
        ("可爱的白色小狗", "cute white puppy"),
        ("红色的大苹果", "big red apple"),
        ("三只小狗", "three puppies"),
        ("两个女孩", "2girls"),
        ("五个男孩", "5boys"),
        ("一群女孩", "multiple girls"),
        ("许多蝴蝶", "many butterflies"),
        ("几朵玫瑰", "several roses"),
        ("一束玫瑰", "bouquet of roses"),
        ("两杯咖啡", "two cups of coffee"),
        ("戴眼镜的女孩", "1girl, glasses"),
        ("戴眼镜的猫", "cat, wearing glasses"),
        ("戴着帽子和围巾的男孩", "1boy, hat, scarf"),
        ("抱着猫的女孩", "1girl, holding cat"),
        ("树下的猫", "cat, under tree"),
        ("猫在桌子上", "cat, on table"),
        ("头发很长的女孩", "1girl, long hair"),
        ("森林小屋", "forest cottage"),
        ("樱花飘落", "falling cherry blossoms"),
        ("红色和蓝色的花", "red and blue flower"),
        ("手里拿着剑", "holding sword"),
        ("火焰环绕", "surrounded by fire"),
        ("女骑士", "female knight"),
        ("黑色哥特连衣裙", "black gothic dress"),
        ("蒸汽朋克飞艇", "steampunk airship"),
        ("请帮我画一只猫", "cat"),
        ("水墨画风格", "ink wash painting"),
        ("以及", ""),
        ("双手放在自己的膝盖上", "hands on own knees"),
        ("一只手搭在别人的肩膀上", "hand on another's shoulder"),
        ("女孩双手放在膝盖上", "1girl, hands on own knees"),
        ("胡萝卜形发饰", "carrot hair ornament"),
        ("蝴蝶形的翅膀", "butterfly wings"),
        ("星星耳环", "star earrings"),
        ("鲨鱼印花卫衣", "shark print sweatshirt"),
        ("毛边手套", "fur-trimmed gloves"),
        ("露肩毛衣", "off-shoulder sweater"),
        ("露背长裙", "backless long skirt"),
        ("头上有小鸡", "chick on head"),
        ("白色睫毛", "white eyelashes"),
        ("红色天鹅绒", "red velvet"),
        ("望向大海", "looking at sea"),
        ("坐在沙发上", "sitting on couch"),
        ("女孩坐在沙发上", "1girl, sitting, on sofa"),
        ("吹", "blowing"),
    ],
)
def test_patterns(clause: str, tags: str) -> None:
    assert ", ".join(phrase.text for phrase in Glossary().translate(clause)) == tags


@pytest.mark.parametrize(
    ("traditional", "plain"),
    [
        ("紅色帽子的橘貓", "红色帽子的橘猫"),
        ("賽博龐克的機車", "赛博朋克的摩托车"),
        ("穿洋裝的女孩，瀏海", "穿连衣裙的女孩，刘海"),
    ],
)
def test_traditional_reads_like_simplified(traditional: str, plain: str) -> None:
    of = [[(phrase.text, phrase.part) for phrase in Glossary().translate(text)] for text in (traditional, plain)]
    assert of[0] == of[1]


def test_the_source_is_what_the_person_wrote() -> None:
    assert [phrase.source for phrase in Glossary().translate("戴紅色帽子的橘貓")] == ["橘貓", "戴紅色帽子"]


def test_a_word_of_the_dictionary_is_not_read_as_two_of_ours() -> None:
    assert [phrase.text for phrase in Glossary().translate("马虎")] == ["horse", "tiger"]
    assert [phrase.text for phrase in Glossary(known={"马虎"}.__contains__).translate("马虎")] == ["马虎"]


def test_unknown_words_stay_where_they_belong() -> None:
    phrases = Glossary().translate("穿红色囫囵的女孩")
    assert [phrase.text for phrase in phrases] == ["1girl", "red 囫囵"]
    assert phrases[1].left == 2


def test_nothing_known_comes_back_without_an_origin() -> None:
    assert [(phrase.text, phrase.origin) for phrase in Glossary().translate("囫囵")] == [("囫囵", None)]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("cat", "cats"),
        ("woman", "women"),
        ("cherry", "cherries"),
        ("fox", "foxes"),
        ("koi", "koi"),
        ("glasses", "glasses"),
        ("school of fish", "schools of fish"),
        ("day", "days"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


def test_reading_never_fails() -> None:
    for text in (
        "",
        "的",
        "的的的",
        "一只",
        "不要",
        "在",
        "上",
        "和和",
        "戴",
        "没有的",
        "一只的戴在上和",
        "的猫的的狗的",
        "\ud800猫",
        "红",
    ):
        Glossary().translate(text)
        READER.read(text, {}, {})


def test_the_dictionary_gives_words_and_says_so(tmp_path: Path) -> None:
    dictionary = Dictionary(tmp_path)
    assert [(phrase.text, phrase.origin) for phrase in dictionary.translate("铜锣")] == [("gong", "dictionary")]
    assert dictionary.translate("銅鑼")[0].text == "gong"
    assert dictionary.translate("铜锣")[0].doubts == ("铜锣 = gong",)
    assert dictionary.knows("铜锣") and not dictionary.knows("囫囵吞烟")
    assert dictionary.translate("abc") == ()
    again = Dictionary(tmp_path)
    assert again.translate("铜锣") == dictionary.translate("铜锣")
    assert len(list(tmp_path.iterdir())) == 1


def test_the_dictionary_lives_without_a_folder_to_write_in(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    assert Dictionary(blocked / "inside").translate("铜锣")[0].text == "gong"
