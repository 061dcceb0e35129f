"""What is kept, for how long, and how it is protected."""

from collections.abc import Iterator

from template import Template, look, target, words

# Decided for each; the default deletes.
STATEFUL = ("DynamoDB::Table", "SQS::Queue", "S3::Bucket", "Logs::LogGroup", "Cognito::UserPool",
            "SecretsManager::Secret")


def a_table_is_on_demand_encrypted_and_recoverable(template: Template) -> Iterator[str]:
    """A table is the business: on demand, encrypted, recoverable to any second."""
    for table in template.all("DynamoDB::Table"):
        if table.at("BillingMode") != "PAY_PER_REQUEST":
            yield f"{table.id}: BillingMode"
        if table.at("SSESpecification", "SSEEnabled") is not True:
            yield f"{table.id}: SSESpecification"
        if table.at("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") is not True:
            yield f"{table.id}: PointInTimeRecoverySpecification"


def a_table_outlives_its_stack(template: Template) -> Iterator[str]:
    """Set DeletionPolicy: RetainExceptOnCreate and UpdateReplacePolicy: Retain."""
    for table in template.all("DynamoDB::Table"):
        policies = (table.body.get("DeletionPolicy"), table.body.get("UpdateReplacePolicy"))
        if policies != ("RetainExceptOnCreate", "Retain"):
            yield f"{table.id}: {policies}"


def only_the_inbox_forgets(template: Template) -> Iterator[str]:
    """Dedup keys expire once no copy of their message can be left; nothing else does."""
    for table in template.all("DynamoDB::Table"):
        expected = {"AttributeName": "expires_at", "Enabled": True} if table.id == "InboxTable" else None
        if table.at("TimeToLiveSpecification") != expected:
            yield f"{table.id}: {table.at('TimeToLiveSpecification')}"


def a_queue_is_encrypted(template: Template) -> Iterator[str]:
    """Set SqsManagedSseEnabled: true."""
    for queue in template.all("SQS::Queue"):
        if queue.at("SqsManagedSseEnabled") is not True:
            yield queue.id


def a_bucket_is_private_encrypted_and_forgets(template: Template) -> Iterator[str]:
    """Closed to the public, encrypted, over TLS alone; what lies there expires, and so do parts of what never came whole."""
    for bucket in template.all("S3::Bucket"):
        closed = bucket.at("PublicAccessBlockConfiguration") or {}
        for way in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
            if closed.get(way) is not True:
                yield f"{bucket.id}: {way}"
        if bucket.at("OwnershipControls", "Rules", 0, "ObjectOwnership") != "BucketOwnerEnforced":
            yield f"{bucket.id}: ObjectOwnership"
        rules = bucket.at("BucketEncryption", "ServerSideEncryptionConfiguration") or []
        if not any(look(rule, "ServerSideEncryptionByDefault", "SSEAlgorithm") for rule in rules):
            yield f"{bucket.id}: BucketEncryption"
        statements = [statement for policy in template.all("S3::BucketPolicy") if target(policy.at("Bucket")) == bucket.id
                      for statement in policy.at("PolicyDocument", "Statement")]
        all_of_it = {f"{bucket.id}.Arn", f"${{{bucket.id}.Arn}}/*"}
        if not any((statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
                   and look(statement, "Condition", "Bool", "aws:SecureTransport") is False
                   and {words(what) or ".".join(what["Fn::GetAtt"]) for what in statement["Resource"]} == all_of_it
                   for statement in statements):
            yield f"{bucket.id}: aws:SecureTransport"
        forgets = [rule for rule in bucket.at("LifecycleConfiguration", "Rules") or [] if rule["Status"] == "Enabled"]
        for prefix in ("imports/", "reports/", "claims/"):
            if not any(rule.get("Prefix") == prefix and rule.get("ExpirationInDays") for rule in forgets):
                yield f"{bucket.id}: {prefix}"
        if not any("AbortIncompleteMultipartUpload" in rule and not rule.get("Prefix") for rule in forgets):
            yield f"{bucket.id}: AbortIncompleteMultipartUpload"


def a_topic_is_encrypted_and_over_tls_alone(template: Template) -> Iterator[str]:
    """Set KmsMasterKeyId, and deny sns:Publish without TLS; no statement allows anybody anything."""
    for topic in template.all("SNS::Topic"):
        if not topic.at("KmsMasterKeyId"):
            yield f"{topic.id}: KmsMasterKeyId"
        statements = [statement for policy in template.every("SNS::TopicPolicy")
                      if topic.id in {target(one) for one in policy.at("Topics")}
                      for statement in policy.at("PolicyDocument", "Statement")]
        if statements != [{
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": {"Ref": topic.id},
            "Condition": {"Bool": {"aws:SecureTransport": False}},
        }]:
            yield f"{topic.id}: aws:SecureTransport"


def nothing_is_deleted_without_a_word(template: Template) -> Iterator[str]:
    """Decide DeletionPolicy and UpdateReplacePolicy; the default deletes."""
    for resource in template.all(*STATEFUL):
        if not {"DeletionPolicy", "UpdateReplacePolicy"} <= set(resource.body):
            yield resource.id


def logs_are_forgotten_in_time(template: Template) -> Iterator[str]:
    """Set RetentionInDays: lines are kept, and paid for, for ever otherwise."""
    for group in template.all("Logs::LogGroup"):
        if target(group.at("RetentionInDays")) != "LogRetentionDays":
            yield group.id


def a_function_is_bounded_traced_and_logs_json(template: Template) -> Iterator[str]:
    """Name its Timeout, LogFormat: JSON, and Tracing: Active."""
    for function in template.functions():
        if not function.at("Timeout"):
            yield f"{function.id}: Timeout"
        if function.at("LoggingConfig", "LogFormat") != "JSON":
            yield f"{function.id}: LogFormat"
        if function.at("TracingConfig", "Mode") != "Active":
            yield f"{function.id}: Tracing"


def a_function_is_built_for_the_processor_that_was_asked_for(template: Template) -> Iterator[str]:
    """Leave Runtime and Architectures to Globals: a binary for another processor does not start."""
    for function in template.functions():
        if function.at("Runtime") != "provided.al2023":
            yield f"{function.id}: Runtime"
        if function.at("Architectures") != [{"Ref": "Architecture"}]:
            yield f"{function.id}: Architectures"
