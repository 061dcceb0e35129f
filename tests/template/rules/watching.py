"""What wakes somebody up."""

from collections.abc import Iterator

from template import Template, look, target, words


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


def an_alarm_says_what_to_look_at_and_reaches_the_topic(template: Template) -> Iterator[str]:
    """Add AlarmDescription and AlarmActions as the other alarms have them."""
    for alarm in template.all("CloudWatch::Alarm"):
        if not alarm.at("AlarmDescription"):
            yield f"{alarm.id}: AlarmDescription"
        if look(alarm.at("AlarmActions"), "Fn::If", 0) != "HasAlarmTopic":
            yield f"{alarm.id}: AlarmActions"


def alarms(template: Template) -> set[tuple[str, str, str]]:
    """Every alarm as its namespace, its metric, and the resource that it measures."""
    return {(words(alarm.at("Namespace")), alarm.at("MetricName"), target(look(alarm.at("Dimensions"), 0, "Value")))
            for alarm in template.all("CloudWatch::Alarm")}
