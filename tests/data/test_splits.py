"""Dealing splits: the shares hold, nobody is in two, and nothing moves when clips are added."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.data.manifest import Clip
from viseme.data.splits import Shares, deal, no_clips_of, parse_shares
from viseme.errors import ConfigError

HALVES = Shares(50, 25, 25)
FEW = st.sets(st.text("abcdef", min_size=1, max_size=6), min_size=1, max_size=12)


def clips(count: int, speakers: int = 0) -> list[tuple[Clip, str]]:
    """Clips with the paths of their videos, in folders of ten."""
    return [
        (
            Clip(f"clip{n}", speaker=f"s{n % speakers}" if speakers else None),
            f"day{n // 10}/clip{n}.mp4",
        )
        for n in range(count)
    ]


def test_the_shares_hold() -> None:
    counts = list(deal(clips(4000), Shares(80, 15, 5)).values())
    for name, share in (("train", 0.80), ("val", 0.15), ("test", 0.05)):
        tolerance = 4 * np.sqrt(share * (1 - share) / 4000)
        assert abs(counts.count(name) / 4000 - share) < tolerance


def test_adding_and_order_change_nothing() -> None:
    before = deal(clips(100), HALVES)
    after = deal(clips(200)[::-1], HALVES)
    assert {name: after[name] for name in before} == before


def test_it_is_the_same_everywhere_and_for_ever() -> None:
    dealt = deal(clips(40), HALVES)
    assert [dealt[f"clip{n}"] for n in range(5, 9)] == ["train", "test", "val", "train"]


@pytest.mark.parametrize("by", ["speaker", "folder"])
def test_what_belongs_together_stays_together(by: str) -> None:
    some = clips(400, speakers=40)
    dealt = deal(some, replace(HALVES, by=by))
    unit = {
        clip.id: clip.speaker if by == "speaker" else video.split("/")[0] for clip, video in some
    }
    pairs = {(unit[name], split) for name, split in dealt.items()}
    assert len(pairs) == 40
    assert {split for _, split in pairs} == {"train", "val", "test"}


def test_a_share_of_nothing_is_nothing() -> None:
    assert set(deal(clips(50), Shares(100, 0, 0)).values()) == {"train"}
    assert set(deal(clips(50), Shares(0, 0, 100)).values()) == {"test"}
    assert set(deal(clips(50), Shares(0, 50, 50)).values()) == {"val", "test"}


@given(FEW, st.sampled_from(["90,5,5", "80,20,0", "98,1,1"]))
def test_too_few_clips_are_an_error_whose_way_out_works(names: set[str], shares: str) -> None:
    few = [(Clip(name), f"{name}.mp4") for name in names]
    wanted = parse_shares(shares)
    todo = ""
    try:
        dealt = deal(few, wanted)
    except ConfigError as error:
        todo = error.todo
    if todo.startswith("--split "):
        dealt = deal(few, parse_shares(todo.split()[1]))
    assert "Add clips" in todo or set(dealt.values()) == wanted.wanted


def test_a_folder_of_ten_has_a_way_out() -> None:
    with pytest.raises(ConfigError, match="of 10 clips none falls into") as caught:
        deal(clips(10), Shares(98, 1, 1))
    assert caught.value.todo.startswith("--split ")


def test_splits_that_are_there_stay() -> None:
    some = [(replace(clip, split="val"), video) for clip, video in clips(3)]
    assert set(deal([*some, *clips(40)[3:]], Shares(60, 20, 20))) == {
        f"clip{n}" for n in range(3, 40)
    }
    with pytest.raises(ConfigError, match="every clip has a split already: val"):
        deal(some, HALVES)


def test_a_split_that_is_there_counts_as_filled() -> None:
    (first, video), *others = clips(2)
    dealt = deal([(replace(first, split="test"), video), *others], Shares(50, 0, 50))
    assert set(dealt) == {"clip1"}


def test_an_unknown_speaker_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'clip0' names no speaker.*--by folder"):
        deal(clips(10), replace(HALVES, by="speaker"))


@pytest.mark.parametrize(
    "text", ["", "90", "90,10", "90,5,4", "110,-5,-5", "a,b,c", "90,5,5,0", "nan,5,5", "-0,1,inf"]
)
def test_what_is_no_shares_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 90,5,5"):
        parse_shares(text)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match="Choose of: clip, speaker, folder"):
        parse_shares("90,5,5", by="planet")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("some", "way_out"),
    [
        ([Clip("a")], "viseme label"),
        ([Clip("a", text="x")], "prepare SOURCE OUT --split 90,5,5"),
        ([Clip("a", text="x", split="dev"), Clip("b", split="val")], "the splits: dev."),
        ([], "viseme label"),
    ],
)
def test_the_error_names_the_way_out(some: list[Clip], way_out: str) -> None:
    error = no_clips_of(["train"], some, Path("m.jsonl"))
    assert "m.jsonl: no transcribed clips of split train" in str(error)
    assert way_out in error.todo
