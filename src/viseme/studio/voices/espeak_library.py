"""The speech synthesiser espeak-ng as a C library: text in, samples and events out.

The library and its data come from the package espeakng-loader. espeak-ng is not thread-safe, and it
carries state (the phase of the flutter, filter memories, echo) from one call to the next, so that
the same text never sounds the same twice. Every call here therefore runs on a freshly loaded
library, under a lock, and leaves nothing loaded: the result depends on the arguments alone, in any
process, forked or spawned. Some variants (f2, f3, f5) add breath noise, which espeak-ng seeds by
the clock; it is seeded again before each call.
"""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.errors import ConfigError, VisemeError

# From espeak-ng's speak_lib.h, version 1.52.
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEMES_AS_IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_RATE, _VOLUME, _PITCH, _PITCH_RANGE = 1, 2, 3, 4
_UTF8 = 1
_WORD_EVENT, _PHONEME_EVENT = 1, 7
RATE_LIMITS = (80, 450)

_lock = threading.Lock()


@dataclass(frozen=True)
class Event:
    """A word or a sound begins.

    Attributes:
        sample: where in the samples.
        character: position in the text of the word that begins, or None for a sound.
        sound: IPA of the sound, with stress mark; "" for pauses and for sounds without a name.
    """

    sample: int
    character: int | None
    sound: str


@dataclass(frozen=True)
class Speech:
    """Samples (S,) int16 at `rate_hz`, and the events in them in espeak's order."""

    samples: NDArray[np.int16]
    rate_hz: int
    events: tuple[Event, ...]


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def synthesise(
    text: str, voice: str, *, words_per_minute: int, pitch: int, pitch_range: int, seed: int = 0
) -> Speech:
    """Have `voice` ("gmw/en-US+f3") read the text.

    Args:
        text: what to read.
        voice: espeak's voice, a plus sign, and its variant.
        words_per_minute: pace, held to RATE_LIMITS.
        pitch: height, 0 to 99.
        pitch_range: liveliness, 0 to 99.
        seed: of the breath noise that some variants have.

    Raises:
        ConfigError: espeakng-loader is not installed or has no such voice.
        VisemeError: espeak fails.
    """
    blocks: list[NDArray[np.int16]] = []
    events: list[Event] = []

    @_Callback
    def receive(samples: Any, count: int, received: Any) -> int:
        if count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        events.extend(_events(received))
        return 0

    with _library() as (library, rate_hz):
        library.espeak_SetSynthCallback(receive)
        if library.espeak_SetVoiceByName(voice.encode()):
            raise ConfigError(f"espeak-ng has no voice {voice!r}")
        pace = min(max(words_per_minute, RATE_LIMITS[0]), RATE_LIMITS[1])
        # At full volume the loud variants clip; the level is set afterwards.
        settings = {_RATE: pace, _VOLUME: 50, _PITCH: pitch, _PITCH_RANGE: pitch_range}
        for parameter, value in settings.items():
            library.espeak_SetParameter(parameter, value, 0)
        library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        data = text.encode()
        if library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None):
            raise VisemeError(f"espeak-ng cannot read {text!r}")
    samples = np.concatenate([np.zeros(0, np.int16), *blocks])
    return Speech(samples, rate_hz, tuple(events))


def _events(received: Any) -> Iterator[Event]:
    """Words and sounds of an event list, which a zero ends; espeak counts characters from 1."""
    for event in received:
        if not event.type:
            return
        if event.type == _WORD_EVENT:
            yield Event(event.sample, event.text_position - 1, "")
        elif event.type == _PHONEME_EVENT:
            yield Event(event.sample, None, event.id.string.decode("utf-8", "ignore"))


@contextmanager
def _library() -> Iterator[tuple[ctypes.CDLL, int]]:
    """A fresh espeak-ng and its sample rate, gone again afterwards."""
    loader = _loader()
    with _lock:
        library = ctypes.CDLL(loader.get_library_path())
        try:
            options = _PHONEME_EVENTS | _PHONEMES_AS_IPA | _DONT_EXIT
            data = str(loader.get_data_path()).encode()
            rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, data, options)
            if rate_hz <= 0:
                raise ConfigError(
                    "espeak-ng does not start", todo="Install espeakng-loader again, with its data."
                )
            try:
                yield library, rate_hz
            finally:
                library.espeak_Terminate()
        finally:
            _unload(library)


def _loader() -> ModuleType:
    try:
        import espeakng_loader
    except ImportError as error:
        raise ConfigError(
            "the studio's voices need espeak-ng", todo="Run `pip install 'viseme[studio]'`."
        ) from error
    return espeakng_loader


def _unload(library: ctypes.CDLL) -> None:
    import _ctypes

    if sys.platform == "win32":
        _ctypes.FreeLibrary(library._handle)
    else:
        _ctypes.dlclose(library._handle)
