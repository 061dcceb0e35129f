"""Runs against the local system, or against any endpoint that speaks AWS:

    pytest tests/conformance                                    starts the local system on free ports
    pytest tests/conformance --endpoint http://127.0.0.1:4566   uses one that runs already

Every test is a black box check of what AWS documents, through AWS's own Python SDK.
"""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from queues import Queues

ROOT = Path(__file__).parents[2]
COMMAND = ["cargo", "run", "--bin", "local", "--", "--api-port=0", "--aws-port=0", "--provider-port=0"]
# From a cold cache cargo builds the functions first.
START_S = 900
STOP_S = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--endpoint", help="URL of a running AWS endpoint; without it the local system is started")


@pytest.fixture(scope="session")
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the endpoint under test."""
    given = request.config.getoption("--endpoint")
    if given:
        yield given
        return
    # A session of its own, so that cargo and what it runs get the signal together.
    with subprocess.Popen(COMMAND, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            yield addresses(ready_line(process))["aws"]
        finally:
            stop(process)


@pytest.fixture(scope="session")
def sqs(endpoint: str):
    # One attempt: a retry would hide what the endpoint did.
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=40, max_pool_connections=16)
    return boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="conformance",
                        aws_secret_access_key="conformance", config=config)


@pytest.fixture
def queues(sqs) -> Iterator[Queues]:
    """Makes queues that nothing else uses, and removes them."""
    made = Queues(sqs)
    yield made
    made.delete()


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


def stop(process: subprocess.Popen) -> None:
    """Ctrl-C, as a person would, and force for what does not listen."""
    for how in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, how)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
