"""The operator's tool on an AWS that is not ours, with the rights that the README names and no others.

Every verb but `edit` is tried here: that asks for no other rights than `redrive`, and is tried on the local
system (`tests/tests/acceptance/operator*.rs`). MiniStack can do all that these verbs ask for, and
enforces a user's policy as it does a role's.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from examples import EVENTS, ROOT
from system import REQUEST_S, System, eventually

CHAIN = "on-call"
RUN_S = 60
BUILD_S = 900
# Of the README's policy: what each verb cannot do without.
NEEDED = {
    "dynamodb:Query": ["dead-letters", "list"],
    "dynamodb:GetItem": ["projections", "list"],
    "dynamodb:Scan": ["projections", "verify", "account-view"],
    "sqs:ListQueues": ["queues"],
    "sqs:GetQueueAttributes": ["queues"],
}


@dataclass(frozen=True)
class Tool:
    """The tool, as somebody with credentials of their own runs it."""

    program: str
    system: System
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.program, *arguments, f"--stack={self.system.stack}", f"--endpoint={self.system.aws_url}",
                   "--by=ann"]
        return subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=RUN_S, check=False)

    def json(self, *arguments: str) -> Any:
        ran = self.run(*arguments, "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)


@pytest.fixture(scope="session")
def program() -> str:
    """The program that cargo builds; it says itself where it puts it."""
    built = subprocess.run(["cargo", "build", "--locked", "--bin", "postroom", "--message-format=json"], cwd=ROOT,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_S, check=True)
    messages = map(json.loads, built.stdout.splitlines())
    return next(message["executable"] for message in messages
                if message["reason"] == "compiler-artifact" and message["target"]["name"] == "postroom"
                and message["executable"])


@pytest.fixture(scope="session")
def policy(emulated: System) -> dict[str, Any]:
    """The one that the README says operators need, for this stack."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"```json\n(\{\"Version\".*?)```", readme, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0].replace("my-stack", emulated.stack))


@pytest.fixture(scope="session")
def operator(program: str, emulated: System, policy: dict[str, Any]) -> Iterator[Tool]:
    """A user who has these rights and no others."""
    iam = emulated.client("iam")
    iam.create_user(UserName="ann")
    grant(emulated, policy)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    yield Tool(program, emulated, environment)


@pytest.fixture(scope="session")
def campaign(emulated: System, urls: dict[str, str]) -> str:
    """One that the provider did not know: two dead letters in one chain."""
    draft = json.loads((EVENTS / "http/create_campaign.json").read_text())
    id = emulated.call("POST", "/campaigns", draft).json()["id"]
    fault = {"campaign_id": id, "status": 404, "times": 2}
    requests.post(f"{urls['provider']}/faults", json=fault, timeout=REQUEST_S).raise_for_status()
    emulated.call("POST", f"/campaigns/{id}/publish", chain=CHAIN).raise_for_status()
    eventually("two dead letters", lambda: len(parked(emulated)) == 2)
    eventually("every message", lambda: not any(emulated.waiting().values()))
    return id


def parked(system: System) -> list[Any]:
    """Of this chain: others may have failed in other tests."""
    return [letter for letter in system.items("dead-letters") if letter.get("correlation_id") == CHAIN]


def grant(system: System, policy: dict[str, Any]) -> None:
    system.client("iam").put_user_policy(UserName="ann", PolicyName="operator", PolicyDocument=json.dumps(policy))


def test_what_failed_is_found_and_its_chain_is_drawn(operator: Tool, campaign: str) -> None:
    letters = letters_of_chain(operator)
    groups = operator.json("dead-letters", "groups")["groups"]
    shown = operator.json("dead-letters", "show", letters[0]["id"])
    chain = operator.run("chain", CHAIN)
    way = operator.run("why", letters[0]["id"])

    assert sorted(letter["handler"] for letter in letters) == ["sync-campaign", "sync-statistics"]
    assert {letter["fingerprint"] for letter in letters} <= {group["fingerprint"] for group in groups}
    assert campaign in shown["body"]
    assert chain.returncode == 0, chain.stderr
    assert "publish-campaign" in chain.stdout
    assert chain.stdout.count("parked") >= 2
    assert way.returncode == 0, way.stderr
    assert "campaign.published" in way.stdout


def test_what_there_is_is_told_of_queues_and_read_models(operator: Tool, campaign: str) -> None:
    queues = operator.json("queues")["queues"]
    projections = operator.json("projections", "list")

    parked = {queue["queue"]: queue["parked"] for queue in queues}
    assert parked["project-views"] == 0
    assert parked["sync-campaign"] >= 1
    assert parked["sync-statistics"] >= 1
    assert projections["items"] == [{"name": "account-view", "live": 1}, {"name": "activity", "live": 1}]


def test_a_replay_is_rehearsed_begun_and_called_off(operator: Tool, campaign: str) -> None:
    """Its events stay where they are: nothing goes on with it between these calls."""
    of_campaign = ["--tenant=demo", f"--stream=campaigns/{campaign}"]
    everything = operator.json("replay", "sync-statistics", "--dry-run")
    one = operator.json("replay", "sync-statistics", "--dry-run", *of_campaign)
    begun = operator.json("replay", "sync-statistics", "--per-minute=1", *of_campaign)
    listed = operator.json("replays", "list")["items"]
    cancelled = operator.json("replays", "cancel", begun["id"])
    shown = operator.json("replays", "show", begun["id"])

    assert everything["counts"]["read"] > one["counts"]["read"]
    assert one["counts"]["matched"] == 1
    assert [replay["id"] for replay in listed] == [begun["id"]]
    assert (begun["state"], shown) == ("running", cancelled)
    assert shown["state"] == "cancelled"


@pytest.mark.parametrize("action", NEEDED)
def test_no_right_that_the_readme_names_can_be_left_out(action: str, operator: Tool, policy: dict[str, Any],
                                                       campaign: str) -> None:
    before = operator.run(*NEEDED[action])
    less = json.loads(json.dumps(policy))
    for statement in less["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [each for each in actions if each != action] or ["sts:GetCallerIdentity"]

    grant(operator.system, less)

    try:
        without = operator.run(*NEEDED[action])
    finally:
        grant(operator.system, policy)
    assert (before.returncode, without.returncode) == (0, 1), without.stdout + without.stderr


# Behind all that expects the first build.
def test_a_read_model_is_rebuilt_and_what_was_read_before_is_removed(operator: Tool, emulated: System) -> None:
    """By the function, which has no other rights for it than the template gives it."""
    opened = {"owner_id": "0192aaaa-0000-7000-8000-000000000000", "currency": "NZD"}
    account = emulated.call("POST", "/accounts", opened).json()["id"]
    eventually("its view", lambda: emulated.call("GET", f"/accounts/{account}").status_code == 200)

    operator.json("projections", "rebuild", "account-view")
    eventually("the next build", lambda: tick(emulated) and live(operator) == 2)
    emulated.client("dynamodb").update_item(
        TableName=f"{emulated.stack}-state", Key={"pk": {"S": "#projections"}, "sk": {"S": "account-view"}},
        UpdateExpression="SET #data.#remains.since = :then",
        ExpressionAttributeNames={"#data": "data", "#remains": "remains"},
        ExpressionAttributeValues={":then": {"S": "2026-01-31T00:00:00Z"}})

    eventually("no row of the first", lambda: tick(emulated) and not rows_of(emulated, "@1"))
    assert any(account in row for row in rows_of(emulated, "@2"))
    assert emulated.call("GET", f"/accounts/{account}").status_code == 200


def tick(system: System) -> bool:
    """What the schedule of the read models does each minute."""
    function, event = f"{system.stack}-project-views", EVENTS / "schedule/project-views.json"
    return "FunctionError" not in system.client("lambda").invoke(FunctionName=function, Payload=event.read_bytes())


def live(operator: Tool) -> int:
    return operator.json("projections", "list")["items"][0]["live"]


def rows_of(system: System, build: str) -> list[str]:
    """The keys of a build's rows."""
    pages = system.client("dynamodb").get_paginator("scan").paginate(TableName=f"{system.stack}-state")
    keys = [f"{item['pk']['S']}/{item['sk']['S']}" for page in pages for item in page["Items"]]
    # The feed is not the read model that is rebuilt.
    return [key for key in keys if build in key and "activity" not in key]


# The last one: nothing is open behind it.
def test_what_failed_is_redriven_and_done(operator: Tool, campaign: str, emulated: System) -> None:
    ids = {letter["id"] for letter in letters_of_chain(operator)}
    # The example of a notice is of another stack's bucket: no message, and nothing that could be sent again.
    for notice in of_queue(operator, "import-contacts"):
        operator.json("dead-letters", "discard", notice["id"], "--reason=of another bucket")
    rehearsed = operator.json("dead-letters", "redrive", "--all", "--dry-run")
    one = operator.json("dead-letters", "redrive", min(ids))
    others = operator.json("dead-letters", "redrive", "--all")

    assert ids <= set(rehearsed["redriven"])
    assert one["id"] == min(ids)
    assert ids - {min(ids)} <= set(others["redriven"])
    # The relay leaves what is younger than five seconds to whoever put it there.
    relay, figures = f"{emulated.stack}-relay-outbox", f"/campaigns/{campaign}/statistics"
    eventually("the figures", lambda: emulated.client("lambda").invoke(FunctionName=relay)
               and emulated.call("GET", figures).status_code == 200)
    assert letters_of_chain(operator) == []


def letters_of_chain(operator: Tool) -> list[dict[str, Any]]:
    letters = operator.json("dead-letters", "list")["items"]
    return [letter for letter in letters if letter["correlation_id"] == CHAIN]


def of_queue(operator: Tool, queue: str) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = operator.json("dead-letters", "list", f"--queue={queue}")["items"]
    return letters
