"""Sending, receiving, hiding and deleting on a standard queue."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from queues import Queues, bodies, refused

MIB = 1024 * 1024


def test_creating_a_queue_again_answers_the_same_url(queues: Queues, sqs):
    first = queues.make(VisibilityTimeout=33)

    again = queues.make_named(first.name, VisibilityTimeout=33)

    assert again.url == first.url
    assert sqs.get_queue_url(QueueName=first.name)["QueueUrl"] == first.url


def test_creating_a_queue_again_with_other_attributes_is_refused(queues: Queues):
    queue = queues.make(VisibilityTimeout=33)

    with refused("QueueNameExists", "QueueAlreadyExists"):
        queues.make_named(queue.name, VisibilityTimeout=44)


def test_an_unknown_queue_has_no_url(sqs):
    with refused("NonExistentQueue", "QueueDoesNotExist"):
        sqs.get_queue_url(QueueName="conformance-nobody-made-this")


def test_a_message_arrives_as_it_was_sent(queues: Queues):
    queue = queues.make()
    attributes = {
        "text": {"DataType": "String", "StringValue": "x"},
        "number": {"DataType": "Number", "StringValue": "5"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x01\x02"},
    }

    # The SDK compares the MD5 of body and attributes by itself.
    sent = queue.send("h\u00e9llo", MessageAttributes=attributes)

    message = queue.receive_one()
    assert message["Body"] == "h\u00e9llo"
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["MessageAttributes"] == attributes
    assert {"SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SenderId"} <= set(
        message["Attributes"])


def test_a_deleted_message_is_gone(queues: Queues):
    queue = queues.make(VisibilityTimeout=1)
    queue.send()

    queue.delete(queue.receive_one())

    assert queue.receive(wait_s=2) == []


def test_an_empty_long_poll_waits_as_long_as_it_was_told(queues: Queues):
    queue = queues.make()
    began = time.monotonic()

    assert queue.receive(wait_s=2) == []

    assert 1.8 <= time.monotonic() - began < 4


def test_a_long_poll_ends_when_a_message_arrives(queues: Queues):
    queue = queues.make()
    began = time.monotonic()
    threading.Timer(1.0, queue.send).start()

    assert len(queue.receive(wait_s=10)) == 1

    assert time.monotonic() - began < 3


def test_a_received_message_is_hidden_then_comes_back_counted(queues: Queues):
    queue = queues.make(VisibilityTimeout=2)
    queue.send()
    queue.receive_one()

    assert queue.receive() == []

    assert queue.receive_one()["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_receipt_that_was_overtaken_is_taken_and_deletes_nothing(queues: Queues):
    queue = queues.make(VisibilityTimeout=1)
    queue.send("late")
    stale = queue.receive_one()
    queue.receive_one(within_s=3)

    queue.delete(stale)

    assert bodies(queue.drain(want=1)) == ["late"]


def test_visibility_can_be_ended_and_set(queues: Queues):
    queue = queues.make(VisibilityTimeout=30)
    queue.send()

    queue.hide(queue.receive_one(), seconds=0)

    again = queue.receive_one(within_s=2)
    queue.hide(again, seconds=1)
    assert queue.receive_one(within_s=4)["MessageId"] == again["MessageId"]


def test_a_delayed_message_waits(queues: Queues):
    queue = queues.make()
    queue.send(DelaySeconds=2)
    began = time.monotonic()

    assert queue.receive() == []

    queue.receive_one()
    assert 1 < time.monotonic() - began < 4


def test_a_delay_over_fifteen_minutes_is_refused(queues: Queues):
    with refused("InvalidParameterValue"):
        queues.make().send(DelaySeconds=901)


def test_the_trace_header_travels(queues: Queues):
    queue = queues.make()
    header = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"

    queue.send(MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}})

    assert queue.receive_one()["Attributes"]["AWSTraceHeader"] == header


def test_a_group_on_a_standard_queue_is_kept_and_orders_nothing(queues: Queues):
    queue = queues.make()
    queue.send("first", MessageGroupId="tenant")
    queue.send("second", MessageGroupId="tenant")

    first, second = queue.receive_one(), queue.receive_one()

    assert {first["Body"], second["Body"]} == {"first", "second"}
    assert first["Attributes"]["MessageGroupId"] == "tenant"


def test_a_group_with_much_in_flight_lets_others_go_first(queues: Queues):
    """AWS says that from 30 messages and a tenth of all in flight on, and that this is approximate."""
    queue = queues.make(VisibilityTimeout=60)
    for batch in range(12):
        queue.send_batch(*({"Id": str(n), "MessageBody": f"{batch}.{n}", "MessageGroupId": "many"} for n in range(10)))
    in_flight = [message for _ in range(4) for message in queue.receive()]
    queue.send("late", MessageGroupId="few")

    following = queue.receive(wait_s=1)

    assert len(in_flight) > 30
    assert "late" in {message["Body"] for message in following}


def test_messages_are_counted_by_what_they_wait_for(queues: Queues):
    queue = queues.make(VisibilityTimeout=30)
    for _ in range(3):
        queue.send()
    queue.send(DelaySeconds=60)

    queue.receive_one()

    counts = queue.attributes()
    assert counts["ApproximateNumberOfMessages"] == "2"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"


@pytest.mark.parametrize("bytes_", [256 * 1024 + 1, MIB])
def test_a_message_up_to_one_mebibyte_is_taken(queues: Queues, bytes_: int):
    queues.make().send("x" * bytes_)


def test_a_message_over_one_mebibyte_is_refused(queues: Queues):
    with refused("InvalidParameterValue", "InvalidMessageContents", "MessageTooLong"):
        queues.make().send("x" * (MIB + 1))


@pytest.mark.parametrize("character", ["\ufffe", "\uffff", "\u0001"])
def test_a_character_that_xml_has_not_is_refused(queues: Queues, character: str):
    with refused("InvalidMessageContents"):
        queues.make().send(f"a{character}b")


def test_concurrent_receivers_share_and_never_overlap(queues: Queues):
    queue, count = queues.make(VisibilityTimeout=60), 200
    for first in range(0, count, 10):
        queue.send_batch(*({"Id": str(n), "MessageBody": str(n)} for n in range(first, first + 10)))

    with ThreadPoolExecutor(8) as receivers:
        received = list(receivers.map(lambda _: [bodies(queue.receive()) for _ in range(8)], range(8)))

    flat = [body for polls in received for poll in polls for body in poll]
    assert sorted(flat, key=int) == [str(n) for n in range(count)]


def test_a_purged_queue_is_empty(queues: Queues, sqs):
    queue = queues.make()
    queue.send()

    sqs.purge_queue(QueueUrl=queue.url)

    assert queue.receive(wait_s=1) == []


def test_tags_are_kept_and_queues_are_listed_by_prefix(queues: Queues, sqs):
    queue = queues.make()

    sqs.tag_queue(QueueUrl=queue.url, Tags={"team": "post"})

    assert sqs.list_queue_tags(QueueUrl=queue.url)["Tags"] == {"team": "post"}
    assert queue.url in sqs.list_queues(QueueNamePrefix=queue.name)["QueueUrls"]
