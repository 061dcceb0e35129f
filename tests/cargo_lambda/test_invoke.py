"""`cargo lambda invoke` of every function with its example, and of one that has to fail."""

import json
import uuid
from pathlib import Path

import pytest
import requests

from conftest import Invoke
from examples import EVENTS, FUNCTIONS, example, is_success

REQUEST_S = 30


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_does_its_example(function: str, invoke: Invoke) -> None:
    ran = invoke(function, example(function))

    assert ran.returncode == 0, ran.stderr
    assert is_success(function, json.loads(ran.stdout)), ran.stdout


def test_a_message_that_is_not_done_is_reported(invoke: Invoke, urls: dict[str, str], tmp_path: Path) -> None:
    campaign = published(urls)
    order(urls, {"campaign_id": campaign, "status": 503, "times": 100})
    event = json.loads(example("sync-statistics").read_text())
    [record] = event["Records"]
    envelope = json.loads(record["body"])
    envelope["id"], envelope["data"]["campaign_id"] = str(uuid.uuid4()), campaign
    record["body"] = json.dumps(envelope)
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))

    ran = invoke("sync-statistics", file)

    assert json.loads(ran.stdout) == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}, ran.stderr


def test_an_event_that_is_not_the_functions_is_an_error(invoke: Invoke) -> None:
    ran = invoke("sync-statistics", EVENTS / "apigw/create_campaign.json")

    assert ran.returncode != 0
    assert "Records" in ran.stderr


def published(urls: dict[str, str]) -> str:
    body = json.loads((EVENTS / "http/create_campaign.json").read_text())
    created = requests.post(f"{urls['api']}/campaigns", json=body, timeout=REQUEST_S).json()
    requests.post(f"{urls['api']}/campaigns/{created['id']}/publish", timeout=REQUEST_S).raise_for_status()
    return created["id"]


def order(urls: dict[str, str], fault: dict) -> None:
    requests.post(f"{urls['provider']}/faults", json=fault, timeout=REQUEST_S).raise_for_status()
