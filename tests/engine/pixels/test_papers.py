"""What other programs wrote into a file is found in every place where they write it."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.pixels import papers, png_recipe
from prompts.infotext.infotext import Infotext
from prompts.infotext.reading import read
from tests.engine.drawing import photograph, recipe
from tests.prompts.infotext.samples import A1111
from tests.prompts.infotext.test_comfyui import USUAL, nested, standing
from tests.prompts.infotext.test_programs import PAPERS, WORKFLOW, graph

TEXT = A1111[0][0]
ASCII = A1111[1][0]
USER_COMMENT, DESCRIPTION, XP_COMMENT, MODEL = 0x9286, 0x010E, 0x9C9C, 0x0110


def a_png(*chunks: tuple[str, str], **compressed: str) -> bytes:
    said = PngInfo()
    for name, text in chunks:
        said.add_text(name, text)
    for name, text in compressed.items():
        said.add_text(name, text, zip=True)
    return saved(photograph(), "PNG", pnginfo=said)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def with_exif(kind: str, tag: int, value: bytes | str) -> bytes:
    exif = Image.Exif()
    (exif.get_ifd(0x8769) if tag == USER_COMMENT else exif)[tag] = value
    return saved(photograph(), kind, exif=exif.tobytes())


def with_hidden(text: str, signature: str) -> bytes:
    """A picture with a text in the lowest bits of its alpha channel or its colours, column by column."""
    said = text.encode()
    said = gzip.compress(said) if signature.endswith("comp") else said
    whole = signature.encode() + (len(said) * 8).to_bytes(4, "big") + said
    bits = np.unpackbits(np.frombuffer(whole, np.uint8))
    mode, channels = ("RGB", slice(0, 3)) if "rgb" in signature else ("RGBA", slice(3, 4))
    pixels = np.array(photograph().resize((96, 64)).convert(mode))
    columns = pixels[..., channels].transpose(1, 0, 2).copy()
    flat = columns.reshape(-1)
    flat[: len(bits)] = (flat[: len(bits)] & 254) | bits
    pixels[..., channels] = flat.reshape(columns.shape).transpose(1, 0, 2)
    return saved(Image.fromarray(pixels), "PNG")


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description><exif:UserComment><rdf:Alt>'
    '<rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize(
    "content",
    [
        a_png(("parameters", TEXT)),
        a_png(parameters=TEXT),
        a_png(("parameters", TEXT.encode().decode("latin-1"))),  # UTF-8 where Latin-1 should be
        a_png(("Comment", TEXT)),
        with_exif("JPEG", USER_COMMENT, b"UNICODE\0" + TEXT.encode("utf-16-be")),
        with_exif("JPEG", USER_COMMENT, b"UNICODE\0" + TEXT.encode("utf-16-le")),
        with_exif("JPEG", USER_COMMENT, b"UNICODE\0" + b"\xfe\xff" + TEXT.encode("utf-16-be")),
        with_exif("JPEG", USER_COMMENT, b"UNICODE\0" + b"\xff\xfe" + TEXT.encode("utf-16-le")),
        with_exif("JPEG", USER_COMMENT, b"ASCII\0\0\0" + TEXT.encode()),
        with_exif("JPEG", USER_COMMENT, b"JIS\0\0\0\0\0" + TEXT.replace("狐狸，", "狐、").encode("iso2022_jp")),
        with_exif("JPEG", USER_COMMENT, bytes(8) + TEXT.encode()),
        with_exif("JPEG", USER_COMMENT, TEXT.encode()),
        with_exif("WEBP", USER_COMMENT, b"UNICODE\0" + TEXT.encode("utf-16-be")),
        with_exif("AVIF", USER_COMMENT, b"UNICODE\0" + TEXT.encode("utf-16-be")),
        with_exif("PNG", USER_COMMENT, b"UNICODE\0" + TEXT.encode("utf-16-be")),
        with_exif("JPEG", DESCRIPTION, TEXT.encode()),
        with_exif("JPEG", XP_COMMENT, TEXT.encode("utf-16-le")),
        saved(photograph(), "JPEG", comment=TEXT.encode()),
        saved(photograph(), "JPEG", xmp=(XMP % TEXT.replace('"', "&quot;")).encode()),
        a_png(("XML:com.adobe.xmp", XMP % TEXT)),
        with_hidden(TEXT, "stealth_pnginfo"),
        with_hidden(TEXT, "stealth_pngcomp"),
        with_hidden(TEXT, "stealth_rgbinfo"),
        with_hidden(TEXT, "stealth_rgbcomp"),
    ],
)
def test_a1111s_text_is_found_wherever_it_stands(content: bytes) -> None:
    one, *others = papers.infotexts(content)
    wanted = read(TEXT)
    assert wanted is not None
    assert (one.positive.replace("狐、", "狐狸，"), one.negative, one.fields) == (
        wanted.positive,
        wanted.negative,
        wanted.fields,
    )
    assert others == []
    assert any("a red fox" in text for text in papers.texts(content))


@pytest.mark.parametrize(("program", "paper", "positive"), [one[:3] for one in PAPERS if one[0] != "civitai"])
@pytest.mark.parametrize("place", ["parameters", "exif", "stealth_pngcomp"])
def test_other_programs_papers_are_found(program: str, paper: dict[str, object], positive: str, place: str) -> None:
    text = json.dumps(paper)
    if place == "exif":
        content = with_exif("JPEG", USER_COMMENT, b"UNICODE\0" + text.encode("utf-16-le"))
    else:
        content = a_png((place, text)) if place == "parameters" else with_hidden(text, place)
    assert [(one.source, one.positive) for one in papers.infotexts(content)] == [(program, positive)]


def test_novelais_hidden_paper_is_one_with_its_chunks() -> None:
    comment = json.dumps({"prompt": "1girl, {smile}", "uc": "low", "steps": 28, "sampler": "k_euler", "seed": 3})
    chunks = {"Software": "NovelAI", "Source": "Stable Diffusion XL C1E1DE52", "Comment": comment}
    plain = papers.infotexts(a_png(*chunks.items()))
    assert plain == papers.infotexts(with_hidden(json.dumps(chunks), "stealth_pngcomp"))
    assert plain[0].fields["Model"] == "Stable Diffusion XL C1E1DE52"


def test_a_graph_may_stand_beside_a_text_or_in_an_exif_tag_of_cameras() -> None:
    prompt = json.dumps(graph())
    both = papers.infotexts(a_png(("prompt", prompt), ("workflow", '{"nodes": []}'), ("parameters", TEXT)))
    assert [one.source for one in both] == ["a1111", "comfyui"]
    [webp] = papers.infotexts(with_exif("WEBP", MODEL, f"prompt:{prompt}"))
    assert webp.source == "comfyui"


def test_what_stands_before_a_damage_is_read() -> None:
    whole = a_png(("parameters", TEXT))
    assert papers.infotexts(whole[:-400]) == papers.infotexts(whole) != ()
    assert papers.texts(whole[:-400]) == papers.texts(whole)


def test_of_two_texts_of_one_name_both_are_judged() -> None:
    exif = Image.Exif()
    exif[MODEL] = f"prompt:{json.dumps(graph())}"
    said = PngInfo()
    said.add_text("prompt", "somebody's words")
    content = saved(photograph(), "PNG", pnginfo=said, exif=exif.tobytes())
    assert {"somebody's words", "a (blue:1.2) bird"} <= set(papers.texts(content))


def test_of_a_workflow_alone_the_picture_is_known_and_judged() -> None:
    content = a_png(("workflow", json.dumps(WORKFLOW)))
    assert [one.positive for one in papers.infotexts(content)] == ["a (blue:1.2) bird"]
    assert "a (blue:1.2) bird" in papers.texts(content)
    assert "ugly" not in papers.texts(content)


def test_what_lies_in_a_subgraph_is_known_and_judged() -> None:
    text = nested(standing(57, "drawn", USUAL, widgets_values=["a red fox"]))
    assert [one.positive for one in papers.infotexts(a_png(("workflow", text)))] == ["a red fox <lora:ink:0.7>"]
    assert "a red fox" in papers.texts(a_png(("workflow", text)))


def test_easy_diffusion_writes_a_chunk_for_each_field() -> None:
    chunks = {"prompt": "a cat", "negative_prompt": "dog", "seed": "7", "num_inference_steps": "20",
              "guidance_scale": "7.5", "width": "512", "height": "768", "sampler_name": "euler_a"}  # fmt: skip
    [one] = papers.infotexts(a_png(*chunks.items()))
    assert (one.source, one.positive, one.negative, one.fields["Size"]) == ("easydiffusion", "a cat", "dog", "512x768")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        a_png(),
        a_png(("Title", "a cat"))[:90],
        with_exif("JPEG", MODEL, "Canon EOS 80D"),
        with_exif("JPEG", USER_COMMENT, b"UNICODE\0"),
        with_hidden("", "stealth_pnginfo"),
        with_hidden(TEXT, "stealth_pngcomp")[:-400],
    ],
)
def test_other_files_hold_none(content: bytes) -> None:
    assert papers.infotexts(content) == ()


def test_a_picture_made_from_another_keeps_what_that_says() -> None:
    content = a_png(("parameters", TEXT), ("Description", "somebody's words"), ("prompt", json.dumps(graph())))
    made = png_recipe.with_texts(saved(photograph(), "PNG"), content)
    assert papers.infotexts(made)[0] == read(TEXT)
    assert any("somebody's words" in text for text in papers.texts(made))
    assert any("a (blue:1.2) bird" in text for text in papers.texts(made))
    own = png_recipe.with_texts(saved(photograph(), "PNG"), png_recipe.png(photograph(), recipe()))
    assert png_recipe.read_recipe(own) == recipe()


def test_parameters_without_fields_are_a_prompt() -> None:
    assert papers.infotexts(a_png(("parameters", "a cat, snow"))) == (Infotext("a cat, snow"),)
