"""What a topic is told, and which queues get it."""

import itertools
import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from queues import RUN, Queue, Queues, bodies, refused

NUMBERS = itertools.count()
TRACE = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"


class Topic:
    def __init__(self, sns, arn: str):
        self.sns = sns
        self.arn = arn

    def subscribe(self, queue: Queue, **attributes: object) -> str:
        given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        answer = self.sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue.arn(), Attributes=given,
                                    ReturnSubscriptionArn=True)
        return answer["SubscriptionArn"]

    def publish(self, message: str, *, group: str | None = None, **attributes: str | int) -> str:
        more = {"MessageGroupId": group} if group else {}
        return self.sns.publish(TopicArn=self.arn, Message=message, MessageAttributes=of(attributes), **more)["MessageId"]


def of(attributes: dict[str, str | int]) -> dict:
    """Message attributes by the types of their values."""
    kind = {int: "Number", str: "String"}
    return {name: {"DataType": kind[type(value)], "StringValue": str(value)} for name, value in attributes.items()}


@pytest.fixture(scope="session")
def sns(endpoint: str):
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    return boto3.client("sns", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="conformance",
                        aws_secret_access_key="conformance", config=config)


@pytest.fixture
def topics(sns) -> Iterator:
    """Makes topics that nothing else uses, and removes them."""
    made = []

    def make(*, fifo: bool = False, **attributes: str) -> Topic:
        name = f"conformance-{RUN}-{next(NUMBERS)}" + (".fifo" if fifo else "")
        given = attributes | ({"FifoTopic": "true"} if fifo else {})
        made.append(sns.create_topic(Name=name, Attributes=given)["TopicArn"])
        return Topic(sns, made[-1])

    yield make
    for arn in made:
        sns.delete_topic(TopicArn=arn)


def test_a_raw_subscription_gets_message_and_attributes_as_they_are(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue, RawMessageDelivery="true")

    topic.publish('{"a":1}', type="x")

    message = queue.receive_one()
    assert message["Body"] == '{"a":1}'
    assert message["MessageAttributes"]["type"]["StringValue"] == "x"


def test_other_subscriptions_get_it_wrapped(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue)

    topic.sns.publish(TopicArn=topic.arn, Message="hi", Subject="sub", MessageAttributes=of({"type": "x"}))

    wrapped = json.loads(queue.receive_one()["Body"])
    shown = {key: wrapped[key] for key in ("Type", "TopicArn", "Subject", "Message", "MessageAttributes")}
    assert shown == {"Type": "Notification", "TopicArn": topic.arn, "Subject": "sub", "Message": "hi",
                     "MessageAttributes": {"type": {"Type": "String", "Value": "x"}}}


def test_every_subscribed_queue_gets_it(queues: Queues, topics):
    topic, both = topics(), [queues.make(), queues.make()]
    for queue in both:
        topic.subscribe(queue, RawMessageDelivery="true")

    topic.publish("x")

    assert [queue.receive_one()["Body"] for queue in both] == ["x", "x"]


def test_a_policy_chooses_by_attributes(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue, RawMessageDelivery="true", FilterPolicy={
        "type": ["order.placed", {"prefix": "pay."}], "v": [{"numeric": [">=", 2]}], "skip": [{"exists": False}],
        "region": [{"anything-but": ["eu"]}],
    })

    topic.publish("1", type="order.placed", v=2, region="us")
    topic.publish("2", type="pay.ok", v=3, region="us")
    topic.publish("other type", type="other", v=2, region="us")
    topic.publish("too low", type="order.placed", v=1, region="us")
    topic.publish("has what it may not", type="order.placed", v=2, skip="y", region="us")
    topic.publish("excepted", type="order.placed", v=2, region="eu")

    assert sorted(bodies(queue.drain(want=3, within_s=2))) == ["1", "2"]


def test_a_policy_chooses_by_the_message_where_it_says_so(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue, RawMessageDelivery="true", FilterPolicyScope="MessageBody",
                    FilterPolicy={"detail": {"kind": ["a", {"suffix": ".z"}]}, "n": [{"numeric": ["<", 10]}]})

    for number, (kind, n) in enumerate([("a", 1), ("b.z", 2), ("b", 1), ("a", 11)]):
        topic.publish(json.dumps({"detail": {"kind": kind}, "n": n, "number": number}))
    topic.publish("no JSON")

    got = [json.loads(body)["number"] for body in bodies(queue.drain(want=3, within_s=2))]
    assert sorted(got) == [0, 1]


def test_a_policy_has_alternatives(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue, RawMessageDelivery="true",
                    FilterPolicy={"$or": [{"type": ["a"]}, {"priority": ["high"]}]})

    topic.publish("1", type="a", priority="low")
    topic.publish("2", type="b", priority="high")
    topic.publish("neither", type="b", priority="low")

    assert sorted(bodies(queue.drain(want=3, within_s=2))) == ["1", "2"]


def test_a_policy_that_is_changed_counts_from_then_on(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    arn = topic.subscribe(queue, RawMessageDelivery="true", FilterPolicy={"type": ["a"]})
    topic.publish("before", type="b")

    topic.sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy",
                                          AttributeValue=json.dumps({"type": ["b"]}))
    topic.publish("after", type="b")

    assert bodies(queue.drain(want=2, within_s=2)) == ["after"]
    attributes = topic.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == {"type": ["b"]}


def test_ten_messages_are_published_at_once_and_not_eleven(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue, RawMessageDelivery="true")
    entries = [{"Id": str(n), "Message": f"m{n}", "MessageAttributes": of({"k": "v"})} for n in range(11)]

    answer = topic.sns.publish_batch(TopicArn=topic.arn, PublishBatchRequestEntries=entries[:10])

    assert [entry["Id"] for entry in answer["Successful"]] == [str(n) for n in range(10)]
    assert sorted(bodies(queue.drain(want=10))) == sorted(f"m{n}" for n in range(10))
    with refused("TooManyEntriesInBatchRequest"):
        topic.sns.publish_batch(TopicArn=topic.arn, PublishBatchRequestEntries=entries)


def test_a_fifo_topic_keeps_order_and_drops_what_is_published_twice(queues: Queues, topics):
    topic, queue = topics(fifo=True, ContentBasedDeduplication="true"), queues.make(fifo=True)
    topic.subscribe(queue, RawMessageDelivery="true")

    for number in (1, 2, 2, 3):
        topic.publish(str(number), group="g")

    assert bodies(queue.drain(want=4, within_s=2)) == ["1", "2", "3"]


def test_what_cannot_be_delivered_goes_to_the_subscriptions_dead_letters(queues: Queues, topics, sqs):
    topic, dead_letters, gone = topics(), queues.make(), Queues(sqs)
    queue = gone.make()
    topic.subscribe(queue, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead_letters.arn()})
    gone.delete()

    topic.publish("lost?")

    assert dead_letters.receive_one()["Body"] == "lost?"


def test_nothing_is_published_to_a_topic_that_is_not_there(topics):
    topic = topics()
    topic.sns.delete_topic(TopicArn=topic.arn)

    with refused("NotFound"):
        topic.publish("x")


def test_topics_and_subscriptions_are_listed(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    arn = topic.subscribe(queue)

    topics_listed = [listed["TopicArn"] for page in topic.sns.get_paginator("list_topics").paginate()
                     for listed in page["Topics"]]
    subscriptions = topic.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"]

    assert topic.arn in topics_listed
    assert [(each["SubscriptionArn"], each["Endpoint"]) for each in subscriptions] == [(arn, queue.arn())]


def test_the_header_of_a_trace_goes_on_to_the_queue(queues: Queues, topics):
    topic, queue = topics(), queues.make()
    topic.subscribe(queue, RawMessageDelivery="true")
    event, add = "before-sign.sns.Publish", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", TRACE)

    topic.sns.meta.events.register(event, add)
    topic.publish("x")
    topic.sns.meta.events.unregister(event, add)

    assert queue.receive_one()["Attributes"]["AWSTraceHeader"] == TRACE
