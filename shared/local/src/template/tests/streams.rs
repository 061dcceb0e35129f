//! Mappings of streams, as a template declares them.

use std::time::Duration;

use super::resolve;
use crate::filter::Filters;
use crate::template::{Patience, StartingPosition, StreamMapping};

/// A template with a table, its stream, and a function with these properties of its mapping.
fn with_stream(properties: &str) -> String {
    format!(
        "
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: local-t
      KeySchema: []
      AttributeDefinitions: []
      StreamSpecification: {{StreamViewType: KEYS_ONLY}}
  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: local-failures}}}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: local-fn
      Events:
        Stream:
          Type: DynamoDB
          Properties: {{Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, {properties}}}
"
    )
}

#[test]
fn a_mapping_of_a_stream_has_the_defaults_that_it_has_on_aws() {
    let stack = resolve(&with_stream(""), &[]).unwrap();

    assert_eq!(
        stack.stream_mappings,
        [StreamMapping {
            function: "fn".to_owned(),
            table: "local-t".to_owned(),
            batch_size: 100,
            batching_window: Duration::ZERO,
            starting_position: StartingPosition::TrimHorizon,
            patience: Patience { maximum_retries: None, maximum_record_age: None, bisect: false },
            on_failure: None,
            filters: Filters::default(),
            report_batch_item_failures: false,
        }]
    );
}

#[test]
fn a_mapping_of_a_stream_is_as_its_properties_say() {
    let properties = "BatchSize: 7, MaximumBatchingWindowInSeconds: 2, MaximumRetryAttempts: 3, \
        MaximumRecordAgeInSeconds: 60, BisectBatchOnFunctionError: true, \
        FunctionResponseTypes: [ReportBatchItemFailures], \
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Queue.Arn}}";
    let mut stack = resolve(&with_stream(properties), &[]).unwrap();

    let mapping = stack.stream_mappings.remove(0);

    assert_eq!((mapping.batch_size, mapping.batching_window), (7, Duration::from_secs(2)));
    assert!(mapping.report_batch_item_failures);
    assert_eq!(mapping.on_failure.as_deref(), Some("local-failures"));
    let maximum_record_age = Some(Duration::from_mins(1));
    let patience = Patience { maximum_retries: Some(3), maximum_record_age, bisect: true };
    assert_eq!(mapping.patience, patience);
    let endless = resolve(&with_stream("MaximumRetryAttempts: -1"), &[]).unwrap();
    assert_eq!(endless.stream_mappings[0].patience.maximum_retries, None);
    let off = resolve(&with_stream("Enabled: false"), &[]).unwrap();
    assert_eq!(off.stream_mappings, []);
}

#[test]
fn a_mapping_of_a_stream_that_aws_would_refuse_is_refused() {
    let another_account =
        "DestinationConfig: {OnFailure: {Destination: 'arn:aws:sqs:us-east-1:1:other'}}";
    let elsewhere = &another_account.replace(":1:", ":000000000000:");
    let cases = [
        ("BatchSize: 0", "0 is not 1 to 10000"),
        ("BatchSize: 10001", "10001 is not 1 to 10000"),
        ("MaximumBatchingWindowInSeconds: 301", "301 is not 0 to 300"),
        ("MaximumRetryAttempts: 10001", "10001 is not 0 to 10000"),
        ("MaximumRecordAgeInSeconds: 59", "59 is not 60 to 604800"),
        ("ParallelizationFactor: 2", "it is not supported here"),
        ("TumblingWindowInSeconds: 2", "it is not supported here"),
        ("FilterCriteria: {Filters: []}", "FilterCriteria is not valid"),
        (another_account, "is no local queue"),
        (elsewhere, "the template has no queue other"),
    ];

    for (properties, expected) in cases {
        let error = resolve(&with_stream(properties), &[]).unwrap_err().to_string();

        assert!(error.contains(expected), "{properties}: {error}");
    }
    let template = with_stream("");
    for (right, wrong, expected) in [
        ("TRIM_HORIZON", "AT_TIMESTAMP", "neither TRIM_HORIZON nor LATEST"),
        ("!GetAtt Table.StreamArn", "!GetAtt Table.Arn", "is not the stream of a table"),
        ("StreamSpecification", "Elsewhere", "no table local-t with a stream"),
    ] {
        let error = resolve(&template.replace(right, wrong), &[]).unwrap_err().to_string();

        assert!(error.contains(expected), "{wrong}: {error}");
    }
}
