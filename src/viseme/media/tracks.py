"""Which of several sound tracks of a recording is read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from av.audio.stream import AudioStream
from av.stream import Disposition, Stream

from viseme.errors import NoAudioError
from viseme.media.languages import canonical

AnyStream = TypeVar("AnyStream", bound=Stream)

TrackChoice = int | str
"""The number of a sound track, from 1, or its language, in two letters or three."""


@dataclass(frozen=True)
class Track:
    """A sound track as its file describes it.

    Attributes:
        number: from 1 on, in the order of the file.
        language: ISO 639-2 code, None if unknown.
        title: such as "Commentary", None if it has none.
    """

    number: int
    language: str | None
    title: str | None

    def __str__(self) -> str:
        about = ", ".join(filter(None, (self.language, self.title)))
        return f"{self.number} ({about})" if about else str(self.number)


def preferred(streams: Iterable[AnyStream]) -> AnyStream | None:
    """The stream that its file marks as default, else the first."""
    return max(streams, key=lambda s: bool(s.disposition & Disposition.default), default=None)


def tracks(streams: Sequence[AudioStream]) -> list[Track]:
    """What a file says about its sound tracks."""
    return [
        Track(number, canonical(stream.language), stream.metadata.get("title"))
        for number, stream in enumerate(streams, start=1)
    ]


def chosen(
    streams: Sequence[AudioStream], choice: TrackChoice | None, path: Path
) -> AudioStream | None:
    """The sound track that was asked for, else the preferred one; None where there is no sound.

    The only track of a file that does not say its language may be in any.

    Raises:
        NoAudioError: of `path`: it has sound, but not this track.
    """
    if choice is None or not streams:
        return preferred(streams)
    there = tracks(streams)
    if str(choice).isdecimal():
        fitting = [track.number == int(choice) for track in there]
    else:
        wanted = canonical(str(choice))
        fitting = [track.language == wanted for track in there]
        if len(there) == 1 and there[0].language is None:
            fitting = [True]
    found = preferred(s for s, fits in zip(streams, fitting, strict=True) if fits)
    if found is None:
        raise NoAudioError(
            f"has no sound track {choice}; there {_listed(there)}",
            path=path,
            todo="Choose one of these by its number or language (--audio-track).",
        )
    return found


def unchosen(there: Sequence[Track], read: int) -> str:
    """What to tell of tracks of which number `read` is read without having been asked for."""
    return f"there {_listed(there)}, of which {read} is read; --audio-track chooses"


def _listed(there: Sequence[Track]) -> str:
    names = [str(track) for track in there]
    if len(names) == 1:
        return f"is one sound track, {names[0]}"
    return f"are {len(names)} sound tracks, {', '.join(names[:-1])} and {names[-1]}"
