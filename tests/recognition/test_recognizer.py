"""A recogniser in use, on a tiny random network."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from viseme.nn.transformer import TextDecoder
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.confidence import Abstention, Calibration
from viseme.recognition.grammar import WordGrammar
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.hypothesis import Hypothesis
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.recognition.word_times import WordTimer
from viseme.recognition.words import timed_words
from viseme.text.tokenizer import CharacterTokenizer

DIM = 12
TOKENIZER = CharacterTokenizer("abc ")
OPEN = Abstention(least_confidence=0.0, least_visible=0.0)


class PixelNetwork(nn.Module):
    """Features of a frame: a linear map of its pixels and one of its 640 samples of sound."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        vocab = TOKENIZER.vocab_size
        self.lips, self.voice = nn.Linear(16, DIM), nn.Linear(640, DIM)
        self.heads = RecognitionHeads(DIM, vocab, TextDecoder(vocab, DIM, 1, 2, 16, 0.5), 0.5)
        with torch.no_grad():
            self.heads.ctc_head.weight.mul_(4)

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        lips = 0 if video is None else self.lips(video.flatten(2))
        return lips if audio is None else lips + self.voice(audio.unflatten(1, (-1, 640)))


def recognizer(**settings: object) -> Recognizer:
    config = replace(ReadingConfig(abstention=OPEN, search=SearchOptions(beam_size=4)), **settings)
    return Recognizer("tiny", PixelNetwork(), TOKENIZER, config, "cpu")


VIDEO = torch.randn(3, 20, 1, 4, 4, generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([20, 11, 5])


def test_words_lie_in_order_inside_the_clip() -> None:
    readings = recognizer().read(VIDEO, LENGTHS)
    assert any(reading.words for reading in readings)
    for reading, length in zip(readings, LENGTHS.tolist(), strict=True):
        times = [time for word in reading.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert all(0 <= time <= length / 25 for time in times)
        assert all(0 <= word.confidence <= 1 for word in reading.words)
        assert reading.text == " ".join(word.word for word in reading.words)
        assert reading.hypothesis is not None
        assert reading.text.split() == TOKENIZER.decode(reading.hypothesis.tokens).split()


@pytest.mark.parametrize("is_timed", [False, True])
def test_a_clip_reads_the_same_alone_and_in_a_batch(is_timed: bool) -> None:
    model = recognizer()
    if is_timed:
        weight = torch.randn(2, DIM, 6, generator=torch.Generator().manual_seed(0))
        model.timer = WordTimer(weight, torch.ones(DIM))
    together = model.read(VIDEO, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        (alone,) = model.read(VIDEO[row : row + 1, :length], LENGTHS[row : row + 1])
        assert alone.text == together[row].text
        for a, b in zip(alone.words, together[row].words, strict=True):
            assert (a.start_s, a.end_s) == pytest.approx((b.start_s, b.end_s), abs=1e-4)
            assert a.confidence == pytest.approx(b.confidence, abs=1e-4)


def test_a_timer_changes_times_alone() -> None:
    model, timed = recognizer(), recognizer()
    timed.timer = WordTimer(torch.ones(2, DIM, 6), torch.zeros(DIM))
    for plain, other in zip(model.read(VIDEO, LENGTHS), timed.read(VIDEO, LENGTHS), strict=True):
        assert other.by_ctc == plain.words == plain.by_ctc
        said = [(word.word, word.confidence) for word in plain.words]
        assert [(word.word, word.confidence) for word in other.words] == said


def test_the_network_reads_in_evaluation_mode() -> None:
    model = recognizer()
    first, second = (model.ctc_log_probs(model.encode(VIDEO, LENGTHS)[0]) for _ in range(2))
    assert torch.equal(first, second)
    torch.testing.assert_close(first.exp().sum(-1), torch.ones(3, 20))


def test_an_unsure_reading_is_withheld_but_kept() -> None:
    model = recognizer(abstention=Abstention(least_confidence=1.1, least_visible=0.0))
    sure = recognizer().read(VIDEO, LENGTHS)
    for reading, expected in zip(model.read(VIDEO, LENGTHS), sure, strict=True):
        assert reading.text == expected.text
        assert bool(reading.withheld) == bool(reading.words)
    assert all(reading.withheld is None for reading in sure)


def test_hidden_lips_are_withheld() -> None:
    model = recognizer(abstention=Abstention(least_confidence=0.0, least_visible=0.5))
    readings = model.read(VIDEO, LENGTHS, visible=[0.2, 0.9, 1.0])
    assert ["no readable lips" in (reading.withheld or "") for reading in readings] == [
        True,
        False,
        False,
    ]


def test_a_text_that_cannot_fit_is_no_reading() -> None:
    grammar = WordGrammar([["abcabcabc"]], TOKENIZER.encode)
    readings = recognizer().read(VIDEO, LENGTHS, constraint=grammar)
    assert [reading.text for reading in readings] == ["abcabcabc", "abcabcabc", ""]
    assert readings[2].hypothesis is None
    assert readings[2].withheld == "no allowed text fits this clip"


def test_an_audio_model_reads_its_first_stream_as_sound() -> None:
    waveform = torch.randn(2, 6 * 640, generator=torch.Generator().manual_seed(0))
    model = recognizer(modality="audio")
    encoder_out, lengths = model.encode(waveform, torch.tensor([6, 4]))
    assert encoder_out.shape == (2, 6, DIM)
    assert lengths.tolist() == [6, 4]


def test_mirrored_lips_read_the_same_where_the_model_looks_both_ways() -> None:
    straight, both = recognizer(), recognizer(mirror=True)
    encoder_out, _ = both.encode(VIDEO, LENGTHS)
    mirrored, _ = both.encode(VIDEO.flip(-1), LENGTHS)
    torch.testing.assert_close(encoder_out, mirrored)
    assert not torch.allclose(straight.encode(VIDEO, LENGTHS)[0], encoder_out)


@pytest.mark.parametrize("modality", ["video", "av"])
def test_to_lips_that_are_their_own_mirror_image_both_ways_are_one(modality: str) -> None:
    waveform = torch.randn(3, 20 * 640, generator=torch.Generator().manual_seed(1))
    sound = waveform if modality == "av" else None
    (straight, _), (both, _) = (
        recognizer(modality=modality, mirror=mirror).encode(VIDEO + VIDEO.flip(-1), LENGTHS, sound)
        for mirror in (False, True)
    )
    torch.testing.assert_close(straight, both)


def test_the_models_calibration_makes_the_confidence() -> None:
    calibration = Calibration(slope=0.5, intercept=-1.0)
    plain = recognizer().read(VIDEO, LENGTHS)
    calibrated = recognizer(calibration=calibration).read(VIDEO, LENGTHS)
    for a, b in zip(plain, calibrated, strict=True):
        expected = [calibration.apply(word.confidence) for word in a.words]
        assert [word.confidence for word in b.words] == pytest.approx(expected)


def test_a_search_takes_the_models_options_but_for_those_that_are_given() -> None:
    model = recognizer()
    encoder_out, lengths = model.encode(VIDEO, LENGTHS)
    own = model.search(encoder_out, lengths)
    same = model.search(encoder_out, lengths, beam_size=4, ctc_weight=0.1)
    assert [texts[0] for texts in own] == [texts[0] for texts in same]
    assert all(len(texts) == 1 for texts in model.search(encoder_out, lengths, beam_size=1))
    short = model.search(encoder_out, lengths, max_tokens=2)
    assert all(len(text.tokens) <= 2 for texts in short for text in texts)
    for texts in own:
        assert [text.score for text in texts] == sorted((t.score for t in texts), reverse=True)


def test_ctc_alone_judges_alone() -> None:
    """A text decoder that did not run is not sure of anything."""
    model = recognizer()
    encoder_out, lengths = model.encode(VIDEO, LENGTHS)
    for texts in model.search(encoder_out, lengths, ctc_weight=1.0):
        assert all(text.token_log_probs == () for text in texts)
    options = replace(model.config.search, ctc_weight=1.0)
    alone = model.read(VIDEO, LENGTHS, options=options)
    log_probs = model.ctc_log_probs(encoder_out).numpy()
    for row, reading in enumerate(alone):
        assert reading.hypothesis is not None
        bare = Hypothesis(reading.hypothesis.tokens, 0.0)
        pieces = TOKENIZER.pieces(bare.tokens)
        words = timed_words(bare, pieces, log_probs[row, : LENGTHS[row]], frames_per_s=25)
        assert [w.confidence for w in words] == [w.confidence for w in reading.words]
