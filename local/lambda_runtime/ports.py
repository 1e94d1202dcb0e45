"""This machine's loopback ports as Unix sockets, which a container reaches as files of its artifact.

No bridge or firewall is involved, and services that listen on loopback are not exposed elsewhere.
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
    """Serve each port as the socket `folder/<port>`, in a thread."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        servers = runner.run(_started(folder, ports))
        thread = Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield [folder / str(port) for port in ports]
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            runner.run(_stopped(servers))


async def _started(folder: Path, ports: tuple[int, ...]) -> list[asyncio.Server]:
    servers = []
    for port in ports:
        handler = forwarding(lambda port=port: asyncio.open_connection("127.0.0.1", port))  # type: ignore[misc]
        servers.append(await asyncio.start_unix_server(handler, sock=_listening(folder, port), cleanup_socket=False))
    return servers


async def _stopped(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
        server.close_clients()
        await server.wait_closed()


def _listening(folder: Path, port: int) -> socket.socket:
    """Return a listening socket at `folder/<port>`. The path may exceed the 107 bytes of a socket address."""
    listening = socket.socket(socket.AF_UNIX)
    opened = os.open(folder, os.O_RDONLY)
    try:
        listening.bind(f"/proc/self/fd/{opened}/{port}")
    finally:
        os.close(opened)
    listening.listen(128)
    return listening
