"""Our own models as labellers: of lips and of voice, alike in every process."""

import pickle
from pathlib import Path

import pytest
import torch

from tiny_corpus import VOCABULARY, write_corpus
from viseme import config as configs
from viseme.data.manifest import read_manifest
from viseme.errors import VisemeError
from viseme.labelling.transcriber import Transcriber
from viseme.models import write_model
from viseme.models.folder import RECOGNISER
from viseme.recognition.confidence import Abstention
from viseme.recognition.recognizer import ReadingConfig
from viseme.systems.auto_avsr import PRESETS, AutoAVSR
from viseme.text.tokenizer import CharacterTokenizer
from viseme.verbs.label.labellers import find_labeller

TOKENIZER = CharacterTokenizer.from_texts([" ".join(VOCABULARY)])


def write_random_model(folder: Path, modality: str, least_confidence: float = 0.0) -> Path:
    """A model folder with random weights."""
    torch.manual_seed(0)
    config = configs.override(PRESETS["ci"].model, {"modality": modality})
    network = AutoAVSR(config, TOKENIZER.vocab_size)
    reading = ReadingConfig(
        modality, config.crop_size, abstention=Abstention(least_confidence, 0.0)
    )
    write_model(
        folder,
        name=f"random-{modality}",
        system="auto_avsr",
        config=configs.to_dict(config),
        weights=network.state_dict(),
        tokenizer=TOKENIZER,
        card="none",
        kind=RECOGNISER,
        use=configs.to_dict(reading),
    )
    return folder


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), 1, 1)


@pytest.mark.parametrize("modality", ["video", "audio", "av"])
def test_lips_and_voice_are_labelled_within_the_grammar(
    tmp_path: Path, manifest: Path, modality: str
) -> None:
    model = write_random_model(tmp_path / "model", modality)
    (tmp_path / "a.words").write_text("\n".join(VOCABULARY))
    labeller = find_labeller(str(model), str(tmp_path / "a.words"), "cpu")
    assert labeller.modality == modality
    assert pickle.loads(pickle.dumps(labeller)) == labeller
    clip = read_manifest(manifest)[0]
    found = Transcriber(labeller).annotate(clip)
    assert set(str(found.text).split()) <= set(VOCABULARY)
    assert found.label_source == f"random-{modality}"
    torch.set_num_threads(torch.get_num_threads())
    assert Transcriber(labeller).annotate(clip) == found


def test_what_a_model_withholds_is_no_label(tmp_path: Path, manifest: Path) -> None:
    model = write_random_model(tmp_path / "model", "video", least_confidence=1.0)
    labeller = find_labeller(str(model), device="cpu")
    with pytest.raises(Exception, match="nothing is said"):
        Transcriber(labeller).annotate(read_manifest(manifest)[0])


def test_another_grammar_or_model_is_another_labeller(tmp_path: Path) -> None:
    model = str(write_random_model(tmp_path / "model", "video"))
    (tmp_path / "a.words").write_text("up\n")
    first = find_labeller(model, str(tmp_path / "a.words"))
    (tmp_path / "a.words").write_text("up\ndown\n")
    assert find_labeller(model, str(tmp_path / "a.words")).origin != first.origin
    assert find_labeller(model).origin != first.origin
    (tmp_path / "model" / "sha256.txt").write_text("damaged")
    with pytest.raises(VisemeError):
        find_labeller(model)
