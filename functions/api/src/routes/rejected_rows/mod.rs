//! The rows that an import rejected, as a page or as a file.

mod representation;

use std::borrow::Cow;

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK, VARY};
use axum::response::{IntoResponse, Response};
use domain::ContactImportId;
use domain::contact_imports::csv::Rejection;
use domain::spreadsheet::{push_row, text};
use postroom::port::Page;

use crate::page::{PageReply, cursor};

pub(crate) use representation::Representation;

const HEADER: [&str; 3] = ["line", "column", "reason"];

/// Rejected rows in the form that was asked for.
pub(crate) enum RejectedRows {
    /// A page.
    Page(Json<PageReply<Rejection>>),
    /// A file, or a part of one.
    File(RejectedFile),
}

/// A part of a file, and which is the next.
pub(crate) struct RejectedFile {
    csv: Vec<u8>,
    file_name: String,
    next: Option<String>,
}

impl RejectedFile {
    /// The rows of one answer. The first part alone has the header, so that parts one behind the other are one file.
    ///
    /// Where `limit` is given, its next parts are as short as this one.
    pub(crate) fn of(
        list: &str,
        id: ContactImportId,
        rows: Page<Rejection>,
        is_first: bool,
        limit: Option<usize>,
    ) -> Self {
        let mut csv = Vec::new();
        if is_first {
            push_row(&mut csv, HEADER.map(Cow::Borrowed));
        }
        for Rejection { line, column, reason } in &rows.items {
            let column = column.as_deref().unwrap_or_default();
            push_row(&mut csv, [line.to_string().into(), text(column), text(reason)]);
        }
        let limit = limit.map_or(String::new(), |limit| format!("limit={limit}&"));
        let next = cursor(list, rows.next).map(|cursor| {
            format!("</contact-imports/{id}/rejected?{limit}cursor={cursor}>; rel=\"next\"")
        });
        Self { csv, file_name: format!("rejected-{id}.csv"), next }
    }
}

impl IntoResponse for RejectedRows {
    fn into_response(self) -> Response {
        let mut reply = match self {
            Self::Page(page) => page.into_response(),
            Self::File(file) => file.into_response(),
        };
        reply.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
        reply
    }
}

impl IntoResponse for RejectedFile {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.file_name);
        let headers = [(CONTENT_TYPE, "text/csv".to_owned()), (CONTENT_DISPOSITION, disposition)];
        let next = self.next.map(|next| [(LINK, next)]);
        match next {
            Some(next) => (headers, next, self.csv).into_response(),
            None => (headers, self.csv).into_response(),
        }
    }
}
