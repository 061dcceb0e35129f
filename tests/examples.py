"""The functions, and the event in `events/` that each is tried with."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EVENTS = ROOT / "events"
FUNCTIONS = sorted(folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir())


def example(function: str) -> Path:
    """The event with the function's name: of several, what feeds it before its schedule. `api` gets a request."""
    if function == "api":
        return EVENTS / "apigw/create_campaign.json"
    own = [EVENTS / kind / f"{function}.json" for kind in ("sqs", "dynamodb", "schedule")]
    for path in own:
        if path.exists():
            return path
    raise LookupError(f"{function} has no example; it needs one of {', '.join(map(str, own))}")


def is_success(function: str, answer: Any) -> bool:
    """Whether a function did all of its example: a worker names what it did not do, a schedule has nothing to say."""
    match example(function).parent.name:
        case "apigw":
            return answer["statusCode"] == 201 and "id" in json.loads(answer["body"])
        case "sqs" | "dynamodb":
            return answer == {"batchItemFailures": []}
        case _:
            return answer is None
