"""Processes that end others with themselves: the runtime's emulator, and the SAM CLI."""

import subprocess


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask it to end, which ends what it started, and kill it only if it has not ended in time."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
