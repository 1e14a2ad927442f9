"""Sentences that the rules refuse, only append or read in part, read by an instruct model: what it may change, what it
may not, and what stands when it is not there, too slow, or talks nonsense."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest

from prompts.compose import compose
from prompts.edit import edited as module
from prompts.edit.edit_form import SCHEMA, read
from prompts.edit.edited import Edited, edit
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.safety import judge
from prompts.translate.chain import chain
from prompts.translate.own_process import OwnProcess, Program
from prompts.translate.translator import Translator
from tests.engine.reading.toy import model as toy
from tests.patience import PATIENCE
from tests.prompts.edit.instructing import Model, form, instructed
from tests.prompts.own import own
from tests.running import ROOT

pytestmark = pytest.mark.asyncio
GIRL = "一个黑色长发的女孩，戴着（红色帽子：1.2），站在森林里，白天"
HAT = "帽子有点土诶，能不能整个贝雷帽啥的"
CASTLE = "a girl with a red hat and long black hair, (castle:1.3), sunset, watercolor"  # 1. is watercolor
GLOOM = "she seems a bit too cheerful, could we get something more melancholic"
KNIGHT = "a knight on a horse, castle, river, red flags"
DRAGON = "honestly the horse feels boring, a dragon maybe?"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dictionary takes seconds to be made: once for all."""
    return tmp_path_factory.mktemp("cache")


async def changed(text: str, sentence: str, translators: tuple[Translator, ...]) -> Edited:
    before, _ = await compose(text, translators=translators)
    return await edit(before, sentence, translators=translators)


def notes(made: Edited) -> list[str]:
    return [one.key for one in made.prompt.notes]


def unwanted(made: Edited) -> list[str]:
    return [str(one) for one in made.prompt.negatives if one.origin != "preset"]


TAKEN: list[tuple[str, str, str, list[str], list[str], list[str]]] = [
    # the text, the sentence, the answer; what goes, what comes, what is not wanted afterwards
    (GIRL, HAT, form((4, "red hat", "beret")), ["wearing (red hat:1.2)"], ["wearing (beret:1.2)"], []),
    (GIRL, HAT, form((4, "", "贝雷帽")), ["wearing (red hat:1.2)"], ["(beret:1.2)"], []),
    (GIRL, HAT, form(remove=(4,), add=(("beret", "subject"),)), ["wearing (red hat:1.2)"], ["beret"], []),
    (CASTLE, GLOOM, form(add=(("gloomy mood", "scene_detail"),)), [], ["gloomy mood"], []),
    (
        CASTLE,
        "ditch whatever she's got on her head",
        form((2, "with a red hat and long black hair", "with long black hair"), deny=("hat",)),
        ["a girl with a red hat and long black hair"],
        ["a girl with long black hair"],
        ["hat"],
    ),
    (KNIGHT, DRAGON, form((1, "horse", "dragon")), ["a knight on a horse"], ["a knight on a dragon"], []),
    (KNIGHT, DRAGON, form((1, "on a horse", "")), ["a knight on a horse"], ["a knight"], []),
    (
        "airships, an old man with a cane, street",
        "same thing but nobody's around and it's the dead of winter",
        form((2, "", ""), add=(("snow", "scene_detail"),), deny=("people",)),
        ["an old man with a cane"],
        ["snow"],
        ["people"],
    ),
    (
        KNIGHT,
        "I picture this way later, stars out and everything",
        form(add=(("night", "scene_detail"), ("starry sky", "scene_detail"))),
        [],
        ["night", "starry sky"],
        [],
    ),
    (
        "a knight on a horse, day, sunlight",
        "I picture this way later, stars out and everything",
        form(add=(("night", "scene_detail"),)),  # what cannot stay beside it goes, named or not
        ["day", "sunlight"],
        ["night"],
        [],
    ),
    (
        "a cat on a sofa --no dog",
        "honestly a dog would be fine by me after all",
        form(remove=(2,), add=(("a dog", "subject"),)),
        [],
        ["a dog"],
        [],
    ),
]


@pytest.mark.parametrize(("text", "sentence", "says", "gone", "come", "denied"), TAKEN)
async def test_what_is_named_changes_and_nothing_else(
    cache: Path, text: str, sentence: str, says: str, gone: list[str], come: list[str], denied: list[str]
) -> None:
    jsonschema.validate(json.loads(says), SCHEMA)
    async with instructed(Model(says), cache) as translators:
        before, _ = await compose(text, translators=translators)
        made = await edit(before, sentence, translators=translators)
    assert {one for one in own(before) if one not in own(made.prompt)} == set(gone)
    assert {one for one in own(made.prompt) if one not in own(before)} == set(come)
    assert unwanted(made) == denied
    told = made.prompt.notes[-1]
    assert told.key == "edit.read" and told.values["reader"].startswith("127.0.0.1:")
    assert told.values["asks"] == "as you wish"
    assert {one.origin for one in made.prompt.fragments if str(one) in come} == {"service"}
    again, _ = await compose(made.prompt.text, translators=chain(cache))
    assert set(own(made.prompt)) <= set(own(again)), "the text says what is drawn"


async def test_the_question_is_short_and_has_all_that_it_is_about(cache: Path) -> None:
    model = Model(form((4, "red hat", "beret")))
    async with instructed(model, cache) as translators:
        await changed(f"{GIRL}，<lora:ink:0.8>，[cat:dog:0.5]，embedding:easyneg --no text", HAT, translators)
    (said,) = model.asked
    lines = ["1girl", "black hair", "long hair", "wearing red hat", "standing", "in forest", "day"]
    numbered = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    assert said == "\n".join([*numbered, "Not wanted:", "8. text", f"Change: {HAT}"])
    asked = model.edits[0]["response_format"]
    wanted = {"name": "edit", "strict": True, "schema": SCHEMA}
    assert asked == {"type": "json_schema", "json_schema": wanted}


async def test_a_server_without_forms_is_asked_in_plain_words(cache: Path) -> None:
    model = Model(f"Sure!\n```json\n{form((1, 'horse', 'dragon'))}\n```", knows_forms=False)
    async with instructed(model, cache) as translators:
        made = await changed(KNIGHT, DRAGON, translators)
        await changed(KNIGHT, "kinda want the horse to be something scarier", translators)
    assert own(made.prompt)[0] == "a knight on a dragon"
    assert ["response_format" in body for body in model.edits] == [True, False, False]


SURE = [
    (GIRL, "头发改成蓝色，去掉帽子"),
    (GIRL, "换成夜景"),
    (GIRL, "加上雪花"),
    (GIRL, "突出帽子"),
    (GIRL, "竖图"),
    (CASTLE, "make the hat green"),
    (CASTLE, "make it night"),
    (KNIGHT, "add a dog in the corner"),
    (KNIGHT, "remove the flags"),
    (KNIGHT, "only the knight"),
    (GIRL, "氛围感拉满"),
    ("three penguins on ice", "企鹅改成十只"),
    ("奶茶店，招牌上写着“半糖”", "字换成“全糖”"),
    ("a red fox and two rabbits", "three rabbits instead of two"),
    ("两个女孩，红色裙子和蓝色裙子", "裙子改成绿色"),
]


@pytest.mark.parametrize(("text", "sentence"), SURE)
async def test_what_the_rules_are_sure_of_is_not_asked(cache: Path, text: str, sentence: str) -> None:
    model = Model(form(remove=(1,)))
    async with instructed(model, cache) as translators:
        made = await changed(text, sentence, translators)
    assert not model.edits
    assert made == await changed(text, sentence, chain(cache))


DARK = [(GIRL, HAT), (CASTLE, GLOOM), (KNIGHT, DRAGON), (KNIGHT, "the horse is so boring")]


@pytest.mark.parametrize(("text", "sentence"), [*SURE, *DARK, (KNIGHT, "ditch whatever he's got on his head")])
async def test_without_a_model_nothing_of_this_runs(
    cache: Path, text: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> object:
        raise AssertionError("asked")

    monkeypatch.setattr(module, "doubtful", never)
    monkeypatch.setattr(module, "edited_by_model", never)
    try:
        made = await changed(text, sentence, chain(cache))
        assert not any(key.startswith(("note.reader", "edit.read")) for key in notes(made))
    except Refusal as refusal:
        assert refusal.notes == ()


ASKED = [
    *DARK[:4],
    (KNIGHT, "kinda want the horse to be something scarier"),
    (KNIGHT, "turn the flags into something yellow"),
    (KNIGHT, "lose the flags, they distract from the knight"),
    (KNIGHT, "give it more of a fairy tale vibe"),
    (KNIGHT, "what if it was raining cats and dogs"),
    (KNIGHT, "the knight should be way smaller in the frame"),
    ("girl reading in bed, rain", "i meant a boy lol my bad"),
    ("一个女孩在咖啡馆看书，猫趴在桌上", "把她衣服弄成校服那样的"),
    ("一个女孩在咖啡馆看书，猫趴在桌上", "桌上太空了，摆点吃的"),
    ("一个女孩在咖啡馆看书，猫趴在桌上", "换个人吧，老爷爷那种"),
]


@pytest.mark.parametrize(("text", "sentence"), ASKED)
async def test_what_the_rules_only_append_leave_unread_or_refuse_is_asked(
    cache: Path, text: str, sentence: str
) -> None:
    model = Model(form(cannot="no"))
    async with instructed(model, cache) as translators:
        found, _ = await told(text, sentence, translators)
    assert len(model.edits) == 1
    assert found == await by_rules(text, sentence, cache)


async def test_the_rules_try_their_pieces_of_a_clause_on_nobody(cache: Path) -> None:
    model = Model(form((4, "red hat", "beret")))
    async with instructed(model, cache) as translators:
        for says in (model.says, "garbage"):
            model.says = says
            await changed(GIRL, f"{HAT}{'啊' * len(model.edits)}", translators)
    assert len(model.edits) == 2 and not model.clauses


async def test_what_a_reader_said_of_the_prompt_holds_while_it_is_changed(cache: Path) -> None:
    model = Model(form(cannot="no"), clauses='{"phrases": [{"text": "a taotie bronze"}]}')
    async with instructed(model, cache) as translators:
        made = await changed("饕餮囫囵耄耋，一个女孩，红色帽子", "去掉帽子", translators)
    assert own(made.prompt) == ["a taotie bronze", "1girl"] and made.prompt.text == "饕餮囫囵耄耋，一个女孩"
    assert len(model.clauses) == 1 and not model.edits


async def test_a_reader_that_fails_on_the_way_is_told(cache: Path, tmp_path: Path) -> None:
    broken = OwnProcess(
        Program("x 1", "tiny", "argos", (sys.executable, "-c", "raise SystemExit(1)"), tmp_path), PATIENCE
    )
    try:
        made = await changed(GIRL, "背景换成饕餮囫囵", chain(cache, own=[broken]))
    finally:
        await broken.close()
    assert "note.reader_broken" in notes(made)


RAW = "1girl, (red hat:1.2), [day:night:0.5] BREAK embedding:easyneg, a forest <lora:ink:0.8>"


@pytest.mark.parametrize("raw", [True, False])
async def test_a_prompt_as_it_was_written_keeps_its_syntax(cache: Path, raw: bool) -> None:
    model = Model(form((2, "red hat", "beret")))
    async with instructed(model, cache) as translators:
        before, _ = await compose(RAW, translators=translators, raw=raw)
        made = (await edit(before, "hat is meh, something french maybe?", translators=translators)).prompt
    assert model.asked[0].splitlines()[:3] == ["1. 1girl", "2. red hat", "3. a forest"]
    assert made.loras == before.loras and made.raw is raw
    assert made.positive == before.positive.strip().replace("red hat", "beret")


HOSTILE: dict[str, tuple[str, str, str]] = {
    "a number that is not there": (KNIGHT, DRAGON, form((9, "", "dragon"))),
    "no number at all": (KNIGHT, DRAGON, form((0, "", "dragon"))),
    "words that are not in the phrase": (KNIGHT, DRAGON, form((1, "zebra", "dragon"))),
    "a part of a word": (KNIGHT, DRAGON, form((1, "hor", "dragon"))),
    "changed and removed at once": (KNIGHT, DRAGON, form((1, "horse", "dragon"), remove=(1,))),
    "most of the prompt": (KNIGHT, DRAGON, form(remove=(1, 2, 3))),
    "all of it": (KNIGHT, DRAGON, form(remove=(1, 2, 3, 4))),
    "most of it written anew": (KNIGHT, DRAGON, form((1, "", "a dragon"), (2, "", "cave"), (3, "", "fire"))),
    "a sentence's things lost": (
        "a girl with a red hat and a blue scarf feeding pigeons, park",
        "idk the hat looks kinda off",
        form((1, "", "a wizard")),
    ),
    "an essay": (KNIGHT, DRAGON, form(add=tuple((f"a {n} thing of {n} and more", "subject") for n in "bcdefghijk"))),
    "stuttering": (KNIGHT, DRAGON, form(add=(("dragon dragon dragon dragon", "subject"),))),
    "no English": (KNIGHT, DRAGON, form(add=(("ドラゴン", "subject"),))),
    "Chinese that nobody knows": (KNIGHT, DRAGON, form(add=(("饕餮囫囵耄耋", "subject"),))),
    "denied and there": (KNIGHT, DRAGON, form((1, "horse", "dragon"), deny=("dragons",))),
    "what the sentence denies stays": (
        CASTLE,
        "no castle please, and she seems a bit too cheerful somehow",
        form(add=(("gloomy mood", "scene_detail"),)),
    ),
    "what the sentence denies comes back": (
        "a girl, a hat, park",
        "remove the hat and the trees thing",
        form((2, "hat", "straw hat")),
    ),
    "nobody asked for a child": (
        "a woman on a sofa, living room, book",
        "idk she looks kinda stiff",
        form((1, "woman", "naked child")),
    ),
    "nor for anything to be bared": (
        "a woman on a sofa, living room, book",
        "idk she looks kinda stiff",
        form(add=(("nude", "subject"),)),
    ),
    "nor for clothes to go": (
        "a woman on a sofa, living room, book",
        "idk she looks kinda stiff",
        form((2, "", "cozy room"), deny=("clothes",)),
    ),
    "something that nobody named goes": (KNIGHT, DRAGON, form((1, "horse", "dragon"), remove=(2,))),
    "only something that nobody named goes": (KNIGHT, DRAGON, form(remove=(3,))),
    "something that nobody named becomes another": (KNIGHT, DRAGON, form((1, "horse", "dragon"), (2, "", "ruins"))),
    "in Chinese, too": (GIRL, "帽子有点土诶，贝雷帽会不会好看些", form((4, "red hat", "beret"), remove=(5,))),
    "another number than was asked for": (
        "two knights on horses, castle",
        "honestly the horses feel boring, maybe dragons?",
        form((1, "two", "three"), (1, "horses", "dragons")),
    ),
    "more than anybody asked for": (
        KNIGHT,
        DRAGON,
        form(
            (1, "horse", "dragon"), add=(("sunset", "scene_detail"), ("a queen", "subject"), ("ruins", "scene_detail"))
        ),
    ),
    "a network": (KNIGHT, DRAGON, form((1, "horse", "dragon <lora:x:1>"))),
    "an option": (KNIGHT, DRAGON, form((1, "horse", "dragon --seed 4"))),
    "an option in words": (KNIGHT, DRAGON, form(add=(("a dragon", "subject"), ("seed 4", "scene_detail")))),
    "choices": (KNIGHT, DRAGON, form((1, "horse", "{dragon|wolf}"))),
    "nothing changes": (KNIGHT, DRAGON, form((1, "", "a knight on a horse"))),
    "words to be read in the picture": (
        'a shop with a sign that says "OPEN", street, dusk',
        "idk feels kinda lifeless",
        form(remove=(1,)),
    ),
}


async def by_rules(text: str, sentence: str, cache: Path) -> tuple[object, ...]:
    """What the rules alone make of it."""
    try:
        made = await changed(text, sentence, chain(cache))
    except Refusal as refusal:
        return refusal.key, refusal.values
    return made.prompt.text, made.prompt.fragments, made.prompt.negatives, made.changes, made.options


@pytest.mark.parametrize("kind", HOSTILE)
async def test_what_an_answer_may_not_do_leaves_what_the_rules_made(cache: Path, kind: str) -> None:
    text, sentence, says = HOSTILE[kind]
    model = Model(says)
    async with instructed(model, cache) as translators:
        try:
            made = await changed(text, sentence, translators)
            told: tuple[object, ...] = (
                made.prompt.text,
                made.prompt.fragments,
                made.prompt.negatives,
                made.changes,
                made.options,
            )
            said = made.prompt.notes
        except Refusal as refusal:
            told, said = (refusal.key, refusal.values), refusal.notes
    assert len(model.asked) == 1, "it was asked"
    assert told == await by_rules(text, sentence, cache)
    assert [note.key for note in said if note.key.startswith("note.reader")] == ["note.reader_unread"]


@pytest.mark.parametrize(
    "says",
    ["", "I made it a dragon!", "{", "[]", "null", '{"phrases": []}', "[" * 50_000, '{"change": 5}',
     '{"change": [{"n": "one", "old": "", "new": "x"}]}', '{"change": [[1, "a"]]}', '{"add": [{"part": "subject"}]}',
     json.dumps({"remove": [1] * 5000}), '{"remove": [true]}', '{"remove": [1.5]}', '{"deny": [["a"]]}'],
)  # fmt: skip
async def test_garbage_leaves_what_the_rules_made(cache: Path, says: str) -> None:
    assert read(says) is None
    async with instructed(Model(says), cache) as translators:
        made = await changed(KNIGHT, DRAGON, translators)
    assert own(made.prompt) == own((await changed(KNIGHT, DRAGON, chain(cache))).prompt)
    assert notes(made)[-1] == "note.reader_unread"


async def test_signs_of_the_grammar_do_not_come_in(cache: Path) -> None:
    async with instructed(Model(form((1, "horse", "(dragon:9) BREAK"))), cache) as translators:
        made = await changed(KNIGHT, DRAGON, translators)
    assert own(made.prompt)[0] == "a knight on a dragon break", "weights are the person's alone"


async def test_it_may_say_that_nothing_is_asked(cache: Path) -> None:
    async with instructed(Model(form(cannot="only praise")), cache) as translators:
        with pytest.raises(Refusal) as refused:
            await changed(KNIGHT, "thanks, you are the best", translators)
        assert refused.value.key.startswith("edit.") and refused.value.notes == ()


@pytest.mark.parametrize(("sentence", "refused"), [(DRAGON, False), ("ditch whatever he's got on his head", True)])
@pytest.mark.parametrize("trouble", ["slow", "broken", "away"])
async def test_one_that_is_not_to_be_had_is_told(cache: Path, sentence: str, refused: bool, trouble: str) -> None:
    model = Model(form(remove=(1,)), status=500 if trouble == "broken" else 200, seconds=3600 * (trouble == "slow"))
    keys = {"slow": "note.service_slow", "broken": "note.service_status", "away": "note.service_away"}
    async with instructed(model, cache, timeout=0.5 if trouble == "slow" else PATIENCE) as translators:
        if trouble != "away":
            found = await told(KNIGHT, sentence, translators)
            assert found[0] == await by_rules(KNIGHT, sentence, cache) and found[1] == [keys[trouble]]
    if trouble == "away":
        found = await told(KNIGHT, sentence, translators)
        assert found[0] == await by_rules(KNIGHT, sentence, cache) and found[1] == [keys[trouble]]
    assert isinstance(found[0][0], str) and found[0][0].startswith("edit.") is refused
    assert (await told(KNIGHT, sentence, translators))[1] == ["note.reader_rests"], "and is left alone for a while"


async def told(text: str, sentence: str, translators: tuple[Translator, ...]) -> tuple[tuple[object, ...], list[str]]:
    try:
        made = await changed(text, sentence, translators)
    except Refusal as refusal:
        return (refusal.key, refusal.values), [note.key for note in refusal.notes]
    found = (made.prompt.text, made.prompt.fragments, made.prompt.negatives, made.changes, made.options)
    return found, [key for key in notes(made) if key.startswith("note.")]


class Memory:
    """A memory as storage has it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def recall(self, translator: str, text: str) -> str | None:
        return self.kept.get((translator, text))

    async def keep(self, translator: str, text: str, english: str) -> None:
        assert len(text) <= 400, "storage keeps no longer keys"
        self.kept[translator, text] = english


async def test_an_answer_is_remembered_for_this_prompt_and_sentence(cache: Path) -> None:
    model, memory = Model(form((1, "horse", "dragon"))), Memory()
    async with instructed(model, cache, memory=memory) as translators:
        first = await changed(KNIGHT, DRAGON, translators)
        again = chain(cache, service=translators[1]._translator._service, memory=memory)  # type: ignore[union-attr]
        assert await changed(KNIGHT, DRAGON, again) == first and len(model.edits) == 1
        assert not any("knight" in key or "dragon" in key for _, key in memory.kept)
        await changed(f"{KNIGHT}, clouds", DRAGON, translators)
        await changed(KNIGHT, f"{DRAGON}!!", translators)
        assert len(model.edits) == 3
        model.says, kept = "nonsense", len(memory.kept)
        for _ in range(2):
            await changed(KNIGHT, "honestly the horse feels dull, a griffin maybe?", translators)
        assert len(model.edits) == 5 and len(memory.kept) == kept, "what cannot be used is asked for again"


async def test_what_it_tells_of_the_wish_is_fit_to_be_shown(cache: Path) -> None:
    lines = ("a **dragon** <b>", "see https://evil.example now", "naked child", "x" * 500)
    async with instructed(Model(form((1, "horse", "dragon"), asks=lines)), cache) as translators:
        made = await changed(KNIGHT, DRAGON, translators)
    assert made.prompt.notes[-1].values["asks"] == f"a dragon b; {'x' * 80}"


async def test_the_guard_judges_what_it_made(cache: Path) -> None:
    async with instructed(Model(form((1, "woman", "naked woman"))), cache) as translators:
        made = await changed("a woman on a sofa, book", "kinda wanna see her all naked there y'know", translators)
    assert judge.judge(made.prompt) == "adult"


async def test_a_tiny_random_model_leads_to_what_the_rules_made(cache: Path, tmp_path: Path) -> None:
    folder = toy(tmp_path / "m", "")
    command = (sys.executable, "-m", "engine.reading", "model", "--folder", str(folder))
    made = OwnProcess(Program("local 1", "tiny", "local", command, ROOT, instructed=True), PATIENCE)
    try:
        await made.ready(PATIENCE)
        found, said = await told(KNIGHT, DRAGON, chain(cache, own=[made]))
        assert made.pid is not None, "it is still there"
    finally:
        await made.close()
    assert found == await by_rules(KNIGHT, DRAGON, cache) and said == ["note.reader_unread"]


async def test_a_model_on_this_machine_is_given_the_task(cache: Path, tmp_path: Path) -> None:
    said: Json = {"number": 1, "english": f"<think>hm</think>{form((1, 'horse', 'dragon'))}"}
    program = f"""
import json, sys
print(json.dumps({{"ready": True}}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    answer = {said!r} if asked.get("task", "").startswith("You change") else {{"english": ""}}
    print(json.dumps(answer | {{"number": asked["number"]}}), flush=True)
"""
    own_one = Program("fake 1", "tiny", "local", (sys.executable, "-c", program), tmp_path, instructed=True)
    for one, taken in ((own_one, True), (Program("argos 1", "tiny", "argos", own_one.command, tmp_path), False)):
        process = OwnProcess(one, PATIENCE)
        try:
            made = await changed(KNIGHT, DRAGON, chain(cache, own=[process]))
        finally:
            await process.close()
        assert ("a knight on a dragon" in own(made.prompt)) is taken
        assert {"local"} <= {one.origin for one in made.prompt.fragments} or not taken
        assert (("edit.read" in notes(made)) and made.prompt.notes[-1].values["reader"] == "tiny") is taken
