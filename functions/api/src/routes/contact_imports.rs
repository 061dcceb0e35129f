//! `/contact-imports`: ask for one, see how it stands and what was rejected, stop it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use domain::ContactImportId;
use domain::contact_imports::{
    CancelContactImport, ContactImportInput, ContactImportView, CreateContactImport, UploadedFile,
    get_contact_import, list_rejected_rows, list_rejected_rows_at_once,
};
use postroom::Origin;
use postroom::port::Upload;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::caller::Caller;
use crate::done::{Created, Done};
use crate::kind::Kind;
use crate::order::{Order, OrderOf};
use crate::page::{PageQuery, PageReply, Position};
use crate::problem::Problem;
use crate::route::{Route, get, post};
use crate::routes::ContactImportPath;
use crate::routes::rejected_rows::{RejectedFile, RejectedRows, Representation};

const LIST: &str = "rejected-rows";
/// How long a file may be uploaded. The import waits longer; asking again under the same idempotency key permits it anew.
const UPLOAD: Duration = Duration::from_hours(1);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/contact-imports", create).about(
            "createContactImport",
            "Asks for an import; the reply says where to upload the file.",
        ),
        get("/contact-imports/{id}", one)
            .about("getContactImport", "How an import stands. No number of it goes back."),
        get("/contact-imports/{id}/rejected", rejected).about(
            "listRejectedRows",
            "The rows that were not imported, in the order of the file: by pages, or as CSV.",
        ),
        post("/contact-imports/{id}/cancel", cancel)
            .about("cancelContactImport", "Stops an import; what was imported stays.")
            .refuses(Kind::conflict("contact-import-over")),
    ]
}

/// An import, and where its file goes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CreatedContactImport")]
pub(crate) struct CreatedImport {
    #[serde(flatten)]
    import: ContactImportView,
    upload: UploadView,
}

/// The request that uploads the file: `PUT`, with these headers and exactly the bytes that were announced, within the hour.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Upload")]
struct UploadView {
    /// `PUT`.
    method: &'static str,
    /// Whoever has it may upload.
    url: String,
    /// To be sent as they are.
    headers: BTreeMap<String, String>,
}

async fn create(
    State(app): State<App>,
    OrderOf { origin, input }: OrderOf<ContactImportInput>,
) -> Result<Created<CreatedImport>, Problem> {
    let command = CreateContactImport::try_from(input)?;
    let done = app.execute(&command, &origin).await?;
    let upload = app.permit(done.output(), &origin).await?;
    let done = done.map(|import| CreatedImport { import, upload });
    Ok(done.at(|created| format!("/contact-imports/{}", created.import.id)))
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    ContactImportPath(id): ContactImportPath,
) -> Result<Json<ContactImportView>, Problem> {
    Ok(Json(app.contact_import(&caller.origin, id).await?))
}

async fn rejected(
    State(app): State<App>,
    caller: Caller,
    ContactImportPath(id): ContactImportPath,
    representation: Representation,
    page: PageQuery,
) -> Result<RejectedRows, Problem> {
    // A position means something only in the file it is of.
    let list = format!("{LIST}/{id}");
    let limit = page.limit();
    let request = page.of(&list, Position::Line)?;
    let is_first = request.after.is_none();
    let reader = app.runtime.reader(caller.tenant());
    let rows = match (representation, limit) {
        // A file is as long as it may be, unless its caller wants it shorter.
        (Representation::Csv, None) => list_rejected_rows_at_once(&reader, id, request.after).await,
        (Representation::Csv, Some(_)) | (Representation::Json, _) => {
            list_rejected_rows(&reader, id, request).await
        }
    }?;
    Ok(match representation {
        Representation::Json => RejectedRows::Page(Json(PageReply::of(&list, rows))),
        Representation::Csv => {
            RejectedRows::File(RejectedFile::of(&list, id, rows, is_first, limit))
        }
    })
}

async fn cancel(
    State(app): State<App>,
    ContactImportPath(import_id): ContactImportPath,
    Order { origin }: Order,
) -> Result<Done<ContactImportView>, Problem> {
    let done = app.execute(&CancelContactImport { import_id }, &origin).await?;
    let import = app.contact_import(&origin, import_id).await?;
    Ok(done.map(|()| import))
}

impl App {
    async fn contact_import(
        &self,
        origin: &Origin,
        id: ContactImportId,
    ) -> Result<ContactImportView, Problem> {
        Ok(get_contact_import(&self.runtime.reader(&origin.tenant_id), id).await?)
    }

    /// Lets the file of an import be uploaded. It is not stored: who asks again is permitted anew.
    async fn permit(
        &self,
        import: &ContactImportView,
        origin: &Origin,
    ) -> Result<UploadView, Problem> {
        let file = UploadedFile {
            tenant_id: origin.tenant_id.clone(),
            import_id: import.id,
            correlation_id: origin.correlation_id.clone(),
        };
        let upload = Upload {
            key: file.key()?,
            content_type: "text/csv".to_owned(),
            size_bytes: import.size_bytes,
            at: self.runtime.ports().clock.now(),
            lasts: UPLOAD,
        };
        let permitted = self.uploads.permit(&upload).await?;
        Ok(UploadView { method: "PUT", url: permitted.url, headers: permitted.headers })
    }
}
