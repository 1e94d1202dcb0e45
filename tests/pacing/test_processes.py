"""Processes in virtual time overlap in one order, which is the same every time."""

import threading

import pytest

from tests.pacing.processes import Processes


@pytest.fixture
def processes():
    made = Processes(now=1_000)
    yield made
    made.end()


def test_they_overlap(processes):
    """While one process sleeps the others go on, and each wakes at its own time."""
    seen = []

    def process(name, seconds):
        seen.append((name, "begins", processes.now))
        processes.sleep(seconds)
        seen.append((name, "ends", processes.now))

    processes.start(0, lambda: process("slow", 3))
    processes.start(0.5, lambda: process("quick", 1))
    processes.run(until=10_000)
    assert seen == [
        ("slow", "begins", 1_000),
        ("quick", "begins", 1_500),
        ("quick", "ends", 2_500),
        ("slow", "ends", 4_000),
    ]
    assert processes.now == 10_000


def test_one_instant(processes):
    """Of processes that are due at one instant, the one that was scheduled first runs first."""
    seen = []
    for number in range(50):
        processes.start(1, lambda number=number: (seen.append(number), processes.sleep(1), seen.append(number)))
    processes.run(until=3_000)
    assert seen == [*range(50), *range(50)]


def test_a_failure_is_raised(processes):
    """An exception in a process stops the run."""
    processes.start(1, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        processes.run(until=3_000)


def test_no_thread_remains():
    """After the end no thread is left, even if its process sleeps."""
    before = threading.active_count()
    processes = Processes(now=0)
    for _ in range(20):
        processes.start(0, lambda: processes.sleep(1000))
    processes.run(until=10)
    assert threading.active_count() == before + 20
    processes.end()
    assert threading.active_count() == before
