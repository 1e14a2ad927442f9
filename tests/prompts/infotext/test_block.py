"""A1111's infotext: read into fields, written back byte for byte, found in what people paste."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.infotext.block import pairs, quoted, written
from prompts.infotext.fields import options
from prompts.infotext.infotext import Infotext
from prompts.infotext.reading import found, read
from prompts.prompt import Json
from tests.prompts.infotext.samples import A1111, PASTED, WAY
from tests.properties import tried


@pytest.mark.parametrize(("text", "asked"), A1111)
def test_what_a1111_wrote_is_read_and_written_back_to_the_byte(text: str, asked: dict[str, Json]) -> None:
    infotext = read(text)
    assert infotext is not None
    assert written(infotext) == text
    assert options(infotext)[0].to_json() == WAY | asked


@pytest.mark.parametrize("text", PASTED)
def test_what_a_chat_makes_of_it_says_the_same(text: str) -> None:
    infotext = read(text)
    assert infotext is not None
    assert (infotext.positive, infotext.negative) == ("a red fox, snow", "lowres")
    asked, aside = options(infotext)
    assert (asked.steps, asked.sampler, asked.guidance, asked.seed) == (20, "Euler a", 7.0, 5)
    assert (asked.width, asked.height, aside) == (512, 768, ())


def test_prompts_of_several_lines_stay_as_they_are() -> None:
    infotext = read(A1111[0][0])
    assert infotext is not None
    assert infotext.positive == "a red fox, snow\nsecond line, 狐狸，雪"
    assert infotext.fields["Lora hashes"] == "alpha: 0a1b2c3d4e5f, beta: 1122334455"
    infotext = read(A1111[1][0])
    assert infotext is not None
    assert infotext.negative == "people,\ncrowd,\n(boats:0.8)"


def test_templates_are_neither_prompt_nor_field() -> None:
    infotext = read(next(text for text, _ in A1111 if "Template" in text))
    assert infotext is not None
    assert (infotext.positive, infotext.negative) == ("a fox", "low")
    assert infotext.templates == ("Template: a {fox|cat},\nin __place__", "Negative Template: low")
    assert not any("Template" in name for name in infotext.fields)


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("a1111", "Version: v1.9.4"),
        ("a1111", "Model: one"),
        ("forge", "Version: f2.0.1v1.10.1-previous-313"),
        ("sdnext", "App: SD.Next, Version: 4d6a5c5"),
        ("civitai", "Civitai resources: []"),
        ("fooocus", "Version: Fooocus v2.5.0"),
        ("comfyui", "Version: ComfyUI"),
        ("danqing", "Version: Danqing 2.0"),
    ],
)
def test_the_program_is_known_by_its_fields(program: str, line: str) -> None:
    infotext = read(f"a cat\nSteps: 20, Sampler: Euler, Seed: 5, {line}")
    assert infotext is not None
    assert infotext.source == program


@pytest.mark.parametrize(
    ("ending", "beneath"),
    [
        ("Version: v1.9.4 --count 4", "--count 4"),
        ("Version: v1.9.4\n--seed 7 --count 4", "--seed 7 --count 4"),
        ("Version: v1.9.4\n竖图 4张", "竖图 4张"),
        ("Version: v1.9.4\nTemplate: a {fox|cat} --count 4", "--count 4"),
    ],
)
def test_what_somebody_wrote_beneath_it_is_their_own(ending: str, beneath: str) -> None:
    pasted = found(f"a cat\nSteps: 20, Sampler: Euler, Seed: 5, {ending}")
    assert pasted is not None
    assert (pasted.beneath, pasted.infotext.fields["Version"]) == (beneath, "v1.9.4")


@pytest.mark.parametrize(
    "text",
    ["a cat", "Steps: 3, up the stairs", "Steps: many, Sampler: none", "a portrait: soft light, Size: large", "", "{}"],
)
def test_other_texts_are_none(text: str) -> None:
    assert read(text) is None


def test_a_negative_alone_has_no_fields() -> None:
    assert read("a cat\nNegative prompt: dog") == Infotext("a cat", "dog")


_WORDS = st.text(st.sampled_from("ab ,:\"\\'()[]{}狐，：-1.é"), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.dictionaries(st.sampled_from(["Model", "VAE", "Hires prompt", "User", "ControlNet 0"]), _WORDS))
@tried(300)
def test_any_value_that_a1111_quotes_comes_back(fields: dict[str, str]) -> None:
    fields = {name: value if value[0] not in '"[{' else f"a{value}" for name, value in fields.items()}
    line = ", ".join(f"{name}: {quoted(value)}" for name, value in fields.items())
    assert pairs(line) == fields


_PROMPTS = st.text(st.sampled_from("ab ,:\"\\'()[]{}<>狐，：\n-1.é"), max_size=40).map(str.strip)


@given(_PROMPTS.filter(bool), _PROMPTS, _WORDS)
@tried(300)
def test_any_prompt_that_a1111_writes_comes_back_to_the_byte(positive: str, negative: str, model: str) -> None:
    model = model if model[0] not in '"[{' else f"a{model}"
    text = written(Infotext(positive, negative, {"Steps": "20", "Sampler": "Euler a", "Seed": "5", "Model": model}))
    infotext = read(text)
    assert infotext is not None
    assert (infotext.positive, infotext.negative, infotext.fields["Model"]) == (positive, negative, model)
    assert written(infotext) == text


def _sampler(number: int) -> Json:
    """A node that draws over what the next one drew."""
    inputs: dict[str, Json] = {"positive": "a", "negative": "b", "steps": 2, "latent_image": [str(number + 1), 0]}
    return {"class_type": "KSampler", "inputs": inputs}


@pytest.mark.parametrize(
    "text",
    [
        "Steps: 20, Sampler: a" + ', b: "' * 5000,
        "Steps: 20, Sampler: " * 3000,
        "Negative prompt: " * 5000,
        "a\nSteps: 20, Sampler: x, y: " + "[" * 20000,
        "\n".join(["Steps: 20, Sampler: Euler, Seed: 1"] * 2000),
        "> " * 10000,
        "{" * 20000,
        json.dumps({str(one): _sampler(one) for one in range(3000)}),
    ],
)
def test_hostile_texts_are_read_quickly(text: str) -> None:
    began = time.process_time()
    infotext = read(text)
    if infotext:
        options(infotext)
    assert time.process_time() - began < 3  # 0.7 s at most here; something quadratic takes many
