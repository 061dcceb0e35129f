"""What no schema can say, mended in requests that are meant to be accepted. Those meant to be refused stay as they are.

- A cursor is one that its list gave out. Any other is 400.
- An idempotency key belongs to one request. For another one it is 422.
- An id is one that something has. Any other is 404, and reaches nothing.
- Money is written without a fraction. To a schema 1.0 is an integer too; here it is 422, as no float ever is money.
"""

from itertools import count

import schemathesis

# By the path of the list: how to go on behind the page that was answered last.
cursors: dict[str, str] = {}
campaigns: list[str] = []
numbers = count()


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, **_) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    number = next(numbers)
    if "id" in case.path_parameters and campaigns and case.path_parameters["id"] not in campaigns:
        case.path_parameters = {"id": campaigns[number % len(campaigns)]}
    if "cursor" in case.query:
        given_out = cursors.get(path_of(case))
        del case.query["cursor"]
        if given_out:
            case.query["cursor"] = given_out
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{number} {case.headers['Idempotency-Key']}"[:255].strip()
    if isinstance(case.body, dict) and "budget" in case.body:
        case.body["budget"]["amount_minor"] = int(case.body["budget"]["amount_minor"])


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    if response.status_code == 201:
        campaigns.append(response.json()["id"])
    if response.status_code == 200 and "next_cursor" in response.json():
        cursors[path_of(case)] = response.json()["next_cursor"]


def path_of(case: schemathesis.Case) -> str:
    return case.path.replace("{id}", case.path_parameters.get("id", ""))
