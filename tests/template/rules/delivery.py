"""Nothing that was accepted is lost, and nothing is repeated without end."""

from collections.abc import Iterator

from template import Resource, Template, target, words

# AWS asks for this many function timeouts: the rest is for retries of a throttled batch.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, named from memory 2026-11-21.
TIMEOUTS_OF_VISIBILITY = 6
# The backstop for crash loops; attempts are counted in the inbox.
RECEIVES = 100
# The longest SQS keeps a message: 14 days.
LONGEST_RETENTION_S = 14 * 24 * 60 * 60
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html, named from memory 2026-11-22.
STREAM_RETENTION_S = 24 * 60 * 60
# Lambda takes at most this many messages of a FIFO queue, and of a standard one without a batching window.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, named from memory 2026-11-21.
BATCH = 10


def a_message_stays_hidden_for_six_timeouts(template: Template) -> Iterator[str]:
    """Raise VisibilityTimeout to six times the function's Timeout."""
    for function, queue in template.fed():
        hidden_s, timeout_s = queue.at("VisibilityTimeout") or 30, function.at("Timeout") or 3
        if hidden_s < TIMEOUTS_OF_VISIBILITY * timeout_s:
            yield f"{queue.id}: {hidden_s} s, with a function timeout of {timeout_s} s"


def a_mapping_reports_partial_failures(template: Template) -> Iterator[str]:
    """Set FunctionResponseTypes: [ReportBatchItemFailures]: without it an unprocessed message counts as done."""
    for mapping, _ in template.mappings():
        if mapping.at("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield mapping.id


def a_mapping_is_bounded(template: Template) -> Iterator[str]:
    """Set BatchSize (1 to 10) and ScalingConfig.MaximumConcurrency: a backlog must not take the account with it."""
    streams = [mapping.id for mapping, _ in template.streamed()]
    for mapping, _ in template.mappings():
        # The shards of a stream are its bound.
        if mapping.id in streams:
            continue
        if not 1 <= (mapping.at("BatchSize") or 0) <= BATCH:
            yield f"{mapping.id}: BatchSize"
        if not mapping.at("ScalingConfig", "MaximumConcurrency"):
            yield f"{mapping.id}: MaximumConcurrency"


def a_stream_gives_up_into_its_functions_dead_letter_queue(template: Template) -> Iterator[str]:
    """Bound retries and age, bisect, and name a destination: one bad record holds its shard up for a day otherwise."""
    for mapping, function in template.streamed():
        for bound in ("BatchSize", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"):
            if (mapping.at(bound) or -1) < 1:
                yield f"{mapping.id}: {bound}"
        # What is a day old is dropped without a word; so much earlier there is somebody to tell.
        if (mapping.at("MaximumRecordAgeInSeconds") or 0) >= STREAM_RETENTION_S:
            yield f"{mapping.id}: MaximumRecordAgeInSeconds is no less than the stream keeps"
        if mapping.at("BisectBatchOnFunctionError") is not True:
            yield f"{mapping.id}: BisectBatchOnFunctionError"
        if mapping.at("StartingPosition") != "TRIM_HORIZON":
            yield f"{mapping.id}: what was written before it began is left out"
        if target(mapping.at("DestinationConfig", "OnFailure", "Destination")) != f"{function.stem}DeadLetterQueue":
            yield f"{mapping.id}: OnFailure"


def a_stream_tells_keys_alone(template: Template) -> Iterator[str]:
    """Set StreamViewType: KEYS_ONLY. Records are wake-ups: what they would say besides, nobody should believe."""
    for mapping, _ in template.streamed():
        table = template.get(target(mapping.at("EventSourceArn")))
        if table.at("StreamSpecification", "StreamViewType") != "KEYS_ONLY":
            yield table.id


def a_mapping_is_on(template: Template) -> Iterator[str]:
    """Leave Enabled out: a queue that nobody reads fills up in silence."""
    for mapping, _ in template.mappings():
        if mapping.at("Enabled") not in (None, True):
            yield mapping.id


def a_queue_gives_up_into_its_own_dead_letter_queue(template: Template) -> Iterator[str]:
    """Receives also grow when nothing was tried, so the count stays at 100; the kit counts attempts itself."""
    for function, queue in template.workers():
        dead_letters = template.get(f"{function.stem}DeadLetterQueue")
        if target(queue.at("RedrivePolicy", "deadLetterTargetArn")) != dead_letters.id:
            yield f"{queue.id}: deadLetterTargetArn"
        if queue.at("RedrivePolicy", "maxReceiveCount") != RECEIVES:
            yield f"{queue.id}: maxReceiveCount is not {RECEIVES}"
        if bool(queue.at("FifoQueue")) != bool(dead_letters.at("FifoQueue")):
            yield f"{dead_letters.id}: a FIFO queue's dead letters are a FIFO queue, and only they"
        sources = dead_letters.at("RedriveAllowPolicy", "sourceQueueArns") or []
        permission = dead_letters.at("RedriveAllowPolicy", "redrivePermission")
        named = len(sources) == 1 and words(sources[0]).endswith(f":{words(queue.at('QueueName'))}")
        if permission != "byQueue" or not named:
            yield f"{dead_letters.id}: RedriveAllowPolicy does not name {queue.id} alone"


def messages_are_kept_as_long_as_possible(template: Template) -> Iterator[str]:
    """Set MessageRetentionPeriod: 1209600. What expires is dropped without a word, counted from the first send."""
    for queue in template.all("SQS::Queue"):
        if queue.at("MessageRetentionPeriod") != LONGEST_RETENTION_S:
            yield queue.id


def a_schedule_keeps_what_it_could_not_start(template: Template) -> Iterator[str]:
    """Bound its RetryPolicy, and set DeadLetterConfig to the function's dead-letter queue; a worker's is …Runs…."""
    for schedule in template.all("Scheduler::Schedule"):
        function = template.get(target(schedule.at("Target", "Arn")))
        if target(schedule.at("Target", "DeadLetterConfig", "Arn")) != template.runs_end_in(function):
            yield f"{schedule.id}: DeadLetterConfig"
        yield from unbounded(schedule, "Target", "RetryPolicy")


def a_scheduled_function_keeps_what_it_could_not_do(template: Template) -> Iterator[str]:
    """A schedule invokes asynchronously: bound EventInvokeConfig, and send what failed to the function's own queue."""
    configured = {target(found.at("FunctionName")): found for found in template.all("Lambda::EventInvokeConfig")}
    for schedule in template.all("Scheduler::Schedule"):
        function = template.get(target(schedule.at("Target", "Arn")))
        config = configured.get(function.id, Resource(function.id, {}))
        if target(config.at("DestinationConfig", "OnFailure", "Destination")) != template.runs_end_in(function):
            yield f"{function.id}: EventInvokeConfig, OnFailure"
        yield from unbounded(config)


def unbounded(resource: Resource, *path: str) -> Iterator[str]:
    for bound in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts"):
        if resource.at(*path, bound) is None:
            yield f"{resource.id}: {bound}"
