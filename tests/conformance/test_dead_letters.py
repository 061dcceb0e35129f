"""Giving up on a message, and taking it back."""

import time

from queues import Queue, Queues

RECEIVES = 2


def give_up(source: Queue, dead_letters: Queue) -> tuple[int, dict]:
    """Receives without deleting until the message is moved: how many times it was received, and the moved message."""
    received, deadline = 0, time.monotonic() + 10
    while time.monotonic() < deadline:
        received += len(source.receive(wait_s=1))
        moved = dead_letters.receive(VisibilityTimeout=0)
        if moved:
            return received, moved[0]
    raise AssertionError(f"not moved after {received} receives")


def test_a_message_is_moved_after_its_receives_with_id_and_attributes(queues: Queues):
    source, dead_letters = queues.make_with_dead_letters(receives=RECEIVES, VisibilityTimeout=1)
    attributes = {"text": {"DataType": "String", "StringValue": "x"}}
    sent = source.send("poison", MessageAttributes=attributes)

    received, moved = give_up(source, dead_letters)

    assert received == RECEIVES
    assert moved["MessageId"] == sent["MessageId"]
    assert moved["MessageAttributes"] == attributes
    assert moved["Attributes"]["DeadLetterQueueSourceArn"] == source.arn()


def test_the_sources_of_a_dead_letter_queue_are_listed(queues: Queues, sqs):
    source, dead_letters = queues.make_with_dead_letters(receives=RECEIVES)

    answer = sqs.list_dead_letter_source_queues(QueueUrl=dead_letters.url)

    assert answer["queueUrls"] == [source.url]


def test_a_move_task_returns_dead_letters_to_their_source(queues: Queues, sqs):
    source, dead_letters = queues.make_with_dead_letters(receives=RECEIVES, VisibilityTimeout=1)
    source.send("poison")
    give_up(source, dead_letters)

    task = sqs.start_message_move_task(SourceArn=dead_letters.arn())

    assert task["TaskHandle"]
    assert source.receive_one(within_s=6)["Body"] == "poison"
    results = sqs.list_message_move_tasks(SourceArn=dead_letters.arn())["Results"]
    assert results[0]["Status"] in ("COMPLETED", "RUNNING")
