"""What a general word may mean in a prompt that names the sort: the dog of "shiba inu", the car of "convertible"."""

from __future__ import annotations

from collections.abc import Mapping

SORTS: Mapping[str, frozenset[str]] = {
    general: frozenset(sorts.split(", "))
    for general, sorts in {
        "dog": "shiba inu, shiba, corgi, husky, siberian husky, poodle, golden retriever, labrador, "
        "labrador retriever, dachshund, border collie, samoyed, chihuahua, bulldog, french bulldog, pug, "
        "german shepherd, alaskan malamute, dalmatian, beagle, pomeranian, bichon frise, schnauzer, puppy, doberman",
        "cat": "orange cat, tabby, calico, siamese, ragdoll, persian, kitten, british shorthair, maine coon, sphynx",
        "bird": "sparrow, owl, eagle, hawk, parrot, crow, raven, pigeon, dove, seagull, swallow, swan, crane, duck, "
        "peacock, robin, magpie, flamingo, penguin, kingfisher, hummingbird",
        "fish": "koi, goldfish, shark, clownfish, carp, salmon, betta",
        "horse": "pony, foal, unicorn, stallion, pegasus, donkey, zebra",
        "rabbit": "bunny, hare",
        "flower": "rose, tulip, lily, sunflower, peony, lotus, daisy, orchid, chrysanthemum, carnation, lavender, "
        "hydrangea, cherry blossoms, plum blossom, poppy, dandelion",
        "tree": "oak, pine, willow, maple, bamboo, palm, ginkgo, cherry tree, birch",
        "car": "sports car, convertible, sedan, suv, taxi, jeep, truck, limousine, pickup truck, police car, van",
        "person": "crowd, pedestrian, customer, tourist, passerby, shopper, visitor, spectator, onlooker, commuter",
        "smile": "smiling, grin, grinning, laughing",
        "hat": "beret, straw hat, top hat, cap, beanie, bowler, fedora, baseball cap, bonnet",
        "drink": "coffee, tea, beer, wine, juice, milk tea, cola, milk, cocktail",
        "fruit": "apple, banana, orange, strawberry, watermelon, grape, peach, pear, lemon, cherry, mango",
        "house": "cabin, cottage, hut, villa, wooden cabin, farmhouse",
        "boat": "ship, sailboat, canoe, rowboat, yacht, ferry, kayak",
        "shoes": "boots, sneakers, heels, high heels, sandals, slippers",
        "instrument": "guitar, piano, violin, flute, cello, pipa, guzheng, drum, saxophone, trumpet",
    }.items()
}
