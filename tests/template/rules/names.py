"""Folders ⇄ functions ⇄ queues ⇄ dead-letter queues ⇄ mappings: one name everywhere."""

from collections.abc import Iterator

from template import Template, kebab, look, target, words


def a_function_is_a_folder(template: Template) -> Iterator[str]:
    """A function is its folder and its resource: add or remove both."""
    deployed = {function.folder for function in template.functions()}
    yield from (f"functions/{folder} is not in the template" for folder in sorted(template.folders - deployed))
    yield from (f"the template's {folder} has no folder" for folder in sorted(deployed - template.folders))


def a_functions_names_are_its_folders(template: Template) -> Iterator[str]:
    """One name everywhere: a log line then leads straight to its source."""
    for function in template.functions():
        stem, folder = function.stem, function.folder
        for what, found, expected in [
            ("Binary", look(function.body, "Metadata", "BuildProperties", "Binary"), folder),
            ("FunctionName", words(function.at("FunctionName")), f"${{AWS::StackName}}-{folder}"),
            ("Role", template.role_of(function), f"{stem}Role"),
            ("LogGroup", target(function.at("LoggingConfig", "LogGroup")), f"{stem}LogGroup"),
        ]:
            if found != expected:
                yield f"{function.id}: {what} is {found}, not {expected}"


def a_worker_has_one_queue_of_its_own(template: Template) -> Iterator[str]:
    """Name a queue after the one function that reads it: StemFunction, StemQueue."""
    for function, queue in template.workers():
        if queue.id != f"{function.stem}Queue":
            yield f"{function.id} is fed from {queue.id}"
    functions = template.functions()
    expected = [f"{function.stem}Queue" for function, _ in template.workers()]
    expected += [f"{function.stem}DeadLetterQueue" for function in functions]
    scheduled = {target(schedule.at("Target", "Arn")) for schedule in template.all("Scheduler::Schedule")}
    runs = {template.runs_end_in(template.get(function)) for function in scheduled}
    expected += runs.difference(expected)
    for queue in template.all("SQS::Queue"):
        if expected.count(queue.id) != 1:
            yield f"{queue.id} belongs to {expected.count(queue.id)} functions"


def what_queues_give_up_is_collected(template: Template) -> Iterator[str]:
    """Add an SQS event of the dead-letter queue to CollectDeadLettersFunction, which reads nothing else."""
    for queue in sorted(template.given_up_into()):
        readers = [function.id for function, fed in template.fed() if fed.id == queue]
        if readers != ["CollectDeadLettersFunction"]:
            yield f"{queue} is read by {', '.join(readers) or 'nobody'}"
        if template.get(queue).at("RedrivePolicy"):
            yield f"{queue} gives up what is given up"
    for function, queue in template.workers():
        if function.id == "CollectDeadLettersFunction":
            yield f"{queue.id} holds nothing that was given up"


def a_queue_is_named_after_its_function(template: Template) -> Iterator[str]:
    """`${AWS::StackName}-` and the folder; `-dlq` stands before `.fifo`."""
    for queue in template.all("SQS::Queue"):
        stem, dead = queue.id.removesuffix("Queue"), "DeadLetter"
        suffix = "-dlq" if stem.endswith(dead) else ""
        fifo = ".fifo" if queue.at("FifoQueue") else ""
        expected = f"${{AWS::StackName}}-{kebab(stem.removesuffix(dead))}{suffix}{fifo}"
        if words(queue.at("QueueName")) != expected:
            yield f"{queue.id} is {words(queue.at('QueueName'))}, not {expected}"


def a_table_is_named_after_its_id(template: Template) -> Iterator[str]:
    """`DeadLettersTable` is `${AWS::StackName}-dead-letters`."""
    for table in template.all("DynamoDB::Table"):
        expected = f"${{AWS::StackName}}-{kebab(table.id.removesuffix('Table'))}"
        if not table.id.endswith("Table") or words(table.at("TableName")) != expected:
            yield f"{table.id} is {words(table.at('TableName'))}, not {expected}"


def a_topic_is_named_after_its_id(template: Template) -> Iterator[str]:
    """`EventsTopic` is `${AWS::StackName}-events`."""
    for topic in template.all("SNS::Topic"):
        expected = f"${{AWS::StackName}}-{kebab(topic.id.removesuffix('Topic'))}"
        if not topic.id.endswith("Topic") or words(topic.at("TopicName")) != expected:
            yield f"{topic.id} is {words(topic.at('TopicName'))}, not {expected}"


def a_subscription_is_its_workers(template: Template) -> Iterator[str]:
    """`SendNotificationsSubscription` gives SendNotificationsQueue its messages raw, filtered by their attributes."""
    for subscription in template.all("SNS::Subscription"):
        expected = f"{subscription.id.removesuffix('Subscription')}Queue"
        if target(subscription.at("Endpoint")) != expected or subscription.at("Protocol") != "sqs":
            yield f"{subscription.id} is not that of {expected}"
        if subscription.at("RawMessageDelivery") is not True:
            yield f"{subscription.id}: RawMessageDelivery"
        if subscription.at("FilterPolicyScope") != "MessageAttributes" or not subscription.at("FilterPolicy"):
            yield f"{subscription.id}: FilterPolicy"


def a_bucket_is_named_after_its_id(template: Template) -> Iterator[str]:
    """`ObjectsBucket` is `${AWS::StackName}-objects-` and account and region: all accounts share the names of buckets."""
    for bucket in template.all("S3::Bucket"):
        expected = f"${{AWS::StackName}}-{kebab(bucket.id.removesuffix('Bucket'))}-${{AWS::AccountId}}-${{AWS::Region}}"
        if not bucket.id.endswith("Bucket") or words(bucket.at("BucketName")) != expected:
            yield f"{bucket.id} is {words(bucket.at('BucketName'))}, not {expected}"


def a_schedule_is_named_after_its_function(template: Template) -> Iterator[str]:
    """Set the schedule's Name to the folder of the function that it starts; the local system fires it by that name."""
    for schedule in template.all("Scheduler::Schedule"):
        function = template.get(target(schedule.at("Target", "Arn")))
        if schedule.at("Name") != function.folder:
            yield f"{schedule.id} is {schedule.at('Name')}, not {function.folder}"
        if template.get(target(schedule.at("GroupName"))).kind != "AWS::Scheduler::ScheduleGroup":
            yield f"{schedule.id} is in no group of this stack"
