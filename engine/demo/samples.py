"""What the sample sheet shows: a fixed list, not picked by the outcome."""

SHEET = (
    "a cat", "a puppy", "an owl", "an elephant", "a lion", "a bee", "a crab", "a dinosaur", "a banana",
    "an ice cream", "a bicycle", "a castle", "a diamond", "a key", "a camera", "a kite", "a red car", "a blue apple",
    "a purple umbrella", "a green frog", "a pink cake", "a yellow star", "a white rabbit, green background",
    "a black cat, orange background", "a crown on a purple background", "a hamburger, yellow background",
    "a green heart on a black background", "masterpiece, best quality, a brown dog, white background",
    "(red:0.5) bus", "(red:1.0) bus", "(red:1.5) bus", "a bus, masterpiece, best quality", "a penguin in the snow",
    "a dog on the beach", "a fox in the forest", "a whale underwater", "a robot in the city", "a palm tree at sunset",
    "a rocket at night", "a snail in the rain", "a cow in a meadow", "a ufo at night", "a cat and a dog",
    "a pineapple and a lemon", "a bear and a fish", "a tree and a house in the snow", "two apples", "three stars",
    "two cats on the beach", "three pink balloons", "a mushroom on the left", "a mushroom on the right",
    "a crown on the left", "a clover on the bottom", "a panda, pixel art", "a castle, pixel art",
    "a butterfly, line art", "a snail, line art", "a tulip, watercolor", "a fish, watercolor", "a guitar, neon",
    "a cactus, neon", "a tiger, monochrome", "a train, monochrome", "a pizza, sticker",
    "a unicorn, sticker, blue background", "a bell, flat", "a car in the city, flat", "a pumpkin at night, 3d",
    "a red fox, blurry", "a red fox, jpeg artifacts", "a red fox, grainy",
)  # fmt: skip
