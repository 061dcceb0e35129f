"""Starts the local system on free ports, and stops it."""

import queue
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import stop

ROOT = Path(__file__).parents[1]
COMMAND = ["cargo", "run", "--locked", "--bin", "local", "--", "--api-port=0", "--aws-port=0", "--provider-port=0"]
# From a cold cache cargo builds the functions first.
START_S = 900


@contextmanager
def running(*options: str) -> Iterator[dict[str, str]]:
    """Yields the URLs it listens on, as `api`, `aws` and `provider`."""
    # A session of its own, so that cargo and what it runs get the signal together.
    with subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            yield addresses(ready_line(process))
        finally:
            stop(process)


def ready_line(process: subprocess.Popen) -> str:
    """The line `ready api=URL aws=URL provider=URL`, or why there is none."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=forward, args=(process.stdout, lines), daemon=True).start()
    deadline = time.monotonic() + START_S
    while True:
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise RuntimeError(f"the local system was not ready after {START_S} s") from None
        if line.startswith("ready "):
            return line
        if not line:
            raise RuntimeError(f"the local system ended with {process.wait()} before it was ready")


def forward(output: Iterable[str], lines: queue.Queue[str]) -> None:
    """Every line, then an empty one: a pipe cannot be read with a time limit, a queue can."""
    for line in output:
        lines.put(line)
    lines.put("")


def addresses(line: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in line.split()[1:])
