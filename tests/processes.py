"""What every program that a test starts needs: a free port, and an end."""

import os
import signal
import socket
import subprocess

STOP_S = 20


def stop(process: subprocess.Popen) -> None:
    """Ctrl-C to its whole session, as a person would, and force for what does not listen."""
    for how in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, how)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
