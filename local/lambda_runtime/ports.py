"""Ports of this machine's loopback as Unix sockets, which a container reaches as files of its artifact.

No bridge, no firewall and no gateway's address is in the way, and what listens on loopback stays there.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from local.lambda_runtime.bootstrap import forwarding


@contextmanager
def served(folder: Path, *ports: int) -> Iterator[list[Path]]:
    """Serve each port as the socket `folder/<port>`, from a thread of its own."""
    sockets = [_listening(folder, port) for port in ports]
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        for port, listening in zip(ports, sockets, strict=True):
            handler = forwarding(lambda port=port: asyncio.open_connection("127.0.0.1", port))  # type: ignore[misc]
            await asyncio.start_unix_server(handler, sock=listening, cleanup_socket=False)

    loop.run_until_complete(serve())
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield [folder / str(port) for port in ports]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for listening in sockets:
            listening.close()


def _listening(folder: Path, port: int) -> socket.socket:
    """A socket at `folder/<port>`, whose path may be longer than the 107 bytes that an address has room for."""
    listening = socket.socket(socket.AF_UNIX)
    opened = os.open(folder, os.O_RDONLY)
    try:
        listening.bind(f"/proc/self/fd/{opened}/{port}")
    finally:
        os.close(opened)
    listening.listen(128)
    return listening
