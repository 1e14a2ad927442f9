"""`python tests/warm_asking.py SOCKET engine ARGUMENTS…`: a worker that tests/warm_workers.py forks, as if it were this
process: it has these pipes, ends when this ends, and this ends as it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

if __name__ == "__main__":
    # The worker has to be there still when its parent closes the pipes; it ends by them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(sys.argv[1])
        said = json.dumps({"arguments": sys.argv[3:], "environ": dict(os.environ)}) + "\n"
        socket.send_fds(server, [said.encode()], [0, 1, 2])
        for number in (0, 1):
            os.close(number)
        status = int(server.recv(64) or b"1")
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)
