//! The template as plain JSON: YAML tags become `CloudFormation`'s long forms.

use std::fs;
use std::path::Path;

use serde_json::{Map, Number, Value, json};
use serde_yaml_ng as yaml;

use super::TemplateError;

/// Reads a template file; `!Sub x` becomes `{"Fn::Sub": "x"}`, as `CloudFormation` itself reads it.
pub(super) fn read(path: &Path) -> Result<Value, TemplateError> {
    let text = fs::read_to_string(path)
        .map_err(|source| TemplateError::Read { path: path.to_owned(), source })?;
    parse(&text).map_err(|reason| TemplateError::Invalid { path: path.to_owned(), reason })
}

fn parse(text: &str) -> Result<Value, String> {
    let document: yaml::Value = yaml::from_str(text).map_err(|error| error.to_string())?;
    let document = to_json(document)?;
    if !document["Resources"].is_object() {
        return Err("it has no `Resources`".to_owned());
    }
    Ok(document)
}

fn to_json(value: yaml::Value) -> Result<Value, String> {
    Ok(match value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(bool) => Value::Bool(bool),
        yaml::Value::Number(number) => Value::Number(to_json_number(&number)?),
        yaml::Value::String(string) => Value::String(string),
        yaml::Value::Sequence(items) => {
            Value::Array(items.into_iter().map(to_json).collect::<Result<_, _>>()?)
        }
        yaml::Value::Mapping(entries) => {
            let entries =
                entries.into_iter().map(|(key, value)| Ok((to_key(key)?, to_json(value)?)));
            Value::Object(entries.collect::<Result<Map<_, _>, String>>()?)
        }
        yaml::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            long_form(tag.trim_start_matches('!'), to_json(tagged.value)?)
        }
    })
}

fn long_form(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            json!({"Fn::GetAtt": [resource, attribute]})
        }
        (tag, value) => json!({ format!("Fn::{tag}"): value }),
    }
}

fn to_key(key: yaml::Value) -> Result<String, String> {
    match key {
        yaml::Value::String(key) => Ok(key),
        yaml::Value::Number(key) => Ok(key.to_string()),
        yaml::Value::Bool(key) => Ok(key.to_string()),
        other => Err(format!("a key is not a string: {other:?}")),
    }
}

fn to_json_number(number: &yaml::Number) -> Result<Number, String> {
    let integer = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
    integer
        .or_else(|| number.as_f64().and_then(Number::from_f64))
        .ok_or_else(|| format!("{number} is not a number in JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms_read_the_same() {
        let short =
            parse("{Resources: {a: !Sub 'x', b: !GetAtt Q.Arn, c: !Ref P, d: !If [C, 1, 2]}}");
        let long = parse(
            "{Resources: {a: {'Fn::Sub': x}, b: {'Fn::GetAtt': [Q, Arn]}, c: {Ref: P}, \
             d: {'Fn::If': [C, 1, 2]}}}",
        );

        assert_eq!(short.unwrap(), long.unwrap());
    }

    #[test]
    fn what_is_not_a_template_is_refused() {
        assert!(parse("just text").unwrap_err().contains("Resources"));
        assert!(parse("a: [").is_err());
    }
}
