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
