"""Mail: what is sent, whom it reaches, and the list of those whom it does not."""

import json
import urllib.request
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture(scope="session")
def ses(endpoint: str):
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    return boto3.client("sesv2", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="conformance",
                        aws_secret_access_key="conformance", config=config)


@pytest.fixture
def read(urls: dict[str, str]):
    """What the mailbox has for an address."""
    if "provider" not in urls:
        pytest.skip("the endpoint has no mailbox")

    def read(to: str) -> list[dict]:
        with urllib.request.urlopen(f"{urls['provider']}/mailbox?to={to.replace('+', '%2B')}") as answer:
            return json.load(answer)

    return read


def send(ses, *to: str, sender: str = "post@example.com") -> str:
    body = {"Text": {"Data": "Hello & welcome"}, "Html": {"Data": "<p>Hello &amp; welcome</p>"}}
    headers = [{"Name": "List-Unsubscribe", "Value": "<https://example.com/u>"}]
    simple = {"Subject": {"Data": "Hello"}, "Body": body, "Headers": headers}
    answer = ses.send_email(FromEmailAddress=sender, Destination={"ToAddresses": list(to)}, Content={"Simple": simple})
    return answer["MessageId"]


def somebody() -> str:
    return f"some.body+{uuid.uuid4().hex}@example.com"


def test_a_mail_arrives_as_it_was_sent(ses, read):
    to = somebody()

    sent = send(ses, to)

    [mail] = read(to)
    assert (mail["id"], mail["fate"], mail["subject"], mail["text"]) == (sent, "delivered", "Hello", "Hello & welcome")
    assert (mail["html"], mail["headers"]) == ("<p>Hello &amp; welcome</p>", {"List-Unsubscribe": "<https://example.com/u>"})


def test_an_address_that_is_suppressed_gets_nothing_until_it_is_taken_from_the_list(ses, read):
    to = somebody()

    ses.put_suppressed_destination(EmailAddress=to, Reason="BOUNCE")
    send(ses, to)
    reason = ses.get_suppressed_destination(EmailAddress=to)["SuppressedDestination"]["Reason"]
    listed = [each["EmailAddress"] for each in ses.list_suppressed_destinations()["SuppressedDestinationSummaries"]]
    ses.delete_suppressed_destination(EmailAddress=to)
    send(ses, to)

    assert reason == "BOUNCE"
    assert to in listed
    assert [mail["fate"] for mail in read(to)] == ["suppressed", "delivered"]
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_suppressed_destination(EmailAddress=to)


def test_what_cannot_be_sent_is_refused(ses):
    with pytest.raises(ses.exceptions.BadRequestException):
        send(ses, "nobody")
    with pytest.raises(ses.exceptions.BadRequestException):
        send(ses, somebody(), sender="nobody")
    with pytest.raises(ses.exceptions.BadRequestException):
        send(ses)
    with pytest.raises(ClientError, match="not known here"):
        ses.get_account()
