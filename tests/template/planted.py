"""For every rule at least one change that breaks it, and what the complaint then names."""

from collections.abc import Callable
from typing import Any

from rules import Rule, api, delivery, keeping, names, rights, watching

Resources = dict[str, Any]
Change = Callable[[Resources], None]


def put(path: str, value: Any) -> Change:
    """Sets what stands at a dotted path; None removes it, `+` as its last step appends."""
    def change(resources: Resources) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        holder: Any = resources
        for step in steps:
            holder = holder[step]
        if last == "+":
            holder.append(value)
        elif value is None:
            del holder[last]
        else:
            holder[last] = value
    return change


def get_att(id: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [id, attribute]}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


QUEUE = "SyncStatisticsQueue.Properties"
DEAD_LETTERS = "SyncStatisticsDeadLetterQueue.Properties"
MAPPING = "SyncStatisticsFunctionSyncStatistics.Properties"
WORKER = "SyncStatisticsFunction.Properties"
STREAM = "ProjectViewsFunctionJournal.Properties"
SCHEDULE = "RelayOutboxFunctionEveryMinute.Properties"
SCHEDULE_ROLE = "RelayOutboxFunctionEveryMinuteRole.Properties"
RELAYED = "RelayOutboxFunctionEventInvokeConfig.Properties"
ROLE = "SyncStatisticsRole.Properties"
STATEMENTS = f"{ROLE}.Policies.0.PolicyDocument.Statement"
TABLE = "JournalTable.Properties"
BUCKET = "ObjectsBucket.Properties"
BUCKET_POLICY = "ObjectsBucketPolicy.Properties.PolicyDocument.Statement"
AUTHORIZER = "HttpApi.Properties.Body.components.securitySchemes.TokenAuthorizer.x-amazon-apigateway-authorizer"


def allow(action: str, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


QUEUE_POLICY = "ImportContactsQueuePolicy.Properties.PolicyDocument.Statement.0"

PLANTED: list[tuple[Rule, str, Change]] = [
    # Names.
    (names.a_function_is_a_folder, "functions/relay-outbox", put("RelayOutboxFunction", None)),
    (names.a_function_is_a_folder, "export-orders",
     put("ExportOrdersFunction", {"Type": "AWS::Lambda::Function", "Properties": {}})),
    (names.a_functions_names_are_its_folders, "Binary", put("ApiFunction.Metadata.BuildProperties.Binary", "apy")),
    (names.a_functions_names_are_its_folders, "FunctionName", put("ApiFunction.Properties.FunctionName", "api")),
    (names.a_functions_names_are_its_folders, "Role", put("ApiFunction.Properties.Role", get_att("RelayOutboxRole"))),
    (names.a_functions_names_are_its_folders, "LogGroup", put("ApiFunction.Properties.LoggingConfig.LogGroup", None)),
    (names.a_worker_has_one_queue_of_its_own, "fed from RelayOutboxDeadLetterQueue",
     put(f"{MAPPING}.EventSourceArn", get_att("RelayOutboxDeadLetterQueue"))),
    (names.a_worker_has_one_queue_of_its_own, "OrphanQueue",
     put("OrphanQueue", {"Type": "AWS::SQS::Queue", "Properties": {}})),
    (names.a_worker_has_one_queue_of_its_own, "2 functions",
     put("Second", {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
         "FunctionName": {"Ref": "SyncStatisticsFunction"}, "EventSourceArn": get_att("SyncStatisticsQueue")}})),
    (names.what_queues_give_up_is_collected, "SyncStatisticsDeadLetterQueue is read by nobody",
     put("CollectDeadLettersFunctionSyncStatistics", None)),
    (names.what_queues_give_up_is_collected, "read by CollectDeadLettersFunction, ApiFunction",
     put("Second", {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
         "FunctionName": {"Ref": "ApiFunction"}, "EventSourceArn": get_att("SyncStatisticsDeadLetterQueue")}})),
    (names.what_queues_give_up_is_collected, "gives up what is given up",
     put(f"{DEAD_LETTERS}.RedrivePolicy", {"deadLetterTargetArn": get_att("RelayOutboxDeadLetterQueue")})),
    (names.what_queues_give_up_is_collected, "RelayOutboxDeadLetterQueue holds nothing",
     put("CollectDeadLettersFunctionSyncStatistics.Properties.EventSourceArn", get_att("RelayOutboxDeadLetterQueue"))),
    (names.a_queue_is_named_after_its_function, "SyncStatisticsQueue",
     put(f"{QUEUE}.QueueName", sub("${AWS::StackName}-statistics"))),
    (names.a_queue_is_named_after_its_function, "-dlq", put(f"{DEAD_LETTERS}.QueueName", "dead")),
    (names.a_queue_is_named_after_its_function, ".fifo", put(f"{QUEUE}.FifoQueue", True)),
    (names.a_table_is_named_after_its_id, "JournalTable", put(f"{TABLE}.TableName", "journal")),
    (names.a_bucket_is_named_after_its_id, "ObjectsBucket", put(f"{BUCKET}.BucketName", sub("${AWS::StackName}-objects"))),
    (names.a_schedule_is_named_after_its_function, "relay", put(f"{SCHEDULE}.Name", "relay")),
    (names.a_schedule_is_named_after_its_function, "group", put(f"{SCHEDULE}.GroupName", None)),
    # Delivery.
    (delivery.a_message_stays_hidden_for_six_timeouts, "179 s", put(f"{QUEUE}.VisibilityTimeout", 179)),
    (delivery.a_message_stays_hidden_for_six_timeouts, "30 s", put(f"{QUEUE}.VisibilityTimeout", None)),
    (delivery.a_message_stays_hidden_for_six_timeouts, "timeout of 31 s", put(f"{WORKER}.Timeout", 31)),
    (delivery.a_message_stays_hidden_for_six_timeouts, "SyncCampaignDeadLetterQueue",
     put("SyncCampaignDeadLetterQueue.Properties.VisibilityTimeout", None)),
    (delivery.a_mapping_reports_partial_failures, "SyncStatistics", put(f"{MAPPING}.FunctionResponseTypes", None)),
    (delivery.a_mapping_is_bounded, "MaximumConcurrency", put(f"{MAPPING}.ScalingConfig", None)),
    (delivery.a_mapping_is_bounded, "BatchSize", put(f"{MAPPING}.BatchSize", 10_000)),
    (delivery.a_mapping_is_on, "SyncStatistics", put(f"{MAPPING}.Enabled", False)),
    (delivery.a_queue_gives_up_into_its_own_dead_letter_queue, "deadLetterTargetArn",
     put(f"{QUEUE}.RedrivePolicy.deadLetterTargetArn", get_att("RelayOutboxDeadLetterQueue"))),
    (delivery.a_queue_gives_up_into_its_own_dead_letter_queue, "maxReceiveCount",
     put(f"{QUEUE}.RedrivePolicy.maxReceiveCount", 5)),
    (delivery.a_queue_gives_up_into_its_own_dead_letter_queue, "FIFO", put(f"{QUEUE}.FifoQueue", True)),
    (delivery.a_queue_gives_up_into_its_own_dead_letter_queue, "RedriveAllowPolicy",
     put(f"{DEAD_LETTERS}.RedriveAllowPolicy.sourceQueueArns.0", sub("arn:aws:sqs:::${AWS::StackName}-other"))),
    (delivery.a_queue_gives_up_into_its_own_dead_letter_queue, "RedriveAllowPolicy",
     put(f"{DEAD_LETTERS}.RedriveAllowPolicy.redrivePermission", "allowAll")),
    (delivery.messages_are_kept_as_long_as_possible, "SyncStatisticsQueue",
     put(f"{QUEUE}.MessageRetentionPeriod", 345_600)),
    (delivery.a_schedule_keeps_what_it_could_not_start, "DeadLetterConfig",
     put(f"{SCHEDULE}.Target.DeadLetterConfig", None)),
    (delivery.a_schedule_keeps_what_it_could_not_start, "ProjectViewsFunctionEveryMinute: DeadLetterConfig",
     put("ProjectViewsFunctionEveryMinute.Properties.Target.DeadLetterConfig.Arn",
         get_att("ProjectViewsDeadLetterQueue"))),
    (delivery.a_schedule_keeps_what_it_could_not_start, "MaximumRetryAttempts",
     put(f"{SCHEDULE}.Target.RetryPolicy.MaximumRetryAttempts", None)),
    (delivery.a_scheduled_function_keeps_what_it_could_not_do, "OnFailure",
     put(f"{RELAYED}.DestinationConfig.OnFailure.Destination", get_att("SyncStatisticsQueue"))),
    (delivery.a_scheduled_function_keeps_what_it_could_not_do, "ProjectViewsFunction: EventInvokeConfig",
     put("ProjectViewsFunctionEventInvokeConfig.Properties.DestinationConfig.OnFailure.Destination",
         get_att("ProjectViewsDeadLetterQueue"))),
    (delivery.a_scheduled_function_keeps_what_it_could_not_do, "MaximumEventAgeInSeconds",
     put(f"{RELAYED}.MaximumEventAgeInSeconds", None)),
    (delivery.a_scheduled_function_keeps_what_it_could_not_do, "OnFailure",
     put(f"{RELAYED}.FunctionName.Ref", "ApiFunction")),
    (delivery.a_stream_gives_up_into_its_functions_dead_letter_queue, "MaximumRetryAttempts",
     put(f"{STREAM}.MaximumRetryAttempts", None)),
    (delivery.a_stream_gives_up_into_its_functions_dead_letter_queue, "MaximumRecordAgeInSeconds",
     put(f"{STREAM}.MaximumRecordAgeInSeconds", -1)),
    (delivery.a_stream_gives_up_into_its_functions_dead_letter_queue, "no less than",
     put(f"{STREAM}.MaximumRecordAgeInSeconds", 86_400)),
    (delivery.a_stream_gives_up_into_its_functions_dead_letter_queue, "Bisect",
     put(f"{STREAM}.BisectBatchOnFunctionError", None)),
    (delivery.a_stream_gives_up_into_its_functions_dead_letter_queue, "left out",
     put(f"{STREAM}.StartingPosition", "LATEST")),
    (delivery.a_stream_gives_up_into_its_functions_dead_letter_queue, "OnFailure",
     put(f"{STREAM}.DestinationConfig.OnFailure.Destination", get_att("RelayOutboxDeadLetterQueue"))),
    (delivery.a_stream_tells_keys_alone, "JournalTable",
     put("JournalTable.Properties.StreamSpecification.StreamViewType", "NEW_IMAGE")),
    # Rights.
    (rights.no_right_has_a_wildcard, "sqs:*", put(f"{STATEMENTS}.+", allow("sqs:*", get_att("SyncStatisticsQueue")))),
    (rights.no_right_has_a_wildcard, "s3:GetObject on *", put(f"{STATEMENTS}.+", allow("s3:GetObject", "*"))),
    (rights.no_right_has_a_wildcard, "index",
     put(f"{STATEMENTS}.+", allow("dynamodb:Query", sub("${StateTable.Arn}/index/*")))),
    (rights.no_right_has_a_wildcard, "arn:aws:sqs",
     put(f"{STATEMENTS}.+", allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:other"))),
    (rights.no_right_has_a_wildcard, "ses:SendEmail",
     put(f"{STATEMENTS}.+", allow("ses:SendEmail", sub("arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*")))),
    (rights.no_right_has_a_wildcard, "EveryMinuteRole",
     put(f"{SCHEDULE_ROLE}.Policies.0.PolicyDocument.Statement.0.Resource", "*")),
    (rights.no_right_has_a_wildcard, "${ObjectsBucket.Arn}/*",
     put(f"{STATEMENTS}.+", allow("s3:GetObject", sub("${ObjectsBucket.Arn}/*")))),
    (rights.a_function_has_rights_in_just_the_buckets_it_is_told_of, "a right alone for ObjectsBucket",
     put("RelayOutboxRole.Properties.Policies.0.PolicyDocument.Statement.+", allow("s3:GetObject", sub("${ObjectsBucket.Arn}/imports/*")))),
    (rights.a_function_has_rights_in_just_the_buckets_it_is_told_of, "a variable alone for ObjectsBucket",
     put("RelayOutboxFunction.Properties.Environment.Variables.OBJECTS_BUCKET", {"Ref": "ObjectsBucket"})),
    (rights.a_worker_may_read_the_payloads_of_its_messages, "SyncCampaignFunction",
     put("SyncCampaignRole.Properties.Policies.0.PolicyDocument.Statement.5.Resource",
         sub("${ObjectsBucket.Arn}/imports/*"))),
    (rights.a_worker_may_read_the_payloads_of_its_messages, "RelayOutboxFunction",
     put("RelayOutboxRole.Properties.Policies.0.PolicyDocument.Statement.+",
         allow("s3:GetObject", sub("${ObjectsBucket.Arn}/claims/*")))),
    (rights.only_its_bucket_may_send_to_a_queue, "may not tell ImportContactsQueue",
     put("ImportContactsQueuePolicy", None)),
    (rights.only_its_bucket_may_send_to_a_queue, "ImportContactsQueuePolicy: Statement",
     put(f"{QUEUE_POLICY}.Condition.StringEquals", None)),
    (rights.only_its_bucket_may_send_to_a_queue, "ImportContactsQueuePolicy: Statement",
     put(f"{QUEUE_POLICY}.Condition.ArnEquals", None)),
    (rights.only_its_bucket_may_send_to_a_queue, "ImportContactsQueuePolicy: Statement",
     put(f"{QUEUE_POLICY}.Principal", "*")),
    (rights.only_its_bucket_may_send_to_a_queue, "does not wait", put("ObjectsBucket.DependsOn", None)),
    (rights.only_its_bucket_may_send_to_a_queue, "0 buckets tell",
     put(f"{BUCKET}.NotificationConfiguration", None)),
    (rights.only_its_bucket_may_send_to_a_queue, "TopicConfigurations",
     put(f"{BUCKET}.NotificationConfiguration.TopicConfigurations", [])),
    (rights.statements_only_allow_what_they_name, "NotAction",
     put(f"{STATEMENTS}.+", {"Effect": "Allow", "NotAction": "iam:*", "Resource": get_att("StateTable")})),
    (rights.statements_only_allow_what_they_name, "SyncStatisticsRole", put(f"{STATEMENTS}.0.Effect", "Deny")),
    (rights.nobody_may_change_the_journal, "dynamodb:UpdateItem",
     put(f"{STATEMENTS}.+", allow("dynamodb:UpdateItem", get_att("JournalTable")))),
    (rights.a_function_has_rights_on_just_the_tables_it_is_told_of, "a right alone for DeadLettersTable",
     put(f"{WORKER}.Environment.Variables.DEAD_LETTERS_TABLE", None)),
    (rights.a_function_has_rights_on_just_the_tables_it_is_told_of, "a variable alone for JournalTable",
     put("RelayOutboxFunction.Properties.Environment.Variables.JOURNAL_TABLE", {"Ref": "JournalTable"})),
    (rights.a_function_may_send_to_just_the_queues_it_is_told_of, "a right alone for SyncStatisticsQueue",
     put("ApiFunction.Properties.Environment.Variables.SYNC_STATISTICS_QUEUE_URL", None)),
    (rights.a_function_may_send_to_just_the_queues_it_is_told_of, "a right alone for RelayOutboxDeadLetterQueue",
     put(f"{STATEMENTS}.+", allow("sqs:SendMessage", get_att("RelayOutboxDeadLetterQueue")))),
    (rights.lambda_may_do_its_part_in_the_functions_name, "sqs:ReceiveMessage", put(STATEMENTS, [])),
    (rights.lambda_may_do_its_part_in_the_functions_name, "sqs:ReceiveMessage on SyncCampaignDeadLetterQueue",
     put("CollectDeadLettersRole.Properties.Policies", [])),
    (rights.lambda_may_do_its_part_in_the_functions_name, "dynamodb:GetRecords on JournalTable",
     put("ProjectViewsRole.Properties.Policies", [])),
    (rights.lambda_may_do_its_part_in_the_functions_name, "sqs:SendMessage on ProjectViewsDeadLetterQueue",
     put("ProjectViewsRole.Properties.Policies", [])),
    (rights.lambda_may_do_its_part_in_the_functions_name, "sqs:SendMessage on RelayOutboxDeadLetterQueue",
     put("RelayOutboxRole.Properties.Policies", [])),
    (rights.lambda_may_do_its_part_in_the_functions_name, "logs:PutLogEvents", put("ApiRole.Properties.Policies", [])),
    (rights.a_role_is_for_one_service_and_has_no_managed_policy, "ManagedPolicyArns",
     put(f"{ROLE}.ManagedPolicyArns", ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"])),
    (rights.a_role_is_for_one_service_and_has_no_managed_policy, "ec2.amazonaws.com",
     put(f"{ROLE}.AssumeRolePolicyDocument.Statement.0.Principal.Service", "ec2.amazonaws.com")),
    (rights.a_role_is_for_one_service_and_has_no_managed_policy, "lambda.amazonaws.com",
     put(f"{SCHEDULE_ROLE}.AssumeRolePolicyDocument.Statement.0.Principal.Service", ["lambda.amazonaws.com"])),
    (rights.a_role_is_for_one_service_and_has_no_managed_policy, "2 things",
     put(f"{WORKER}.Role", get_att("ApiRole"))),
    (rights.a_schedule_may_only_start_its_function, "ApiFunction",
     put(f"{SCHEDULE_ROLE}.Policies.0.PolicyDocument.Statement.0.Resource", get_att("ApiFunction"))),
    (rights.only_this_api_may_call_a_function, "Permission",
     put("ApiFunctionRequestsPermission.Properties.SourceArn", None)),
    (rights.only_this_api_may_call_a_function, "Permission",
     put("ApiFunctionRequestsPermission.Properties.Principal", "*")),
    # Keeping.
    (keeping.a_table_is_on_demand_encrypted_and_recoverable, "BillingMode", put(f"{TABLE}.BillingMode", "PROVISIONED")),
    (keeping.a_table_is_on_demand_encrypted_and_recoverable, "SSESpecification",
     put(f"{TABLE}.SSESpecification", None)),
    (keeping.a_table_is_on_demand_encrypted_and_recoverable, "PointInTime",
     put(f"{TABLE}.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", False)),
    (keeping.a_table_outlives_its_stack, "JournalTable", put("JournalTable.DeletionPolicy", "Delete")),
    (keeping.a_table_outlives_its_stack, "JournalTable", put("JournalTable.UpdateReplacePolicy", None)),
    (keeping.only_the_inbox_forgets, "InboxTable",
     put("InboxTable.Properties.TimeToLiveSpecification.AttributeName", "expiry")),
    (keeping.only_the_inbox_forgets, "JournalTable",
     put(f"{TABLE}.TimeToLiveSpecification", {"AttributeName": "expires_at", "Enabled": True})),
    (keeping.a_queue_is_encrypted, "SyncStatisticsQueue", put(f"{QUEUE}.SqsManagedSseEnabled", None)),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "BlockPublicPolicy",
     put(f"{BUCKET}.PublicAccessBlockConfiguration.BlockPublicPolicy", False)),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "ObjectOwnership",
     put(f"{BUCKET}.OwnershipControls.Rules.0.ObjectOwnership", "ObjectWriter")),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "BucketEncryption", put(f"{BUCKET}.BucketEncryption", None)),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "SecureTransport",
     put(f"{BUCKET_POLICY}.0.Condition.Bool", {"aws:SecureTransport": True})),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "SecureTransport",
     put(f"{BUCKET_POLICY}.0.Resource", [get_att("ObjectsBucket")])),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "imports/",
     put(f"{BUCKET}.LifecycleConfiguration.Rules.0.Status", "Disabled")),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "claims/",
     put(f"{BUCKET}.LifecycleConfiguration.Rules.3.Status", "Disabled")),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "AbortIncompleteMultipartUpload",
     put(f"{BUCKET}.LifecycleConfiguration.Rules.2", None)),
    (keeping.a_bucket_is_private_encrypted_and_forgets, "reports/",
     put(f"{BUCKET}.LifecycleConfiguration.Rules.1.Status", "Disabled")),
    (keeping.nothing_is_deleted_without_a_word, "ObjectsBucket", put("ObjectsBucket.DeletionPolicy", None)),
    (keeping.nothing_is_deleted_without_a_word, "UserPool", put("UserPool.DeletionPolicy", None)),
    (keeping.nothing_is_deleted_without_a_word, "SyncStatisticsQueue",
     put("SyncStatisticsQueue.UpdateReplacePolicy", None)),
    (keeping.logs_are_forgotten_in_time, "ApiLogGroup", put("ApiLogGroup.Properties.RetentionInDays", None)),
    (keeping.a_function_is_bounded_traced_and_logs_json, "Timeout", put(f"{WORKER}.Timeout", None)),
    (keeping.a_function_is_bounded_traced_and_logs_json, "LogFormat", put(f"{WORKER}.LoggingConfig.LogFormat", "Text")),
    (keeping.a_function_is_bounded_traced_and_logs_json, "Tracing", put(f"{WORKER}.TracingConfig", None)),
    (keeping.a_function_is_built_for_the_processor_that_was_asked_for, "Runtime",
     put(f"{WORKER}.Runtime", "provided.al2")),
    (keeping.a_function_is_built_for_the_processor_that_was_asked_for, "Architectures",
     put(f"{WORKER}.Architectures", None)),
    # The API.
    (api.a_route_asks_for_a_token, "x-amazon-apigateway-any-method /$default",
     put("HttpApi.Properties.Body.paths./$default.x-amazon-apigateway-any-method.security", None)),
    (api.a_route_asks_for_a_token, "get /open",
     put("HttpApi.Properties.Body.paths./open", {"get": {"security": [{"NONE": []}]}})),
    (api.a_route_asks_for_a_token, "get /openapi.json",
     put("HttpApi.Properties.Body.paths", {"/openapi.json": {"get": {"security": [{"TokenAuthorizer": []}]}}})),
    (api.a_token_is_checked_for_issuer_and_audience, "issuer", put(f"{AUTHORIZER}.jwtConfiguration.issuer", None)),
    (api.a_token_is_checked_for_issuer_and_audience, "audience", put(f"{AUTHORIZER}.jwtConfiguration.audience", [])),
    (api.a_token_is_checked_for_issuer_and_audience, "JWT", put(f"{AUTHORIZER}.type", "request")),
    (api.a_token_is_checked_for_issuer_and_audience, "Other",
     put("HttpApi.Properties.Body.components.securitySchemes.Other", {})),
    (api.a_token_of_our_own_pool_says_whose_data_and_which_rights, "stays as it is",
     put("UserPool.Properties.Schema.1.Mutable", True)),
    (api.a_token_of_our_own_pool_says_whose_data_and_which_rights, "anybody may sign up",
     put("UserPool.Properties.AdminCreateUserConfig", None)),
    (api.a_token_of_our_own_pool_says_whose_data_and_which_rights, "does not say",
     put("UserPoolClient.Properties.ReadAttributes", ["email"])),
    (api.a_token_of_our_own_pool_says_whose_data_and_which_rights, "callers may write",
     put("UserPoolClient.Properties.WriteAttributes.+", "custom:tenant")),
    (api.a_token_of_our_own_pool_says_whose_data_and_which_rights, "callers may write",
     put("UserPoolClient.Properties.WriteAttributes", None)),
    (api.a_token_of_our_own_pool_says_whose_data_and_which_rights, "no group",
     put("OpsGroup.Properties.GroupName", "operators")),
    (api.an_api_is_throttled_and_logged, "ThrottlingRateLimit",
     put("HttpApiApiGatewayDefaultStage.Properties.DefaultRouteSettings.ThrottlingRateLimit", None)),
    (api.an_api_is_throttled_and_logged, "AccessLogSettings",
     put("HttpApiApiGatewayDefaultStage.Properties.AccessLogSettings", None)),
    # Watching.
    (watching.a_function_is_watched_for_errors_and_throttles, "ApiFunction: Errors", put("ApiErrorsAlarm", None)),
    (watching.a_function_is_watched_for_errors_and_throttles, "ApiFunction: Throttles", put("ApiThrottlesAlarm", None)),
    (watching.a_scheduled_function_is_watched_for_silence, "EveryMinute",
     put("RelayOutboxSilentAlarm.Properties.TreatMissingData", "notBreaching")),
    (watching.a_stream_is_watched_for_how_far_behind_its_function_is, "IteratorAge",
     put("ProjectViewsIteratorAgeAlarm", None)),
    (watching.a_queue_is_watched_for_age_and_a_dead_letter_queue_for_content_too, "SyncStatisticsQueue",
     put("SyncStatisticsAgeAlarm", None)),
    (watching.a_queue_is_watched_for_age_and_a_dead_letter_queue_for_content_too, "MessagesVisible",
     put("RelayOutboxDeadLettersAlarm", None)),
    (watching.a_queue_is_watched_for_age_and_a_dead_letter_queue_for_content_too, "AgeOfOldest",
     put("RelayOutboxDeadLettersAgeAlarm", None)),
    (watching.a_worker_is_watched_for_what_it_parks_and_for_what_it_has_no_time_for, "permanent",
     put("SyncStatisticsParkedAlarm", None)),
    (watching.a_worker_is_watched_for_what_it_parks_and_for_what_it_has_no_time_for, "deadline_returned",
     put("SyncStatisticsDeadlineAlarm.Properties.Dimensions.0.Value", {"Ref": "ApiFunction"})),
    (watching.the_relay_is_watched_for_what_stays_in_the_outbox, "outbox_age_ms", put("RelayOutboxAgeAlarm", None)),
    (watching.the_relay_is_watched_for_what_stays_in_the_outbox, "unreadable",
     put("RelayOutboxUnreadableAlarm.Properties.MetricName", "unread")),
    (watching.a_question_to_the_logs_is_asked_of_every_function, "ApiLogGroup",
     put("ChainQuery.Properties.LogGroupNames.0", None)),
    (watching.an_alarm_says_what_to_look_at_and_reaches_the_topic, "AlarmDescription",
     put("ApiErrorsAlarm.Properties.AlarmDescription", None)),
    (watching.an_alarm_says_what_to_look_at_and_reaches_the_topic, "AlarmActions",
     put("ApiErrorsAlarm.Properties.AlarmActions", None)),
    (watching.an_alarm_says_what_to_look_at_and_reaches_the_topic, "AlarmActions",
     put("ApiErrorsAlarm.Properties.AlarmActions.Fn::If.1", [])),
    (watching.an_alarm_wakes_in_time, "ApiErrorsAlarm: MetricName",
     put("ApiErrorsAlarm.Properties.MetricName", "Mistakes")),
    (watching.an_alarm_wakes_in_time, "ApiErrorsAlarm: Statistic",
     put("ApiErrorsAlarm.Properties.Statistic", "Average")),
    (watching.an_alarm_wakes_in_time, "RelayOutboxAgeAlarm: ComparisonOperator",
     put("RelayOutboxAgeAlarm.Properties.ComparisonOperator", "LessThanThreshold")),
    (watching.an_alarm_wakes_in_time, "SyncStatisticsParkedAlarm: Threshold",
     put("SyncStatisticsParkedAlarm.Properties.Threshold", 1_000_000)),
    (watching.an_alarm_wakes_in_time, "SyncStatisticsAgeAlarm: Threshold",
     put("SyncStatisticsAgeAlarm.Properties.Threshold", 864_000)),
    (watching.an_alarm_wakes_in_time, "SyncStatisticsParkedAlarm: Period",
     put("SyncStatisticsParkedAlarm.Properties.EvaluationPeriods", 60)),
    (watching.an_alarm_wakes_in_time, "ApiErrorsAlarm: TreatMissingData",
     put("ApiErrorsAlarm.Properties.TreatMissingData", "breaching")),
]
