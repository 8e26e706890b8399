"""`viseme doctor`: what works on this machine, what does not, and what to do about it."""

from typing import TYPE_CHECKING

from viseme.cli.console import result

if TYPE_CHECKING:
    from viseme.cli.checks import Finding

SOMETHING_FAILS = 1


def command() -> int:
    """Check this machine.

    Every line is ok, warn or fail, and says what to do. Exit status: 1 if anything fails.
    """
    from viseme.cli import checks

    failed = False
    for check in checks.ALL_CHECKS:
        for finding in checks.run(check):
            result(_line(finding))
            failed |= finding.level == "fail"
    return SOMETHING_FAILS if failed else 0


def _line(finding: "Finding") -> str:
    advice = f" -> {finding.todo}" if finding.todo else ""
    return f"{finding.level:4}  {finding.topic}: {finding.text}{advice}"
