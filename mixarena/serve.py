"""One web process on a listening socket that was opened by its parent: `python -m mixarena.serve FD`.

The processes share the socket, so one that is restarted loses no connection of the others, and a port that is taken is
known before anything starts.
"""

from __future__ import annotations

import socket
import sys
import warnings

import uvicorn

GRACEFUL_STOP_S = 3  # open event streams would hold the stop for ever


def main() -> None:
    # WhiteNoise sends static files so; they are small, and sound never goes that way.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    listening = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(
        "mixarena.asgi:application",
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_STOP_S,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
