"""`viseme label` on the command line: what is shown, exit codes, and refusals."""

from pathlib import Path

import pytest
from pretence import Viseme

from fake_labeller import ToneCounter, write_tones
from viseme.verbs.label import labellers


@pytest.fixture(autouse=True)
def _tone_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every labeller counts tones."""
    monkeypatch.setattr(labellers, "find_labeller", lambda name, grammar, device: ToneCounter())


@pytest.mark.parametrize(("counts", "code"), [([1, 2], 0), ([1, 0], 1), ([0, 0], 2)])
def test_exit_codes_tell_all_from_some(
    viseme: Viseme, tmp_path: Path, counts: list[int], code: int
) -> None:
    manifest = write_tones(tmp_path, counts)
    out = tmp_path / "labels.jsonl"
    ran = viseme("label", manifest, "--labeller", "any", "-o", out, "--workers", 1, "--quiet")
    assert ran.code == code
    shown = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert shown["labelled"] == str(sum(count > 0 for count in counts))
    assert shown["rejected"] == str(counts.count(0))
    assert ("rejects" in shown) == (code > 0)
    assert out.is_file()


def test_settings_reach_the_labels(viseme: Viseme, tmp_path: Path) -> None:
    manifest, out = write_tones(tmp_path, [1]), tmp_path / "labels.jsonl"
    options = ["--workers", 1, "--writing", "auto_avsr", "--language", "de"]
    assert viseme("label", manifest, "--labeller", "any", "-o", out, *options).code == 0
    assert '"text": "TONE 1"' in out.read_text()
    assert '"language": "de"' in out.read_text()
    options = ["--workers", 1, "--min-confidence", 0.9]
    assert viseme("label", manifest, "--labeller", "any", "-o", out, *options).code == 2


def test_a_labeller_or_align_but_not_both(viseme: Viseme, tmp_path: Path) -> None:
    manifest, out = write_tones(tmp_path, [1]), tmp_path / "labels.jsonl"
    assert "--labeller" in viseme("label", manifest, "-o", out).err
    ran = viseme("label", manifest, "-o", out, "--align", "--labeller", "any")
    assert (ran.code, out.exists()) == (2, False)


@pytest.mark.parametrize(
    "options",
    [("--grammar", "grid"), ("--language", "de"), ("--writing", "auto_avsr")],
)
def test_aligning_takes_no_settings_of_texts(
    viseme: Viseme, tmp_path: Path, options: tuple[str, str]
) -> None:
    manifest, out = write_tones(tmp_path, [1]), tmp_path / "labels.jsonl"
    ran = viseme("label", manifest, "-o", out, "--align", *options)
    assert (ran.code, out.exists()) == (2, False)
    assert "--align" in ran.err


def test_no_manifest_is_one_line(viseme: Viseme, tmp_path: Path) -> None:
    (tmp_path / "text.jsonl").write_text("no manifest")
    for name in ("gone.jsonl", "text.jsonl"):
        ran = viseme("label", tmp_path / name, "--labeller", "any", "-o", tmp_path / "out.jsonl")
        assert ran.code == 2
        assert len(ran.err.splitlines()) == 1
        assert name in ran.err
