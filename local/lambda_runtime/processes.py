"""Stops processes that have children to clean up: the runtime emulator, and the SAM CLI."""

import subprocess


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Terminate the process, so that it can stop its children. Kill it if it has not ended after `seconds`."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
