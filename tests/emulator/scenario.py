"""What is done to a system, and what is seen then."""

import json
from dataclasses import dataclass, field
from typing import Any

import requests

from examples import EVENTS
from system import REQUEST_S, TABLES, System, comparable, eventually

HEADERS = ("Allow", "Content-Type", "Idempotent-Replayed", "Location", "X-Correlation-Id")


@dataclass(frozen=True)
class Answer:
    request: str
    status: int
    headers: dict[str, str | None]
    body: Any


@dataclass
class Observed:
    answers: list[Answer] = field(default_factory=list)
    tables: dict[str, list[Any]] = field(default_factory=dict)
    # How many messages are left.
    queues: dict[str, int] = field(default_factory=dict)
    # What the ad provider was asked for: method, path, key and the status that it answered.
    calls: list[tuple[str, str, str, int]] = field(default_factory=list)


def play(system: System, provider: str) -> Observed:
    """A campaign's whole life, one step of which the provider refuses twice, and a draft that stays one."""
    observed = Observed()
    draft = json.loads((EVENTS / "http/create_campaign.json").read_text())
    ask(system, observed, "POST", "/campaigns", draft)
    campaign = f"/campaigns/{ask(system, observed, 'POST', '/campaigns', draft, key='once')['id']}"
    ask(system, observed, "POST", "/campaigns", draft, key="once")
    ask(system, observed, "POST", "/campaigns", {**draft, "name": "Another"}, key="once")
    for step in ("publish", "publish", "pause", "resume", "complete", "complete"):
        if step == "pause":
            refuse(provider, campaign, times=2)
        ask(system, observed, "POST", f"{campaign}/{step}")
        # One at a time: a message that is overtaken is skipped, and when that happens is nobody's promise.
        eventually("every message", lambda: not any(system.waiting().values()))
    for path in (campaign, f"{campaign}/timeline", f"{campaign}/statistics", "/campaigns?status=completed",
                 "/notifications", "/campaigns/no-id", "/nothing"):
        ask(system, observed, "GET", path)
    ask(system, observed, "POST", "/campaigns", {**draft, "budget": {"amount_minor": -1, "currency": "NZD"}})
    ask(system, observed, "DELETE", "/campaigns")

    eventually("the feed", lambda: is_followed(system))
    observed.tables = {table: system.items(table) for table in TABLES}
    observed.queues = system.waiting()
    observed.calls = calls(provider, campaign)
    return observed


def is_followed(system: System) -> bool:
    """Whether each event is in the feed, which is made behind what is asked for."""
    shown = [item for item in system.items("state") if item["pk"].endswith("#activity@1")]
    return len(shown) == len(system.items("journal"))


def ask(system: System, observed: Observed, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
    answer = system.call(method, path, body, key=key)
    headers = {name: comparable(answer.headers.get(name)) for name in HEADERS}
    body = answer.json()
    observed.answers.append(Answer(f"{method} {comparable(path)}", answer.status_code, headers, comparable(body)))
    return body


def refuse(provider: str, campaign: str, times: int) -> None:
    fault = {"campaign_id": campaign.rpartition("/")[2], "status": 503, "times": times}
    requests.post(f"{provider}/faults", json=fault, timeout=REQUEST_S).raise_for_status()


def calls(provider: str, campaign: str) -> list[tuple[str, str, str, int]]:
    """In no order, as queues have none between them. Both systems ask the one provider; campaigns tell them apart."""
    answer = requests.get(f"{provider}/calls", timeout=REQUEST_S)
    answer.raise_for_status()
    return sorted((call["method"], comparable(call["path"]), comparable(call["idempotency_key"]), call["status"])
                  for call in answer.json() if campaign in call["path"])
