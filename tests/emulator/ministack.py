"""MiniStack, an emulator of AWS that shares nothing with ours, and a stack deployed on it."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from processes import free_port, stop

ROOT = Path(__file__).parents[2]
MINISTACK = ROOT / ".venv-ministack/bin/ministack"
SAM = ROOT / ".venv/bin/sam"
REGION = "us-east-1"
# What it and the functions on it said the last time; everything else that it writes is gone at the end.
LOG = ROOT / ".aws-sam/ministack.log"
# The root credentials of MiniStack.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_S = 60
DEPLOY_S = 300


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Yields the URL of its endpoint. What it writes is in the folder, but for its log."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        # Every request is signed, and every function has the rights of its role and no others.
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        # Functions are processes here, not containers, and call back to this address.
        "LAMBDA_EXECUTOR": "local",
        "AWS_ENDPOINT_URL": url,
        "MINISTACK_REGION": REGION,
        **CREDENTIALS,
    }
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("wb") as log, subprocess.Popen(
            [MINISTACK], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True) as process:
        try:
            wait_until_ready(url, process)
            yield url
        finally:
            stop(process)


def deploy(url: str, template: dict[str, Any], folder: Path, stack: str, **parameters: str) -> None:
    """`sam deploy`, as it is done on AWS."""
    path = folder / "template.json"
    path.write_text(json.dumps(template, default=str))
    environment = {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION,
                   # It leaves a folder behind for every function.
                   "HOME": str(folder), "TMPDIR": str(folder), "SAM_CLI_TELEMETRY": "0"}
    command = [SAM, "deploy", f"--template-file={path}", f"--stack-name={stack}", "--resolve-s3", "--no-progressbar",
               "--capabilities=CAPABILITY_IAM", "--no-confirm-changeset", "--parameter-overrides",
               *[f"{name}={value}" for name, value in parameters.items()]]
    ran = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                         timeout=DEPLOY_S, check=False)
    if ran.returncode:
        raise RuntimeError(f"sam deploy failed\n{ran.stdout[-4000:]}{ran.stderr[-2000:]}")


def wait_until_ready(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"MiniStack is not ready\n{LOG.read_text()[-4000:]}")
