"""The joint search finds what the original code finds, texts and scores.

`original_search.json` keeps what ESPnet's BatchBeamSearch, as the commits named there carry it,
finds with the weights and features of `formula.py`. Where ours differs on purpose the facts cannot
tell: the decoder of the formula never writes a blank, which the original allows without CTC, and
texts as short as `max_tokens` here never meet the stop rule, which the original then leaves out.
Texts that need more frames than there are, which the original scores below -1e8, are not kept.
"""

import json
from pathlib import Path
from typing import Any

import formula
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from viseme.recognition.beam_search import SearchOptions, beam_search

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("original_search.json").read_text())


@pytest.mark.parametrize("name", FACTS["cases"])
def test_the_original_search_finds_the_same(name: str) -> None:
    facts = FACTS["cases"][name]
    found = beam_search(
        formula.heads(),
        pad_sequence(formula.encoder_outs(), batch_first=True),
        torch.tensor(formula.FRAMES),
        options=SearchOptions(**facts["options"]),
        language_model=formula.language_model(),
    )
    for texts, expected in zip(found, facts["found"], strict=True):
        assert len(texts) == expected["finished"]
        for text, (tokens, score) in zip(texts, expected["best"], strict=False):
            assert text.tokens == tokens
            assert text.score == pytest.approx(score, rel=1e-5, abs=1e-4)
