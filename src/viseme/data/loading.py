"""Prepared clips in memory, or on disk until they are needed."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from viseme.data.example import SAMPLES_PER_FRAME, Example
from viseme.data.inputs import fit_audio
from viseme.data.manifest import Clip
from viseme.data.roi_storage import read_rois
from viseme.errors import ManifestError
from viseme.face.align import MOUTH_ROI_SIZE_PX
from viseme.media import read_audio

_VIDEO_BYTES = MOUTH_ROI_SIZE_PX**2
_AUDIO_BYTES = 4 * SAMPLES_PER_FRAME
_FRAME_BYTES = {"video": _VIDEO_BYTES, "audio": _AUDIO_BYTES, "av": _VIDEO_BYTES + _AUDIO_BYTES}


def load_example(clip: Clip, modality: str) -> Example:
    """Read a prepared clip: ROI file and 16 kHz audio.

    Sound that is longer than the picture is cut, sound that is shorter is followed by silence. A
    picture that is not read is as long as the row says (`num_frames`), or else as its sound.

    Args:
        clip: a row that `viseme prepare` wrote.
        modality: "video", "audio" or "av".

    Raises:
        ManifestError: the row is not prepared, or lacks video or audio.
    """
    if clip.start_s or clip.end_s is not None:
        raise ManifestError(
            f"clip {clip.id!r} is a piece of a file", todo="Run `viseme prepare` on it."
        )
    video = audio = None
    if modality in ("video", "av"):
        if clip.video is None:
            raise ManifestError(
                f"clip {clip.id!r} has no video", todo="Run `viseme prepare` on it."
            )
        video = read_rois(clip.video)
    if modality in ("audio", "av"):
        if clip.audio is None:
            raise ManifestError(f"clip {clip.id!r} has no audio", todo="Train with video instead.")
        audio = read_audio(clip.audio)
        num_frames = clip.extra.get("num_frames") if video is None else len(video)
        if not isinstance(num_frames, int):
            num_frames = round(len(audio) / SAMPLES_PER_FRAME)
        audio = fit_audio(audio, num_frames)
    return Example(clip.id, video, audio, clip.text or "", tuple(clip.words))


class ExamplesInMemory:
    """Examples that are read once; clips without a single frame are left out."""

    def __init__(self, clips: Sequence[Clip], modality: str, num_threads: int) -> None:
        with ThreadPoolExecutor(num_threads) as pool:
            examples = pool.map(lambda clip: load_example(clip, modality), clips)
            self._examples = [example for example in examples if example.num_frames]
        self.lengths = [example.num_frames for example in self._examples]

    def pick(self, indices: Iterable[int]) -> list[Example]:
        """The examples of these numbers."""
        return [self._examples[index] for index in indices]


class ExamplesOnDisk:
    """Examples that are read whenever they are picked; their lengths are those of the manifest."""

    def __init__(self, clips: Sequence[Clip], modality: str, num_threads: int) -> None:
        self._clips = [clip for clip in clips if clip.extra["num_frames"]]
        self._modality, self._num_threads = modality, num_threads
        self.lengths = [clip.extra["num_frames"] for clip in self._clips]

    def pick(self, indices: Iterable[int]) -> list[Example]:
        """The examples of these numbers, several read at once."""
        clips = (self._clips[index] for index in indices)
        with ThreadPoolExecutor(self._num_threads) as pool:
            return list(pool.map(lambda clip: load_example(clip, self._modality), clips))


def open_examples(
    clips: Sequence[Clip], modality: str, memory_gb: float, num_threads: int
) -> ExamplesInMemory | ExamplesOnDisk:
    """Examples in memory if they fit into memory_gb, or if their rows do not tell their lengths."""
    lengths = [clip.extra.get("num_frames") for clip in clips]
    known = [length for length in lengths if isinstance(length, int)]
    num_bytes = sum(known) * _FRAME_BYTES[modality]
    if len(known) < len(clips) or num_bytes <= memory_gb * 1e9:
        return ExamplesInMemory(clips, modality, num_threads)
    return ExamplesOnDisk(clips, modality, num_threads)
