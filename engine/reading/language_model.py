"""A small instruct model from a transformers folder, which puts clauses into English and does other tasks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
import transformers

from prompts.translate.fixed_form import PLAIN

_LONGEST = 256  # tokens of an answer; a clause in English has a few dozen
_LONGEST_FORM = 400  # tokens of an answer in a form


class LanguageModel:
    """The model, on the processor: graphics cards are for drawing. Code that comes with a model is never run, weights
    that are no .safetensors are not read. Raises OSError, ValueError, and what else transformers raises."""

    def __init__(self, folder: Path) -> None:
        transformers.logging.set_verbosity_error()
        self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype="auto"
        )
        self._model.eval()
        # What its makers found good for talking: sampling. The same clause is to be the same words every time.
        self._model.generation_config = transformers.GenerationConfig(
            eos_token_id=self._model.generation_config.eos_token_id, do_sample=False
        )

    def english(self, clause: str, language: str, seconds: float) -> str:
        """The model's answer as it stands."""
        return self._answer(PLAIN, clause, seconds, min(_LONGEST, 24 + 6 * len(clause)))

    def answer(self, task: str, said: str, seconds: float) -> str:
        """What the model answers to a task and what it is about, as it stands. Raises TimeoutError."""
        return self._answer(task, said, seconds, _LONGEST_FORM)

    def _answer(self, task: str, said: str, seconds: float, most: int) -> str:
        started = time.monotonic()
        asked = self._tokenizer(self._question(said, task), return_tensors="pt", add_special_tokens=False)
        length = asked["input_ids"].shape[1]
        with torch.inference_mode():
            made = self._model.generate(
                input_ids=asked["input_ids"],
                attention_mask=asked["attention_mask"],
                max_new_tokens=most,
                max_time=seconds,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id or 0,
            )
        if time.monotonic() - started >= seconds:
            raise TimeoutError
        answer: str = self._tokenizer.decode(made[0, length:], skip_special_tokens=True)
        return answer

    def _question(self, said: str, task: str = PLAIN) -> str:
        if not getattr(self._tokenizer, "chat_template", None):
            return f"{task}\n\n{said}\n\n"
        ways = (
            [{"role": "system", "content": task}, {"role": "user", "content": said}],
            [{"role": "user", "content": f"{task}\n\n{said}"}],  # some templates know no system
        )
        for at, messages in enumerate(ways):
            try:
                text: str = self._tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
                )
                return text
            except Exception:  # a template raises whatever it likes
                if at == len(ways) - 1:
                    raise
        raise AssertionError
