"""Who may do what. Roles that SAM makes are judged as ours are."""

import re
from collections.abc import Iterator

from template import Template, several, target, texts, words

# AWS grants these on no named resource.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html, named from memory 2026-11-21.
WITHOUT_RESOURCE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
# Whom mail comes from is verified outside of the template, and named by its parameter.
OUTSIDE = {"ses:SendEmail": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailDomain}"}
# What would change or remove an event that was written.
CHANGING = {"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"}
# Whose commands and reactions take tasks back, by `Tx::cancel`: an upgrade those of a trial.
CANCELLING = {"ApiFunction"}
# What Lambda does to a queue in the name of the function that it feeds.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, named from memory 2026-11-21.
POLLING = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
# The same to the stream of a table.
# https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html, named from memory 2026-11-22.
READING = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}


def no_right_has_a_wildcard(template: Template) -> Iterator[str]:
    """Name the action, and the resource by `!GetAtt … .Arn`; of a bucket the objects below a prefix."""
    for right in template.rights():
        named = target(right.resource) in template.resources and not any("*" in text for text in texts(right.resource))
        named = named or prefix_of(template, right.resource) != ""
        named = named or OUTSIDE.get(right.action) in list(texts(right.resource))
        if "*" in right.action or not named and right.action not in WITHOUT_RESOURCE:
            yield str(right)


def statements_only_allow_what_they_name(template: Template) -> Iterator[str]:
    """Write Effect: Allow with Action and Resource. NotAction and NotResource allow whatever AWS adds next year."""
    for role in template.all("IAM::Role"):
        for policy in role.at("Policies") or []:
            for statement in policy["PolicyDocument"]["Statement"]:
                if set(statement) != {"Effect", "Action", "Resource"} or statement["Effect"] != "Allow":
                    yield f"{role.id}: {', '.join(statement)}"


def nobody_may_change_the_journal(template: Template) -> Iterator[str]:
    """An event is written once; correct it with another event."""
    for right in template.rights():
        if target(right.resource) == "JournalTable" and right.action in CHANGING:
            yield str(right)


def who_takes_tasks_back_may_delete_rows_of_the_outbox(template: Template) -> Iterator[str]:
    """Give dynamodb:DeleteItem on the outbox to whose reactions cancel (CANCELLING), and to no other: what was sent is
    removed in batches."""
    may = {right.role for right in template.rights()
           if right.action == "dynamodb:DeleteItem" and target(right.resource) == "OutboxTable"}
    for function in template.functions():
        if (function.id in CANCELLING) != (template.role_of(function) in may):
            yield f"{function.id}: {'no right' if function.id in CANCELLING else 'a right without a reaction'}"


def a_function_has_rights_on_just_the_tables_it_is_told_of(template: Template) -> Iterator[str]:
    """Give both or neither: a table's name in Environment and statements in the role."""
    for function in template.functions():
        told = told_of(function)
        may = {target(right.resource) for right in template.rights() if right.role == template.role_of(function)}
        for table in template.all("DynamoDB::Table"):
            if (table.id in told) != (table.id in may):
                yield f"{function.id}: {'a variable' if table.id in told else 'a right'} alone for {table.id}"


def a_function_has_rights_in_just_the_buckets_it_is_told_of(template: Template) -> Iterator[str]:
    """Give both or neither: a bucket's name in Environment, and rights on the objects below a prefix there."""
    for function in template.functions():
        told = told_of(function)
        may = {target(right.resource) for right in template.rights() if right.role == template.role_of(function)}
        for bucket in template.all("S3::Bucket"):
            if (bucket.id in told) != (bucket.id in may):
                yield f"{function.id}: {'a variable' if bucket.id in told else 'a right'} alone for {bucket.id}"


def a_worker_may_read_the_payloads_of_its_messages(template: Template) -> Iterator[str]:
    """Give s3:GetObject on ${ObjectsBucket.Arn}/claims/* to who is fed by a queue, and to no other: a message may come
    without its payload. A projector reads the journal, where events are whole."""
    projectors = {function.id for _, function in template.streamed()}
    fed = {function.id for function, _ in template.fed()} - projectors
    may = {right.role for right in template.rights()
           if right.action == "s3:GetObject" and prefix_of(template, right.resource) == "claims/"}
    for function in template.functions():
        if (function.id in fed) != (template.role_of(function) in may):
            yield f"{function.id}: {'a queue' if function.id in fed else 'a right'} alone"


def only_its_bucket_may_send_to_a_queue(template: Template) -> Iterator[str]:
    """A queue that a bucket tells has one QueuePolicy: that bucket of this account may send, and it waits for the policy."""
    subscribed = {target(one.at("Endpoint")) for one in template.every("SNS::Subscription")}
    policies = [policy for policy in template.every("SQS::QueuePolicy")
                if not subscribed & {target(queue) for queue in policy.at("Queues")}]
    for policy in policies:
        told = {target(queue) for queue in policy.at("Queues")}
        tells = [bucket for bucket in template.all("S3::Bucket")
                 if told & {target(way["Queue"]) for way in ways(bucket)}]
        if len(told) != 1 or len(tells) != 1:
            yield f"{policy.id} is for {len(told)} queues that {len(tells)} buckets tell"
            continue
        [queue], [bucket] = told, tells
        expected = [{
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": {"Fn::GetAtt": [queue, "Arn"]},
            "Condition": {
                # Spelt out: bucket and policy would wait for each other.
                "ArnEquals": {"aws:SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{words(bucket.at('BucketName'))}"}},
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        }]
        if policy.at("PolicyDocument", "Statement") != expected:
            yield f"{policy.id}: Statement"
        if policy.id not in several(bucket.body.get("DependsOn", [])):
            yield f"{bucket.id} does not wait for {policy.id}"
    for bucket in template.all("S3::Bucket"):
        for way in ways(bucket):
            if not any(target(way["Queue"]) in {target(queue) for queue in policy.at("Queues")} for policy in policies):
                yield f"{bucket.id} may not tell {target(way['Queue'])}"
        other = set(bucket.at("NotificationConfiguration") or {}) - {"QueueConfigurations"}
        if other:
            yield f"{bucket.id} tells by {', '.join(sorted(other))}, which the local system does not"


def only_its_topic_may_send_to_a_queue(template: Template) -> Iterator[str]:
    """A queue that is subscribed has one QueuePolicy, for itself and its dead-letter queue: that topic may send, and nobody
    else."""
    for subscription in template.all("SNS::Subscription"):
        topic, queue = target(subscription.at("TopicArn")), target(subscription.at("Endpoint"))
        dead = target(template.get(queue).at("RedrivePolicy", "deadLetterTargetArn"))
        if target(subscription.at("RedrivePolicy", "deadLetterTargetArn")) != dead:
            yield f"{subscription.id}: what cannot be delivered does not go to {dead}"
        both = [queue, dead]
        policies = [policy for policy in template.every("SQS::QueuePolicy")
                    if set(both) & {target(one) for one in policy.at("Queues")}]
        expected = [{
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": [{"Fn::GetAtt": [one, "Arn"]} for one in both],
            "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": topic}}},
        }]
        if len(policies) != 1 or [target(one) for one in policies[0].at("Queues")] != both:
            yield f"{subscription.id}: {len(policies)} policies for {queue} and {dead}"
        elif policies[0].at("PolicyDocument", "Statement") != expected:
            yield f"{policies[0].id}: Statement"


def a_function_may_publish_to_just_the_topics_it_is_told_of(template: Template) -> Iterator[str]:
    """Give both or neither: a topic's ARN in Environment and `sns:Publish` on it in the role."""
    for function in template.functions():
        told = told_of(function)
        rights = [right for right in template.rights()
                  if right.role == template.role_of(function) and right.action.startswith("sns:")]
        may = {target(right.resource) for right in rights if right.action == "sns:Publish"}
        for topic in template.all("SNS::Topic"):
            if (topic.id in told) != (topic.id in may):
                yield f"{function.id}: {'a variable' if topic.id in told else 'a right'} alone for {topic.id}"
        yield from (str(right) for right in rights if right.action != "sns:Publish")


def a_function_may_send_to_just_the_queues_it_is_told_of(template: Template) -> Iterator[str]:
    """Give both or neither: a queue's URL in Environment and `sqs:SendMessage` in the role."""
    for function in template.functions():
        # A worker is told of its own queue to hide messages there; to its dead-letter queue Lambda sends.
        others = {f"{function.stem}Queue", f"{function.stem}DeadLetterQueue", template.runs_end_in(function)}
        told = told_of(function) - others
        may = {target(right.resource) for right in template.rights()
               if right.role == template.role_of(function) and right.action == "sqs:SendMessage"} - others
        for queue in template.all("SQS::Queue"):
            if (queue.id in told) != (queue.id in may):
                yield f"{function.id}: {'a variable' if queue.id in told else 'a right'} alone for {queue.id}"


def lambda_may_do_its_part_in_the_functions_name(template: Template) -> Iterator[str]:
    """The role needs what Lambda does for the function: poll its queue or stream, send what failed, write its log."""
    allowed = {(right.role, right.action, target(right.resource)) for right in template.rights()}
    needed = [(function, action, queue.id) for function, queue in template.fed() for action in POLLING]
    needed += [(function, action, f"{function.stem}LogGroup")
               for function in template.functions() for action in LOGGING]
    for mapping, function in template.streamed():
        table = target(mapping.at("EventSourceArn"))
        needed += [(function, action, table) for action in READING]
        needed.append((function, "sqs:SendMessage", target(mapping.at("DestinationConfig", "OnFailure", "Destination"))))
    for config in template.all("Lambda::EventInvokeConfig"):
        destination = target(config.at("DestinationConfig", "OnFailure", "Destination"))
        needed.append((template.get(target(config.at("FunctionName"))), "sqs:SendMessage", destination))
    for function, action, resource in needed:
        if (template.role_of(function), action, resource) not in allowed:
            yield f"{template.role_of(function)}: {action} on {resource} is missing"


def a_role_is_for_one_service_and_has_no_managed_policy(template: Template) -> Iterator[str]:
    """Write the statements out in StemRole, for lambda.amazonaws.com alone; AWS's own policies name no resource."""
    for role in template.all("IAM::Role"):
        if role.at("ManagedPolicyArns"):
            yield f"{role.id}: ManagedPolicyArns"
        statements = role.at("AssumeRolePolicyDocument", "Statement")
        services = [service for statement in statements for service in several(statement["Principal"]["Service"])]
        users = [function.id for function in template.functions() if template.role_of(function) == role.id]
        users += [schedule.id for schedule in template.all("Scheduler::Schedule")
                  if target(schedule.at("Target", "RoleArn")) == role.id]
        of_function = any(template.get(user).kind == "AWS::Lambda::Function" for user in users)
        expected = "lambda.amazonaws.com" if of_function else "scheduler.amazonaws.com"
        if services != [expected]:
            yield f"{role.id}: may be taken by {', '.join(services)}"
        if len(users) != 1:
            yield f"{role.id}: is the role of {len(users)} things"


def a_schedule_may_only_start_its_function(template: Template) -> Iterator[str]:
    """Leave the role to SAM: start the function, and send to its dead-letter queue what could not be started."""
    for schedule in template.all("Scheduler::Schedule"):
        function, role = target(schedule.at("Target", "Arn")), target(schedule.at("Target", "RoleArn"))
        dead_letters = target(schedule.at("Target", "DeadLetterConfig", "Arn"))
        may = {(right.action, target(right.resource)) for right in template.rights() if right.role == role}
        if may != {("lambda:InvokeFunction", function), ("sqs:SendMessage", dead_letters)}:
            yield f"{role}: {sorted(may)}"


def only_this_api_may_call_a_function(template: Template) -> Iterator[str]:
    """A permission names its SourceArn: any API of any account could call the function otherwise."""
    for permission in template.all("Lambda::Permission"):
        source = words(permission.at("SourceArn"))
        api = [value for value in texts(permission.at("SourceArn")) if value == "HttpApi"]
        if permission.at("Principal") != "apigateway.amazonaws.com" or not source or not api:
            yield permission.id


def ways(bucket) -> list[dict]:
    """How a bucket tells queues."""
    return bucket.at("NotificationConfiguration", "QueueConfigurations") or []


def prefix_of(template: Template, resource) -> str:
    """`imports/` of `${ObjectsBucket.Arn}/imports/*`; empty for anything else."""
    found = re.fullmatch(r"\$\{(\w+)\.Arn\}/([\w-]+/)\*", words(resource))
    return found[2] if found and template.get(found[1]).kind == "AWS::S3::Bucket" else ""


def told_of(function) -> set[str]:
    """The resources whose names or URLs are in a function's environment."""
    return {target(value) for value in (function.at("Environment", "Variables") or {}).values()}
