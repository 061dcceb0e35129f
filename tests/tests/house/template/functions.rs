//! One folder, one package, one function.

use super::{all, functions, resources};
use crate::repository::{folders, must_be_empty};

#[test]
fn every_function_folder_is_one_function_of_the_template() {
    let mut deployed: Vec<_> = functions().iter().map(super::Resource::folder).collect();
    deployed.sort();
    let written = folders("functions");

    let missing = written.iter().filter(|folder| !deployed.contains(folder));
    let orphaned = deployed.iter().filter(|folder| !written.contains(folder));
    let violations: Vec<_> = missing
        .map(|folder| format!("functions/{folder} is not in the template"))
        .chain(orphaned.map(|folder| format!("the template's {folder} has no folder")))
        .collect();

    must_be_empty(&violations, "A function is its folder and its resource: add or remove both.");
}

#[test]
fn a_functions_names_are_derived_from_its_folder() {
    let mut violations = Vec::new();
    for function in functions() {
        let (id, stem, folder) = (&function.id, function.stem(), function.folder());
        let binary = function.body["Metadata"]["BuildProperties"]["Binary"].as_str();
        for (what, is, should) in [
            ("Binary", binary.unwrap_or_default(), folder.clone()),
            (
                "FunctionName",
                function.text("/FunctionName"),
                format!("${{AWS::StackName}}-{folder}"),
            ),
            ("Role", function.text("/Role"), format!("{stem}Role.Arn")),
            ("LogGroup", function.text("/LoggingConfig/LogGroup"), format!("{stem}LogGroup")),
        ] {
            if is != should {
                violations.push(format!("{id}: {what} is `{is}`, not `{should}`"));
            }
        }
    }

    must_be_empty(
        &violations,
        "One name everywhere: a log line then leads straight to its source.",
    );
}

#[test]
fn every_function_has_a_timeout_and_json_logs() {
    let violations: Vec<_> = functions()
        .iter()
        .filter(|function| {
            function.number("/Timeout") == 0 || function.text("/LoggingConfig/LogFormat") != "JSON"
        })
        .map(|function| function.id.clone())
        .collect();

    must_be_empty(&violations, "Name its Timeout, and LogFormat: JSON.");
}

#[test]
fn every_log_group_forgets_in_time() {
    let violations: Vec<_> = resources("AWS::Logs::LogGroup")
        .iter()
        .filter(|group| group.property("/RetentionInDays").is_null())
        .map(|group| group.id.clone())
        .collect();

    must_be_empty(
        &violations,
        "Set RetentionInDays: lines are kept, and paid for, for ever otherwise.",
    );
}

#[test]
fn every_schedule_is_named_after_its_function_and_keeps_what_it_could_not_start() {
    let mut violations = Vec::new();
    for function in functions() {
        for schedule in function.events("ScheduleV2") {
            let properties = &schedule["Properties"];
            if properties["Name"] != function.folder().as_str() {
                violations.push(format!("{}: the schedule's Name", function.id));
            }
            let queue = format!("{}DeadLetterQueue.Arn", function.stem());
            if properties["DeadLetterConfig"]["Arn"] != queue.as_str() {
                violations.push(format!("{}: the schedule's DeadLetterConfig", function.id));
            }
            if properties["RetryPolicy"]["MaximumRetryAttempts"].is_null() {
                violations.push(format!("{}: the schedule's RetryPolicy", function.id));
            }
            if function.text("/EventInvokeConfig/DestinationConfig/OnFailure/Destination") != queue
            {
                violations.push(format!("{}: EventInvokeConfig, OnFailure", function.id));
            }
        }
    }

    must_be_empty(
        &violations,
        "Name it as the function's folder, bound its retries, and send what failed to the function's DLQ.",
    );
}

#[test]
fn data_is_never_deleted_by_an_update_without_a_word() {
    let stateful = [
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
        "AWS::Cognito::UserPool",
    ];

    let violations: Vec<_> = all()
        .iter()
        .filter(|resource| stateful.iter().any(|kind| resource.body["Type"] == *kind))
        .filter(|resource| {
            resource.body["DeletionPolicy"].is_null()
                || resource.body["UpdateReplacePolicy"].is_null()
        })
        .map(|resource| resource.id.clone())
        .collect();

    must_be_empty(
        &violations,
        "Decide DeletionPolicy and UpdateReplacePolicy; the default deletes.",
    );
}
