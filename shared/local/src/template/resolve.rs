//! Evaluates `CloudFormation`'s intrinsic functions for the local stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ACCOUNT, PARTITION, REGION, STACK, TemplateError};
use crate::secrets::secret_arn;

/// How deep values may refer to one another; a template that goes deeper runs in a circle.
const DEPTH: usize = 32;

/// Values by name: parameters, pseudo parameters, and what resources are called here.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    document: &'a Value,
    parameters: &'a BTreeMap<String, Value>,
    /// `http://127.0.0.1:4566`, where the queues are.
    aws_url: &'a str,
}

/// Removes the property that it is the value of.
struct NoValue;

type Resolved = Result<Result<Value, NoValue>, String>;

impl<'a> Resolver<'a> {
    pub(super) fn new(
        document: &'a Value,
        parameters: &'a BTreeMap<String, Value>,
        aws_url: &'a str,
    ) -> Self {
        Self { document, parameters, aws_url }
    }

    /// The value of one property; `None` if it is `AWS::NoValue`.
    pub(super) fn resolve(
        &self,
        owner: &str,
        property: &str,
        value: &Value,
    ) -> Result<Option<Value>, TemplateError> {
        let resolved = self.value(value, 0).map_err(|reason| TemplateError::Unresolved {
            owner: owner.to_owned(),
            property: property.to_owned(),
            reason,
        })?;
        Ok(resolved.ok())
    }

    /// Whether a named condition holds.
    pub(super) fn holds(&self, owner: &str, condition: &str) -> Result<bool, TemplateError> {
        self.condition(condition, 0).map_err(|reason| TemplateError::Unresolved {
            owner: owner.to_owned(),
            property: "Condition".to_owned(),
            reason,
        })
    }

    fn value(&self, value: &Value, depth: usize) -> Resolved {
        if depth > DEPTH {
            return Err(format!("values refer to each other more than {DEPTH} deep"));
        }
        match value {
            Value::Object(entries) => match single(entries) {
                Some(("Ref", name)) => self.reference(text(name)?, depth),
                Some(("Condition", name)) if name.is_string() => {
                    self.condition(text(name)?, depth).map(|holds| Ok(Value::Bool(holds)))
                }
                Some((name, argument)) if name.starts_with("Fn::") => {
                    self.function(name, argument, depth + 1)
                }
                _ => self.entries(entries, depth + 1).map(|object| Ok(Value::Object(object))),
            },
            Value::Array(items) => {
                self.items(items, depth + 1).map(|items| Ok(Value::Array(items)))
            }
            plain => Ok(Ok(plain.clone())),
        }
    }

    fn entries(
        &self,
        entries: &Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, String> {
        let mut resolved = Map::new();
        for (key, value) in entries {
            if let Ok(value) = self.value(value, depth)? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(resolved)
    }

    fn items(&self, items: &[Value], depth: usize) -> Result<Vec<Value>, String> {
        let mut resolved = Vec::with_capacity(items.len());
        for item in items {
            if let Ok(item) = self.value(item, depth)? {
                resolved.push(item);
            }
        }
        Ok(resolved)
    }

    fn function(&self, name: &str, argument: &Value, depth: usize) -> Resolved {
        let string = |value: String| Ok(Ok(Value::String(value)));
        match name {
            "Fn::Sub" => string(self.substitute(argument, depth)?),
            "Fn::GetAtt" => string(self.attribute_of(argument, depth)?),
            "Fn::Join" => string(self.join(argument, depth)?),
            "Fn::If" => {
                let [condition, then, otherwise] = arguments(name, argument)?;
                let chosen =
                    if self.condition(text(condition)?, depth)? { then } else { otherwise };
                self.value(chosen, depth)
            }
            "Fn::Equals" => {
                let [left, right] = arguments(name, argument)?;
                let equal = self.string(left, depth)? == self.string(right, depth)?;
                Ok(Ok(Value::Bool(equal)))
            }
            "Fn::Not" => {
                let [operand] = arguments(name, argument)?;
                Ok(Ok(Value::Bool(!self.truth(operand, depth)?)))
            }
            "Fn::And" | "Fn::Or" => {
                let operands = argument.as_array().ok_or_else(|| format!("{name} takes a list"))?;
                let truths: Vec<bool> =
                    operands.iter().map(|o| self.truth(o, depth)).collect::<Result<_, _>>()?;
                let all = name == "Fn::And";
                Ok(Ok(Value::Bool(
                    truths.iter().fold(
                        all,
                        |sum, truth| {
                            if all { sum && *truth } else { sum || *truth }
                        },
                    ),
                )))
            }
            other => Err(format!("{other} is not supported here")),
        }
    }

    fn reference(&self, name: &str, depth: usize) -> Resolved {
        if name == "AWS::NoValue" {
            return Ok(Err(NoValue));
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Ok(value.clone()));
        }
        if let Some(value) = pseudo_parameter(name) {
            return Ok(Ok(Value::String(value.to_owned())));
        }
        let named = match self.kind(name)? {
            "AWS::SQS::Queue" => self.attribute(name, "QueueUrl", depth)?,
            "AWS::SNS::Topic" => self.attribute(name, "TopicArn", depth)?,
            "AWS::DynamoDB::Table" => self.physical_name(name, "TableName", depth)?,
            "AWS::S3::Bucket" => self.physical_name(name, "BucketName", depth)?,
            "AWS::SecretsManager::Secret" => secret_arn(&self.physical_name(name, "Name", depth)?),
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => {
                self.physical_name(name, "FunctionName", depth)?
            }
            kind => return Err(format!("{name} is a {kind}, which has no value here")),
        };
        Ok(Ok(Value::String(named)))
    }

    fn attribute_of(&self, argument: &Value, depth: usize) -> Result<String, String> {
        match argument {
            Value::String(path) => {
                let (name, attribute) = path.split_once('.').unwrap_or((path, ""));
                self.attribute(name, attribute, depth)
            }
            list => {
                let [name, attribute] = arguments("Fn::GetAtt", list)?;
                self.attribute(text(name)?, text(attribute)?, depth)
            }
        }
    }

    fn attribute(&self, name: &str, attribute: &str, depth: usize) -> Result<String, String> {
        let kind = self.kind(name)?;
        let name_property = match kind {
            "AWS::SNS::Topic" => "TopicName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::DynamoDB::Table" => "TableName",
            "AWS::S3::Bucket" => "BucketName",
            _ => "FunctionName",
        };
        let physical = || self.physical_name(name, name_property, depth);
        let arn = |service: &str, resource: String| {
            format!("arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}")
        };
        Ok(match (kind, attribute) {
            ("AWS::SNS::Topic", "TopicArn") => arn("sns", physical()?),
            ("AWS::SQS::Queue", "Arn") => arn("sqs", physical()?),
            ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => physical()?,
            ("AWS::SQS::Queue", "QueueUrl") => {
                format!("{}/{ACCOUNT}/{}", self.aws_url, physical()?)
            }
            ("AWS::S3::Bucket", "Arn") => format!("arn:{PARTITION}:s3:::{}", physical()?),
            ("AWS::DynamoDB::Table", "Arn") => arn("dynamodb", format!("table/{}", physical()?)),
            // Its label is known when it was made; until then its table says which it is.
            ("AWS::DynamoDB::Table", "StreamArn") => {
                arn("dynamodb", format!("table/{}/stream/local", physical()?))
            }
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn") => {
                arn("lambda", format!("function:{}", physical()?))
            }
            _ => return Err(format!("{name} is a {kind}, which has no {attribute} here")),
        })
    }

    /// The name given by a property of the resource, or made from the stack and logical id.
    fn physical_name(&self, name: &str, property: &str, depth: usize) -> Result<String, String> {
        match &self.document["Resources"][name]["Properties"][property] {
            Value::Null => Ok(format!("{STACK}-{name}")),
            given => self.string(given, depth + 1),
        }
    }

    fn kind(&self, name: &str) -> Result<&'a str, String> {
        self.document["Resources"][name]["Type"]
            .as_str()
            .ok_or_else(|| format!("there is no parameter or resource {name}"))
    }

    fn condition(&self, name: &str, depth: usize) -> Result<bool, String> {
        match &self.document["Conditions"][name] {
            Value::Null => Err(format!("there is no condition {name}")),
            condition => self.truth(condition, depth + 1),
        }
    }

    fn truth(&self, value: &Value, depth: usize) -> Result<bool, String> {
        match self.value(value, depth)? {
            Ok(Value::Bool(truth)) => Ok(truth),
            _ => Err("a condition is neither true nor false".to_owned()),
        }
    }

    fn string(&self, value: &Value, depth: usize) -> Result<String, String> {
        match self.value(value, depth)? {
            Ok(Value::String(string)) => Ok(string),
            Ok(plain @ (Value::Number(_) | Value::Bool(_))) => Ok(plain.to_string()),
            _ => Err("a text is needed, but there is something else".to_owned()),
        }
    }

    fn join(&self, argument: &Value, depth: usize) -> Result<String, String> {
        let [delimiter, items] = arguments("Fn::Join", argument)?;
        let items = items.as_array().ok_or("Fn::Join takes a delimiter and a list")?;
        let parts: Vec<String> =
            items.iter().map(|item| self.string(item, depth)).collect::<Result<_, _>>()?;
        Ok(parts.join(text(delimiter)?))
    }

    /// `${Name}`, `${Resource.Attribute}`, and `${!Literal}`; with own variables in the long form.
    fn substitute(&self, argument: &Value, depth: usize) -> Result<String, String> {
        let (pattern, variables) = match argument {
            Value::String(pattern) => (pattern.as_str(), None),
            list => {
                let [pattern, variables] = arguments("Fn::Sub", list)?;
                (text(pattern)?, variables.as_object())
            }
        };
        let mut result = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, following) =
                after.split_once('}').ok_or_else(|| format!("`{pattern}` has no closing brace"))?;
            result.push_str(before);
            rest = following;
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
            } else if let Some(value) = variables.and_then(|variables| variables.get(name)) {
                result.push_str(&self.string(value, depth)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(resource, attribute, depth)?);
            } else {
                result.push_str(&self.string(&serde_json::json!({"Ref": name}), depth + 1)?);
            }
        }
        result.push_str(rest);
        Ok(result)
    }
}

fn pseudo_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "AWS::Region" => REGION,
        "AWS::AccountId" => ACCOUNT,
        "AWS::StackName" => STACK,
        "AWS::Partition" => PARTITION,
        "AWS::URLSuffix" => "amazonaws.com",
        _ => return None,
    })
}

/// An intrinsic function is an object with one key.
fn single(entries: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = entries.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("a name is needed instead of {value}"))
}

fn arguments<'v, const N: usize>(name: &str, value: &'v Value) -> Result<[&'v Value; N], String> {
    let list: Vec<&Value> = value.as_array().into_iter().flatten().collect();
    list.try_into().map_err(|_| format!("{name} takes {N} arguments"))
}
