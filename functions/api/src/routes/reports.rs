//! `/reports`: ask for one, see how it stands, and where its file is.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use domain::reports::{
    CreateReport, ReportFile, ReportInput, ReportView, get_report, list_reports,
};
use jiff::Timestamp;
use postroom::Origin;
use postroom::port::Download;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::caller::Caller;
use crate::done::AcceptedAt;
use crate::kind::Kind;
use crate::order::OrderOf;
use crate::page::{PageQuery, PageReply, Position};
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::ReportPath;

const LIST: &str = "reports";
/// How long a link lasts. Asking again makes another.
const LINK: Duration = Duration::from_mins(15);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/reports", create)
            .about("createReport", "Asks for a report, which is made after the answer.")
            .refuses(Kind::ACCOUNT_NOT_FOUND),
        get("/reports", list).about("listReports", "The reports, newest first, by pages."),
        get("/reports/{id}", one).about(
            "getReport",
            "How a report stands; of a completed one where its file can be downloaded for a while.",
        ),
    ]
}

/// A report, and a link to its file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportWithLink")]
pub(crate) struct ReportReply {
    #[serde(flatten)]
    report: ReportView,
    #[serde(flatten)]
    link: Option<Link>,
}

/// Where the file of a completed report is, as long as it is kept.
#[derive(Debug, Serialize, JsonSchema)]
struct Link {
    /// `GET` it, with any HTTP client and no token: whoever has it may read the file.
    download_url: String,
    /// When the link ends; ask for the report again then.
    expires_at: Timestamp,
}

async fn create(
    State(app): State<App>,
    OrderOf { origin, input }: OrderOf<ReportInput>,
) -> Result<AcceptedAt<ReportView>, Problem> {
    let command = CreateReport::try_from(input)?;
    let done = app.execute(&command, &origin).await?;
    Ok(done.accepted_at(|report| format!("/reports/{}", report.id)))
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    page: PageQuery,
) -> Result<Json<PageReply<ReportView>>, Problem> {
    let request = page.of(LIST, Position::Id)?;
    let page = list_reports(&app.runtime.reader(caller.tenant()), request).await?;
    Ok(Json(PageReply::of(LIST, page)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    ReportPath(id): ReportPath,
) -> Result<Json<ReportReply>, Problem> {
    let report = get_report(&app.runtime.reader(caller.tenant()), id).await?;
    let now = app.runtime.ports().clock.now();
    let link = match report.file(now) {
        Some(file) => Some(app.link(&file, &report, &caller.origin, now).await?),
        None => None,
    };
    Ok(Json(ReportReply { report, link }))
}

impl App {
    async fn link(
        &self,
        file: &ReportFile,
        report: &ReportView,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Link, Problem> {
        // No longer than the file is there.
        let ends = now.saturating_add(LINK).unwrap_or(Timestamp::MAX);
        let expires_at = report.kept_until.map_or(ends, |until| until.min(ends));
        let lasts = Duration::try_from(expires_at.duration_since(now)).unwrap_or(LINK);
        let download = Download {
            key: file.key(&origin.tenant_id)?,
            file_name: file.name(),
            content_type: report.request.format.content_type().to_owned(),
            at: now,
            lasts: lasts.max(Duration::from_secs(1)),
        };
        let permitted = self.downloads.permit_download(&download).await?;
        Ok(Link { download_url: permitted.url, expires_at })
    }
}
