"""Starts a function in the emulated runtime, like the managed runtime's `/var/runtime/bootstrap`.

It runs with the function's own Python, without our packages. Modules are searched for in Lambda's order:
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

PORTS = ".ports"
"""Folder of `/var/task` with a Unix socket for each of this machine's loopback ports that a container can reach."""

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def forwarding(connect: Callable[[], Awaitable[Streams]]) -> Callable[..., Awaitable[None]]:
    """Return a connection handler for asyncio's servers that connects each client to what `connect` opens."""

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect()
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        except ConnectionError:
            pass  # one side has closed, so the other is closed too
        finally:
            far_writer.close()
            writer.close()

    return joined


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def _serve(sockets: list[Path], ready: int) -> None:
    for path in sockets:
        handler = forwarding(lambda path=path: asyncio.open_unix_connection(str(path)))  # type: ignore[misc]
        await asyncio.start_server(handler, "127.0.0.1", int(path.name))
    os.close(ready)
    await asyncio.Event().wait()


def _reach_the_host(sockets: list[Path]) -> None:
    """Fork a process that serves these ports on the container's loopback, and wait until it is ready."""
    waiting, ready = os.pipe()
    if os.fork() == 0:
        os.close(waiting)
        asyncio.run(_serve(sockets, ready))
    os.close(ready)
    os.read(waiting, 1)
    os.close(waiting)


if __name__ == "__main__":
    if (folder := Path("/var/task", PORTS)).is_dir():
        _reach_the_host(sorted(folder.iterdir()))
    sys.path[:0] = ["/var/task", "/opt/python/lib/python3.13/site-packages", "/opt/python"]

    from awslambdaric.__main__ import main

    main([sys.argv[0], os.environ["_HANDLER"]])
