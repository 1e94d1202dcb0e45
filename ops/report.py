"""Findings of the checks, one line each."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TextIO

from botocore.exceptions import BotoCoreError, ClientError

type Verdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    verdict: Verdict
    subject: str
    """What was checked."""
    text: str
    """What was found and, unless it is `ok`, what to do. No secret, and no address in full."""


type Check = Callable[[], Iterable[Finding]]


def ok(subject: str, text: str) -> Finding:
    return Finding("ok", subject, text)


def warning(subject: str, text: str) -> Finding:
    return Finding("warning", subject, text)


def failure(subject: str, text: str) -> Finding:
    return Finding("failure", subject, text)


def findings(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """Run each check, by its subject. What AWS refuses to tell is a warning, and the other checks go on."""
    for subject, check in checks:
        try:
            yield from check()
        except (ClientError, BotoCoreError) as error:
            yield warning(subject, f"could not check: {said(error)}")


def show(found: Iterable[Finding], out: TextIO | None = None) -> int:
    """Print each finding when it is known, then a sum. Returns the exit code: 1 if there is a failure, else 0."""
    out = out or sys.stdout
    counts = {"ok": 0, "warning": 0, "failure": 0}
    for finding in found:
        counts[finding.verdict] += 1
        print(f"{finding.verdict:<8} {finding.subject:<22} {finding.text}", file=out, flush=True)
    print(f"{counts['ok']} ok, {_counted(counts, 'warning')}, {_counted(counts, 'failure')}", file=out)
    return 1 if counts["failure"] else 0


def _counted(counts: dict[str, int], verdict: str) -> str:
    return f"{counts[verdict]} {verdict}{'' if counts[verdict] == 1 else 's'}"


def said(error: ClientError | BotoCoreError) -> str:
    """What AWS said, or why it said nothing. Never its message: that may quote the request."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} was answered {error.response.get('Error', {}).get('Code', 'an error')}"
    return type(error).__name__
