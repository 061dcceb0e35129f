//! The host with real processes: this test binary itself plays the function.

use std::collections::BTreeMap;
use std::env;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{Client, Response as HttpResponse, StatusCode};
use serde_json::{Value, json};

use crate::aws::Killer as _;

use super::process::Process;
use super::{Host, InvokeError, Launch, Log, Processes};

const TIMEOUT: Duration = Duration::from_secs(20);
/// How long the played function is slow.
const SLOW: Duration = Duration::from_millis(300);

/// Not a test: the function that the tests below start. Alone it does nothing.
#[tokio::test]
async fn plays_the_function() {
    let Some(api) = env::var_os("AWS_LAMBDA_RUNTIME_API") else { return };
    let api = api.into_string().unwrap();
    let mode = env::var_os("MODE").unwrap_or_default();
    if mode == "exit" {
        std::process::exit(3);
    }
    let client = Client::new();
    if mode == "report" {
        let error = json!({"errorType": "Config", "errorMessage": "JOURNAL_TABLE is missing"});
        let url = format!("{api}/2018-06-01/runtime/init/error");
        client.post(url).json(&error).send().await.unwrap();
        return;
    }
    if mode == "extension" {
        let url = format!("{api}/2020-01-01/extension/register");
        let registered = client.post(url).json(&json!({"events": []})).send().await.unwrap();
        assert!(registered.headers().contains_key("lambda-extension-identifier"));
    }
    eprintln!("started");
    loop {
        let next = format!("{api}/2018-06-01/runtime/invocation/next");
        let Ok(next) = client.get(next).send().await else { return };
        if next.status() != StatusCode::OK {
            return;
        }
        react(&client, &api, next).await;
    }
}

/// Does what the event says: its `do`, or its body if it came by HTTP or a queue.
async fn react(client: &Client, api: &str, next: HttpResponse) {
    let header = |name: &str| next.headers()[name].to_str().unwrap().to_owned();
    let id = header("lambda-runtime-aws-request-id");
    let url = |end: &str| format!("{api}/2018-06-01/runtime/invocation/{id}/{end}");
    let mut told = json!({
        "pid": std::process::id(),
        "deadline_ms": header("lambda-runtime-deadline-ms").parse::<i64>().unwrap(),
        "arn": header("lambda-runtime-invoked-function-arn"),
        "trace": header("lambda-runtime-trace-id"),
        "values": env::vars_os()
            .map(|(name, value)| (name.into_string().unwrap(), value.into_string().unwrap()))
            .collect::<BTreeMap<_, _>>(),
    });
    let event: Value = next.json().await.unwrap();
    told["event"] = event.clone();
    let record = &event["Records"][0];
    let texts = [&event["do"], &event["body"], &record["body"], &event["source"]];
    let what = texts.iter().find_map(|text| text.as_str()).unwrap_or_default();
    eprintln!("got {what}");
    if what == "slow" {
        tokio::time::sleep(SLOW).await;
    }

    let answer = match (what, record.is_object()) {
        ("hang", _) => return std::future::pending().await,
        ("crash", _) => {
            eprintln!("thread 'main' panicked at 'boom'");
            std::process::exit(101);
        }
        ("fail", true) => {
            json!({"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}).to_string()
        }
        ("fail", false) => {
            let error = json!({"errorType": "Broken", "errorMessage": "no luck"});
            client.post(url("error")).json(&error).send().await.unwrap();
            return;
        }
        ("large", _) => " ".repeat(7 * 1024 * 1024),
        // Nothing failed.
        (_, true) => String::new(),
        (_, false) => told.to_string(),
    };
    // A refused answer is the host's to report.
    let _ = client.post(url("response")).body(answer).send().await;
}

struct Running {
    host: Host,
    processes: Processes,
    log: Log,
}

impl Running {
    async fn start(mode: &str, timeout: Duration, environments: usize) -> Self {
        let launch = launch(mode, timeout, environments);
        let (processes, log) = (Processes::default(), Log::in_memory());
        let host = Host::start(vec![launch], processes.clone(), log.clone()).await.unwrap();
        Self { host, processes, log }
    }

    async fn invoke(&self, event: Value) -> Result<Value, InvokeError> {
        let answer = self.host.invoke("fn", Bytes::from(event.to_string())).await?;
        Ok(serde_json::from_slice(&answer.payload).unwrap())
    }

    /// Stops the host and proves that no process is left.
    async fn stop(self) {
        self.host.stop().await;
        assert_eq!(self.processes.count("fn"), 0, "{:#?}", self.log.lines());
    }
}

fn launch(mode: &str, timeout: Duration, environments: usize) -> Launch {
    let variables = [("MODE", mode), ("AWS_LAMBDA_FUNCTION_NAME", "local-fn")];
    Launch {
        function: "fn".to_owned(),
        program: env::current_exe().unwrap(),
        arguments: ["--exact", "lambda::tests::plays_the_function", "--nocapture"]
            .map(str::to_owned)
            .into(),
        environment: BTreeMap::from(variables.map(|(k, v)| (k.to_owned(), v.to_owned()))),
        timeout,
        environments,
    }
}

#[tokio::test]
async fn a_process_stays_warm_and_learns_what_lambda_tells() {
    let running = Running::start("", TIMEOUT, 4).await;

    let before = Timestamp::now().as_millisecond();
    let first = running.invoke(json!({"do": "tell"})).await.unwrap();
    let second = running.invoke(json!({"do": "tell"})).await.unwrap();
    let after = Timestamp::now().as_millisecond();

    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(running.processes.count("fn"), 1, "more are started when they are needed");
    assert_eq!(first["arn"], "arn:aws:lambda:us-east-1:000000000000:function:local-fn");
    assert!(first["trace"].as_str().unwrap().starts_with("Root=1-"));
    let remaining_ms = second["deadline_ms"].as_i64().unwrap() - before;
    assert!((20_000..=20_000 + after - before).contains(&remaining_ms), "{remaining_ms}");
    let variables: Vec<&str> =
        first["values"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API", "MODE", "PATH"];
    assert!(variables.iter().all(|name| expected.contains(name)), "{variables:?}");
    assert!(running.log.lines().contains(&"[fn] started".to_owned()));
    running.stop().await;
}

#[tokio::test]
async fn a_reported_error_reaches_the_caller_and_the_process_goes_on() {
    let running = Running::start("", TIMEOUT, 1).await;
    let before = running.invoke(json!({"do": "tell"})).await.unwrap();

    let failed = running.invoke(json!({"do": "fail"})).await.unwrap_err();

    let InvokeError::FunctionError { source, .. } = failed else { panic!("{failed:?}") };
    assert_eq!(source.to_string(), "Broken: no luck");
    let after = running.invoke(json!({"do": "tell"})).await.unwrap();
    assert_eq!(before["pid"], after["pid"]);
    running.stop().await;
}

#[tokio::test]
async fn a_process_that_overruns_its_time_out_is_killed() {
    let running = Running::start("", Duration::from_millis(500), 1).await;
    running.host.warm().await;

    let started = Instant::now();
    let failed = running.invoke(json!({"do": "hang"})).await.unwrap_err();

    assert!(matches!(failed, InvokeError::TimedOut { .. }), "{failed:?}");
    assert!(started.elapsed() >= Duration::from_millis(500));
    assert_eq!(running.processes.count("fn"), 0);
    assert!(running.invoke(json!({"do": "tell"})).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn a_crash_is_reported_with_the_last_words_and_another_process_takes_over() {
    let running = Running::start("", TIMEOUT, 1).await;

    let failed = running.invoke(json!({"do": "crash"})).await.unwrap_err();

    let InvokeError::Crashed { reason, .. } = failed else { panic!("{failed:?}") };
    assert!(reason.contains("101") && reason.contains("boom"), "{reason}");
    assert!(running.invoke(json!({"do": "tell"})).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn a_killed_process_loses_its_event_to_the_caller_and_nothing_else() {
    let running = Running::start("", TIMEOUT, 1).await;
    running.host.warm().await;

    let kill_soon = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        running.processes.kill("fn");
    };
    let (failed, ()) = tokio::join!(running.invoke(json!({"do": "hang"})), kill_soon);

    let failed = failed.unwrap_err();
    assert!(
        matches!(&failed, InvokeError::Crashed { reason, .. } if reason.contains('9')),
        "{failed}"
    );
    running.invoke(json!({"do": "tell"})).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn an_idle_process_that_was_killed_swallows_no_event() {
    let running = Running::start("", TIMEOUT, 2).await;
    let before = running.invoke(json!({"do": "tell"})).await.unwrap();

    running.processes.kill("fn");
    let after = running.invoke(json!({"do": "tell"})).await.unwrap();

    assert_ne!(before["pid"], after["pid"]);
    running.stop().await;
}

#[tokio::test]
async fn a_process_that_was_killed_is_idle_no_longer_though_it_may_not_be_gone_yet() {
    let (launch, processes) = (launch("", TIMEOUT, 1), Processes::default());
    let mut process =
        Process::spawn(&launch, "http://127.0.0.1:9", &processes, &Log::in_memory()).unwrap();
    let before = process.is_running();

    processes.kill("fn");

    assert_eq!((before, process.is_running()), (true, false));
    process.kill().await;
}

#[tokio::test]
async fn events_run_in_parallel_up_to_the_bound() {
    let running = Running::start("", TIMEOUT, 2).await;

    let sleep = || running.invoke(json!({"do": "slow"}));
    let (a, b, c) = tokio::join!(sleep(), sleep(), sleep());

    let pids = [a, b, c].map(|answer| answer.unwrap()["pid"].as_u64().unwrap());
    let distinct: std::collections::BTreeSet<u64> = pids.into();
    assert_eq!(distinct.len(), 2, "{pids:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_invocation_goes_on_when_its_caller_has_gone() {
    let running = Running::start("", TIMEOUT, 1).await;
    let before = running.invoke(json!({"do": "tell"})).await.unwrap();

    let waited = Duration::from_millis(50);
    let gone = running.invoke(json!({"do": "slow"}));
    assert!(tokio::time::timeout(waited, gone).await.is_err());

    let after = running.invoke(json!({"do": "tell"})).await.unwrap();
    assert_eq!(before["pid"], after["pid"]);
    running.stop().await;
}

#[tokio::test]
async fn a_function_that_does_not_start_says_why_and_is_left_alone_for_a_while() {
    let cases = [("exit", "exit status: 3"), ("report", "Config: JOURNAL_TABLE is missing")];

    for (mode, expected) in cases {
        let running = Running::start(mode, TIMEOUT, 1).await;

        let first = running.invoke(json!({"do": "tell"})).await.unwrap_err();
        let second = running.invoke(json!({"do": "tell"})).await.unwrap_err();

        assert!(matches!(first, InvokeError::InitFailed { .. }), "{first:?}");
        assert!(first.to_string().contains(expected), "{first}");
        assert!(second.to_string().contains("trying again soon"), "{second}");
        running.stop().await;
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error() {
    let running = Running::start("", TIMEOUT, 1).await;

    let failed = running.invoke(json!({"do": "large"})).await.unwrap_err();

    assert!(matches!(failed, InvokeError::FunctionError { .. }), "{failed:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_event_that_is_too_large_starts_nothing() {
    let running = Running::start("", TIMEOUT, 1).await;
    let event = Bytes::from(vec![b' '; 6 * 1024 * 1024 + 1]);

    let failed = running.host.invoke("fn", event).await.unwrap_err();

    assert!(matches!(failed, InvokeError::PayloadTooLarge { .. }), "{failed:?}");
    assert_eq!(running.processes.count("fn"), 0);
    running.stop().await;
}

#[tokio::test]
async fn stopping_is_quick_even_with_an_event_in_flight_and_refuses_what_comes_later() {
    let running = Running::start("extension", TIMEOUT, 2).await;
    running.host.warm().await;

    let stop_soon = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let started = Instant::now();
        running.host.stop().await;
        started.elapsed()
    };
    let (hung, took) = tokio::join!(running.invoke(json!({"do": "hang"})), stop_soon);

    assert!(matches!(hung, Err(InvokeError::Stopped)), "{hung:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let late = running.invoke(json!({"do": "tell"})).await;
    assert!(matches!(late, Err(InvokeError::Stopped)), "{late:?}");
    running.stop().await;
}
