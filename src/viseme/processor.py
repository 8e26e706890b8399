"""The processor: its name, and the instructions that decide how fast and by which kernels it works.

Figures of speed mean nothing without them, and bfloat16 is fast only where it is multiplied in.
"""

import os
import platform
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 BF16",
    "amx_bf16": "AMX BF16",
    "asimd": "NEON",
    "bf16": "Arm BF16",
}
"""Those worth telling, by their names in Linux."""

SLOW_BFLOAT16 = "this machine does not multiply in bfloat16, which will be slower than float32"

_BFLOAT16 = {"AVX-512 BF16", "AMX BF16", "Arm BF16"}
_AMPERE = 8
"""CUDA's compute capability from which on GPUs multiply in it."""

_MAC_FEATURES = {"hw.optional.arm.FEAT_BF16": "bf16", "hw.optional.avx2_0": "avx2"}
_MAC_FEATURES |= {"hw.optional.AdvSIMD": "asimd", "hw.optional.avx512f": "avx512f"}


def name() -> str:
    """The processor's name as the system tells it, or else its architecture."""
    if sys.platform == "darwin":
        told = _sysctl("machdep.cpu.brand_string")
    else:
        told = _cpuinfo("model name")
    return told or platform.processor() or platform.machine()


def instructions() -> list[str]:
    """Which of `INSTRUCTIONS` it has."""
    if sys.platform == "darwin":
        has = {flag for key, flag in _MAC_FEATURES.items() if _sysctl(key) == "1"}
    else:
        has = set((_cpuinfo("flags") or _cpuinfo("Features")).split())
    return [told for flag, told in INSTRUCTIONS.items() if flag in has]


def multiplies_bfloat16(device: str = "cpu") -> bool:
    """Whether it, or the GPU for "cuda", multiplies in bfloat16; others convert, and crawl.

    ONEDNN_MAX_CPU_ISA, which holds torch's kernels to older instructions, counts, too.
    """
    if device == "cuda":
        import torch

        return torch.cuda.get_device_capability()[0] >= _AMPERE
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "ALL").upper()
    if limit not in ("ALL", "DEFAULT") and not re.search("BF16|FP16|AMX", limit):
        return False
    return bool(_BFLOAT16 & set(instructions()))


@cache
def _cpuinfo(field: str) -> str:
    """A field of the first processor in Linux's list, "" if there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


@cache
def _sysctl(key: str) -> str:
    try:
        done = subprocess.run(["sysctl", "-n", key], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
