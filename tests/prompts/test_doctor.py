"""What is wrong with a prompt before it is drawn, and that every fix puts it right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prompts.compose import compose
from prompts.doctor import Finding, LoraKnown, Misfit, examine, unsaid
from prompts.opposites import sides, slot
from prompts.prompt import Prompt
from prompts.tags import entry_of
from prompts.translate.glossary import entries
from prompts.translate.translator import Translator
from prompts.typos import nearest

pytestmark = pytest.mark.asyncio
LORAS = (
    LoraKnown("inkpaint", ("inkstyle", "ink splash")),
    LoraKnown("add_detail"),
    LoraKnown("hero", ("hero_x, 1girl, red cape",), 0.7),
    LoraKnown("slider", (), 3.0),
)
EMBEDDINGS = {"EasyNegative": 8}


async def prompt_of(text: str, translators: tuple[Translator, ...]) -> Prompt:
    return (await compose(text, translators=translators))[0]


async def findings(text: str, translators: tuple[Translator, ...]) -> tuple[Finding, ...]:
    return examine(await prompt_of(text, translators), loras=LORAS, embeddings=EMBEDDINGS)


CASES = [
    ("(猫：2.5)，狗", "note.weight", "(猫:1.6)，狗"),
    ("((((((cat)))))), dog", "note.weight", "(cat:1.6), dog"),
    ("(cat, dog:0.1), bird", "note.weight", "(cat, dog:0.4), bird"),
    ("1girl, [sun:1.2], sea", "note.delayed", "1girl, (sun:1.2), sea"),
    ("女孩，【太阳：1.2】", "note.delayed", "女孩，(太阳:1.2)"),
    ("cat, dog --no dog", "note.both", "cat, dog"),
    ("cat, dog --no dog, text", "note.both", "cat, dog --no text"),
    ("girl, front view, from behind", "doctor.opposites", "girl, front view"),
    ("一个黑色长发短发的女孩", "doctor.opposites", "一个黑色长发的女孩"),
    ("<lora:inkpant:0.8> inkstyle cat", "lora.unknown", "<lora:inkpaint:0.8> inkstyle cat"),
    ("<lora：inkpant> inkstyle cat", "lora.unknown", "<lora:inkpaint> inkstyle cat"),
    ("<lora:inkpaint:0.8> cat", "doctor.trigger", "<lora:inkpaint:0.8> cat, inkstyle"),
    ("一只猫 <lora:inkpaint:0.8> --steps 20", "doctor.trigger", "一只猫 <lora:inkpaint:0.8>，inkstyle --steps 20"),
    ("cat <lora:hero:0.7>", "doctor.trigger", "cat <lora:hero:0.7>, hero_x, 1girl, red cape"),
    ("cat <lora:add_detail:9>", "doctor.lora_weight", "cat <lora:add_detail:1>"),
    ("猫 <lora：add_detail：-50>，水彩", "doctor.lora_weight", "猫 <lora:add_detail:1>，水彩"),
    ("cat <lora:add_detail:5:1>", "doctor.lora_weight", "cat <lora:add_detail:1>"),
    ("hero x, cat <lora:hero:4>", "doctor.lora_weight", "hero x, cat <lora:hero:0.7>"),
    ("cat, easynegatve", "doctor.embedding_near", "cat, EasyNegative"),
    ("cat, (badhandv4:1.2), dog", "doctor.embedding", "cat, dog"),
    ("cat --no embedding:foo, text", "doctor.embedding", "cat --no text"),
    ("1girl, masterpeice", "doctor.typo", "1girl, masterpiece"),
    ("Beautifull girl", "doctor.typo", "beautiful girl"),
    ("girl, longhair", "doctor.typo", "girl, long hair"),
    ("photorelastic, cat", "doctor.typo", "photorealistic, cat"),
    ("猫，龘", "note.untranslated", "猫"),
    ("（猫：５）", "note.weight", "(猫:1.6)"),
    ("cat, (((((dog)))))", "note.weight", "cat, (dog:1.6)"),
    ("((((((cat, dog))))))", "note.weight", "(cat, dog:1.6)"),
    ("a (red:5) bus", "note.weight", "a (red:1.6) bus"),
    ("[(cat:5):dog:0.5]", "note.weight", "[(cat:1.6):dog:0.5]"),
    ("[cat|(dog:5)]", "note.weight", "[cat|(dog:1.6)]"),
    ("cat --no (text:5)", "note.weight", "cat --no (text:1.6)"),
    ("cat <lora:add_detail:5>", "doctor.lora_weight", "cat <lora:add_detail:1>"),
    ("cat <lyco:add_detail:1:5>", "doctor.lora_weight", "cat <lora:add_detail:1>"),
    ("1girl, blak hair", "doctor.typo", "1girl, black hair"),
    ("1girl, bleu eyes", "doctor.typo", "1girl, blue eyes"),
    ("1girl, lnog hair", "doctor.typo", "1girl, long hair"),
    ("1gril, solo", "doctor.typo", "1girl, solo"),
    ("masterpiece, bst quality", "doctor.typo", "masterpiece, best quality"),
    ("red drss", "doctor.typo", "red dress"),
    ("loking at viewer", "doctor.typo", "looking at viewer"),
    ("a gril", "doctor.typo", "a girl"),
    ("cat <lora:ad_detail:1>", "lora.unknown", "cat <lora:add_detail:1>"),
    ("cat <lora:add_detial>", "lora.unknown", "cat <lora:add_detail>"),
    ("cat <lora:sider:1>", "lora.unknown", "cat <lora:slider:1>"),
    ("cat <lora:detail:1>", "lora.unknown", "cat <lora:add_detail:1>"),
    ("inkstyle <lora:inkpaint_v2:1>", "lora.unknown", "inkstyle <lora:inkpaint:1>"),
]


@pytest.mark.parametrize(("text", "key", "fixed"), CASES)
async def test_a_mistake_is_found_and_its_fix_mends_it(
    text: str, key: str, fixed: str, translators: tuple[Translator, ...]
) -> None:
    found = {one.key: one for one in await findings(text, translators)}
    assert key in found, found
    assert found[key].fix == fixed
    assert key not in {one.key for one in await findings(fixed, translators)}


@pytest.mark.parametrize(
    "text",
    [
        "hero x, cat <lora:hero:2>",
        "cat <lora:slider:3>",
        "cat <lora:add_detail:-1.5>",
        "一个黑色长发的女孩，戴着红色帽子，站在樱花树下，傍晚，水彩",
        "不要帽子的女孩，红色裙子",
        "2girls, red hair, blue hair, standing, sitting",
        "Katsuragi Misato, hatsune miku, cyberpunk cityscape, wizardess, dragonborn",
        "a portrait of an elderly fisherman by the harbour, weathered face, golden hour",
        "two-tone hair, red hair and blue hair",
        "dewdrop on a spiderweb, minimalistic, isometric diorama, trompe l'oeil, kneehighs",
        "[cat:dog:0.5], [a|b], {x|y}",
        "<lora:inkpaint:0.8> Ink_Style inkstyle cat",
        "(cat:1.6), (dog:0.4)",
        "((((cat)))), dog",
        "wisp, moss, loom, kiln, mead, newt, lynx",
        "red hair, best friends, rose gold hair, tall grass, dark wood, iron gate",
        "rin, saya, miku, asuka, mika",
        "5boys, light leaks, symmetrical composition, coloured pencil, line-art, post-impressionist",
    ],
)
async def test_nothing_is_wrong_with_what_is_right(text: str, translators: tuple[Translator, ...]) -> None:
    assert [one for one in await findings(text, translators) if one.severity != "hint" or "doctor" in one.key] == []


# Names that look alike and are others: one tap may not put one in the place of another.
@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("anime", ("anime-lineart",)),
        ("korean_doll_likeness", ("taiwan_doll_likeness", "japanese_doll_likeness")),
        ("paint", ("inkpaint",)),
        ("style", ("ghibli_style_v2",)),
        ("detail", ("add_detail", "more_detail")),
        ("vintage", ("village",)),
        ("season", ("weapon",)),
        ("v2", ("ink_v2",)),
        ("国风插画", ("国风水墨", "古风插画")),
    ],
)
async def test_another_lora_is_never_put_in_the_place_of_one(
    written: str, there: tuple[str, ...], translators: tuple[Translator, ...]
) -> None:
    known = tuple(LoraKnown(name) for name in there)
    (found,) = examine(await prompt_of(f"cat, <lora:{written}:0.8>", translators), loras=known)
    assert (found.key, found.values["near"], found.fix) == ("lora.unknown", "", "cat")


async def test_without_any_lora_the_name_goes(translators: tuple[Translator, ...]) -> None:
    prompt = await prompt_of("cat, <lora:foo:1>, dog", translators)
    (found,) = examine(prompt, loras=())
    assert (found.key, found.severity, found.fix) == ("lora.none", "error", "cat, dog")
    assert examine(prompt) == ()


async def test_the_worst_comes_first_and_none_twice(translators: tuple[Translator, ...]) -> None:
    found = await findings("masterpeice, masterpeice, (cat:9), <lora:nothing:1>", translators)
    assert [one.severity for one in found] == ["error", "warn", "hint"]


async def test_a_long_prompt_is_measured(translators: tuple[Translator, ...]) -> None:
    tags = ", ".join(f"{one} apple" for one in ("red", "green", "old", "big", "small", "blue", "wet") * 6)
    many = ", ".join(dict.fromkeys(f"{tag} {number}" for number, tag in enumerate(tags.split(", "))))
    (found,) = [one for one in await findings(many, translators) if one.key.startswith(("doctor.long", "doctor.cut"))]
    assert found.key == "doctor.long" and int(found.values["tokens"]) > 75 and found.fix is None
    prompt = await prompt_of(f"a house, {' '.join(['bird'] * 20)}, {' '.join(['house'] * 60)}", translators)
    (found,) = [one for one in examine(prompt) if one.key == "doctor.cut"]
    assert found.fix and "BREAK" in found.fix
    assert not [one for one in examine(await prompt_of(found.fix, translators)) if one.key == "doctor.cut"]


async def test_a_raw_prompt_is_examined_too(translators: tuple[Translator, ...]) -> None:
    prompt, _ = await compose("(cat:3), dog", translators=translators, raw=True)
    (found,) = examine(prompt)
    assert (found.key, found.fix) == ("note.weight", "(cat:1.6), dog")


async def test_a_note_is_not_said_twice(translators: tuple[Translator, ...]) -> None:
    prompt = await prompt_of("(cat:3), dog, dog", translators)
    assert {note.key for note in prompt.notes} == {"note.weight", "note.duplicate"}
    assert [note.key for note in unsaid(prompt, examine(prompt)).notes] == ["note.duplicate"]


async def test_findings_survive_json(translators: tuple[Translator, ...]) -> None:
    for found in await findings("(cat:3), masterpeice", translators):
        assert Finding.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "text", ["(((((", "[a:9.9", "\ud83d (x:99)", ":" * 200, "a:1.2.3)", "İ" * 20 + "(猫:9)", "a" * 3900]
)
async def test_any_text_is_examined(text: str, translators: tuple[Translator, ...]) -> None:
    prompt, _ = await compose(text + " cat", translators=translators)
    examine(prompt, loras=LORAS, embeddings=EMBEDDINGS)


async def test_words_of_the_glossary_are_no_slips() -> None:
    tags = {word for entry in entries().values() for word in entry.tag.split()}
    assert [tag for tag in tags if tag.isalpha() and len(tag) > 4 and nearest(tag)] == []


async def test_sides_and_slots() -> None:
    assert slot("at night") == "time" and slot("blue hair") == "hair colour" and slot("watercolor") == "style"
    assert slot("a cat") is None
    assert {side.group for side in sides("long black hair")} == {"hair colour"}
    assert entry_of("long hair") is not None


XL = Misfit("lora.made_for", "inkpaint", "sdxl", "photo", "sd15")


@pytest.mark.parametrize(
    ("text", "misfit", "fixed"),
    [
        ("cat, inkstyle <lora:inkpaint:1>", XL, "cat, inkstyle"),
        ("一只猫，<lora:inkpaint:0.8>，inkstyle", XL, "一只猫，inkstyle"),
        ("cat <lora:inkpaint:1>", replace(XL, instead="grand"), "cat <lora:inkpaint:1> --model grand"),
        (
            "猫 <lora:inkpaint:1> --model photo --steps 9",
            replace(XL, instead="my grand one"),
            '猫 <lora:inkpaint:1> --model "my grand one" --steps 9',
        ),
        ("cat --no bad-5, text", Misfit("embedding.made_for", "bad-5", "sd15", "grand", "sdxl"), "cat --no text"),
        ("embedding:bad-5, cat", Misfit("embedding.made_for", "bad-5", "sd15", "grand", "sdxl"), "cat"),
    ],
)
async def test_what_is_for_another_kind_of_model_is_drawn_with_one_that_takes_it_or_goes(
    text: str, misfit: Misfit, fixed: str, translators: tuple[Translator, ...]
) -> None:
    found = examine(await prompt_of(text, translators), loras=LORAS, misfits=(misfit,))
    assert (found[0].key, found[0].severity, found[0].fix) == (misfit.key, "error", fixed)


async def test_findings_have_signs_of_their_own(translators: tuple[Translator, ...]) -> None:
    found = await findings("(cat:3), longhair, photorelastic <lora:inkpaint:9>", translators)
    assert len({one.sign for one in found}) == len(found) > 3
    assert all(len(one.sign) == 6 for one in found)


async def test_a_long_text_put_right_is_shown_where_it_is_different() -> None:
    text = "a red apple " + "on a wooden table " * 8
    assert Finding("x", fix="a red apple").put_right("a red aple") == "a red apple"
    for old, new in (
        (f"{text}<lora:gone:1> lamp, {text}", f"{text}lamp, {text}"),
        (f"{text}\na lamb, {text}", f"{text}\na lamp, {text}"),
    ):
        shown = Finding("x", fix=new).put_right(old)
        assert shown.startswith("…") and shown.endswith("…") and "lamp" in shown and len(shown) < 80
    start = Finding("x", fix=f"a red apple, {text}").put_right(f"a red aple, {text}")
    assert start.startswith("a red apple, a red") and start.endswith("…")
