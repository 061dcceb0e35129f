//! `postroom import …`: a file of contacts is imported through the API, and watched until it is over.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use domain::ContactImportId;
use domain::contact_imports::csv::Rejection;
use domain::contact_imports::{ContactImportView, Counts, ImportStatus};
use postroom::{Clock as _, Ids as _, SystemClock, SystemIds};
use serde::Deserialize;
use serde_json::json;
use tokio::signal::ctrl_c;
use tokio::time::{Instant, timeout_at};

use crate::api::{Api, ApiError, LOCAL, Upload};
use crate::arguments::{Arguments, parsed};
use crate::failure::{Failure, REPEAT};
use crate::output::Output;
use crate::progress::{Progress, Screen};

/// How long one watches where nobody says, and at most. A file may be uploaded for an hour.
const TIMEOUT_S: u32 = 3_600;
const MOST_TIMEOUT_S: u32 = 86_400;
/// How long after a look the next one is taken: at first, and at most, each half as long again as the one before.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LAST_LOOK: Duration = Duration::from_secs(2);
/// How many rejected rows are told.
const TOLD: usize = 5;

/// What the API answers whoever asks for an import.
#[derive(Debug, Deserialize)]
struct Created {
    #[serde(flatten)]
    import: ContactImportView,
    upload: Upload,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

/// What would be left if it ended now.
#[derive(Debug, Clone, Copy)]
enum Left {
    Nothing,
    Import(ContactImportId),
}

/// One import, from here.
struct Watch {
    api: Api,
    screen: Screen,
    left: Left,
}

pub(crate) async fn import(
    arguments: &Arguments,
    file: &str,
    place: &mut Option<String>,
) -> Result<Output, Failure> {
    let file = Path::new(file);
    let waits = !arguments.has("--no-wait");
    in_time(arguments, place, async |watch| {
        let id = watch.upload(file).await?;
        if waits { watch.until_over(id).await } else { watch.uploaded(id) }
    })
    .await
}

pub(crate) async fn watch(
    arguments: &Arguments,
    place: &mut Option<String>,
) -> Result<Output, Failure> {
    let id = parsed("--watch", arguments.needed("--watch"))?;
    in_time(arguments, place, async |watch| {
        watch.left = Left::Import(id);
        watch.until_over(id).await
    })
    .await
}

/// What it comes to, unless it takes too long or is interrupted; an import that was begun is told all the same.
async fn in_time(
    arguments: &Arguments,
    place: &mut Option<String>,
    work: impl AsyncFnOnce(&mut Watch) -> Result<Output, Failure>,
) -> Result<Output, Failure> {
    let seconds = arguments.number("--timeout", 1..=MOST_TIMEOUT_S, TIMEOUT_S)?;
    let deadline = Instant::now() + Duration::from_secs(seconds.into());
    let api = Api::of(arguments)?;
    *place = Some(api.base().to_owned());
    let mut watch = Watch { api, screen: Screen::of_process(), left: Left::Nothing };
    let ended = tokio::select! {
        ended = timeout_at(deadline, work(&mut watch)) => ended.map_err(|_| "it takes longer than --timeout"),
        _ = ctrl_c() => Err("it was interrupted"),
    };
    watch.screen.clear();
    match ended {
        Ok(ended) => ended,
        Err(why) => watch.stopped(anyhow::anyhow!(why)),
    }
}

impl Watch {
    /// Asks for an import of a file, and uploads it.
    async fn upload(&mut self, file: &Path) -> Result<ContactImportId, Failure> {
        let found = tokio::fs::metadata(file).await;
        let found = found.with_context(|| format!("cannot read {}", file.display()))?;
        if !found.is_file() {
            return Err(anyhow::anyhow!("{} is not a file", file.display()).into());
        }
        let size_bytes = found.len();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let input = json!({ "file_name": name, "size_bytes": size_bytes });
        let key = SystemIds.fresh().to_string();
        let asked = self.api.post("/contact-imports", &key, &input).await;
        let Created { import, upload } = asked.map_err(failed)?;
        let sent = Arc::new(AtomicU64::new(0));
        let put = self.api.upload(&upload, file, size_bytes, &sent);
        tokio::pin!(put);
        let put = loop {
            let sent_bytes = sent.load(Ordering::Relaxed);
            self.screen.show(Progress::Uploading { sent_bytes, size_bytes });
            tokio::select! {
                put = &mut put => break put,
                () = SystemClock.sleep(FIRST_LOOK) => {}
            }
        };
        put.map_err(failed)?;
        self.left = Left::Import(import.id);
        Ok(import.id)
    }

    /// Looks until an import is over, and tells what has become of its rows.
    async fn until_over(&mut self, id: ContactImportId) -> Result<Output, Failure> {
        let path = format!("/contact-imports/{id}");
        let mut pause = FIRST_LOOK;
        loop {
            let import = match self.api.get::<ContactImportView>(&path).await {
                Ok(import) => import,
                Err(error @ ApiError::Refused { .. }) => return Err(failed(error)),
                Err(error) => return self.stopped(error.into()),
            };
            self.screen.show(Progress::of(&import));
            if import.status.is_over() {
                self.screen.clear();
                return self.account(&import).await;
            }
            SystemClock.sleep(pause).await;
            pause = (pause * 3 / 2).min(LAST_LOOK);
        }
    }

    async fn account(&self, import: &ContactImportView) -> Result<Output, Failure> {
        let path = format!("/contact-imports/{}/rejected", import.id);
        let mut rejected = Vec::new();
        if import.counts.rejected > 0 {
            let page = self.api.get::<Page<Rejection>>(&format!("{path}?limit={TOLD}")).await;
            rejected = page.map_err(failed)?.items;
        }
        let json = json!({ "import": import, "rejected_rows": rejected });
        let rest = format!("GET {}{path}", self.api.base());
        let output = Output::of(&json, rows(import, &rejected, &rest))?;
        Ok(Output { failure: failure_of(import), ..output })
    }

    /// It is uploaded, and nobody waits for it.
    fn uploaded(&self, id: ContactImportId) -> Result<Output, Failure> {
        let rows = vec![format!("{id} is uploaded; {}", self.go_on(id))];
        Ok(Output::of(&json!({ "import": { "id": id } }), rows)?)
    }

    /// It ends before the import does.
    fn stopped(&mut self, error: anyhow::Error) -> Result<Output, Failure> {
        self.screen.clear();
        let (json, next) = match self.left {
            Left::Nothing => (
                json!({}),
                "nothing is imported of what was not uploaded whole: the same command begins anew"
                    .into(),
            ),
            Left::Import(id) => (json!({ "import": { "id": id } }), self.go_on(id)),
        };
        let failure = Some(Failure::Failed { error, next: next.into() });
        Ok(Output { failure, ..Output::of(&json, Vec::new())? })
    }

    fn go_on(&self, id: ContactImportId) -> String {
        let api = match self.api.base() {
            LOCAL => String::new(),
            base => format!(" --api {base}"),
        };
        format!("it goes on by itself: `postroom import --watch {id}{api}` shows how far it is")
    }
}

fn rows(import: &ContactImportView, rejected: &[Rejection], rest: &str) -> Vec<String> {
    let ContactImportView { id, file_name, status, total, processed, .. } = import;
    let Counts { imported, duplicates, rejected: wrong } = import.counts;
    let mut rows = vec![format!("{id}  {file_name}: {status}")];
    if processed < total {
        rows.push(format!("    {processed:>8} of {total} rows were looked at"));
    } else {
        rows.push(format!("    {total:>8} rows in all"));
    }
    rows.push(format!("    {imported:>8} imported"));
    rows.push(format!("    {duplicates:>8} duplicates: there before, or twice in the file"));
    rows.push(format!("    {wrong:>8} rejected"));
    rows.extend(rejected.iter().map(|Rejection { line, column, reason }| {
        let column = column.as_ref().map_or_else(String::new, |column| format!("{column} "));
        format!("             line {line}: {column}{reason}")
    }));
    let more = wrong.saturating_sub(u64::try_from(rejected.len()).unwrap_or(wrong));
    if more > 0 {
        rows.push(format!("             and {more} more: {rest}"));
    }
    rows
}

/// Why an import that is over is not what was asked for.
fn failure_of(import: &ContactImportView) -> Option<Failure> {
    let reason = match import.status {
        ImportStatus::Waiting | ImportStatus::Running | ImportStatus::Completed => return None,
        ImportStatus::Failed => {
            format!("it failed: {}", import.reason.as_deref().unwrap_or("nobody knows why"))
        }
        ImportStatus::Cancelled => "it was cancelled".to_owned(),
    };
    let next = "what was imported stays; the same file imports what is missing, and nothing twice";
    Some(Failure::Failed { error: anyhow::anyhow!(reason), next: next.into() })
}

fn failed(error: ApiError) -> Failure {
    match error {
        ApiError::Refused { .. } => Failure::refused(error.to_string()),
        ApiError::Failing { .. } | ApiError::Unanswered { .. } => {
            Failure::Failed { error: error.into(), next: REPEAT.into() }
        }
        ApiError::Unknown { .. } => {
            let next = "is --api the base URL of this system's API, and of this tool's version?";
            Failure::Failed { error: error.into(), next: next.into() }
        }
    }
}
