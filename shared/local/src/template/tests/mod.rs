//! Templates from YAML to the stack that runs.

mod buckets;
mod streams;
mod topics;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Mapping, Schedule, ScheduleKind, Stack, Template, TemplateError};
use crate::filter::Filters;
use crate::sqs::FIFO_SUFFIX;

const AWS_URL: &str = "http://127.0.0.1:4566";

fn resolve(yaml: &str, overrides: &[(&str, &str)]) -> Result<Stack, TemplateError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("template.yaml");
    fs::write(&path, yaml).unwrap();
    let overrides =
        overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Template::load(&path)?.resolve(&overrides, AWS_URL)
}

/// A template with one function that has one variable.
fn with_variable(value: &str) -> String {
    format!(
        "
Parameters:
  Name: {{Type: String, Default: given}}
  Empty: {{Type: String, Default: ''}}
  Number: {{Type: Number, Default: 20}}
Conditions:
  IsEmpty: !Equals [!Ref Empty, '']
  IsGiven: !Not [!Condition IsEmpty]
  Both: !And [!Condition IsEmpty, !Equals [a, a]]
  Either: !Or [!Condition IsGiven, {{'Fn::Equals': [!Ref Name, given]}}]
Resources:
  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Sub '${{AWS::StackName}}-q'}}}}
  Unnamed: {{Type: AWS::SQS::Queue}}
  Role: {{Type: AWS::IAM::Role}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Join ['-', [!Ref AWS::StackName, state]]
      KeySchema: []
      AttributeDefinitions: []
  Circle: {{Type: AWS::SQS::Queue, Condition: IsGiven, Properties: {{QueueName: !Ref Circle}}}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-fn
      Environment: {{Variables: {{V: {value}}}}}
"
    )
}

#[test]
fn every_intrinsic_function_has_the_value_it_has_on_aws() {
    let cases = [
        ("plain", "plain"),
        ("5", "5"),
        ("!Ref Name", "given"),
        ("!Ref Number", "20"),
        ("{Ref: Name}", "given"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Queue", "http://127.0.0.1:4566/000000000000/local-q"),
        ("!Ref Unnamed", "http://127.0.0.1:4566/000000000000/local-Unnamed"),
        ("!Ref Table", "local-state"),
        ("!Ref Function", "local-fn"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:us-east-1:000000000000:local-q"),
        ("!GetAtt Queue.QueueName", "local-q"),
        (
            "{'Fn::GetAtt': [Table, Arn]}",
            "arn:aws:dynamodb:us-east-1:000000000000:table/local-state",
        ),
        ("{'Fn::GetAtt': 'Queue.QueueName'}", "local-q"),
        ("!GetAtt Function.Arn", "arn:aws:lambda:us-east-1:000000000000:function:local-fn"),
        ("!Sub '${Name}/${Queue.QueueName}/${AWS::AccountId}'", "given/local-q/000000000000"),
        ("!Sub 'a ${!Literal} b'", "a ${Literal} b"),
        ("!Sub ['${Own}-${Name}', {Own: !Ref Number}]", "20-given"),
        ("!Join [',', [a, !Ref Name, {'Fn::Sub': '${Number}'}]]", "a,given,20"),
        ("!If [IsEmpty, yes it is, no]", "yes it is"),
        ("!If [IsGiven, a, !If [Both, b, c]]", "b"),
        ("!If [Either, a, !Ref Nowhere]", "a"),
        ("{'Fn::If': [IsEmpty, !Ref Name, x]}", "given"),
    ];

    for (value, expected) in cases {
        let stack = resolve(&with_variable(value), &[]);

        let stack = stack.unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(stack.functions[0].environment["V"], expected, "{value}");
    }
}

#[test]
fn a_property_without_value_is_left_out() {
    let stack = resolve(&with_variable("!Ref AWS::NoValue"), &[]).unwrap();

    assert_eq!(stack.functions[0].environment, BTreeMap::new());
}

#[test]
fn what_cannot_be_resolved_is_named_with_its_resource_and_property() {
    let cases = [
        ("!Ref Nowhere", "there is no parameter or resource Nowhere"),
        ("!Ref Role", "Role is a AWS::IAM::Role, which has no value here"),
        ("!GetAtt Role.Arn", "Role is a AWS::IAM::Role, which has no Arn here"),
        ("!GetAtt Queue.Colour", "which has no Colour here"),
        ("!If [Nothing, a, b]", "there is no condition Nothing"),
        ("!If [IsEmpty, a]", "Fn::If takes 3 arguments"),
        ("!Sub '${Name'", "has no closing brace"),
        ("!ImportValue x", "Fn::ImportValue is not supported here"),
        ("!Ref Circle", "more than 32 deep"),
    ];

    for (value, expected) in cases {
        let error = resolve(&with_variable(value), &[]).unwrap_err().to_string();

        assert!(
            error.starts_with("Function: Environment/Variables/V cannot be resolved"),
            "{error}"
        );
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn parameters_are_overridden_by_name() {
    let template = with_variable("!If [IsEmpty, !Ref Name, other]");

    let named = resolve(&template, &[("Name", "mine")]).unwrap();
    let unknown = resolve(&template, &[("Nmae", "mine")]).unwrap_err();
    let valueless = resolve("{Parameters: {A: {Type: String}}, Resources: {}}", &[]).unwrap_err();

    assert_eq!(named.functions[0].environment["V"], "mine");
    assert_eq!(named.parameter("Number"), Some("20"));
    assert_eq!(unknown.to_string(), "the template has no parameter Nmae");
    assert_eq!(valueless.to_string(), "parameter A has no value");
}

#[test]
fn a_template_that_is_missing_is_named() {
    let error = Template::load(Path::new("nowhere/template.yaml")).unwrap_err();

    assert_eq!(error.to_string(), "cannot read the template nowhere/template.yaml");
}

/// A function with one SQS event on a queue with 30 s of visibility.
fn with_event(event: &str) -> String {
    format!(
        "
Resources:
  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: local-q}}}}
  Function:
    Type: AWS::Serverless::Function
    Properties: {{FunctionName: local-fn, Timeout: 30, Events: {{Event: {event}}}}}
"
    )
}

#[test]
fn what_an_event_asks_for_and_is_not_supported_is_refused() {
    let cases = [
        ("{Type: S3}", "Function.Events.Event: Type is not valid: events of type `S3`"),
        ("{Type: SQS, Properties: {}}", "Function.Events.Event: Queue is not valid: it is missing"),
        ("{Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:1:q'}}", "is not a local queue"),
        (
            "{Type: SQS, Properties: {Queue: 'arn:aws:sqs:us-east-1:000000000000:other'}}",
            "the template has no queue other",
        ),
        (
            "{Type: ScheduleV2, Properties: {ScheduleExpression: cron(0 12 * * ? *)}}",
            "ScheduleExpression is not valid: `cron(0 12 * * ? *)` is not rate(",
        ),
        (
            "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute), \
              Input: 'at <aws.scheduler.scheduled-time>: <aws.scheduler.execution-id>'}}",
            "Input is not valid: `<aws.scheduler.execution-id>` is not supported here",
        ),
        ("{Type: HttpApi, Properties: {Path: /a}}", "a route has a method and a path"),
    ];

    for (event, expected) in cases {
        let error = resolve(&with_event(event), &[]).unwrap_err().to_string();

        assert!(error.contains(expected), "{error}");
    }
}

/// A template with one function that gets messages of a queue.
fn with_mapping(queue: &str, properties: &str) -> String {
    let event = format!("{{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn, {properties}}}}}");
    let fifo = if queue.ends_with(FIFO_SUFFIX) { ", FifoQueue: true" } else { "" };
    with_event(&event).replace("QueueName: local-q", &format!("QueueName: {queue}{fifo}"))
}

#[test]
fn a_mapping_within_the_bounds_of_aws_is_read() {
    let filter = r#"FilterCriteria: {Filters: [{Pattern: '{"body": ["a"]}'}]}"#;
    let cases = [
        ("local-q", "BatchSize: 1"),
        ("local-q", "BatchSize: 10000, MaximumBatchingWindowInSeconds: 300"),
        ("local-q", "BatchSize: 11, MaximumBatchingWindowInSeconds: 1"),
        ("local-q", "ScalingConfig: {MaximumConcurrency: 2}"),
        ("local-q", "ScalingConfig: {MaximumConcurrency: 1000}"),
        ("local-q.fifo", "BatchSize: 10"),
    ];

    for (queue, properties) in cases {
        let stack = resolve(&with_mapping(queue, properties), &[]);
        assert!(stack.is_ok(), "{queue} {properties}: {stack:?}");
    }
    let stack = resolve(&with_mapping("local-q", filter), &[]).unwrap();
    let filters = &stack.mappings[0].filters;
    assert!(filters.pass("a") && !filters.pass("b"));
}

#[test]
fn a_mapping_that_aws_would_refuse_is_refused() {
    let cases = [
        ("local-q", "BatchSize: 0", "BatchSize is not valid: 0 is not 1 to 10000"),
        ("local-q", "BatchSize: 10001", "BatchSize is not valid"),
        ("local-q", "BatchSize: 11", "a batch of 11 needs a window of at least 1 s"),
        ("local-q", "MaximumBatchingWindowInSeconds: 301", "301 is not 0 to 300"),
        ("local-q.fifo", "BatchSize: 11", "11 is not 1 to 10"),
        ("local-q.fifo", "MaximumBatchingWindowInSeconds: 1", "FIFO queues have none"),
        ("local-q", "ScalingConfig: {MaximumConcurrency: 1}", "1 is not 2 to 1000"),
        ("local-q", "ScalingConfig: {MaximumConcurrency: 1001}", "1001 is not 2 to 1000"),
        ("local-q", "FilterCriteria: {Filters: []}", "FilterCriteria is not valid"),
        (
            "local-q",
            r#"FilterCriteria: {Filters: [{Pattern: '{"messageId": ["a"]}'}]}"#,
            "`messageId` cannot be filtered on",
        ),
    ];

    for (queue, properties, expected) in cases {
        let error = resolve(&with_mapping(queue, properties), &[]).unwrap_err().to_string();

        assert!(error.contains(expected), "{properties}: {error}");
    }
}

#[test]
fn a_function_that_may_outlast_its_messages_visibility_is_refused() {
    let mapped = with_event("{Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}");

    assert!(resolve(&mapped, &[]).is_ok(), "30 s of visibility are enough for 30 s");
    let error = resolve(&mapped.replace("Timeout: 30", "Timeout: 31"), &[]).unwrap_err();

    assert!(error.to_string().contains("VisibilityTimeout"), "{error}");
}

/// What this repository deploys is also what it runs here.
#[test]
fn the_template_of_this_repository_runs_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/template.yaml");
    let provider = BTreeMap::from([("ProviderUrl".to_owned(), "http://127.0.0.1:3001".to_owned())]);

    let stack = Template::load(&path).unwrap().resolve(&provider, AWS_URL).unwrap();

    let worker = stack.functions.iter().find(|f| f.name == "sync-statistics").unwrap();
    assert_eq!(worker.full_name, "local-sync-statistics");
    assert_eq!(worker.binary, "sync-statistics");
    assert_eq!(worker.timeout, Duration::from_secs(30));
    assert_eq!(worker.environment["JOURNAL_TABLE"], "local-journal");
    assert_eq!(worker.environment["PROVIDER_URL"], "http://127.0.0.1:3001");
    assert_eq!(
        worker.environment["SYNC_STATISTICS_QUEUE_URL"],
        "http://127.0.0.1:4566/000000000000/local-sync-statistics"
    );
    let mapping = stack.mappings.iter().find(|m| m.function == "sync-statistics").unwrap();
    assert_eq!(
        *mapping,
        Mapping {
            function: "sync-statistics".to_owned(),
            queue: "local-sync-statistics".to_owned(),
            queue_arn: "arn:aws:sqs:us-east-1:000000000000:local-sync-statistics".to_owned(),
            batch_size: 10,
            batching_window: Duration::ZERO,
            maximum_concurrency: Some(10),
            filters: Filters::default(),
            report_batch_item_failures: true,
        }
    );
    let schedule = stack.schedules.iter().find(|s| s.name == "relay-outbox").unwrap();
    assert_eq!(
        *schedule,
        Schedule {
            name: "relay-outbox".to_owned(),
            kind: ScheduleKind::EventBridgeScheduler,
            function: "relay-outbox".to_owned(),
            every: Duration::from_mins(1),
            input: None,
        }
    );
    assert!(
        stack.routes.iter().any(|r| r.key == "$default" && r.function == "api" && r.needs_token)
    );
    let inbox = stack.tables.iter().find(|table| table.name == "local-inbox").unwrap();
    assert_eq!(inbox.ttl_attribute.as_deref(), Some("expires_at"));
    assert_eq!(inbox.create_request["GlobalSecondaryIndexes"][0]["IndexName"], "chain");
    let queue = stack.queues.iter().find(|q| q.name == "local-sync-statistics").unwrap();
    let redrive: Value = serde_json::from_str(&queue.attributes["RedrivePolicy"]).unwrap();
    assert_eq!(
        redrive,
        json!({
            "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:local-sync-statistics-dlq",
            "maxReceiveCount": 100,
        })
    );
}
