"""`viseme doctor`: what works on this machine, what does not, and what to do about it."""

from viseme.cli.checks import ALL_CHECKS, Finding, run
from viseme.cli.console import result

SOMETHING_FAILS = 1


def command() -> int:
    """Check this machine.

    Every line is ok, warn or fail, and says what to do. Exit status: 1 if anything fails.
    """
    failed = False
    for check in ALL_CHECKS:
        for finding in run(check):
            result(_line(finding))
            failed |= finding.level == "fail"
    return SOMETHING_FAILS if failed else 0


def _line(finding: Finding) -> str:
    advice = f" -> {finding.todo}" if finding.todo else ""
    return f"{finding.level:4}  {finding.topic}: {finding.text}{advice}"
