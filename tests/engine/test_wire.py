import asyncio
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import WireError
from engine.files.hashed import Hashed
from engine.recipe import Source, Upscale, Variation
from engine.wire import (
    Draw,
    Drawn,
    Ended,
    ForgetTraining,
    HalfLearnt,
    Learning,
    Learnt,
    Lend,
    Loading,
    MakeMap,
    Mapped,
    Message,
    Park,
    PutSource,
    ReadTags,
    Ready,
    Rest,
    Step,
    Stop,
    TagsRead,
    TakeBack,
    Train,
    TrainingFile,
    encode,
    read_message,
    receive,
)
from prompts.prompt import Note
from tests.fakes import a_recipe

texts = st.text(max_size=30)
numbers = st.integers(0, 1000)
seconds = st.floats(0, 1e6, allow_nan=False)
blobs = st.binary(max_size=200)
rows = st.builds(Hashed, texts, numbers, numbers, texts, texts)
notes = st.builds(Note, texts, st.dictionaries(texts, texts, max_size=2))
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(PutSource, texts, blobs),
    st.builds(
        Draw,
        texts,
        numbers,
        st.tuples(st.builds(a_recipe, st.text(), seed=numbers)),
        texts,
        st.tuples(rows),
        st.lists(texts).map(tuple),
    ),
    st.builds(Rest, texts, st.lists(numbers, max_size=4).map(tuple)),
    st.builds(Stop, texts),
    st.builds(MakeMap, texts, texts, texts, numbers, numbers, seconds, seconds, numbers, texts, texts, texts),
    st.builds(Mapped, texts, blobs, st.tuples(notes), texts, st.dictionaries(texts, texts, max_size=3)),
    st.builds(ReadTags, texts, texts, texts, seconds, seconds, seconds, st.booleans(), st.lists(texts).map(tuple)),
    st.builds(TagsRead, texts, st.dictionaries(texts, texts, max_size=3), st.tuples(notes), texts),
    st.builds(Ready, texts, numbers, texts),
    st.builds(Loading, texts),
    st.builds(Step, texts, numbers, numbers, numbers, numbers, seconds, blobs),
    st.builds(Drawn, texts, numbers, numbers, seconds, blobs, st.booleans(), st.tuples(notes), st.tuples(rows)),
    st.builds(Ended, texts, numbers, texts, texts, st.dictionaries(texts, texts, max_size=3)),
    st.builds(TrainingFile, texts, texts, blobs),
    st.builds(Train, texts, numbers, st.dictionaries(texts, texts, max_size=3), numbers),
    st.builds(Park, texts),
    st.builds(ForgetTraining, texts),
    st.builds(Lend, texts, texts, blobs),
    st.builds(TakeBack, st.lists(texts).map(tuple)),
    st.builds(Learning, texts, numbers, numbers, numbers, st.lists(seconds).map(tuple), seconds),
    st.builds(HalfLearnt, texts, numbers, numbers, blobs),
    st.builds(Learnt, texts, numbers, texts, texts, st.dictionaries(texts, texts, max_size=3), blobs),
)


@given(st.lists(messages, max_size=4))
def test_what_is_sent_arrives(sent: list[Message]) -> None:
    stream = io.BytesIO(b"".join(map(encode, sent)))
    for message in sent:
        assert read_message(stream) == message
    assert read_message(stream) is None


def test_recipes_arrive_whole() -> None:
    from dataclasses import replace

    recipe = replace(
        a_recipe("一只猫"), source=Source("ab" * 32, 0.5), variation=Variation(3, 0.2), upscale=Upscale("Lanczos", 2.0)
    )
    message = Draw("j", 2, (recipe,))
    assert read_message(io.BytesIO(encode(message))) == message


async def test_a_cut_frame_is_a_closed_wire() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(encode(Step("j", 0, 0, 1, 2, 0.5, b"jpeg"))[:-1])
    stream.feed_eof()
    assert await receive(stream) is None


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">II", 2**31, 0),
        struct.pack(">II", 0, 2**31),
        struct.pack(">II", 3, 0) + b"abc",
        struct.pack(">II", 4, 0) + b"[1]\n",
        struct.pack(">II", 17, 0) + b'{"type": "Stop1"}',
        struct.pack(">II", 16, 0) + b'{"type": "Stop"}',
    ],
)
def test_what_is_no_message_is_refused(frame: bytes) -> None:
    with pytest.raises(WireError):
        read_message(io.BytesIO(frame))
