"""The things the built-in model can draw: their English words and the emoji that shows each."""

from __future__ import annotations

from dataclasses import dataclass

# In the order in which a run takes them: a smaller run learns the first so many. Those at the start have plain,
# well separated outlines; faces of animals alternate with things, so that any beginning of the table is a mixture.
TABLE = """
🐱 cat, 🍎 apple, 🚗 car, ❤ heart, 🐼 panda, ⭐ star, 🏠 house, 🦊 fox, 🍄 mushroom, 🚀 rocket,
🐸 frog, 🌻 sunflower, 🍕 pizza, 🐶 dog, ☂ umbrella, 🎂 cake, 🐧 penguin, 🌲 tree, 🎈 balloon, 🐟 fish,
👑 crown, 🍓 strawberry, 🐷 pig, 🌙 moon, 🍔 hamburger, 🎸 guitar, 🐰 rabbit, ☀ sun, 🌷 tulip, ⛄ snowman,
🦋 butterfly, 🎃 pumpkin, 👻 ghost, 🍉 watermelon, 🤖 robot, 🎁 gift, 🌵 cactus, 🐢 turtle, ⚽ football, 🔔 bell,
💡 light bulb, 🐻 bear, 🌹 rose, 🦉 owl, 🍌 banana, ✈ airplane, 🐯 tiger, 🍦 ice cream, 🔑 key, 🐙 octopus,
🍒 cherry, ⛵ sailboat, 🦁 lion, 🍩 donut, 🏰 castle, 🐵 monkey, 🍋 lemon, 🚌 bus, 🐳 whale, ☕ coffee,
🌈 rainbow, 🐞 ladybug, 🍍 pineapple, 🎩 hat, 🐤 chick, 📖 book, 🍇 grapes, 🚂 train, 🦄 unicorn, 🌴 palm tree,
🍊 orange fruit, 🐝 bee, 💎 diamond, 🐘 elephant, 🥕 carrot, 🚲 bicycle, 🐨 koala, 🍪 cookie, ☁ cloud, 🐴 horse,
🍑 peach, 🚁 helicopter, 🐮 cow, 🌽 corn, 🔥 fire, 🐭 mouse, 🍅 tomato, 📷 camera, 🦀 crab, 🥑 avocado,
🥁 drum, 🐌 snail, 🍭 lollipop, 🛸 ufo, 🐬 dolphin, 🍐 pear, 🧸 teddy bear, 🎺 trumpet, 🐔 chicken, 🍆 eggplant,
⌚ watch, 🍞 bread, 🦖 dinosaur, 👟 shoe, 🧀 cheese, 🐍 snake, 🕯 candle, 🌸 blossom, 🦈 shark, 🍀 clover,
👓 glasses, ❄ snowflake, 💧 water drop, 🪁 kite, ⚓ anchor, 🎹 piano, 🌍 globe, ✂ scissors, 🔨 hammer, 💻 computer
"""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing: the words that name it and its emoji, a single character."""

    name: str
    emoji: str

    @property
    def code(self) -> str:
        """The code point in hexadecimal, as the emoji sets name their files."""
        return f"{ord(self.emoji):04x}"


def concepts(count: int | None = None) -> tuple[Concept, ...]:
    """The first `count` things of the table, or all. Raises ValueError where there are not so many."""
    rows = [row.split(maxsplit=1) for row in TABLE.replace("\n", " ").split(",")]
    known = tuple(Concept(name.strip(), emoji) for emoji, name in rows)
    if count is not None and not 0 < count <= len(known):
        raise ValueError(f"between 1 and {len(known)} things, not {count}")
    return known[:count]
