"""`viseme calibrate`: what a recogniser learns last, learned again.

Training ends with it. A model from elsewhere, or one that is to be used on other recordings, can be
calibrated on clips that it did not learn from.
"""

from collections.abc import Sequence
from pathlib import Path

from viseme import config as configs
from viseme.data.manifest import Clip, read_manifest
from viseme.data.splits import no_clips_of
from viseme.errors import ConfigError, ManifestError
from viseme.kinds.recogniser.calibration import calibrate, learn_word_times
from viseme.kinds.recogniser.folder import WORD_TIMES
from viseme.models import bundled, open_model, rewrite_model
from viseme.systems import load_recognizer


def calibrate_model(
    model: str | Path,
    manifest: str | Path,
    *,
    confidence_splits: Sequence[str] = (),
    times_splits: Sequence[str] = (),
    device: str = "auto",
) -> None:
    """Fit a model folder's confidences, its word times, or both, in place.

    Args:
        model: a model folder.
        manifest: what `viseme prepare` wrote.
        confidence_splits: clips that it did not learn from, to fit confidences on; none, to leave
            them.
        times_splits: clips with word times, to learn those from; none, to leave them.
        device: "auto", "cpu" or "cuda".

    Raises:
        ConfigError: no split is given, or the model is a bundled one.
        ManifestError: the manifest is malformed, or a split has no such clips.
        ModelError: the model is unusable.
    """
    if not confidence_splits and not times_splits:
        raise ConfigError("nothing to fit", todo="Give --confidence SPLIT, --times SPLIT, or both.")
    if str(model) in bundled():
        raise ConfigError(
            f"{model} is bundled and stays as it is",
            todo=f"Copy its folder, {bundled()[str(model)]}, and calibrate the copy.",
        )
    recognizer = load_recognizer(model, device, "float32")
    clips = read_manifest(manifest)
    use, tensors = None, None
    if confidence_splits:
        chosen = _of(clips, confidence_splits, manifest)
        use = configs.to_dict(calibrate(recognizer, chosen))
    if times_splits:
        timer = learn_word_times(recognizer, _of(clips, times_splits, manifest))
        if timer is None:
            raise ManifestError(
                f"no clip of {', '.join(times_splits)} has word times that fit its text",
                path=manifest,
                todo="`viseme label` finds word times.",
            )
        tensors = {WORD_TIMES: timer.tensors()}
    rewrite_model(open_model(model), use, tensors)


def _of(clips: Sequence[Clip], splits: Sequence[str], manifest: str | Path) -> list[Clip]:
    chosen = [clip for clip in clips if clip.split in splits and clip.text]
    if not chosen:
        raise no_clips_of(splits, clips, manifest)
    return chosen
