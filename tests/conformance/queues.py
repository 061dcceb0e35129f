"""Queues under test, and the few moves that the tests share."""

import itertools
import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

# Apart from other runs against the same endpoint.
RUN = uuid.uuid4().hex[:8]
NUMBERS = itertools.count()


class Queues:
    def __init__(self, sqs):
        self.sqs = sqs
        self.made: list[str] = []

    def make(self, *, fifo: bool = False, **attributes: object) -> "Queue":
        """A new queue: `make(VisibilityTimeout=2)`."""
        name = f"conformance-{RUN}-{next(NUMBERS)}" + (".fifo" if fifo else "")
        if fifo:
            attributes["FifoQueue"] = "true"
        return self.make_named(name, **attributes)

    def make_named(self, name: str, **attributes: object) -> "Queue":
        given = {key: str(value) for key, value in attributes.items()}
        url = self.sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        self.made.append(url)
        return Queue(self.sqs, name, url)

    def make_with_dead_letters(self, *, receives: int, **attributes: object) -> tuple["Queue", "Queue"]:
        dead_letters = self.make()
        policy = {"deadLetterTargetArn": dead_letters.arn(), "maxReceiveCount": receives}
        return self.make(RedrivePolicy=json.dumps(policy), **attributes), dead_letters

    def delete(self) -> None:
        for url in dict.fromkeys(self.made):
            self.sqs.delete_queue(QueueUrl=url)


class Queue:
    def __init__(self, sqs, name: str, url: str):
        self.sqs = sqs
        self.name = name
        self.url = url

    def send(self, body: str = "x", **more: object) -> dict:
        return self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)

    def send_batch(self, *entries: dict) -> dict:
        return self.sqs.send_message_batch(QueueUrl=self.url, Entries=list(entries))

    def receive(self, *, most: int = 10, wait_s: int = 0, **more: object) -> list[dict]:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most, WaitTimeSeconds=wait_s,
                                          MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"], **more)
        return answer.get("Messages", [])

    def receive_one(self, *, within_s: int = 5) -> dict:
        """The one message that must arrive in time."""
        messages = self.receive(most=1, wait_s=within_s)
        assert messages, f"{self.name} had no message within {within_s} s"
        return messages[0]

    def drain(self, *, want: int, within_s: float = 8) -> list[dict]:
        """Receives and deletes until that many came, or the time is over."""
        messages, deadline = [], time.monotonic() + within_s
        while len(messages) < want and time.monotonic() < deadline:
            for message in self.receive(wait_s=1):
                messages.append(message)
                self.delete(message)
        return messages

    def delete(self, message: dict) -> None:
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def hide(self, message: dict, seconds: int) -> None:
        self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"],
                                           VisibilityTimeout=seconds)

    def attributes(self) -> dict[str, str]:
        return self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]

    def arn(self) -> str:
        return self.attributes()["QueueArn"]


def bodies(messages: list[dict]) -> list[str]:
    return [message["Body"] for message in messages]


def refused(*codes: str):
    """Expects a refusal with one of these codes, however the protocol prefixes them."""
    return pytest.raises(ClientError, match="|".join(codes))
