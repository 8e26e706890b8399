"""Imported models give the figures of the original code, layout by layout.

`golden.json` holds what the published code computed, at the commits that it names, with the weights
and inputs of `formula_weights`: for a clip of 12 frames the encoder's output, the CTC
log-posteriors, the text decoder's logits after the tokens `PREFIX` (norm, and entries at the places
of `sampled`), and the beam search's best texts at beam 6 with CTC weight 0.1. The networks are
small, but those of the current code have its frontends; one more is of the published size.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from espnet_layouts import PUBLISHED, Shapes, Sizes, checksum, head_layout, v1_layout
from formula_weights import audio_input, filled, video_input
from published_files import MULTILINGUAL, WIDTHS, save_bare, save_zip, settings
from torch import Tensor

from viseme import import_model, load
from viseme.recognition.recognizer import Recognizer
from viseme.shapes import valid_mask

GOLDEN: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("golden.json").read_text(encoding="utf-8")
)
PREFIX = (5, 9, 2)
NUM_FRAMES = 12
NUM_TEXTS = 4
TOLERANCE = 1e-4

NARROW = Sizes(widths=WIDTHS)
UNIGRAM = Sizes(vocab_size=PUBLISHED.vocab_size, widths=WIDTHS)


def save_lightning(path: Path, shapes: Shapes) -> Path:
    weights = {f"model.{name}": weight for name, weight in filled(shapes).items()}
    torch.save({"epoch": 3, "state_dict": weights, "hyper_parameters": {"lr": 1e-3}}, path)
    return path


@dataclass(frozen=True)
class Layout:
    """A published layout: its names and shapes, the file that it comes in, and whose figures."""

    shapes: Shapes
    write: Callable[[Path, Shapes], Path]
    source: str = "auto_avsr"
    golden: str = ""


def zipped(**changes: Any) -> Callable[[Path, Shapes], Path]:
    return lambda path, shapes: save_zip(path, filled(shapes), settings(**changes))


def zipped_list(path: Path, shapes: Shapes) -> Path:
    given = settings(labels_type="unigram5000", char_list=None)
    return save_zip(path, filled(shapes), [80, len(shapes), given])


LAYOUTS = {
    "head_video": Layout(head_layout("video"), save_bare),
    "head_audio": Layout(head_layout("audio"), save_bare),
    "head_audio_lightning": Layout(head_layout("audio"), save_lightning, golden="head_audio"),
    "v1_video": Layout(v1_layout("video", NARROW), save_bare),
    "v1_audio": Layout(v1_layout("audio", NARROW), save_bare),
    "v1_av": Layout(v1_layout("av", NARROW), save_bare),
    "multilingual_latest": Layout(v1_layout("video", MULTILINGUAL), zipped(), "vsr_multilingual"),
    "multilingual_legacy": Layout(
        v1_layout("video", MULTILINGUAL), zipped(rel_pos_type=None), "vsr_multilingual"
    ),
    "multilingual_unigram": Layout(v1_layout("video", UNIGRAM), zipped_list, "vsr_multilingual"),
    "head_video_published_size": Layout(head_layout("video", PUBLISHED), save_bare),
}
SMALL = [name for name in LAYOUTS if name != "head_video_published_size"]


@dataclass(frozen=True)
class Answers:
    """What an imported model computes."""

    golden: dict[str, Any]
    shapes: Shapes
    source: str
    wanted_source: str
    num_parameters: int
    tensors: dict[str, Tensor]
    hypotheses: list[tuple[list[int], float]]


PUBLISHED_LAYOUT = pytest.param("head_video_published_size", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[*SMALL, PUBLISHED_LAYOUT])
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    layout = LAYOUTS[request.param]
    golden = GOLDEN[layout.golden or request.param]
    folder = tmp_path_factory.mktemp(request.param)
    report = import_model(layout.write(folder / "weights.file", layout.shapes), folder / "model")
    model = load(report.model, "cpu")
    return Answers(
        golden,
        layout.shapes,
        report.source,
        layout.source,
        report.num_parameters,
        *computed(model),
    )


@torch.inference_mode()
def computed(model: Recognizer) -> tuple[dict[str, Tensor], list[tuple[list[int], float]]]:
    """What the model makes of the formula's clip."""
    modality, lengths = model.config.modality, torch.tensor([NUM_FRAMES])
    video, audio = video_input(NUM_FRAMES), audio_input(NUM_FRAMES)
    if modality == "av":
        encoder_out, _ = model.encode(video, lengths, audio)
    else:
        encoder_out, _ = model.encode(audio if modality == "audio" else video, lengths)
    heads = model.network.heads
    tokens = torch.tensor([[heads.sos_id, *PREFIX]])
    tensors = {
        "encoder_out": encoder_out,
        "ctc_log_probs": model.ctc_log_probs(encoder_out),
        "decoder_logits": heads.text_decoder(tokens, encoder_out, valid_mask(lengths, NUM_FRAMES)),
    }
    (found,) = model.search(encoder_out, lengths, beam_size=6, ctc_weight=0.1)
    return tensors, [(text.tokens, text.score) for text in found[:NUM_TEXTS]]


def sampled(tensor: Tensor) -> Iterator[float]:
    """Eight entries, spread over the tensor."""
    flat = tensor.flatten()
    return (float(flat[(index * 7919 + 13) % len(flat)]) for index in range(8))


def test_the_layout_written_here_is_the_original_one(answers: Answers) -> None:
    assert len(answers.shapes) == answers.golden["num_weights"]
    assert checksum(answers.shapes) == answers.golden["crc32_of_names"]


def test_it_is_known_for_what_it_is(answers: Answers) -> None:
    assert answers.source == answers.wanted_source
    assert answers.num_parameters == answers.golden["num_parameters"]


@pytest.mark.parametrize("what", ["encoder_out", "ctc_log_probs", "decoder_logits"])
def test_tensors_are_those_of_the_original(answers: Answers, what: str) -> None:
    tensor, golden = answers.tensors[what].double(), answers.golden[what]
    typical = golden["norm"] / tensor.numel() ** 0.5
    assert float(tensor.norm()) == pytest.approx(golden["norm"], rel=TOLERANCE)
    assert list(sampled(tensor)) == pytest.approx(golden["entries"], abs=TOLERANCE * typical)


def test_the_search_finds_the_same_texts_with_the_same_scores(answers: Answers) -> None:
    golden = answers.golden["hypotheses"]
    assert [tokens for tokens, _ in answers.hypotheses] == [text["tokens"] for text in golden]
    scores = [text["score"] for text in golden]
    assert [score for _, score in answers.hypotheses] == pytest.approx(scores, rel=TOLERANCE)
