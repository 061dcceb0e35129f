//! Buckets, and whom they tell.

use super::resolve;
use crate::template::{Bucket, BucketNotice, TemplateError};

fn bucket(notices: &str) -> Result<Bucket, TemplateError> {
    let template = format!(
        "
Resources:
  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Sub '${{AWS::StackName}}-told'}}}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub ${{AWS::StackName}}-${{AWS::AccountId}}
      NotificationConfiguration: {notices}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-fn
      Environment: {{Variables: {{NAME: !Ref Bucket, ARN: !GetAtt Bucket.Arn}}}}
"
    );
    let mut stack = resolve(&template, &[])?;
    let environment = &stack.functions[0].environment;
    assert_eq!(environment["NAME"], "local-000000000000");
    assert_eq!(environment["ARN"], "arn:aws:s3:::local-000000000000");
    Ok(stack.buckets.remove(0))
}

#[test]
fn a_bucket_tells_the_queues_of_its_notices() {
    let told = bucket(
        "{QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: !GetAtt Queue.Arn, Filter: {S3Key: {Rules: \
         [{Name: prefix, Value: imports/}, {Name: suffix, Value: .csv}]}}}, \
         {Event: 's3:ObjectCreated:Put', Queue: !GetAtt Queue.Arn}]}",
    );

    let notice = |prefix: &str, suffix: &str| BucketNotice {
        queue: "local-told".to_owned(),
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
    };
    let told = told.unwrap();
    assert_eq!(told.name, "local-000000000000");
    assert_eq!(told.notices, [notice("imports/", ".csv"), notice("", "")]);
    assert!(told.notices[0].wants("imports/a.csv") && !told.notices[0].wants("imports/a.txt"));
    assert!(!told.notices[0].wants("exports/a.csv") && told.notices[1].wants("anything"));
}

#[test]
fn what_a_bucket_would_tell_and_nobody_hear_here_is_refused() {
    for (notices, reason) in [
        ("{TopicConfigurations: []}", "TopicConfigurations are not here"),
        (
            "{QueueConfigurations: [{Event: 's3:ObjectRemoved:*', Queue: !GetAtt Queue.Arn}]}",
            "s3:ObjectRemoved:*",
        ),
        ("{QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: here}]}", "here is no queue"),
        ("{QueueConfigurations: [{Event: 's3:ObjectCreated:*'}]}", "missing field `Queue`"),
        (
            "{QueueConfigurations: [{Event: 's3:ObjectCreated:*', Queue: !GetAtt Queue.Arn, Filter: {S3Key: {Rules: \
             [{Name: size, Value: '1'}]}}}]}",
            "by their size",
        ),
    ] {
        let refused = bucket(notices).unwrap_err().to_string();
        assert!(
            refused.contains("NotificationConfiguration") && refused.contains(reason),
            "{refused}"
        );
    }
}
