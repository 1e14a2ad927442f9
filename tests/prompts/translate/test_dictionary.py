import pytest

from prompts.translate.dictionary import Dictionary
from prompts.translate.senses import name, points_to, sense


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    return Dictionary(tmp_path_factory.mktemp("dictionary"))


@pytest.mark.parametrize(
    ("senses", "said"),
    [
        ("Luoyang prefecture-level city in Henan, an old capital from pre-Han times", "Luoyang"),
        ("Suzhou, prefecture-level city in Jiangsu", "Suzhou"),
        ("Xinjian county in Nanchang 南昌, Jiangxi", "Xinjian"),
        ("Yutian County in Hotan Prefecture 和田地區|和田地区[He2 tian2 Di4 qu1], Xinjiang", "Yutian"),
        ("Miura (Japanese surname and place name)/the Miura peninsula in Japan", "Miura peninsula"),
        ("Paul Cézanne (1839-1906), French painter", "Paul Cezanne"),
        ("Sandro Botticelli (1445-1510) Italian painter of the Florentine school", "Sandro Botticelli"),
        ("Floyd (name)/Freud (name)/Dr Sigmund Freud (1856-1939), the founder", "Dr Sigmund Freud"),
        ("Tang dynasty (618-907)", "Tang dynasty"),
        ("Salar ethnic group of Qinghai province", "Salar"),
        ("Altai mountain chain on the border of Russia and Mongolia", "Altai mountains"),
        ("Hmong or Miao ethnic group of southwest China", "Hmong"),
        ("the Forbidden City/abbr. for 故宮博物院|故宫博物院[Gu4 gong1 Bo2 wu4 yuan4]", "Forbidden City"),
        ("stage name of Cyndi Wang/see 王君如[Wang2 Jun1 ru2]", ""),
        ("variant of 犁靬[Li2 jian1]", ""),
        ("late Tang peasant uprising 875-884 led by Huang Chao", ""),
    ],
)
def test_the_name_in_the_senses_of_a_name(senses: str, said: str) -> None:
    assert name(senses) == said


@pytest.mark.parametrize(
    ("senses", "said"),
    [
        ("(bird species of China) whooper swan (Cygnus cygnus)", "whooper swan"),
        ("surname Zhang/to open up", "opening up"),
        ("crêpe/pancake", "crepe"),
        ("variant of 盤桓|盘桓[pan2 huan2]", ""),
        ("abbr. for 北京大學|北京大学[Bei3 jing1 Da4 xue2]", ""),
    ],
)
def test_the_first_sense_that_can_be_drawn(senses: str, said: str) -> None:
    assert sense(senses) == said


def test_what_a_variant_points_to() -> None:
    assert points_to("variant of 盤桓|盘桓[pan2 huan2]") == "盘桓"
    assert points_to("see 比基尼[bi3 ji1 ni2]") == "比基尼"
    assert points_to("to stroll") == ""


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("景德镇", "Jingdezhen"),
        ("贝多芬", "Ludwig van Beethoven"),
        ("阿尔泰山脉", "Altai mountains"),
        ("大天鹅", "whooper swan"),
        ("比坚尼", "bikini"),
        ("胡渣", "beard stubble"),
    ],
)
def test_words_that_had_no_sense(word: str, said: str, dictionary: Dictionary) -> None:
    assert [phrase.text for phrase in dictionary.translate(word)] == [said]


@pytest.mark.parametrize("word", ["竹园", "山下", "田中", "花山"])
def test_everyday_words_are_no_little_place_and_no_surname(word: str, dictionary: Dictionary) -> None:
    assert not dictionary.knows(word)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("研究生命", ["研究", "生命"]),  # the longest word from the left would leave 命 alone
        ("发展示意图", ["发展", "示意图"]),
        ("铜锣烧饼", ["铜锣", "烧饼"]),
    ],
)
def test_the_fewest_signs_stand_alone(run: str, words: list[str], dictionary: Dictionary) -> None:
    assert [doubt.partition(" = ")[0] for doubt in dictionary.translate(run)[0].doubts] == words


@pytest.mark.parametrize(
    ("sign", "said"),
    [("拉", "pulling"), ("瞌", "dozing"), ("褶", "pleated"), ("盖", "covering"), ("种", "kind"), ("赣", "Gan River")],
)
def test_a_lone_sign_is_what_it_is_in_a_picture_and_is_named(sign: str, said: str, dictionary: Dictionary) -> None:
    [phrase] = dictionary.translate(sign)
    assert phrase.text == said and phrase.doubts == (f"{sign} = {said}",)


def test_signs_that_nothing_knows_stay_as_they_are(dictionary: Dictionary) -> None:
    assert dictionary.translate("𠀀" * 40)[0].text == "𠀀" * 40
