"""What every program that a test starts needs: a free port, and an end."""

import os
import signal
import socket
import subprocess
from contextlib import suppress

STOP_S = 20

# Whoever ends a check from outside sends this: taken as Ctrl-C, it lets the check stop what it started.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def stop(process: subprocess.Popen) -> None:
    """Ctrl-C to its whole session, as a person would, and force for what does not listen or is left behind."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
    finally:
        # Also where it ended by itself: what it had started need not have.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
