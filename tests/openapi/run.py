"""Holds the running API against the document it serves: `.venv-openapi/bin/python tests/openapi/run.py`.

Starts the local system, where a token is needed as on AWS, and lets Schemathesis send what the document permits and what
it does not. `schemathesis.toml` says how much, `hooks.py` what the document cannot say.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import local_system  # noqa: E402: found on the path that was just set.

LIMIT_S = 600
# More than are discarded, so that there is always one.
DEAD_LETTERS = 60
# A transfer is between two.
ACCOUNTS = 2
WEBHOOK_SECRET = "whsec_openapi0123456789abcdef"
OWNER = "0192f0c1-2d3e-7f40-8a51-6b7c8d9eaf01"


def main() -> int:
    with local_system.running("--require-auth", "--quiet") as urls:
        api = urls["api"]
        with urlopen(f"{api}/dev/token?tenant=openapi&scope=ops", timeout=10) as answer:
            token = json.load(answer)["token"]
        for number in range(DEAD_LETTERS):
            enqueue(urls["aws"], f"no message {number}")
        put_secret(urls["aws"])
        accounts = [opened(api, token) for _ in range(ACCOUNTS)]
        command = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
                   "run", f"{api}/openapi.json"]
        there = {"POSTROOM_TOKEN": token, "POSTROOM_ACCOUNTS": " ".join(accounts), "POSTROOM_OWNERS": OWNER,
                 "POSTROOM_WEBHOOK_SECRET": WEBHOOK_SECRET}
        return subprocess.run(command, cwd=local_system.ROOT, env=os.environ | there,
                              timeout=LIMIT_S, check=False).returncode


def opened(api: str, token: str) -> str:
    """Opens an account and answers its id."""
    account = {"owner_id": OWNER, "currency": "NZD"}
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    with urlopen(Request(f"{api}/accounts", json.dumps(account).encode(), headers), timeout=10) as answer:
        return json.load(answer)["id"]


def put_secret(aws: str) -> None:
    """What webhooks are signed with."""
    secrets = json.dumps([{"tenant": "openapi", "secrets": [WEBHOOK_SECRET]}])
    put = {"SecretId": "local-webhook-secrets", "SecretString": secrets}
    ask(aws, "secretsmanager.PutSecretValue", put)


def enqueue(aws: str, body: str) -> None:
    """Sends what no worker can read, so that there are dead letters to ask for and to decide about."""
    message = {"QueueUrl": f"{aws}/000000000000/local-sync-statistics", "MessageBody": body}
    ask(aws, "AmazonSQS.SendMessage", message)


def ask(aws: str, target: str, body: dict) -> None:
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
    with urlopen(Request(aws, json.dumps(body).encode(), headers), timeout=10):
        pass


if __name__ == "__main__":
    sys.exit(main())
