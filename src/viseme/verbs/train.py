"""`viseme train`: from a prepared manifest to a model folder, resumable at any moment."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor, nn

from viseme import config as configs
from viseme.data.dataset import ClipDataset, Collator, Epoch
from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip, read_manifest
from viseme.data.rejects import Reject, rejects_beside, write_rejects
from viseme.data.splits import no_clips_of
from viseme.errors import ConfigError, ManifestError, ModelError
from viseme.files import atomic_write
from viseme.models import open_model, write_model
from viseme.models.folder import CHECKSUMS, ModelFolder, fill, pick_device
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.recognizer import ReadingConfig
from viseme.systems import system as system_module
from viseme.text.tokenizer import CharacterTokenizer, Tokenizer, train_sentencepiece
from viseme.train.checkpoint import LAST, average_weights
from viseme.train.loop import fit, make_fabric, on_machine
from viseme.train.run_folder import epoch_weights, figures_of_ended
from viseme.train.seed import seed_everything
from viseme.verbs.calibrate import calibrate, learn_word_times

logger = logging.getLogger(__name__)

CONFIG_FILE = "train.json"
CLIPS_FILE = "clips.sha256"
MODEL_FOLDER = "model"
MAX_VOICES = 1000
"""So many training clips are mixed into babble."""


@dataclass(frozen=True)
class TrainReport:
    """What a training left behind: the model's folder and the figures on the val split."""

    model: Path
    figures: dict[str, float]


@dataclass(frozen=True)
class _Data:
    """The loop's batches: training clips by epoch, val clips in order."""

    train_set: ClipDataset
    val_set: ClipDataset
    train_collate: Collator
    val_collate: Collator
    max_frames: int
    seed: int
    process: tuple[int, int]

    def train(self, epoch: int) -> Epoch:
        return self.train_set.epoch(
            self.train_collate, self.max_frames, self.seed, epoch, self.process
        )

    def val(self) -> Epoch:
        return self.val_set.in_order(self.val_collate, self.max_frames)


def train(
    system: str,
    manifest: str | Path,
    out: str | Path,
    *,
    preset: str,
    settings: Mapping[str, str] | None = None,
    train_splits: Sequence[str] = ("train",),
    val_split: str = "val",
    skip_bad: bool = False,
    device: str = "auto",
) -> TrainReport:
    """Train a system on a prepared manifest; started again on the same folder, it resumes.

    A run that has ended is left as it is, its model too, unless that is gone.

    Args:
        system: name of the paper's file, such as "auto_avsr".
        manifest: written by `viseme prepare`.
        out: folder of the run: settings, log, checkpoints, and the model in `model/`.
        preset: name in the system's PRESETS.
        settings: single fields over the preset, as "loop.epochs": "10".
        train_splits: splits to train on.
        val_split: split to evaluate on after every epoch.
        skip_bad: list lines of the manifest that are no clips in rejects.jsonl, or else raise.
        device: "auto", "cpu" or "cuda".

    Raises:
        ConfigError: no such system, preset or setting, no training, or another run in `out`.
        ManifestError: the manifest is malformed or has no clips of a split.
        ModelError: the folder's checkpoint is damaged or of another run.
    """
    out, device = Path(out), pick_device(device)
    module = system_module(system)
    if not hasattr(module, "Training"):
        raise ConfigError(f"{system} cannot be trained here", todo="`viseme import` fills it.")
    config = _on_machine(_config(module, preset, settings or {}), out, device)
    bad: list[Reject] | None = [] if skip_bad else None
    clips = read_manifest(manifest, bad)
    train_clips, val_clips = (_of_splits(clips, s, manifest) for s in (train_splits, [val_split]))
    clips_digests = [_digest(train_clips), _digest(val_clips)]
    _refuse_other(out, config, clips_digests)
    model = out / MODEL_FOLDER
    if (ended := figures_of_ended(out, product=model / CHECKSUMS)) is not None:
        return TrainReport(model, ended)
    initial = [open_model(model) for model in config.training.initial]
    tokenizer = initial[0].tokenizer() if initial else _tokenizer(config, train_clips, val_clips)
    _check_texts(tokenizer, [*train_clips, *val_clips], manifest)
    vocabulary = _vocabulary(train_clips) if config.training.word_weight else {}
    fabric = make_fabric(config.loop, device)
    fabric.launch()
    collate = Collator(tokenizer, config.model.crop_size, vocabulary)
    process = (fabric.global_rank, fabric.world_size)
    data = _data(config, train_clips, val_clips, collate, process)
    seed_everything(config.loop.seed)
    training = module.Training(config, tokenizer, vocabulary)
    if initial:
        _start_from(initial, training.network)
    if fabric.is_global_zero:
        _claim(out, config, clips_digests, bad or [])
    figures = fit(training, data, config.loop, out, fabric)
    if fabric.is_global_zero:
        last = _last_weights(out, config.training.average_last)
        write = partial(
            write_model,
            name=out.name,
            system=system,
            config=configs.to_dict(config.model),
            weights=average_weights(last),
            tokenizer=tokenizer,
            card=_card(out.name, system, preset, train_splits, len(train_clips), len(last)),
        )
        reading = _reading(config, max(data.train_set.lengths))
        _write_calibrated(write, model, module, reading, device, train_clips, val_clips)
    fabric.barrier()
    return TrainReport(model, figures)


def _write_calibrated(
    write: Callable[..., None],
    model: Path,
    module: Any,
    reading: ReadingConfig,
    device: str,
    train_clips: Sequence[Clip],
    val_clips: Sequence[Clip],
) -> None:
    """Write the model with what it learns last: how sure it is, and when words begin and end."""
    with TemporaryDirectory() as uncalibrated:
        write(Path(uncalibrated), reading=configs.to_dict(reading))
        recognizer = module.load(open_model(uncalibrated), device)
    calibrated = calibrate(recognizer, val_clips)
    timer = learn_word_times(recognizer, train_clips)
    times = timer.tensors() if timer else None
    write(model, reading=configs.to_dict(calibrated), word_times=times)


def _start_from(initial: Sequence[ModelFolder], network: nn.Module) -> None:
    """Fill the network's parts, each from the first folder that has it; the others stay random."""
    weights: dict[str, dict[str, Tensor]] = {}
    for folder in reversed(initial):
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in folder.weights().items():
            parts.setdefault(name.partition(".")[0], {})[name] = tensor
        weights |= parts
    given = {name: tensor for part in weights.values() for name, tensor in part.items()}
    own = network.state_dict()
    missing = {name for name in own if name.partition(".")[0] not in weights}
    given |= {name: own[name] for name in missing}
    fill(network, given, initial[0].path)


def _data(
    config: Any,
    train_clips: Sequence[Clip],
    val_clips: Sequence[Clip],
    collate: Collator,
    process: tuple[int, int],
) -> _Data:
    """Open all clips; `collate` is that of the val clips, training ones are augmented."""
    modality, max_frames = config.model.modality, config.training.max_frames
    train_set = ClipDataset(train_clips, modality, memory_gb=config.training.memory_gb)
    val_set = ClipDataset(val_clips, modality, memory_gb=config.training.memory_gb)
    if num_long := sum(length > max_frames for length in train_set.lengths):
        logger.warning(
            "%d training clips are longer than max_frames %d; each is a batch of its own",
            num_long,
            max_frames,
        )
    voices = [] if modality == "video" else train_set.voices(MAX_VOICES)
    return _Data(
        train_set,
        val_set,
        replace(collate, augment=config.augment, voices=voices),
        collate,
        max_frames,
        config.loop.seed,
        process,
    )


def _reading(config: Any, longest_frames: int) -> ReadingConfig:
    return ReadingConfig(
        modality=config.model.modality,
        crop_size=config.model.crop_size,
        chunk_s=longest_frames / VIDEO_FPS,
        mirror=config.augment.flip and config.model.modality != "audio",
        search=SearchOptions(ctc_weight=config.training.ctc_weight),
    )


def _config(module: Any, preset: str, settings: Mapping[str, str]) -> Any:
    if preset not in module.PRESETS:
        raise ConfigError(
            f"there is no preset {preset!r}", todo=f"Choose one of: {', '.join(module.PRESETS)}."
        )
    return configs.override(module.PRESETS[preset], settings)


def _on_machine(config: Any, out: Path, device: str) -> Any:
    """The config with its precision decided: as this run was begun, or else as suits the device."""
    path = out / CONFIG_FILE
    if config.loop.precision == "auto" and path.exists():
        begun = configs.load(path, type(config)).loop.precision
        return replace(config, loop=replace(config.loop, precision=begun))
    return replace(config, loop=on_machine(config.loop, device))


def _last_weights(out: Path, count: int) -> list[Path]:
    weights = epoch_weights(out)
    if not weights:
        raise ModelError(
            "the weights of this finished run are gone",
            path=out,
            todo=f"Delete {LAST} there to start it again.",
        )
    return weights[-count:]


def _refuse_other(out: Path, config: Any, clips_digests: Sequence[str]) -> None:
    """Refuse to continue a run with other settings, or with other clips to train or evaluate on."""
    path = out / CONFIG_FILE
    if path.exists() and configs.load(path, type(config)) != config:
        raise ConfigError(
            "this folder holds a run with other settings",
            path=out,
            todo="Give another folder, or the settings in its train.json.",
        )
    path = out / CLIPS_FILE
    known = path.read_text(encoding="utf-8").split() if path.exists() else []
    if known != clips_digests[: len(known)]:  # runs of before know the training clips alone
        raise ConfigError(
            "this folder holds a run on other clips", path=out, todo="Give another folder."
        )


def _claim(out: Path, config: Any, clips_digests: Sequence[str], rejects: Sequence[Reject]) -> None:
    """Bind the folder to settings and clips, when nothing can be wrong with them any more."""
    _refuse_other(out, config, clips_digests)  # that another process has begun meanwhile
    configs.save(config, out / CONFIG_FILE)
    with atomic_write(out / CLIPS_FILE) as file:
        file.write("".join(f"{digest}\n" for digest in clips_digests))
    if rejects:
        write_rejects(rejects_beside(out), rejects)
        logger.warning("%d lines are left out, see %s", len(rejects), rejects_beside(out))


def _digest(clips: Sequence[Clip]) -> str:
    content = "".join(f"{clip.id}\t{clip.text}\n" for clip in clips)
    return hashlib.sha256(content.encode()).hexdigest()


def _of_splits(clips: Sequence[Clip], splits: Sequence[str], manifest: str | Path) -> list[Clip]:
    wanted = [clip for clip in clips if clip.split in splits and clip.text]
    if not wanted:
        raise no_clips_of(splits, clips, manifest)
    return wanted


def _tokenizer(config: Any, train_clips: Sequence[Clip], val_clips: Sequence[Clip]) -> Tokenizer:
    texts = [str(clip.text) for clip in train_clips]
    if config.training.tokenizer == "character":
        # A small corpus may lack a letter that it is evaluated or used on.
        known = [ascii_lowercase + "' ", *(str(clip.text) for clip in val_clips)]
        return CharacterTokenizer.from_texts(texts + known)
    try:
        return train_sentencepiece(texts, config.training.vocab_size)
    except ValueError as error:
        raise ConfigError(
            str(error), todo="Set --training.tokenizer character for a small corpus."
        ) from error


def _check_texts(tokenizer: Tokenizer, clips: Sequence[Clip], manifest: str | Path) -> None:
    """Refuse texts that the tokenizer of an initial model cannot write."""
    for clip in clips:
        try:
            tokenizer.encode(str(clip.text))
        except ValueError as error:
            raise ManifestError(
                f"the text of clip {clip.id!r} does not fit the model to start from: {error}",
                path=manifest,
                todo="`viseme prepare --writing viseme` takes punctuation and digits out of all "
                "texts; or start without training.initial.",
            ) from error


def _vocabulary(clips: Sequence[Clip]) -> dict[str, int]:
    """Numbers from 1 of all words whose times are known."""
    words = sorted({word.word for clip in clips for word in clip.words})
    return {word: index for index, word in enumerate(words, 1)}


def _card(
    name: str, system: str, preset: str, splits: Sequence[str], num_clips: int, averaged: int
) -> str:
    return f"""# {name}

A model of the system `{system}`, trained by `viseme train {system} --preset {preset}` on
{num_clips} clips of the splits {", ".join(splits)}; the mean of the weights of the last
{averaged} epochs. Its settings are in `config.json`, those of the run in the run's `train.json`.

Write here before you share it: whose recordings it learned from and under which licence, its
scores (`viseme evaluate`), and what it must not be used for.
"""
