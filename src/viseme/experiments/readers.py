"""Recognisers as experiments train and score them: at matched updates, against other texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from viseme.data.batching import shuffled_batches
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.experiments.experiment import Trial
from viseme.verbs.evaluate import evaluate
from viseme.verbs.train import train

SMALL_NET = {
    "model.frontend_widths": "[16,32,64,128]",
    "model.dim": "128",
    "model.hidden_dim": "512",
    "model.encoder_layers": "3",
    "model.decoder_layers": "1",
}
"""What scale `ci` trains, where two CPU cores have to do: settings over preset `grid`."""

AVERAGED_SHARE = 0.1
"""At matched updates a model is the mean of the weights over this share of them, the last."""


def trained(
    trial: Trial,
    manifest: Path,
    run: Path,
    settings: Mapping[str, str],
    system: str = "auto_avsr",
    preset: str = "grid",
) -> Path:
    """The model folder of a training with the trial's seed, a preset with these settings."""
    settings = {**settings, "loop.seed": str(trial.seed)}
    report = train(system, manifest, run, preset=preset, settings=settings, device=trial.device)
    return report.model


def for_updates(updates: int, clips: Sequence[Clip], max_frames: int, seed: int) -> dict[str, str]:
    """Settings of the epochs that make so many updates, up to a part of one, evaluated at the end.

    Args:
        updates: that all compared arms make.
        clips: to be trained on, prepared.
        max_frames: frame budget of a batch.
        seed: of the training.
    """
    epochs = epochs_for(updates, clips, max_frames, seed)
    averaged = str(max(1, round(AVERAGED_SHARE * epochs)))
    return {
        "loop.epochs": str(epochs),
        "loop.eval_every_epochs": str(epochs),
        "loop.keep_weights": averaged,
        "training.average_last": averaged,
    }


def epochs_for(updates: int, clips: Sequence[Clip], max_frames: int, seed: int) -> int:
    """So many epochs make so many updates, up to a part of one; arguments as for `for_updates`."""
    lengths = [clip.extra["num_frames"] for clip in clips]
    return max(1, round(updates / len(shuffled_batches(lengths, max_frames, seed, 0))))


def read_test(trial: Trial, model: Path, manifest: Path) -> dict[str, Any]:
    """Word and character error rates of a model on the test split of a manifest."""
    report = evaluate(model, manifest, splits=["test"], device=trial.device)["test"]
    return {"WER": report["wer"]["rate"], "CER": report["cer"]["rate"]}


def with_texts_of_others(manifest: Path, path: Path) -> Path:
    """A manifest of the test clips, each with the text of the next: what chance reads."""
    clips = [clip for clip in read_manifest(manifest) if clip.split == "test"]
    texts = [clip.text for clip in clips]
    moved = [
        replace(clip, text=text, words=[])
        for clip, text in zip(clips, [*texts[1:], *texts[:1]], strict=True)
    ]
    write_manifest(path, moved)
    return path
