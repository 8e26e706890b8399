"""`viseme evaluate`: figures of a model on a prepared manifest, by what the model can do."""

from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from viseme.data.manifest import read_manifest
from viseme.data.rejects import Reject
from viseme.data.splits import no_clips_of
from viseme.errors import ConfigError
from viseme.kinds import Progress
from viseme.models import open_model
from viseme.models.folder import RECOGNISER
from viseme.models.kinds import KINDS, kind_of, scores_of
from viseme.nn.precision import Precision
from viseme.recognition.recognizer import Recognizer
from viseme.systems import load_folder


def evaluate(
    model: str | Path | Recognizer,
    manifest: str | Path,
    *,
    splits: Sequence[str] | None = None,
    precision: Precision = "auto",
    device: str = "auto",
    rejects: list[Reject] | None = None,
    on_progress: Progress | None = None,
    **how: Any,
) -> dict[str, Any]:
    """Score a model on the transcribed clips of a manifest; a plain report by split.

    Args:
        model: name of a bundled model, a model folder, or a loaded recogniser.
        manifest: what `viseme prepare` wrote.
        splits: which splits; None for all that the manifest has.
        precision: of the network; a loaded model stays as it is.
        device: "auto", "cpu" or "cuda".
        rejects: takes the manifest's lines that are no clips; without it they are an error.
        on_progress: called with a clip's id and the share of all clips done.
        how: what the kind's own `evaluate` takes, see `viseme.kinds.recogniser.scores` and
            `viseme.kinds.language_model`.

    Raises:
        ConfigError: models of this kind are not scored with one of `how`.
        ManifestError: the manifest is malformed, or a split has no transcribed clips.
        ModelError: the model is unusable, or models of its kind have no figures.
        VisemeError: whatever is wrong with `how`.
    """
    folder = None if isinstance(model, Recognizer) else open_model(model)
    kind = KINDS[RECOGNISER] if folder is None else kind_of(folder)
    scores = scores_of(kind)
    if unknown := sorted(set(how) - set(signature(scores.evaluate).parameters)):
        raise ConfigError(
            f"a {kind.name} is not scored with {', '.join(unknown)}", todo="Leave that out."
        )
    loaded: Any = model if folder is None else load_folder(folder, device, precision)
    rows = read_manifest(manifest, rejects)
    clips = [clip for clip in rows if clip.text]
    wanted = list(splits) if splits else sorted({str(clip.split) for clip in clips})
    chosen = {name: [clip for clip in clips if str(clip.split) == name] for name in wanted}
    if missing := [name for name, part in chosen.items() if not part]:
        raise no_clips_of(missing, rows, manifest)
    report = {"model": loaded.name, "kind": kind.name}
    return report | scores.evaluate(loaded, chosen, on_progress=on_progress, **how)
