"""Order inside a group, and deduplication."""

import time

from queues import Queues, bodies, refused


def test_a_group_is_locked_while_one_of_its_messages_is_in_flight(queues: Queues):
    queue = queues.make(fifo=True, VisibilityTimeout=30)
    for number in range(4):
        for group in "AB":
            queue.send(f"{group}{number}", MessageGroupId=group, MessageDeduplicationId=f"{group}{number}")

    first = queue.receive(most=1, wait_s=1)[0]
    rest = [message for _ in range(3) for message in queue.receive()]

    other = "B" if first["Attributes"]["MessageGroupId"] == "A" else "A"
    assert bodies(rest) == [f"{other}{number}" for number in range(4)]


def test_order_holds_when_visibility_ran_out(queues: Queues):
    queue = queues.make(fifo=True, VisibilityTimeout=2)
    for number in range(4):
        for group in "AB":
            queue.send(f"{group}{number}", MessageGroupId=group, MessageDeduplicationId=f"{group}{number}")
    queue.receive(most=1, wait_s=1)
    time.sleep(2.3)

    drained = bodies(queue.drain(want=8))

    for group in "AB":
        assert [body for body in drained if body[0] == group] == [f"{group}{number}" for number in range(4)]


def test_the_same_content_is_taken_once_when_content_is_the_id(queues: Queues):
    queue = queues.make(fifo=True, ContentBasedDeduplication="true")

    first = queue.send("same", MessageGroupId="A")
    again = queue.send("same", MessageGroupId="A")

    assert again["MessageId"] == first["MessageId"]
    assert bodies(queue.drain(want=2, within_s=2)) == ["same"]


def test_an_id_that_is_given_goes_before_the_content(queues: Queues):
    queue = queues.make(fifo=True, ContentBasedDeduplication="true")

    queue.send("first", MessageGroupId="A", MessageDeduplicationId="d")
    queue.send("second", MessageGroupId="A", MessageDeduplicationId="d")

    assert bodies(queue.drain(want=2, within_s=2)) == ["first"]


def test_a_receipt_that_outlived_its_visibility_is_refused(queues: Queues):
    queue = queues.make(fifo=True, VisibilityTimeout=1)
    queue.send("late", MessageGroupId="A", MessageDeduplicationId="1")
    stale = queue.receive_one()
    queue.receive_one(within_s=3)

    with refused("InvalidParameterValue"):
        queue.delete(stale)

    assert bodies(queue.drain(want=1)) == ["late"]


def test_an_id_is_remembered_after_its_message_is_deleted(queues: Queues):
    queue = queues.make(fifo=True)
    queue.send("first", MessageGroupId="A", MessageDeduplicationId="d")
    assert bodies(queue.drain(want=1)) == ["first"]

    queue.send("second", MessageGroupId="A", MessageDeduplicationId="d")

    assert queue.receive(wait_s=1) == []


def test_sequence_numbers_grow(queues: Queues):
    queue = queues.make(fifo=True)

    first = queue.send("1", MessageGroupId="A", MessageDeduplicationId="1")
    second = queue.send("2", MessageGroupId="A", MessageDeduplicationId="2")

    assert int(first["SequenceNumber"]) < int(second["SequenceNumber"])


def test_a_message_without_group_is_refused(queues: Queues):
    with refused("MissingParameter", "InvalidParameterValue"):
        queues.make(fifo=True).send(MessageDeduplicationId="1")


def test_a_message_without_deduplication_id_is_refused(queues: Queues):
    with refused("InvalidParameterValue"):
        queues.make(fifo=True).send(MessageGroupId="A")
