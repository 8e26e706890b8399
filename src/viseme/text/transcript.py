"""What a transcription is: the result object that every writer and the command line use."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Word:
    """One word with its time in the recording (seconds) and confidence (0 to 1)."""

    word: str
    start_s: float
    end_s: float
    confidence: float = 1.0


@dataclass
class Transcript:
    """What was said in one file, or why it could not be read.

    Attributes:
        path: the file that was read.
        text: the words; empty if nothing could be read.
        words: words with times, in order of time.
        confidence: calibrated probability (0 to 1) that a word of `text` is right.
        mode: what was read: "video", "audio" or "av".
        model: name of the model.
        duration_s: length of the recording.
        rtf: real-time factor, processing seconds per second of recording.
        warnings: remarks that do not spoil the result ("no readable lips from 3.2 s to 5.0 s").
        error: why there is no result, or None.
    """

    path: str
    text: str = ""
    words: list[Word] = field(default_factory=list)
    confidence: float = 0.0
    mode: str = "video"
    model: str = ""
    duration_s: float = 0.0
    rtf: float = 0.0
    warnings: list[str] = field(default_factory=list)
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The transcript as plain types, the record that `--format json` and `--jsonl` write.

        Times are rounded to milliseconds, shares to four digits.
        """
        record = asdict(self)
        for word in record["words"]:
            word |= {key: round(word[key], 3) for key in ("start_s", "end_s")}
            word["confidence"] = round(word["confidence"], 4)
        record |= {key: round(record[key], 4) for key in ("confidence", "rtf")}
        record["duration_s"] = round(self.duration_s, 3)
        return record
