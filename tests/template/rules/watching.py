"""What wakes somebody up."""

from collections.abc import Iterator

from template import Template, look, target, words

# When an alarm wakes somebody, by its metric: the statistic, from which number on, in the metric's own unit, and for how
# many seconds that may last before.
WAKES = {
    "5xx": ("Sum", 5, 300),
    "Errors": ("Sum", 1, 300),
    "Throttles": ("Sum", 1, 300),
    "IteratorAge": ("Maximum", 300_000, 300),
    "ApproximateNumberOfMessagesVisible": ("Maximum", 1, 900),
    "ApproximateAgeOfOldestMessage": ("Maximum", 900, 300),
    "permanent": ("Sum", 1, 60),
    "deadline_returned": ("Sum", 1, 300),
    "unreadable": ("Sum", 1, 60),
    "outbox_age_ms": ("Maximum", 300_000, 60),
}
# A dead letter that nobody looked at for ten days: SQS drops it after fourteen.
DEAD_LETTER_AGE = ("Maximum", 864_000, 3600)
# A schedule that did not run at all, the slowest of which runs every quarter of an hour.
SILENCE = ("Sum", 1, 1800)


def a_function_is_watched_for_errors_and_throttles(template: Template) -> Iterator[str]:
    """Add an alarm on the metric with dimension FunctionName."""
    watched = alarms(template)
    for function in template.functions():
        for metric in ("Errors", "Throttles"):
            if ("AWS/Lambda", metric, function.id) not in watched:
                yield f"{function.id}: {metric}"


def a_scheduled_function_is_watched_for_silence(template: Template) -> Iterator[str]:
    """Add an alarm on Invocations for which missing data is breaching: a schedule that stopped raises no error."""
    silent = {target(look(alarm.at("Dimensions"), 0, "Value")) for alarm in template.all("CloudWatch::Alarm")
              if alarm.at("MetricName") == "Invocations" and alarm.at("TreatMissingData") == "breaching"}
    for schedule in template.all("Scheduler::Schedule"):
        if target(schedule.at("Target", "Arn")) not in silent:
            yield schedule.id


def a_stream_is_watched_for_how_far_behind_its_function_is(template: Template) -> Iterator[str]:
    """Add an alarm on IteratorAge with dimension FunctionName: a shard that is held up raises no error."""
    for mapping, function in template.streamed():
        if ("AWS/Lambda", "IteratorAge", function.id) not in alarms(template):
            yield f"{mapping.id}: IteratorAge"


def a_queue_is_watched_for_age_and_a_dead_letter_queue_for_content_too(template: Template) -> Iterator[str]:
    """Add an alarm on the metric with dimension QueueName: content wakes once, age before SQS drops what nobody saw."""
    watched = alarms(template)
    for queue in template.all("SQS::Queue"):
        content = ["ApproximateNumberOfMessagesVisible"] if queue.id.endswith("DeadLetterQueue") else []
        for metric in ["ApproximateAgeOfOldestMessage", *content]:
            if ("AWS/SQS", metric, queue.id) not in watched:
                yield f"{queue.id}: {metric}"


def a_worker_is_watched_for_what_it_parks_and_for_what_it_has_no_time_for(template: Template) -> Iterator[str]:
    """Add alarms on the metrics that its log lines carry, as SyncStatisticsParkedAlarm and …DeadlineAlarm are."""
    watched = alarms(template)
    waited_for = {(function.id, "permanent") for function, _ in template.fed()}
    # What has no time to collect dead letters leaves them where they are, for which there is an alarm.
    waited_for |= {(function.id, "deadline_returned") for function, _ in template.workers()}
    for function, metric in sorted(waited_for):
        if ("Postroom", metric, function) not in watched:
            yield f"{function}: {metric}"


def the_relay_is_watched_for_what_stays_in_the_outbox(template: Template) -> Iterator[str]:
    """Add alarms on the metrics of the relay, as RelayOutboxAgeAlarm and RelayOutboxUnreadableAlarm are."""
    watched = alarms(template)
    for metric in ("outbox_age_ms", "unreadable"):
        if ("Postroom", metric, "RelayOutboxFunction") not in watched:
            yield metric


def a_question_to_the_logs_is_asked_of_every_function(template: Template) -> Iterator[str]:
    """Add the function's log group to LogGroupNames: a chain runs through all of them."""
    groups = {f"{function.stem}LogGroup" for function in template.functions()}
    for query in template.all("Logs::QueryDefinition"):
        asked = {target(group) for group in query.at("LogGroupNames") or []}
        yield from (f"{query.id}: {group}" for group in sorted(groups - asked))


def an_alarm_wakes_in_time(template: Template) -> Iterator[str]:
    """Give the alarm the statistic, side, number and time that its metric has in WAKES; add a row for a new metric."""
    for alarm in template.all("CloudWatch::Alarm"):
        metric, measured = alarm.at("MetricName"), target(look(alarm.at("Dimensions"), 0, "Value")) or ""
        is_silence = metric == "Invocations"
        wakes = SILENCE if is_silence else WAKES.get(metric)
        if metric == "ApproximateAgeOfOldestMessage" and measured.endswith("DeadLetterQueue"):
            wakes = DEAD_LETTER_AGE
        if wakes is None:
            yield f"{alarm.id}: MetricName"
            continue
        statistic, number, seconds = wakes
        side = "LessThanThreshold" if is_silence else "GreaterThanOrEqualToThreshold"
        kept = {
            "Statistic": alarm.at("Statistic") == statistic,
            "ComparisonOperator": alarm.at("ComparisonOperator") == side,
            "TreatMissingData": alarm.at("TreatMissingData") == ("breaching" if is_silence else "notBreaching"),
            "Threshold": 0 < alarm.at("Threshold") <= number,
            "Period": 0 < alarm.at("Period") * alarm.at("EvaluationPeriods") <= seconds,
        }
        yield from (f"{alarm.id}: {name}" for name, is_kept in kept.items() if not is_kept)


def an_alarm_says_what_to_look_at_and_reaches_the_topic(template: Template) -> Iterator[str]:
    """Add AlarmDescription and AlarmActions as the other alarms have them."""
    reaches = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for alarm in template.all("CloudWatch::Alarm"):
        if not alarm.at("AlarmDescription"):
            yield f"{alarm.id}: AlarmDescription"
        if alarm.at("AlarmActions") != reaches:
            yield f"{alarm.id}: AlarmActions"


def alarms(template: Template) -> set[tuple[str, str, str]]:
    """Every alarm as its namespace, its metric, and the resource that it measures."""
    return {(words(alarm.at("Namespace")), alarm.at("MetricName"), target(look(alarm.at("Dimensions"), 0, "Value")))
            for alarm in template.all("CloudWatch::Alarm")}
