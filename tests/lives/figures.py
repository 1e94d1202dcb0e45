"""The totals of all histories at the end of a test run, even from several worker processes."""

import os
from collections import Counter
from typing import Any

SEED = int(os.environ.get("SEED", "0"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    counts = [dict(report.user_properties).get("histories") for report in reports]
    totals: Counter[str] = Counter()
    for some in filter(None, counts):
        totals.update(some)
    if not totals:
        return
    broken = sum("tests/lives/" in report.nodeid for report in terminalreporter.stats.get("failed", []))
    terminalreporter.section(f"histories, seed {SEED}")
    for name, number in sorted(totals.items()):
        terminalreporter.write_line(f"{number:>9,}  {name}")
    terminalreporter.write_line(f"{broken:>9,}  sets of histories in which a promise was broken")
