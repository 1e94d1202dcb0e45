"""What starts a function in the emulated runtime, as the managed runtime's `/var/runtime/bootstrap` does.

It runs under the function's own Python, without our packages. Modules are searched for in the order that Lambda has:
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath
"""

import asyncio
import os
import sys
from pathlib import Path

ENGINES = Path("/var/task/.engines")
"""Unix sockets of the ports of the host's loopback that a container needs, each named by its port."""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _forward(ports: list[Path], ready: int) -> None:
    """Serve each port on this container's loopback, and hand every connection to its socket."""

    async def serve(path: Path) -> None:
        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                far_reader, far_writer = await asyncio.open_unix_connection(str(path))
            except OSError:
                writer.close()
                return
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

        await asyncio.start_server(joined, "127.0.0.1", int(path.name))

    for path in ports:
        await serve(path)
    os.close(ready)
    await asyncio.Event().wait()


def reach_the_host(ports: list[Path]) -> None:
    """Fork a process that forwards these ports, and wait until it does."""
    waiting, ready = os.pipe()
    if os.fork() == 0:
        os.close(waiting)
        asyncio.run(_forward(ports, ready))
    os.close(ready)
    os.read(waiting, 1)
    os.close(waiting)


if __name__ == "__main__":
    if ENGINES.is_dir():
        reach_the_host(sorted(ENGINES.iterdir()))
    sys.path[:0] = ["/var/task", "/opt/python/lib/python3.13/site-packages", "/opt/python"]
    os.environ.setdefault("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13")

    from awslambdaric.__main__ import main

    main([sys.argv[0], os.environ["_HANDLER"]])
