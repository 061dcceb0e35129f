"""A deployed system, ours or MiniStack's, as its callers and its operators see it."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

REQUEST_S = 30
# The worker waits up to 12 s between its attempts at what the tests let fail twice.
PATIENCE_S = 60
TABLES = ("journal", "state", "outbox", "inbox", "dead-letters")
# Different on every run, and nothing else is.
RANDOM = [
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"), "<trace>"),
]
# Numbers that were measured, and those that the provider makes of the campaign's id.
MEASURED = re.compile(r"(_at|_ms|_us)$|^(clicks|impressions|spend)$")


@dataclass(frozen=True)
class System:
    stack: str
    aws_url: str
    api_url: str
    # HTTP hosts are told apart by name, and this machine may not resolve it.
    host: str
    token: str

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = "",
             key: str | None = None, chain: str = "agreed") -> requests.Response:
        """One request: with the system's own token, with this one, or, where that is None, without."""
        headers = {"Host": self.host, "X-Correlation-Id": chain}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.token}"
        if key:
            headers["Idempotency-Key"] = key
        return requests.request(method, f"{self.api_url}{path}", json=body, headers=headers, timeout=REQUEST_S)

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.aws_url, region_name="us-east-1", aws_access_key_id="test",
                            aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}))

    def items(self, table: str) -> list[Any]:
        """Every item of a table, without what is different on every run, in an order that does not depend on it."""
        deserialize = TypeDeserializer().deserialize
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=f"{self.stack}-{table}")
        items = [deserialize({"M": item}) for page in pages for item in page["Items"]]
        return sorted((comparable(item) for item in items), key=repr)

    def waiting(self) -> dict[str, int]:
        """How many messages each queue holds, hidden and delayed ones included."""
        sqs = self.client("sqs")
        counts = {}
        for url in sqs.list_queues()["QueueUrls"]:
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            name = url.rpartition("/")[2].removeprefix(f"{self.stack}-")
            counts[name] = sum(int(value) for key, value in attributes.items()
                               if key.startswith("ApproximateNumberOfMessages"))
        return counts


def local(urls: dict[str, str]) -> System:
    answer = requests.get(f"{urls['api']}/dev/token?tenant=demo&scope=ops&sub=ann", timeout=REQUEST_S)
    answer.raise_for_status()
    return System("local", urls["aws"], urls["api"], urlsplit(urls["api"]).netloc, answer.json()["token"])


def emulated(stack: str, url: str, token: str) -> System:
    """By the name that the stack's output gives its API, MiniStack tells it apart."""
    stacks = System(stack, url, url, "", token).client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    return System(stack, url, url, urlsplit(outputs["ApiUrl"]).netloc, token)


def eventually(what: str, condition: Callable[[], Any]) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what}: not after {PATIENCE_S} s")


def comparable(value: Any, name: str = "") -> Any:
    """A value in which whatever differs from run to run has a fixed text."""
    if MEASURED.search(name):
        return f"<{name}>"
    match value:
        case dict():
            return {key: comparable(value[key], key) for key in sorted(value)}
        case list():
            return [comparable(inner) for inner in value]
        case str() if value.startswith("{"):
            return comparable(json.loads(value))
        case str():
            for pattern, text in RANDOM:
                value = pattern.sub(text, value)
            return value
        case _:
            return value
