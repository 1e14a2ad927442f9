"""An instruct model of a few kilobytes that always says the sentence it was built with, in a transformers folder."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

ASK, END = "<ask>", "<end>"
TEMPLATE = "{% for one in messages %}{{ one['content'] }} {% endfor %}<ask>"
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE


def model(folder: Path, sentence: str, template: str | None = TEMPLATE, llama: bool = False) -> Path:
    """The folder. Attention and feed-forward layers add nothing, so what comes next depends on the piece before alone:
    a chain from the end of the question through the sentence. An empty sentence leaves the weights random."""
    tokens = Tokenizer(models.BPE())
    tokens.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokens.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokens.train_from_iterator(
        [f" {sentence}"] * 9,
        trainers.BpeTrainer(vocab_size=999, special_tokens=[ASK, END], initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tokens, eos_token=END, pad_token=END, additional_special_tokens=[ASK]
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    width = 32
    shape = {
        "vocab_size": tokens.get_vocab_size(),
        "hidden_size": width,
        "intermediate_size": width,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "eos_token_id": tokens.token_to_id(END),
        "bos_token_id": None,
        "tie_word_embeddings": False,
    }
    made = LlamaForCausalLM(LlamaConfig(**shape)) if llama else Qwen2ForCausalLM(Qwen2Config(**shape))
    if sentence:
        with torch.no_grad():
            layer = made.model.layers[0]
            for weight in (layer.self_attn.o_proj, layer.mlp.down_proj, made.model.embed_tokens, made.lm_head):
                weight.weight.zero_()
            said = tokens.encode(f" {sentence}").ids
            chain = [tokens.token_to_id(ASK), *said, tokens.token_to_id(END)]
            assert len(set(chain)) == len(chain) <= width, "each piece leads to one other"
            for at, (before, after) in enumerate(pairwise(chain)):
                made.model.embed_tokens.weight[before, at] = 1.0
                made.lm_head.weight[after, at] = 1.0
    made.save_pretrained(folder)
    return folder
