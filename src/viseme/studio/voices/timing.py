"""From espeak's events to phones without gaps, and to one time for every written word.

Where espeak says that a sound begins is the burst of a stop, after a closure that is silent. The
lips are closed during the closure, so here it belongs to the stop: a sound begins where the silence
in front of it begins. A sound without a name (a linking schwa, palatalisation) goes to the sound
before it if it can be heard, and is a pause otherwise.

Espeak runs some words together ("of the" is spoken as one) and reports only the first of them. The
sounds of such a group are shared out by the words' numbers of letters, at least one sound for each
word as long as there are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viseme.studio.utterance import SAMPLE_RATE_HZ, Phone, Utterance
from viseme.studio.voices.catalogue import Voice
from viseme.studio.voices.espeak_library import Event, Speech
from viseme.studio.voices.ipa import clean
from viseme.text.transcript import Word

# Shares of the loudest sample: closures are digital silence, but for the tail of echo and breath.
_SILENCE = 0.01
_MIN_PAUSE_S = 0.04
_MIN_CLOSURE_S = 0.004
_MIN_PHONE_S = 0.008


@dataclass(frozen=True)
class SpokenPhone:
    """A phone and the number of the written word that it belongs to; None for a pause."""

    phone: Phone
    word: int | None


def spoken_phones(text: str, speech: Speech, language: str) -> list[SpokenPhone]:
    """The phones of espeak's speech without gaps, from its first to its last sound, seconds.

    Args:
        text: what was read; its words are what white space separates.
        speech: what espeak made of it.
        language: ISO 639-1 code, for the clean-up of symbols.
    """
    silent = _silence(speech)
    phones: list[SpokenPhone] = []
    for start, end, event, word in _spans(text, speech):
        start = _closure_start(silent, start, phones, speech.rate_hz)
        symbol, stress = clean(event.sound, language)
        is_quiet = silent[start:end].mean() > 0.9 if end > start else True
        if phones and (symbol == "ʲ" or (not symbol and not is_quiet)):
            _extend(phones, "" if phones[-1].phone.symbol.endswith("ʲ") else symbol)
        elif symbol or (end - start) / speech.rate_hz >= _MIN_PAUSE_S:
            phone = Phone(symbol, start / speech.rate_hz, 0.0, stress)
            phones.append(SpokenPhone(phone, word if symbol else None))
    return _closed(_merged_pauses(phones), _last_sample(speech) / speech.rate_hz)


def words(text: str, phones: Sequence[SpokenPhone]) -> tuple[Word, ...]:
    """One timed word for every written word, in the order of the text.

    Args:
        text: what was read; its words are what white space separates.
        phones: what `spoken_phones` gave, or the same with other times.
    """
    written = text.split()
    sounds: dict[int, list[Phone]] = {}
    for spoken in phones:
        if spoken.word is not None:
            sounds.setdefault(spoken.word, []).append(spoken.phone)
    firsts = sorted(sounds)
    timed: list[Word] = []
    for place, first in enumerate(firsts):
        # Words without a sound of their own belong to the group that begins before them.
        begin = first if place else 0
        end = firsts[place + 1] if place + 1 < len(firsts) else len(written)
        timed += _shared(written[begin:end], sounds[first])
    return tuple(timed)


def utterance(
    text: str, voice: Voice, audio: NDArray[np.float32], phones: Sequence[SpokenPhone]
) -> Utterance:
    """What a voice says, with a pause before its first and after its last phone.

    Args:
        text: what was read; its words are what white space separates.
        voice: who read it.
        audio: samples (S,), with silence around the speech.
        phones: what `spoken_phones` gave, at their times in `audio`.
    """
    spoken = [one.phone for one in phones]
    first_s, last_s, end_s = spoken[0].start_s, spoken[-1].end_s, len(audio) / SAMPLE_RATE_HZ
    before = [Phone("", 0.0, first_s)] if first_s > 0 else []
    after = [Phone("", last_s, end_s)] if end_s > last_s else []
    return Utterance(
        text=text,
        language=voice.language,
        voice=voice.id,
        audio=audio,
        words=words(text, phones),
        phones=(*before, *spoken, *after),
    )


def moved(spoken: SpokenPhone, start_s: float, end_s: float) -> SpokenPhone:
    """The phone at another time."""
    return replace(spoken, phone=replace(spoken.phone, start_s=start_s, end_s=end_s))


def shifted(spoken: SpokenPhone, by_s: float) -> SpokenPhone:
    """The phone `by_s` seconds later."""
    return moved(spoken, spoken.phone.start_s + by_s, spoken.phone.end_s + by_s)


def _spans(text: str, speech: Speech) -> list[tuple[int, int, Event, int]]:
    """(earliest start, end, event, word) of every sound: events bound it on both sides."""
    starts = _word_starts(text)
    spans, word = [], 0
    events = speech.events
    for place, event in enumerate(events):
        if event.character is not None:
            word = max(word, int(np.searchsorted(starts, event.character, "right")) - 1)
            continue
        following = [e.sample for e in events[place + 1 :] if e.character is None]
        end = following[0] if following else len(speech.samples)
        spans.append((event.sample, end, event, word))
    return spans


def _word_starts(text: str) -> list[int]:
    return [i for i, c in enumerate(text) if not c.isspace() and (i == 0 or text[i - 1].isspace())]


def _silence(speech: Speech) -> NDArray[np.bool_]:
    """Which samples (S,) are silent."""
    loudness = np.abs(speech.samples.astype(np.float32))
    return loudness <= _SILENCE * loudness.max(initial=0.0)


def _closure_start(
    silent: NDArray[np.bool_], start: int, before: list[SpokenPhone], rate_hz: int
) -> int:
    """Where the silence in front of sample `start` begins, not before the phone `before`."""
    if not before or not before[-1].phone.symbol:
        return start
    earliest = round((before[-1].phone.start_s + _MIN_PHONE_S) * rate_hz)
    heard = np.flatnonzero(~silent[earliest:start])
    begin = earliest + int(heard[-1]) + 1 if len(heard) else min(earliest, start)
    return begin if start - begin >= _MIN_CLOSURE_S * rate_hz else start


def _extend(phones: list[SpokenPhone], mark: str) -> None:
    last = phones[-1]
    phones[-1] = replace(last, phone=replace(last.phone, symbol=last.phone.symbol + mark))


def _merged_pauses(phones: list[SpokenPhone]) -> list[SpokenPhone]:
    """Without pauses at either end, and with one for several in a row."""
    kept: list[SpokenPhone] = []
    for spoken in phones:
        if spoken.phone.symbol or (kept and kept[-1].phone.symbol):
            kept.append(spoken)
    return kept


def _closed(phones: list[SpokenPhone], end_s: float) -> list[SpokenPhone]:
    """Every phone ends where the next begins, the last one at `end_s` or at its own pause.

    Espeak names sounds that it gives no time at all, such as a final r; they are left out.
    """
    if not phones:
        return []
    if not phones[-1].phone.symbol:
        end_s = phones.pop().phone.start_s
    ends = [spoken.phone.start_s for spoken in phones[1:]] + [end_s]
    return [
        moved(one, one.phone.start_s, end)
        for one, end in zip(phones, ends, strict=True)
        if end > one.phone.start_s
    ]


def _last_sample(speech: Speech) -> int:
    """Where the sound ends: at the pause after the last named sound."""
    end = len(speech.samples)
    for event in reversed([e for e in speech.events if e.character is None]):
        if event.sound:
            break
        end = event.sample
    return end


def _shared(written: Sequence[str], phones: Sequence[Phone]) -> list[Word]:
    """The words of a group on its phones, shared out by letters."""
    begin_s, end_s = phones[0].start_s, phones[-1].end_s
    letters = np.cumsum([len(word) for word in written])
    shares = letters / letters[-1]
    if len(phones) < len(written):
        bounds = begin_s + (end_s - begin_s) * np.concatenate([[0.0], shares])
        times = zip(written, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        return [Word(word, start, end) for word, start, end in times]
    timed, first = [], 0
    for place, word in enumerate(written):
        to_come = len(written) - place - 1
        last = min(max(round(float(shares[place]) * len(phones)), first + 1), len(phones) - to_come)
        timed.append(Word(word, phones[first].start_s, phones[last - 1].end_s))
        first = last
    return timed
