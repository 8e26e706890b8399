"""`viseme train`: from a prepared manifest to a model folder, resumable at any moment."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viseme import config as configs
from viseme.data.manifest import Clip, read_manifests
from viseme.data.rejects import Reject, rejects_beside, write_rejects
from viseme.data.splits import Splits, refuse_empty
from viseme.errors import ConfigError, ModelError
from viseme.files import atomic_write
from viseme.models.folder import CHECKSUMS, pick_device
from viseme.systems import system as system_module
from viseme.train.checkpoint import LAST
from viseme.train.job import Run
from viseme.train.loop import fit, make_fabric, on_machine
from viseme.train.run_folder import epoch_weights, figures_of_ended
from viseme.train.seed import seed_everything

logger = logging.getLogger(__name__)

CONFIG_FILE = "train.json"
CLIPS_FILE = "clips.sha256"
MODEL_FOLDER = "model"


@dataclass(frozen=True)
class TrainReport:
    """What a training left behind: the model's folder and the figures on the val split."""

    model: Path
    figures: dict[str, float]


def train(
    system: str,
    manifest: str | Path | Sequence[str | Path],
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
        manifest: written by `viseme prepare`; several are trained on as one.
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
    config = _on_machine(configured(system, preset, settings or {}), out, device)
    bad: list[Reject] | None = [] if skip_bad else None
    clips = _clips(manifest, bad, tuple(train_splits), val_split)
    digests = [_digest(clips.train), _digest(clips.val)]
    _refuse_other(out, config, digests)
    model = out / MODEL_FOLDER
    if (ended := figures_of_ended(out, product=model / CHECKSUMS)) is not None:
        return TrainReport(model, ended)
    fabric = make_fabric(config.loop, device)
    fabric.launch()
    process = (fabric.global_rank, fabric.world_size)
    seed_everything(config.loop.seed)  # the job draws the first weights
    job = system_module(system).job(config, clips, Run(out.name, system, preset, device, process))
    if fabric.is_global_zero:
        _claim(out, config, digests, bad or [])
    figures = fit(job.training, job.data, config.loop, out, fabric)
    if fabric.is_global_zero:
        job.finish(_weights(out), model)
    fabric.barrier()
    return TrainReport(model, figures)


def configured(system: str, preset: str, settings: Mapping[str, str]) -> Any:
    """The config of a training, before anything else is looked at.

    Raises:
        ConfigError: no such system, preset or setting, or the system has no training.
    """
    module = system_module(system)
    if not hasattr(module, "job"):
        raise ConfigError(f"{system} cannot be trained here", todo="`viseme import` fills it.")
    if preset not in module.PRESETS:
        raise ConfigError(
            f"there is no preset {preset!r}", todo=f"Choose one of: {', '.join(module.PRESETS)}."
        )
    return configs.override(module.PRESETS[preset], settings)


def _clips(
    manifest: str | Path | Sequence[str | Path],
    bad: list[Reject] | None,
    train_splits: tuple[str, ...],
    val_split: str,
) -> Splits:
    paths = [manifest] if isinstance(manifest, str | Path) else list(manifest)
    clips = read_manifests(paths, bad)
    train, val = (
        [clip for clip in clips if clip.split in names] for names in (train_splits, (val_split,))
    )
    return refuse_empty(Splits(train, val, Path(paths[0]), train_splits, val_split), clips)


def _on_machine(config: Any, out: Path, device: str) -> Any:
    """The config with its precision decided: as this run was begun, or else as suits the device."""
    path = out / CONFIG_FILE
    if config.loop.precision == "auto" and path.exists():
        begun = configs.load(path, type(config)).loop.precision
        return replace(config, loop=replace(config.loop, precision=begun))
    return replace(config, loop=on_machine(config.loop, device))


def _weights(out: Path) -> list[Path]:
    weights = epoch_weights(out)
    if not weights:
        raise ModelError(
            "the weights of this finished run are gone",
            path=out,
            todo=f"Delete {LAST} there to start it again.",
        )
    return weights


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
