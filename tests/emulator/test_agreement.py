"""MiniStack and the local system agree on what happens."""

import pytest

from issuer import Issuer
from scenario import Observed
from system import TABLES, System

# Two drafts, a replay, the key with another body; the steps, of which a second publish and a second complete are
# refused; the views; what is wrong.
STATUSES = [201, 201, 201, 422, 200, 409, 200, 200, 200, 409, 200, 200, 200, 200, 200, 404, 404, 422, 405]


def test_requests_get_the_same_answers(ours: Observed, theirs: Observed) -> None:
    assert [answer.status for answer in ours.answers] == STATUSES
    assert theirs.answers == ours.answers


@pytest.mark.parametrize("table", TABLES)
def test_the_same_items_lie_in_the_table(table: str, ours: Observed, theirs: Observed) -> None:
    assert bool(ours.tables[table]) == (table in ("journal", "state", "inbox"))
    assert theirs.tables[table] == ours.tables[table]


def test_every_queue_is_empty(ours: Observed, theirs: Observed) -> None:
    assert set(theirs.queues) == set(ours.queues)
    assert not any(ours.queues.values())
    assert not any(theirs.queues.values())


def test_the_provider_is_asked_the_same_under_the_same_keys(ours: Observed, theirs: Observed) -> None:
    pushed = [status for method, *_, status in ours.calls if method == "PUT"]

    # Every step arrives, one of them at the third attempt.
    assert sorted(pushed) == [200, 200, 200, 200, 503, 503]
    assert theirs.calls == ours.calls


@pytest.mark.parametrize("claims", [None, {"aud": "somebody-else"}, {"exp": 1}, {"iss": "https://somebody.else"}],
                         ids=["none", "audience", "expired", "issuer"])
def test_a_token_that_is_not_for_us_is_refused(claims: dict | None, emulated: System, tokens: Issuer) -> None:
    mine = {"sub": "ann", "custom:tenant": "demo"}
    good = emulated.call("GET", "/campaigns", token=tokens.token(**mine))

    refused = emulated.call("GET", "/campaigns", token=None if claims is None else tokens.token(**mine, **claims))

    assert good.status_code == 200
    assert refused.status_code == 401


def test_rights_are_read_from_what_this_gateway_makes_of_groups(emulated: System, tokens: Issuer) -> None:
    def asked(*groups: str) -> int:
        claims = {"sub": "ann", "custom:tenant": "demo", **({"cognito:groups": list(groups)} if groups else {})}
        return emulated.call("GET", "/ops/dead-letters", token=tokens.token(**claims)).status_code

    assert [asked(), asked("team"), asked("ops"), asked("team", "ops")] == [403, 403, 200, 200]


def test_whoever_has_no_token_is_refused_by_both(local: System, emulated: System) -> None:
    answers = [system.call("GET", "/campaigns", token=None) for system in (local, emulated)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_another_tenant_sees_nothing_of_it(emulated: System, theirs: Observed, tokens: Issuer) -> None:
    other = emulated.call("GET", "/campaigns", token=tokens.token(**{"sub": "bob", "custom:tenant": "other"}))

    assert theirs.tables["state"]
    assert other.json()["items"] == []
