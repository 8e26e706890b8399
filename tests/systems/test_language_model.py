"""Language models: the published sizes, their folders, a place in the search."""

from math import exp
from pathlib import Path

import pytest
import torch

from viseme.config import to_dict
from viseme.data.manifest import Clip, write_manifest
from viseme.errors import ConfigError, ManifestError, ModelError
from viseme.kinds.language_model import evaluate, rows
from viseme.models.folder import LANGUAGE_MODEL, write_model
from viseme.nn.transformer import TextDecoder
from viseme.recognition.beam_search import SearchOptions, beam_search
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.transformer_lm import TransformerLanguageModel
from viseme.systems import load, load_recognizer
from viseme.systems.language_model import ModelConfig, network
from viseme.text.tokenizer import CharacterTokenizer
from viseme.verbs import evaluate as verb

TINY = ModelConfig(embedding_dim=6, dim=16, num_layers=2, num_heads=2, hidden_dim=24)
TOKENIZER = CharacterTokenizer("abcdef ")
VOCAB = TOKENIZER.vocab_size


def tiny() -> TransformerLanguageModel:
    torch.manual_seed(0)
    return network(to_dict(TINY), VOCAB).eval()


@pytest.mark.parametrize(("vocab_size", "millions"), [(5049, 53.7), (1049, 51.2), (41, 50.5)])
def test_the_defaults_have_the_published_sizes(vocab_size: int, millions: float) -> None:
    with torch.device("meta"):
        made = network({}, vocab_size)
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "lm"
    write_model(
        path,
        name="lm",
        system="language_model",
        config=to_dict(TINY),
        kind=LANGUAGE_MODEL,
        weights=tiny().state_dict(),
        tokenizer=TOKENIZER,
        card="",
        half=False,
    )
    return path


def test_it_is_no_recogniser(folder: Path) -> None:
    with pytest.raises(ModelError, match="can score texts, it cannot read speech"):
        load_recognizer(folder, "cpu")


@torch.no_grad()
def test_a_model_folder_opens(folder: Path) -> None:
    model = load(folder, "cpu")
    tokens = torch.tensor([[VOCAB - 1, 3, 1]])
    assert model.vocab_size == VOCAB
    assert not model.network.training
    assert torch.equal(model.network(tokens), tiny()(tokens))


def clip(name: str, text: str) -> Clip:
    return Clip(name, Path(f"{name}.mp4"), text=text, split="test")


@torch.no_grad()
def test_perplexity_is_that_of_each_text_by_itself(folder: Path) -> None:
    """Texts of several lengths share a batch; one cannot be written."""
    texts = ["abc", "a", "fade bad cab", "xyz", "deaf"]
    clips = [clip(str(number), text) for number, text in enumerate(texts)]
    model, network = load(folder, "cpu"), tiny()
    surprise = tokens = words = 0.0
    for text in texts:
        if text == "xyz":
            continue
        ids = [*TOKENIZER.encode(text), VOCAB - 1]
        log_probs = network(torch.tensor([[VOCAB - 1, *ids[:-1]]]))[0]
        surprise -= sum(log_probs[place, token].item() for place, token in enumerate(ids))
        tokens, words = tokens + len(ids), words + len(text.split()) + 1
    told: list[float] = []
    for batch_size in (1, 2, 8):
        report = evaluate(
            model,
            {"test": clips},
            batch_size=batch_size,
            on_progress=lambda _, share: told.append(share),
        )
        part = report["test"]
        assert (part["clips"], part["unwritable"]) == (4, 1)
        by_token, by_word = part["token_perplexity"], part["word_perplexity"]
        assert by_token["value"] == pytest.approx(exp(surprise / tokens), rel=1e-5)
        assert by_word["value"] == pytest.approx(exp(surprise / words), rel=1e-5)
        assert by_token["low"] < by_token["value"] < by_token["high"]
        assert rows(report)[1][:2] == ("test", "4")
        assert told[-1] == 1.0


def test_texts_that_cannot_be_written_have_no_perplexity(folder: Path) -> None:
    with pytest.raises(ManifestError, match="no text of split test can be written"):
        evaluate(load(folder, "cpu"), {"test": [clip("a", "xyz")]})


def test_the_verb_scores_it_and_refuses_what_is_for_recognisers(
    folder: Path, tmp_path: Path
) -> None:
    write_manifest(tmp_path / "m.jsonl", [clip("a", "abc"), clip("b", "fade")])
    report = verb.evaluate(folder, tmp_path / "m.jsonl", device="cpu")
    assert (report["model"], report["kind"]) == ("lm", LANGUAGE_MODEL)
    assert rows(report)[1][0] == "test"
    with pytest.raises(ConfigError, match="a language model is not scored with beam, mode"):
        verb.evaluate(folder, tmp_path / "m.jsonl", device="cpu", mode="audio", beam=3)


def test_a_damaged_folder_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="checksum differs"):
        load(folder, "cpu")


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ConfigError, match="dim 512 is not divisible by num_heads 7"):
        network({"num_heads": 7}, VOCAB)


@torch.no_grad()
def test_the_search_adds_its_scores() -> None:
    """Each text's score by the language model, eos included if it ended, is part of its score."""
    torch.manual_seed(1)
    heads = RecognitionHeads(16, VOCAB, TextDecoder(VOCAB, 16, 1, 2, 32, 0.0), 0.0).eval()
    encoder_out, lengths = torch.randn(2, 5, 16), torch.tensor([5, 3])
    options = SearchOptions(beam_size=4, ctc_weight=0.3, lm_weight=0.6, length_bonus=0.2)
    model = tiny()
    found = beam_search(heads, encoder_out, lengths, options=options, language_model=model)
    for texts, length in zip(found, lengths.tolist(), strict=True):
        for text in texts:
            tokens = torch.tensor([[VOCAB - 1, *text.tokens]])
            following = torch.tensor([*text.tokens, VOCAB - 1])
            by_token = model(tokens)[0].gather(1, following[:, None])[:, 0]
            ended = by_token.sum().item()
            cut = by_token[:-1].sum().item()
            allowed = [ended] + [cut] * (len(text.tokens) == length)
            assert any(text.lm_score == pytest.approx(one, abs=1e-4) for one in allowed)
            weighted = 0.7 * text.decoder_score + 0.3 * text.ctc_score + 0.6 * text.lm_score
            bonus = text.score - weighted
            count = len(text.tokens) + (text.lm_score == pytest.approx(ended, abs=1e-4))
            assert bonus == pytest.approx(0.2 * count, abs=1e-4)
