"""An infotext is drawn as it was written: nothing added, nothing moved; only Chinese is translated."""

from collections.abc import Sequence

import pytest

from prompts.compose import compose
from prompts.doctor import examine
from prompts.errors import Refusal
from prompts.infotext.block import quoted
from prompts.options import read_options
from prompts.prompt import LoraUse, Options
from prompts.translate.translator import Translator

LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512"


@pytest.mark.parametrize(
    "words",
    [
        "snow, a red fox, masterpiece, 8k",  # quality is not moved to the front
        "please draw a cat, thanks",
        "1girl\nBREAK\n(red hat:1.3), [blue:green:0.5] AND a {fox|cat} :0.5",  # braces are signs there
        "__animal__, no humans, without a hat",
        "4 pictures of a cat, portrait format --ar 3:2",
        "(a:1.2), ((b)), [c], \\(d\\), e:f",
    ],
)
async def test_english_stays_to_the_byte(words: str, translators: Sequence[Translator]) -> None:
    prompt, options = await compose(
        f"{words}\nNegative prompt: bad, {words}\n{LINE}", translators=translators, family="sd15", seed=7
    )
    assert (prompt.positive, prompt.negative) == (words, f"bad, {words}")
    assert (options.steps, options.seed, options.count, options.ratio) == (20, 5, None, None)
    assert prompt.notes == ()


async def test_without_a_negative_it_has_none(translators: Sequence[Translator]) -> None:
    prompt, _ = await compose(f"a cat\n{LINE}", translators=translators, family="sd15")
    assert prompt.negative == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("masterpiece, 狐狸, (雪:1.2), snow", "masterpiece, fox, (snow:1.2), snow"),
        ("1girl，红色帽子\n(best quality:1.2)", "1girl,red hat\n(best quality:1.2)"),
        ("[狐狸:猫:0.5], <lora:水墨:0.8> hill", "[fox:cat:0.5],  hill"),
        ("狐貍、猫。hill", "fox, cat, hill"),
    ],
)
async def test_chinese_is_translated_in_its_place(words: str, said: str, translators: Sequence[Translator]) -> None:
    prompt, _ = await compose(f"{words}\nNegative prompt: 模糊, bad\n{LINE}", translators=translators)
    assert prompt.positive == said
    assert prompt.negative == "blurry, bad"
    verbatim, _ = await compose(f"{words}\nNegative prompt: 模糊, bad\n{LINE} --raw", translators=translators)
    assert verbatim.positive == words.replace("<lora:水墨:0.8>", "")
    assert verbatim.negative == "模糊, bad"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("狐狸, (雪:1.2)", "fox, (snow:1.2)"),
        ("狐貍，<lora:水墨:0.8> hill", "fox,<lora:水墨:0.8> hill"),
        ("a fox", "a fox"),
    ],
)
async def test_the_second_pass_is_translated_too(words: str, said: str, translators: Sequence[Translator]) -> None:
    text = f"a cat\n{LINE}, Hires upscale: 2, Hires prompt: {quoted(words)}, Hires negative prompt: 模糊"
    _, options = await compose(text, translators=translators)
    assert (options.hires_prompt, options.hires_negative) == (said, "blurry")
    _, options = await compose(f"{text} --raw", translators=translators)
    assert (options.hires_prompt, options.hires_negative) == (words, "模糊")


async def test_what_is_unknown_in_both_passes_is_told_once(translators: Sequence[Translator]) -> None:
    prompt, _ = await compose(f"a cat, 嘦\n{LINE}, Hires upscale: 2, Hires prompt: 嘦", translators=translators)
    assert len(prompt.notes) == len(set(map(str, prompt.notes))) > 0


async def test_loras_and_what_is_beneath_it_are_read(translators: Sequence[Translator]) -> None:
    text = f"a cat <lora:ink:0.7> <lora:gold:0.5:0.9>\n{LINE}\nTemplate: a {{fox|cat}} --steps 9\n"
    prompt, options = await compose(text, translators=translators, given=Options(plain=True))
    assert prompt.loras == (LoraUse("ink", 0.7), LoraUse("gold", 0.9, 0.5))
    assert (options.steps, options.sampler) == (9, "Euler a")
    prompt, options = await compose(f"a cat\n{LINE}\n竖图 2张 --no dog", translators=translators)
    assert (options.count, options.width, round(options.ratio or 0, 2), prompt.negative) == (2, None, 0.67, "dog")


async def test_nothing_of_other_programs_json_is_in_a_prompt(translators: Sequence[Translator]) -> None:
    text = '{"prompt": "1girl, {smile}", "uc": "lowres", "steps": 28, "scale": 5.0, "seed": 31, "sampler": "k_euler"}'
    prompt, options = await compose(text, translators=translators)
    assert (prompt.positive, prompt.negative, options.steps) == ("1girl, (smile:1.05)", "lowres", 28)
    assert prompt.text.startswith("1girl, (smile:1.05)\nNegative prompt: lowres\nSteps: 28")


async def test_what_is_put_aside_is_told(translators: Sequence[Translator]) -> None:
    more = 'ControlNet 0: "Module: canny, Weight: 1", Face restoration: GFPGAN, Model hash: 0a1b2c3d4e, Version: v1.9.4'
    prompt, options = await compose(f"a cat\n{LINE}, {more}", translators=translators)
    told = {note.key: note.values["options"] for note in prompt.notes}
    assert told.pop("note.faces_aside") == "Face restoration: GFPGAN"
    assert list(told.values()) == ["ControlNet 0: Module: canny, Weight: 1"]
    assert options.model is None


@pytest.mark.parametrize("text", [LINE, f"Negative prompt: bad\n{LINE}", f"\n\n{LINE}"])
async def test_a_line_of_fields_alone_is_no_prompt(text: str, translators: Sequence[Translator]) -> None:
    with pytest.raises(Refusal) as caught:
        await compose(text, translators=translators)
    assert caught.value.key == "prompt.empty"


async def test_a_negative_alone_is_a_wish_of_ones_own(translators: Sequence[Translator]) -> None:
    prompt, options = await compose("一只猫\nNegative prompt: 狗", translators=translators, family="sd15")
    assert "cat" in prompt.positive and "dog" in prompt.negative
    assert options == Options() and not prompt.raw


async def test_the_doctor_leaves_what_drew_a_picture_already(translators: Sequence[Translator]) -> None:
    resources = 'Civitai resources: [{"type":"checkpoint","modelVersionId":290640}]'
    text = f"a {{cat}}, [hat:1.2], (dog:3), masterpice <lora:gone:1>\n{LINE}, {resources}"
    prompt, _ = await compose(text, translators=translators)
    assert examine(prompt) == ()
    assert [one.key for one in examine(prompt, loras=())] == ["lora.none"]


def test_the_options_of_an_infotext_are_read_alone() -> None:
    asked = read_options(f"a cat\nNegative prompt: bad\n{LINE}")
    assert (asked.text, asked.negative, asked.options.like) == ("a cat", "bad", "a1111")
