"""Every function under `cargo lambda watch`, against the local system's AWS endpoint, as the README shows it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import local_system  # noqa: E402: found on the path that was just set.
from examples import ROOT  # noqa: E402
from processes import free_port, stop  # noqa: E402

# Where pip put it; cargo finds its subcommands on the path.
PATH = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
START_S = 60
# `watch` compiles a function at its first request, and would wait for ever for one that does not compile.
INVOKE_S = 600
# As much of its log as a failure shows.
LOG_CHARACTERS = 20_000

Invoke = Callable[[str, Path], subprocess.CompletedProcess]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cargo-lambda")


@pytest.fixture(scope="session")
def urls(folder: Path) -> Iterator[dict[str, str]]:
    with local_system.running("--quiet", f"--env-file={folder / 'env'}") as urls:
        yield urls


@pytest.fixture(scope="session")
def invoke(urls: dict[str, str], folder: Path) -> Iterator[Invoke]:
    """`cargo lambda invoke NAME --data-file FILE`, with `cargo lambda watch` behind it."""
    port = free_port()
    address = ["--invoke-address=127.0.0.1", f"--invoke-port={port}"]
    watch = ["cargo", "lambda", "watch", *address, f"--env-file={folder / 'env'}", "--ignore-changes", "--locked"]
    with (folder / "log").open("wb") as log, subprocess.Popen(
            watch, cwd=ROOT, env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True) as process:
        try:
            wait_until_listening(port, process)
            yield lambda function, file: cargo_lambda("invoke", function, *address, f"--data-file={file}")
        finally:
            stop(process)
            print((folder / "log").read_text(errors="replace")[-LOG_CHARACTERS:])


def cargo_lambda(*arguments: Any) -> subprocess.CompletedProcess:
    return subprocess.run(["cargo", "lambda", *arguments], cwd=ROOT, env={**os.environ, "PATH": PATH},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INVOKE_S, check=False)


def wait_until_listening(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("cargo lambda watch does not listen")
