"""The one front door for video and audio: probe, read on the model's clock, write, mux."""

from viseme.media.audio import iter_audio, read_audio
from viseme.media.mux import mux
from viseme.media.probe import AudioInfo, MediaInfo, VideoInfo, probe
from viseme.media.tracks import Track, TrackChoice
from viseme.media.video import read_frames
from viseme.media.write import VideoWriter, write_audio, write_video

__all__ = [
    "AudioInfo",
    "MediaInfo",
    "Track",
    "TrackChoice",
    "VideoInfo",
    "VideoWriter",
    "iter_audio",
    "mux",
    "probe",
    "read_audio",
    "read_frames",
    "write_audio",
    "write_video",
]
