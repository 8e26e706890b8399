"""What the processor is told to be, on several."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from viseme import processor

XEON = (
    "model name\t: Xeon\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile\n\nflags\t: x\n"
)
EPYC = "model name\t: EPYC\nflags\t\t: fpu avx avx2 sse4_2\n"
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd sve bf16\n"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    processor._cpuinfo.cache_clear()
    yield
    processor._cpuinfo.cache_clear()


def has(monkeypatch: pytest.MonkeyPatch, cpuinfo: str) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: cpuinfo)


@pytest.mark.parametrize(
    ("cpuinfo", "name", "instructions", "fast"),
    [
        (XEON, "Xeon", ["AVX2", "AVX-512", "AVX-512 BF16", "AMX BF16"], True),
        (EPYC, "EPYC", ["AVX2"], False),
        (GRAVITON, None, ["NEON", "Arm BF16"], True),
        ("", None, [], False),
    ],
)
def test_processors(
    monkeypatch: pytest.MonkeyPatch,
    cpuinfo: str,
    name: str | None,
    instructions: list[str],
    fast: bool,
) -> None:
    has(monkeypatch, cpuinfo)
    assert processor.name() == name if name else processor.name()
    assert processor.instructions() == instructions
    assert processor.multiplies_bfloat16() == fast


@pytest.mark.parametrize(
    ("limit", "fast"),
    [("AVX2", False), ("avx512_core", False), ("AVX512_CORE_BF16", True), ("DEFAULT", True)],
)
def test_kernels_may_be_held_to_older_instructions(
    monkeypatch: pytest.MonkeyPatch, limit: str, fast: bool
) -> None:
    has(monkeypatch, XEON)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert processor.multiplies_bfloat16() == fast
