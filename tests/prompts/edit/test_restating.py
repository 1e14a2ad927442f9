"""Kinds of wishes that are made in an English sentence itself: what the sentence is afterwards, in good English."""

from __future__ import annotations

import pytest

from prompts.edit.edited import edit
from prompts.translate.translator import Translator
from tests.prompts.own import becomes

pytestmark = pytest.mark.asyncio
Chain = tuple[Translator, ...]

KINDS = {
    "another creature, where nobody says which one": [
        (
            "a knight riding a white horse at dawn",
            "actually make it a unicorn",
            "a knight riding a white unicorn at dawn",
        ),
        ("a grey kitten playing with a ball of yarn", "make it a puppy", "a grey puppy playing with a ball of yarn"),
        ("a witch flying over a village, bats", "I meant a wizard", "a wizard flying over a village, bats"),
        ("an astronaut riding a horse on mars", "actually a unicorn", "an astronaut riding a unicorn on mars"),
        ("a jellyfish glowing in the deep sea", "换成一只鲸鱼", "a whale glowing in the deep sea"),
    ],
    "another thing, where nobody says which one": [
        ("a sports car driving through a desert", "make it a truck", "a truck driving through a desert"),
        ("three children building a snowman", "a sandcastle instead", "three children building a sandcastle"),
        ("a boy holding a balloon, park", "a kite instead", "a boy holding a kite, park"),
    ],
    "the same thing, told otherwise": [
        (
            "a ballerina in a white tutu dancing on stage",
            "black tutu please",
            "a ballerina in a black tutu dancing on stage",
        ),
        ("a knight in silver armor fighting a dragon", "gold armor", "a knight in gold armor fighting a dragon"),
        ("a bowl of grapes on a marble counter", "wooden counter", "a bowl of grapes on a wooden counter"),
        ("elderly couple dancing, fireplace", "young couple", "young couple dancing, fireplace"),
        ("a lighthouse on a coast, stormy sea", "calm sea", "a lighthouse on a coast, calm sea"),
        ("a brown bear catching a salmon", "polar bear", "a polar bear catching a salmon"),
        ("a jellyfish glowing in the sea", "lots of jellyfish", "many jellyfish glowing in the sea"),
        ("three children building a snowman", "just two kids", "two children building a snowman"),
        (
            "cyberpunk girl with pink hair, neon alley",
            "give her short blue hair",
            "cyberpunk girl with short blue hair, neon alley",
        ),
        ("a tall robot holding a flower", "make the robot tiny and rusty", "a tiny rusty robot holding a flower"),
    ],
    "one thing and not another": [
        ("a glass of iced coffee on a wooden table", "tea, not coffee", "a glass of iced tea on a wooden table"),
        ("a vase of roses on a table", "sunflowers not roses", "a vase of sunflowers on a table"),
        ("a bowl of oranges and grapes", "apples, not oranges", "a bowl of apples and grapes"),
        ("a woman jogging in a park", "she's walking not jogging", "a woman walking in a park"),
        ("a cup of cocoa, rain outside", "sunshine outside, not rain", "a cup of cocoa, sunshine outside"),
        ("a small house with an apple tree", "cherry tree rather than apple tree", "a small house with a cherry tree"),
    ],
    "something else done": [
        (
            "a man with a beard playing the guitar by a campfire",
            "he should play the violin",
            "a man with a beard playing the violin by a campfire",
        ),
        (
            "anime girl eating ramen, headphones",
            "she's drinking bubble tea",
            "anime girl drinking bubble tea, headphones",
        ),
        (
            "elderly couple dancing in a living room",
            "have them sit on the sofa",
            "elderly couple sitting on the sofa in a living room",
        ),
        ("two cats sleeping on a windowsill", "wake them up", "two cats awake on a windowsill"),
        (
            "a dragon sleeping on a pile of gold",
            "wake it up and have it breathe fire",
            "a dragon awake on a pile of gold, breathing fire",
        ),
    ],
    "clothes of the same place": [
        ("a girl reading, grey sweater", "put her in a white dress", "a girl reading, white dress"),
        ("a man in a blue coat and a red scarf", "give him a black jacket", "a man in a black jacket and a red scarf"),
        (
            "a girl in a yellow dress holding a red umbrella",
            "give her a blue umbrella instead",
            "a girl in a yellow dress holding a blue umbrella",
        ),
    ],
    "another kind of flower, another place behind": [
        (
            "a samurai in a field of red spider lilies",
            "make the flowers white",
            "a samurai in a field of white spider lilies",
        ),
        (
            "a knight fighting a dragon, burning village in the background",
            "replace the background with a snowy mountain",
            "a knight fighting a dragon, snowy mountain in the background",
        ),
    ],
    "another season, another weather": [
        ("a wooden cabin, snow", "make it summer", "a wooden cabin, summer"),
        ("a fisherman on a pier, morning", "make it a rainy evening", "a fisherman on a pier, evening, rain"),
        ("a girl reading, rainy day", "sunny day pls", "a girl reading, sunny day"),
    ],
    "it, of which only the colour is said": [
        ("a red car, night", "make it blue", "a blue car, night"),
        ("a cat on a mat", "make it black", "a black cat on a mat"),
        ("a boy reading, park", "add a balloon, make it red", "a boy reading, park, a red balloon"),
    ],
    "a being named without an article": [
        ("a snowy owl flying over a pine forest", "eagle", "a snowy eagle flying over a pine forest"),
        ("a violinist performing on stage, black tuxedo", "pianist", "a pianist performing on stage, black tuxedo"),
        ("a little girl with a red balloon", "little boy", "a little boy with a red balloon"),
        ("a tabby cat sitting on a shelf", "it's a dog actually", "a dog sitting on a shelf"),
    ],
    "somewhere else": [
        ("a girl sitting on a bench, park", "on a swing", "a girl sitting on a swing, park"),
        ("a sleeping puppy on the rug", "the puppy should be on the bed", "a sleeping puppy on the bed"),
        ("friends playing volleyball on the beach", "in a gym not on the beach", "friends playing volleyball in a gym"),
        ("a violinist performing on stage", "playing in the street", "a violinist playing in the street"),
    ],
    "what somebody should have, or not": [
        (
            "a blonde woman in a black dress",
            "she should have freckles and green eyes",
            "a blonde woman in a black dress, freckles, green eyes",
        ),
        (
            "a hiker with a red backpack standing on a peak",
            "the hiker shouldn't have a backpack",
            "a hiker standing on a peak",
        ),
        (
            "two samurai dueling in a bamboo grove",
            "make one of them a ninja",
            "a samurai and a ninja dueling in a bamboo grove",
        ),
    ],
    "a time, and what there is then": [
        ("a farmer driving a tractor, blue sky", "at night with stars", "a farmer driving a tractor, at night, stars"),
        ("a girl by a river, winter", "spring with cherry blossoms", "a girl by a river, spring, cherry blossoms"),
        ("a castle on a cliff, dark clouds", "bright sunny day", "a castle on a cliff, sunny day"),
    ],
    "taken somewhere else": [
        (
            "a grandmother knitting by the fireplace, a cat at her feet",
            "move her to the garden",
            "a grandmother knitting in the garden, a cat at her feet",
        ),
        (
            "a businessman reading a newspaper on the subway",
            "on a park bench instead",
            "a businessman reading a newspaper on a park bench",
        ),
    ],
    "another being in other clothes": [
        (
            "a businessman in a grey suit reading a newspaper",
            "businesswoman in a red dress",
            "a businesswoman in a red dress reading a newspaper",
        ),
        ("a cowboy riding a brown horse", "cowgirl", "a cowgirl riding a brown horse"),
    ],
    "told in more than a word": [
        (
            "a race car on a track, flags",
            "make the car blue with white stripes",
            "a blue race car with white stripes on a track, flags",
        ),
        (
            "a boy flying a kite on a hill",
            "the kite should be shaped like a dragon",
            "a boy flying a kite shaped like a dragon on a hill",
        ),
        ("a dancer in a flowing red dress", "blue dress", "a dancer in a flowing blue dress"),
        ("a fairy on a mushroom, tiny wings", "butterfly wings", "a fairy on a mushroom, tiny butterfly wings"),
        ("a small boat drifting on a lake", "big ship", "a big ship drifting on a lake"),
    ],
    "weather that is told of a place, or happens": [
        ("an owl in a tree, misty forest", "lose the mist", "an owl in a tree, forest"),
        ("a zookeeper feeding a giraffe, sunny day", "it's snowing", "a zookeeper feeding a giraffe, snow"),
        ("a man reading on a bench", "make him asleep", "a man sleeping on a bench"),
    ],
    "one of two things that are told together": [
        ("a horse and carriage on a street, gas lamps", "no horse", "carriage on a street, gas lamps"),
        ("pixel art of a knight in a dungeon", "3d render instead of pixel art", "3d render of a knight in a dungeon"),
        ("chibi girl, holding lollipop", "ice cream instead of lollipop", "chibi girl, holding ice cream"),
        ("a hedgehog in a teacup, daisies", "in a boot instead of a teacup", "a hedgehog in a boot, daisies"),
        ("an octopus juggling balls underwater", "juggling fish instead", "an octopus juggling fish underwater"),
        ("a red telephone booth on a street", "make the booth blue", "a blue telephone booth on a street"),
        ("a vampire, red cape, goblet", "black cape with red lining", "a vampire, black cape with red lining, goblet"),
        ("a bowl of fruit, cat looking out", "cat curled up asleep", "a bowl of fruit, cat curled up asleep"),
        ("a captain in a chair, holograms", "empty chair, no captain", "holograms, empty chair"),
        ("a girl walking a dalmatian", "two dogs", "a girl walking two dogs"),
    ],
    "a word that no list knows": [
        ("a raccoon rummaging through a bin", "make it a possum", "a possum rummaging through a bin"),
        ("a viking warrior, fur cloak, snow", "shieldmaiden instead", "a viking shieldmaiden, fur cloak, snow"),
        ("friends playing volleyball on the beach", "make it soccer", "friends playing soccer on the beach"),
    ],
    "what is the same but for a word": [
        ("a village with rope bridges", "stone bridges rather than rope bridges", "a village with stone bridges"),
        ("a toddler in a chair, messy face", "clean face", "a toddler in a chair, clean face"),
        ("a waiter carrying a tray of cocktails", "a tray of burgers", "a waiter carrying a tray of burgers"),
        ("a balloon shaped like an elephant, savanna", "shaped like a whale", "a balloon shaped like a whale, savanna"),
        ("a toddler eating spaghetti, kitchen", "ice cream", "a toddler eating ice cream, kitchen"),
        (
            "an old man with an axe on shoulder",
            "hammer on his shoulder, not an axe",
            "an old man with a hammer on his shoulder",
        ),
        ("a yellow taxi, rainy night", "snowy night", "a yellow taxi, snowy night"),
        (
            "a typewriter on a desk, light",
            "make the desk messy and the light warm",
            "a typewriter on a messy desk, warm light",
        ),
        ("a dragon perched on a tower, stars", "flying around the tower", "a dragon flying around the tower, stars"),
    ],
    "another material, another season of a place": [
        ("a blue ceramic teapot on a tray", "glass teapot", "a blue glass teapot on a tray"),
        ("a queen on an iron throne", "golden throne", "a queen on a golden throne"),
        ("a girl, white hat, spring", "straw hat", "a girl, straw hat, spring"),
        ("a wolf in a snowy forest", "summer forest", "a wolf in a summer forest"),
        ("a boat in a storm, giant waves", "calm sea", "a boat in a calm sea"),
    ],
    "another who does something else": [
        (
            "a drummer with tattoos playing drums on a rooftop",
            "guitarist playing guitar",
            "a guitarist with tattoos playing guitar on a rooftop",
        ),
        ("a priest lighting candles in a cathedral", "praying instead", "a priest praying in a cathedral"),
        ("a priest lighting candles in a cathedral", "nun", "a nun lighting candles in a cathedral"),
    ],
    "one of two beings, by who she is": [
        (
            "a man holding a sign and a woman holding a camera",
            "she should be holding a flag",
            "a man holding a sign and a woman holding a flag",
        ),
        (
            "a man holding a sign and a woman holding a camera",
            "he should be holding a flag",
            "a man holding a flag and a woman holding a camera",
        ),
        (
            "a boy in a blue shirt and a girl in a white dress",
            "give her a yellow sweater",
            "a boy in a blue shirt and a girl in a yellow sweater",
        ),
        (
            "a boy in a blue shirt and a girl in a white dress",
            "he should wear a green shirt",
            "a boy in a green shirt and a girl in a white dress",
        ),
        (
            "a king sitting on a throne and a queen standing beside him",
            "she should be dancing",
            "a king sitting on a throne and a queen dancing beside him",
        ),
        ("a wolf and a raven in a forest", "the wolf is howling", "a wolf howling and a raven in a forest"),
        (
            "a boy in a blue shirt and a girl in a white dress",
            "wearing a red coat",
            "a boy in a blue shirt and a girl in a white dress, a red coat",
        ),
    ],
    "one of two who goes, with what is told of that one only": [
        (
            "a man with a red beard and a woman with black hair on a sailboat",
            "remove the man",
            "a woman with black hair on a sailboat",
        ),
        (
            "a man with a red beard and a woman with black hair on a sailboat",
            "remove the woman",
            "a man with a red beard on a sailboat",
        ),
        ("a boy holding a kite and a dog with a ball, park", "no dog", "a boy holding a kite, park"),
    ],
    "people who are many": [
        ("city street at night, neon signs, crowd", "get rid of all the people", "city street at night, neon signs"),
        ("a busy cafe, customers", "empty it out", "a busy cafe"),
        ("a bookstore, a cat on the counter", "fill it with customers", "a bookstore, a cat on the counter, customers"),
    ],
}


@pytest.mark.parametrize(
    ("text", "sentence", "wanted"),
    [pytest.param(*row, id=f"{kind}: {row[1]}") for kind, rows in KINDS.items() for row in rows],
)
async def test_a_kind_of_wish(text: str, sentence: str, wanted: str, translators: Chain) -> None:
    await becomes(text, sentence, wanted, translators, "add snowflakes")


async def test_a_cartoon_has_none_of_the_words_of_a_photo(translators: Chain) -> None:
    edited = (await edit("photo of a chef holding a cake", "cartoon style", translators=translators)).prompt
    assert "photorealistic" not in edited.positive and "cartoon" not in edited.negative


@pytest.mark.parametrize("sentence", ["wake them up", "get it done", "try it again", "close the door", "raise her arm"])
async def test_an_order_is_never_drawn(sentence: str, translators: Chain) -> None:
    edited = await edit("a red car, night", f"{sentence}, make it blue", translators=translators)
    assert not {"wake", "get", "try", "it", "them", "close", "raise"} & set(edited.prompt.positive.split())
