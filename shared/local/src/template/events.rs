//! What invokes a function: queues, schedules, routes.

use std::time::Duration;

use serde_json::Value;

use super::resource::Resource;
use super::{
    Function, Route, SCHEDULED_TIME, Schedule, ScheduleKind, Stack, TemplateError, mappings,
    stream_mappings,
};

/// Adds the mappings, schedules and routes that a function declares.
pub(super) fn add(
    stack: &mut Stack,
    document: &Value,
    owner: &Resource<'_>,
    function: &Function,
) -> Result<(), TemplateError> {
    for (name, body) in owner.body["Properties"]["Events"].as_object().into_iter().flatten() {
        let id = format!("{}.Events.{name}", owner.id);
        let kind = body["Type"].as_str().unwrap_or_default();
        let event =
            Resource { id: &id, kind, body, globals: &Value::Null, resolver: owner.resolver };
        match event.kind {
            "SQS" => stack.mappings.extend(mappings::read(&event, function)?),
            "DynamoDB" => {
                stack.stream_mappings.extend(stream_mappings::read(&event, function)?);
            }
            "Schedule" => {
                let kind = ScheduleKind::EventBridgeRule;
                let expression: String = event.required("Schedule")?;
                stack.schedules.extend(schedule(&event, name, kind, &expression, function)?);
            }
            "ScheduleV2" => {
                let kind = ScheduleKind::EventBridgeScheduler;
                let expression: String = event.required("ScheduleExpression")?;
                stack.schedules.extend(schedule(&event, name, kind, &expression, function)?);
            }
            "HttpApi" => stack.routes.push(route(document, &event, function)?),
            other => {
                let reason = format!("events of type `{other}` are not supported here");
                return Err(event.invalid("Type", reason));
            }
        }
    }
    Ok(())
}

fn schedule(
    event: &Resource<'_>,
    event_name: &str,
    kind: ScheduleKind,
    expression: &str,
    function: &Function,
) -> Result<Option<Schedule>, TemplateError> {
    let disabled = event.optional::<String>("State")?.is_some_and(|state| state == "DISABLED");
    if disabled {
        return Ok(None);
    }
    let every = rate(expression).ok_or_else(|| {
        let reason =
            format!("`{expression}` is not rate(N minutes|hours|days), which is all we run");
        event.invalid("ScheduleExpression", reason)
    })?;
    Ok(Some(Schedule {
        name: event.optional("Name")?.unwrap_or_else(|| event_name.to_owned()),
        kind,
        function: function.name.clone(),
        every,
        input: input(event, kind)?,
    }))
}

/// What is sent instead of the service's own event. Of all that the scheduler fills in, we know when it was due.
fn input(event: &Resource<'_>, kind: ScheduleKind) -> Result<Option<String>, TemplateError> {
    let input: Option<String> = event.optional("Input")?;
    let unknown = input
        .iter()
        .filter(|_| kind == ScheduleKind::EventBridgeScheduler)
        .flat_map(|input| input.split_inclusive('>'))
        .filter_map(|part| part.find("<aws.").map(|start| &part[start..]))
        .find(|attribute| *attribute != SCHEDULED_TIME);
    match unknown {
        Some(attribute) => {
            let reason = format!("`{attribute}` is not supported here, only `{SCHEDULED_TIME}`");
            Err(event.invalid("Input", reason))
        }
        None => Ok(input),
    }
}

/// `rate(1 minute)`, `rate(5 minutes)`, … The unit is singular for one, as AWS insists.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let unit_s = match (unit, count) {
        ("minute", 1) | ("minutes", 2..) => 60,
        ("hour", 1) | ("hours", 2..) => 3_600,
        ("day", 1) | ("days", 2..) => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(unit_s)?))
}

fn route(
    document: &Value,
    event: &Resource<'_>,
    function: &Function,
) -> Result<Route, TemplateError> {
    let key = match (event.optional::<String>("Method")?, event.optional::<String>("Path")?) {
        (Some(method), Some(path)) => format!("{} {path}", method.to_uppercase()),
        (None, None) => "$default".to_owned(),
        _ => return Err(event.invalid("Path", "a route has a method and a path".to_owned())),
    };
    let api = event.body["Properties"]["ApiId"]["Ref"].as_str().unwrap_or("ServerlessHttpApi");
    let default = document["Resources"][api]["Properties"]["Auth"]["DefaultAuthorizer"].as_str();
    let auth = event.value("Auth")?.unwrap_or_default();
    let authorizer = auth["Authorizer"].as_str().or(default).unwrap_or("NONE");
    Ok(Route { key, function: function.name.clone(), needs_token: authorizer != "NONE" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_aws_reads_them() {
        let cases = [
            ("rate(1 minute)", Some(60)),
            ("rate(15 minutes)", Some(900)),
            ("rate(2 hours)", Some(7_200)),
            ("rate(1 day)", Some(86_400)),
            ("rate(1 minutes)", None),
            ("rate(0 minutes)", None),
            ("rate(5 minute)", None),
            ("cron(0 12 * * ? *)", None),
        ];

        for (expression, seconds) in cases {
            assert_eq!(rate(expression), seconds.map(Duration::from_secs), "{expression}");
        }
    }
}
