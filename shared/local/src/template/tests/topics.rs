//! Topics, and the queues that are subscribed to them.

use super::resolve;
use crate::template::{TemplateError, Topic};

fn topic(subscription: &str) -> Result<Topic, TemplateError> {
    let template = format!(
        "
Resources:
  Subscription: {{Type: AWS::SNS::Subscription, Properties: {subscription}}}
  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Sub '${{AWS::StackName}}-told'}}}}
  Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Sub '${{AWS::StackName}}-events'}}}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-fn
      Environment: {{Variables: {{TOPIC: !Ref Topic, NAME: !GetAtt Topic.TopicName}}}}
"
    );
    let mut stack = resolve(&template, &[])?;
    let environment = &stack.functions[0].environment;
    assert_eq!(environment["TOPIC"], "arn:aws:sns:us-east-1:000000000000:local-events");
    assert_eq!(environment["NAME"], "local-events");
    Ok(stack.topics.remove(0))
}

#[test]
fn a_queue_is_subscribed_with_its_policy_as_json() {
    let topic = topic(
        "{TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn, RawMessageDelivery: true, \
         FilterPolicy: {type: [{prefix: user.}]}, RedrivePolicy: {deadLetterTargetArn: !GetAtt Queue.Arn}}",
    )
    .expect("a topic");

    let subscription = &topic.subscriptions[0];
    let arn = "arn:aws:sqs:us-east-1:000000000000:local-told";
    assert_eq!((topic.name.as_str(), subscription.queue_arn.as_str()), ("local-events", arn));
    assert_eq!(subscription.attributes["FilterPolicy"], r#"{"type":[{"prefix":"user."}]}"#);
    assert_eq!(subscription.attributes["RawMessageDelivery"], "true");
    assert_eq!(
        subscription.attributes["RedrivePolicy"],
        format!(r#"{{"deadLetterTargetArn":"{arn}"}}"#)
    );
}

#[test]
fn a_subscription_that_would_deliver_nothing_here_is_refused() {
    let refused = [
        "{TopicArn: !Ref Topic, Protocol: email, Endpoint: a@example.com}",
        "{TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Function.Arn}",
        "{TopicArn: 'arn:aws:sns:us-east-1:000000000000:other', Protocol: sqs, Endpoint: !GetAtt Queue.Arn}",
    ]
    .map(|subscription| topic(subscription).expect_err("refused").to_string());

    for (said, property) in refused.iter().zip(["Protocol", "Endpoint", "TopicArn"]) {
        assert!(said.contains("Subscription") && said.contains(property), "{said}");
    }
}
