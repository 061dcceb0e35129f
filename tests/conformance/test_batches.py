"""Batches: what fails, fails alone."""

from queues import Queue, Queues, refused


def entries(count: int, body: str = "x") -> list[dict]:
    return [{"Id": str(number), "MessageBody": body} for number in range(count)]


def receive_all(queue: Queue, count: int) -> list[dict]:
    messages = []
    for _ in range(count):
        messages += queue.receive(wait_s=1)
        if len(messages) == count:
            break
    return messages


def test_visibility_of_a_batch_changes_and_a_wrong_handle_fails_alone(queues: Queues, sqs):
    queue = queues.make(VisibilityTimeout=30)
    queue.send_batch(*entries(3))
    changes = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
               for number, message in enumerate(receive_all(queue, 3))]
    wrong = {"Id": "wrong", "ReceiptHandle": "garbage", "VisibilityTimeout": 0}

    answer = sqs.change_message_visibility_batch(QueueUrl=queue.url, Entries=[*changes, wrong])

    assert len(answer["Successful"]) == 3
    assert [failure["Id"] for failure in answer["Failed"]] == ["wrong"]
    assert len(queue.drain(want=3)) == 3


def test_a_batch_is_deleted_and_a_wrong_handle_fails_alone(queues: Queues, sqs):
    queue = queues.make()
    queue.send()
    right = {"Id": "right", "ReceiptHandle": queue.receive_one()["ReceiptHandle"]}
    wrong = {"Id": "wrong", "ReceiptHandle": "garbage"}

    answer = sqs.delete_message_batch(QueueUrl=queue.url, Entries=[right, wrong])

    assert [success["Id"] for success in answer["Successful"]] == ["right"]
    assert [failure["Id"] for failure in answer["Failed"]] == ["wrong"]


def test_ten_entries_are_taken_and_eleven_are_not(queues: Queues):
    queue = queues.make()

    assert len(queue.send_batch(*entries(10))["Successful"]) == 10

    with refused("TooManyEntriesInBatchRequest"):
        queue.send_batch(*entries(11))


def test_an_empty_batch_is_refused(queues: Queues):
    with refused("EmptyBatchRequest"):
        queues.make().send_batch()


def test_two_entries_of_one_id_are_refused(queues: Queues):
    with refused("BatchEntryIdsNotDistinct"):
        queues.make().send_batch({"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"})


def test_a_batch_over_one_mebibyte_together_is_refused(queues: Queues):
    with refused("BatchRequestTooLong"):
        queues.make().send_batch(*entries(6, body="x" * 200_000))
