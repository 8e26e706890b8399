"""Subtitle files keep every word, keep their limits and are well formed."""
# ruff: noqa: RUF001  (the stand-ins for < and > in srt look like them)

import html
import itertools
import json
import re
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.errors import ConfigError
from viseme.text.cues import (
    MAX_CUE_MS,
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    READABLE_MS,
    SHORTEST_MS,
    Cue,
    break_lines,
    cues,
    timed_words,
)
from viseme.text.subtitles import FORMATS, render, write
from viseme.text.transcript import Transcript, Word

HOUR_S = 3600.0


@st.composite
def transcripts(draw: st.DrawFn, characters: str = "ab'<>&{}-\"é") -> Transcript:
    """Any words at almost any times: they overlap, touch, stand still or run backwards."""
    time_s = draw(st.sampled_from([0.0, 59.9996, HOUR_S, 100 * HOUR_S]))
    words = []
    for text in draw(st.lists(st.text(characters, min_size=1, max_size=50), max_size=30)):
        time_s += draw(st.floats(-0.5, 4))
        length_s = draw(st.sampled_from([0.0, 0.0004, 0.04]) | st.floats(0, 9))
        words.append(Word(text, max(time_s, 0.0), max(time_s, 0.0) + length_s, 0.5))
        time_s += length_s
    text = " ".join(word.word for word in words)
    return Transcript("talk.mp4", text, words, duration_s=max(time_s, 0))


def _milliseconds(clock: str) -> int:
    hours, minutes, seconds, thousandths = map(int, re.split("[:.,]", clock))
    assert minutes < 60
    assert seconds < 60
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def read_blocks(content: str) -> list[Cue]:
    """The cues of srt, or of vtt without its head, read as strictly as the formats allow."""
    found = []
    for block in content.split("\n\n") if content else []:
        lines = block.removesuffix("\n").split("\n")
        if re.fullmatch("[0-9]+", lines[0]):
            assert int(lines.pop(0)) == len(found) + 1
        match = re.fullmatch(r"(\d\d+:\d\d:\d\d[.,]\d{3}) --> (\d\d+:\d\d:\d\d[.,]\d{3})", lines[0])
        assert match
        found.append(Cue(_milliseconds(match[1]), _milliseconds(match[2]), tuple(lines[1:])))
    return found


@given(transcripts())
def test_cues_keep_every_word_and_their_limits(transcript: Transcript) -> None:
    found = cues(transcript)
    assert " ".join(line for cue in found for line in cue.lines) == transcript.text
    for cue in found:
        assert SHORTEST_MS <= cue.end_ms - cue.start_ms <= MAX_CUE_MS
        assert 1 <= len(cue.lines) <= MAX_LINES
        assert all(len(line) <= MAX_LINE_CHARACTERS or " " not in line for line in cue.lines)
    for cue, following in itertools.pairwise(found):
        assert cue.end_ms <= following.start_ms
        assert cue.end_ms - cue.start_ms >= READABLE_MS or cue.end_ms == following.start_ms


@given(transcripts())
def test_srt_is_what_the_cues_say(transcript: Transcript) -> None:
    content = render(transcript, "srt")
    stand_ins = str.maketrans("<>{}", "‹›()")
    assert read_blocks(content) == [
        Cue(c.start_ms, c.end_ms, tuple(line.translate(stand_ins) for line in c.lines))
        for c in cues(transcript)
    ]


@given(transcripts())
def test_vtt_is_what_the_cues_say(transcript: Transcript) -> None:
    head, _, content = render(transcript, "vtt").partition("\n\n")
    assert head.rstrip("\n") == "WEBVTT"
    assert "<" not in content
    assert [
        Cue(c.start_ms, c.end_ms, tuple(map(html.unescape, c.lines))) for c in read_blocks(content)
    ] == cues(transcript)


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_ffmpeg_reads_the_same_cues(format: str, tmp_path: Path) -> None:
    rows = [("one", 0, 0.5), ("<b>two", 1, 2), ("-->", 2, 3), ("&", 359999.9996, 360001.0)]
    transcript = Transcript("", "", [Word(*row) for row in rows])
    write(transcript, tmp_path / "talk", format)
    with av.open(str(tmp_path / "talk"), format=format.replace("vtt", "webvtt")) as container:
        packets = [packet for packet in container.demux() if packet.pts is not None]
    found = [(packet.pts, packet.pts + packet.duration) for packet in packets]
    assert found == [(cue.start_ms, cue.end_ms) for cue in cues(transcript)]
    assert html.unescape(bytes(packets[-1]).decode()) == "&"


@given(transcripts())
def test_textgrid_intervals_cover_the_recording(transcript: Transcript) -> None:
    content = render(transcript, "TextGrid")
    number = r"(\d+(?:\.\d+)?)"
    (end, size), (tier_end, count) = (
        re.search(rf"^xmax = {number}\ntiers\? <exists>\nsize = (\d+)$", content, re.M).groups(),
        re.search(rf"^ +xmax = {number}\n +intervals: size = (\d+)$", content, re.M).groups(),
    )
    numbers = re.findall(r"intervals \[(\d+)\]:", content)
    rows = re.findall(
        rf'\[\d+\]:\n +xmin = {number}\n +xmax = {number}\n +text = "(.*)"\n', content
    )
    assert (size, int(count), tier_end) == ("1", len(rows), end)
    assert numbers == [str(number) for number in range(1, len(rows) + 1)]
    last_word_end_s = max((word.end_ms / 1000 for word in timed_words(transcript)), default=0.001)
    assert float(end) == max(round(transcript.duration_s * 1000) / 1000, last_word_end_s)
    assert [rows[0][0], rows[-1][1]] == ["0.000", end]
    assert all(row[1] == following[0] for row, following in itertools.pairwise(rows))
    assert all(float(start) < float(stop) for start, stop, _ in rows)
    labels = [text.replace('""', '"') for *_, text in rows if text]
    assert labels == [word.word for word in transcript.words]


@given(transcripts())
def test_tsv_has_a_row_for_every_word(transcript: Transcript) -> None:
    head, *rows = (line.split("\t") for line in render(transcript, "tsv").splitlines())
    assert head == ["start_s", "end_s", "word", "confidence"]
    assert [row[2] for row in rows] == [word.word for word in transcript.words]
    times = [float(time) for row in rows for time in row[:2]]
    assert times == sorted(times)


@given(transcripts())
def test_json_and_txt_keep_everything(transcript: Transcript) -> None:
    record = json.loads(render(transcript, "json"))
    words = [Word(**word) for word in record.pop("words")]
    kept = Transcript(**record, words=words)
    assert kept.as_dict() == transcript.as_dict()
    for word, original in zip(kept.words, transcript.words, strict=True):
        assert word.word == original.word
        assert word.start_s == pytest.approx(original.start_s, abs=0.0005001)
        assert word.confidence == pytest.approx(original.confidence, abs=0.00005001)
    assert render(transcript, "txt").removesuffix("\n") == transcript.text


@pytest.mark.parametrize("format", FORMATS)
def test_empty_transcript_gives_a_valid_file(format: str, tmp_path: Path) -> None:
    transcript = Transcript("talk.mp4", error="no face")
    write(transcript, tmp_path / "out" / f"talk.{format}", format)
    content = (tmp_path / "out" / f"talk.{format}").read_text(encoding="utf-8")
    assert content == render(transcript, format)
    match format:
        case "txt" | "srt":
            assert content == ""
        case "vtt":
            assert content == "WEBVTT\n"
        case "tsv":
            assert content.count("\n") == 1
        case "json":
            assert json.loads(content)["error"] == "no face"
        case "TextGrid":
            assert "intervals: size = 1\n" in content
            assert "xmax = 0.001\n" in content


def _words(*rows: tuple[str, float, float]) -> Transcript:
    text = " ".join(word for word, *_ in rows)
    return Transcript("", text, [Word(*row) for row in rows], duration_s=10)


def test_overlapping_words_keep_their_starts() -> None:
    overlapping = _words(("one", 0, 9), ("two", 1, 1.5), ("three", 1, 2))
    times = [(word.start_ms, word.end_ms) for word in timed_words(overlapping)]
    assert times == [(0, 1000), (1000, 1001), (1001, 2000)]


def test_a_pause_begins_a_new_cue() -> None:
    close = _words(("one", 0, 0.5), ("two", 1.29, 1.5))
    apart = _words(("one", 0, 0.5), ("two", 1.301, 1.5))
    assert cues(close) == [Cue(0, 1500, ("one two",))]
    assert cues(apart) == [Cue(0, 1000, ("one",)), Cue(1301, 2301, ("two",))]


def test_a_cue_lasts_six_seconds_at_most() -> None:
    full = _words(("one", 0, 3), ("two", 3, 6))
    over = _words(("one", 0, 3), ("two", 3, 6.001), ("three", 6.001, 13))
    assert cues(full) == [Cue(0, 6000, ("one two",))]
    assert cues(over) == [
        Cue(0, 3000, ("one",)),
        Cue(3000, 6001, ("two",)),
        Cue(6001, 12001, ("three",)),
    ]


def test_a_third_line_begins_a_new_cue() -> None:
    full = _words(("a" * 42, 0, 1), ("b" * 20, 1, 2), ("c" * 21, 2, 3))
    over = _words(("a" * 42, 0, 1), ("b" * 20, 1, 2), ("c" * 22, 2, 3))
    assert [cue.lines for cue in cues(full)] == [("a" * 42, f"{'b' * 20} {'c' * 21}")]
    assert [cue.lines for cue in cues(over)] == [("a" * 42, "b" * 20), ("c" * 22,)]


def test_a_cue_without_time_is_shown_for_a_frame() -> None:
    crowded = _words(("a" * 40, 1, 1), ("b" * 40, 1, 1), ("c" * 40, 1, 1))
    times = [(cue.start_ms, cue.end_ms) for cue in cues(crowded)]
    assert times == [(1000, 1040), (1040, 2040)]


def test_lines_are_balanced() -> None:
    words = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "again"]
    assert break_lines(words) == ("the quick brown fox jumps", "over the lazy dog again")
    assert break_lines(words[:4]) == ("the quick brown fox",)


def test_times_past_a_hundred_hours() -> None:
    start_s = 100 * HOUR_S + 61.0015
    content = render(_words(("late", start_s, start_s + 2)), "vtt")
    assert "\n100:01:01.002 --> 100:01:03.002\nlate\n" in content


def test_rounding_carries_into_minutes() -> None:
    assert "00:01:00,000 --> " in render(_words(("x", 59.9996, 61)), "srt")


def test_words_cannot_break_the_file() -> None:
    hostile = _words(("-->", 0, 1), ("a\n\nb", 1, 2), ("\t<i>", 2, 3))
    assert [cue.lines for cue in read_blocks(render(hostile, "srt"))] == [("--› a b ‹i›",)]
    assert "\n--&gt; a b &lt;i&gt;\n" in render(hostile, "vtt")
    assert all(row.count("\t") == 3 for row in render(hostile, "tsv").splitlines())


def test_text_without_word_times_is_spread_over_the_recording() -> None:
    timed = cues(Transcript("", "one two", duration_s=3))
    assert timed == [Cue(0, 3000, ("one two",))]
    assert cues(Transcript("", "one two")) == [Cue(0, 1000, ("one two",))]


def test_unknown_format() -> None:
    with pytest.raises(ConfigError, match=r"no format 'ass'.*txt, srt, vtt"):
        render(Transcript(""), "ass")
