"""What no schema can say, mended in requests that are meant to be accepted. Those meant to be refused stay as they are.

- A cursor is one that its list gave out. Any other is 400.
- An idempotency key belongs to one request. For another one it is 422.
- An id is one that something has. Any other is 404, and reaches nothing.
- A whole number is written without a fraction. To a schema 1.0 is an integer too; here it is 422, as no float ever is
  money, nor a count.
- A letter's message is an envelope. Any other object is 422.
- A report is asked for with what its kind needs, without what it has no use for, and ends after it begins. Otherwise it is 422.
- A user upgrades to a plan that is one to upgrade to, and no other has. Otherwise it is 422 or 409.
- A replay is of what its handler takes, of a stream only with its tenant, and of a time that is over. Otherwise it is 422.
- A webhook is signed, byte for byte. Any other is 400.
- A text that may be missing has its format when it is there. Of one that may also be `null`, the generator forgets it.
"""

import hashlib
import hmac
import json
import os
import re
import time
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis

# By the list, its filters included: how to go on behind the page that was answered last.
cursors: dict[tuple[str, ...], str] = {}
campaigns: list[str] = []
accounts: list[str] = os.environ["POSTROOM_ACCOUNTS"].split()
owners: list[str] = os.environ["POSTROOM_OWNERS"].split()
letters: list[str] = []
contacts: list[str] = []
imports: list[str] = []
reports: list[str] = []
users: list[str] = []
# Users on trial, or who were.
trials: list[str] = []
replays: list[str] = []
# What ids in paths are of, by how the path begins.
THERE = {"/users/{id}/trial": trials, "/campaigns": campaigns, "/accounts": accounts, "/owners": owners, "/ops/dead-letters": letters,
         "/contacts": contacts, "/contact-imports": imports, "/reports": reports,
         "/users": users, "/ops/replays": replays}
HANDLERS = ["sync-statistics", "send-notifications", "sync-campaign", "settle-payments"]
REPLAYABLE = {"sync-statistics", "sync-campaign"}
ACCOUNT = re.compile("(from_|to_)?account_id")
numbers = count()
WEBHOOK_SECRET: str = os.environ["POSTROOM_WEBHOOK_SECRET"]
MESSAGE = json.loads(Path("events/versions/campaign.published.v1.json").read_text())
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
TIME = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z")
FORMATS = {"fingerprint": UUID, "from": TIME, "to": TIME, "before": TIME}


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, **_) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    number = next(numbers)
    there = next((ids for start, ids in THERE.items() if case.path.startswith(start)), [])
    if "id" in case.path_parameters and there and case.path_parameters["id"] not in there:
        case.path_parameters = {"id": there[number % len(there)]}
    if "cursor" in case.query:
        given_out = cursors.get(list_of(case))
        del case.query["cursor"]
        if given_out:
            case.query["cursor"] = given_out
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{number} {case.headers['Idempotency-Key']}"[:255].strip()
    if isinstance(case.body, dict) and isinstance(case.body.get("message"), dict):
        case.body["message"] = MESSAGE
    if isinstance(case.body, dict):
        case.body = {name: whole(value) for name, value in case.body.items() if is_formatted(name, value)}
        for place, name in enumerate(filter(ACCOUNT.fullmatch, case.body)):
            case.body[name] = accounts[(number + place) % len(accounts)]
        if "invited_by" in case.body and users:
            case.body["invited_by"] = users[number % len(users)]
        elif "invited_by" in case.body:
            del case.body["invited_by"]
        if case.path == "/reports":
            case.body = of_kind(case.body, accounts[number % len(accounts)])
        if case.path == "/users" and number % 2:
            case.body["plan"] = "trial"
        if case.path == "/users/{id}/upgrade":
            case.body["plan"] = f"plan-{number}"
        if case.path == "/ops/replays":
            case.body = of_handler(case.body, HANDLERS[number % len(HANDLERS)])
        if case.path == "/webhooks/stripe":
            sign(case)


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    if response.status_code in (201, 202) and case.path in THERE:
        THERE[case.path].append(response.json()["id"])
    if response.status_code == 201 and case.path == "/users" and response.json()["plan"] == "trial":
        trials.append(response.json()["id"])
    if response.status_code == 200 and case.path == "/ops/dead-letters":
        letters.extend(letter["id"].replace("#", "~") for letter in response.json()["items"])
    if response.status_code == 200 and is_json(response) and "next_cursor" in response.json():
        cursors[list_of(case)] = response.json()["next_cursor"]


def is_json(response: schemathesis.Response) -> bool:
    return response.headers["content-type"][0].startswith("application/json")


def is_formatted(name: str, value: Any) -> bool:
    if name == "cursor":
        return False
    return name not in FORMATS or not isinstance(value, str) or FORMATS[name].fullmatch(value) is not None


def of_kind(report: dict[str, Any], account: str) -> dict[str, Any]:
    """The same with what its kind needs, and without what is another's."""
    fields = dict(report)
    if fields["kind"] == "account_statement":
        fields["account_id"] = account
    else:
        fields.pop("account_id", None)
    if fields["kind"] != "campaign_performance":
        fields.pop("campaign_ids", None)
    if isinstance(fields.get("from"), str) and isinstance(fields.get("to"), str) and fields["from"] >= fields["to"]:
        del fields["to"]
    return fields


def of_handler(replay: dict[str, Any], handler: str) -> dict[str, Any]:
    """The same of all that a handler takes, or of a tenant's; one that may not run it again is not asked to."""
    fields = {name: replay[name] for name in ("tenant", "per_minute", "dry_run") if name in replay}
    return {**fields, "handler": handler, "again": handler in REPLAYABLE and bool(replay.get("again"))}


def sign(case: schemathesis.Case) -> None:
    """Signs the body as it will be written, by `json.dumps`."""
    at = int(time.time())
    signed = f"{at}.{json.dumps(case.body)}".encode()
    digest = hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    case.headers["Stripe-Signature"] = f"t={at},v1={digest}"


def whole(value: Any) -> Any:
    """The same with whole numbers written as such."""
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    # Beyond 2^53 a float is no count either, and written out it would be longer than any number that is read.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def list_of(case: schemathesis.Case) -> tuple[str, ...]:
    filters = sorted(f"{name}={value}" for name, value in case.query.items() if name not in ("limit", "cursor"))
    return (path_of(case), *filters)


def path_of(case: schemathesis.Case) -> str:
    return case.path.replace("{id}", case.path_parameters.get("id", ""))
