//! What extractors, replies and handlers say of themselves.

use axum::Json;
use axum::extract::State;
use axum::handler::Handler;
use axum::http::StatusCode;
use domain::activity::{EventPattern, Subject};
use domain::contact_imports::csv::Rejection;
use domain::contacts::ContactQuery;
use domain::webhooks::StripeEvent;
use postroom::{ReplayRehearsal, ReplayStatus};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::{Document, Operation};
use crate::app::App;
use crate::caller::Caller;
use crate::done::{Accepted, AcceptedAt, Created, Done};
use crate::kind::Kind;
use crate::operations::Operator;
use crate::order::{BodyOf, KeyedOrderOf, Order, OrderOf};
use crate::page::{FilterQuery, PageQuery, PageReply};
use crate::problem::Problem;
use crate::routes::ops::{
    LetterFilterQuery, LetterPageQuery, LetterPath, Replay, TENANT, TenantQuery,
};
use crate::routes::{
    AccountPath, ActivityQuery, AtLeastVersion, CampaignPath, ChainPath, ContactImportPath,
    ContactPath, OwnerPath, ProjectionPath, RejectedRows, ReplayPath, ReportPath, Representation,
    SearchQuery, SignedEvent, UserPath,
};

/// A part of a handler's signature: what it takes from a request, or what it answers.
pub(crate) trait Describe {
    /// Adds to the operation what this part asks or answers.
    fn describe(operation: &mut Operation<'_>);
}

/// A handler all of whose parts describe themselves. `T` is axum's: it tells its implementations of [`Handler`] apart.
pub(crate) trait Documented<T>: Handler<T, App> {
    /// Adds what all parts ask and answer.
    fn describe(operation: &mut Operation<'_>);
}

macro_rules! documented {
    ($($part:ident)*) => {
        impl<F, Fut, M, R, $($part),*> Documented<(M, $($part,)*)> for F
        where
            F: FnOnce($($part),*) -> Fut + Handler<(M, $($part,)*), App>,
            Fut: Future<Output = R>,
            R: Describe,
            $($part: Describe,)*
        {
            fn describe(operation: &mut Operation<'_>) {
                $($part::describe(operation);)*
                R::describe(operation);
            }
        }
    };
}

documented!(A);
documented!(A B);
documented!(A B C);
documented!(A B C D);
documented!(A B C D E);

impl Describe for State<App> {
    fn describe(_: &mut Operation<'_>) {}
}

impl Describe for Caller {
    fn describe(operation: &mut Operation<'_>) {
        operation.needs_token();
    }
}

impl Describe for Order {
    fn describe(operation: &mut Operation<'_>) {
        operation.needs_token();
        operation.is_order("IdempotencyKey");
    }
}

impl<T: JsonSchema> Describe for OrderOf<T> {
    fn describe(operation: &mut Operation<'_>) {
        Order::describe(operation);
        operation.takes::<T>();
    }
}

impl<T: JsonSchema> Describe for KeyedOrderOf<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.needs_token();
        operation.is_order("RequiredIdempotencyKey");
        operation.may_end_as(Kind::IDEMPOTENCY_KEY_REQUIRED);
        operation.takes::<T>();
    }
}

impl<T: JsonSchema> Describe for BodyOf<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes::<T>();
    }
}

impl Describe for SignedEvent {
    fn describe(operation: &mut Operation<'_>) {
        operation.is_signed();
        for kind in SignedEvent::REFUSALS {
            operation.may_end_as(kind);
        }
        operation.takes::<StripeEvent>();
    }
}

impl Describe for Operator {
    fn describe(operation: &mut Operation<'_>) {
        operation.needs_token();
        operation.may_end_as(Kind::FORBIDDEN);
    }
}

impl Describe for LetterPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path(
            "id",
            &json!({
                "type": "string",
                "description": "The letter's id. Its `#` may be written `~`.",
                "examples": ["sync-statistics~7b0c0000-0000-5000-8000-00000000000b"],
            }),
        );
        operation.may_end_as(Kind::DEAD_LETTER_NOT_FOUND);
    }
}

impl Describe for LetterPageQuery {
    fn describe(operation: &mut Operation<'_>) {
        LetterFilterQuery::describe(operation);
        PageQuery::describe(operation);
    }
}

impl Describe for LetterFilterQuery {
    fn describe(operation: &mut Operation<'_>) {
        let (text, time) =
            (json!({ "type": "string" }), json!({ "type": "string", "format": "date-time" }));
        operation.in_query("queue", "Only those from this queue.", &text);
        operation.in_query("handler", "Only those that this handler failed.", &text);
        operation.in_query("type", "Only those of this message type.", &text);
        let fingerprint = json!({ "type": "string", "format": "uuid" });
        operation.in_query("fingerprint", "Only those that failed in this way.", &fingerprint);
        operation.in_query("from", "Only those that last failed at this time or later.", &time);
        operation.in_query("before", "Only those that last failed before this time.", &time);
        operation.may_end_as(Kind::MALFORMED_QUERY);
        operation.may_end_as(Kind::INVALID_FILTER);
    }
}

impl Describe for ChainPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("correlation_id", &json!({ "type": "string" }));
        operation.may_end_as(Kind::CHAIN_NOT_FOUND);
    }
}

impl Describe for ProjectionPath {
    fn describe(operation: &mut Operation<'_>) {
        let name = json!({ "type": "string", "examples": domain::projections().names() });
        operation.in_path("name", &name);
        operation.may_end_as(Kind::PROJECTION_NOT_FOUND);
    }
}

impl Describe for ReplayPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::REPLAY_NOT_FOUND);
    }
}

impl Describe for TenantQuery {
    fn describe(operation: &mut Operation<'_>) {
        let tenant = json!({ "type": "string", "maxLength": 128, "pattern": TENANT });
        operation.in_query("tenant", "Whose chain, where it is not the caller's own.", &tenant);
        operation.may_end_as(Kind::MALFORMED_QUERY);
        operation.may_end_as(Kind::INVALID_FILTER);
    }
}

impl Describe for CampaignPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::CAMPAIGN_NOT_FOUND);
    }
}

impl Describe for AccountPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::ACCOUNT_NOT_FOUND);
    }
}

impl Describe for ReportPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::REPORT_NOT_FOUND);
    }
}

impl Describe for ContactImportPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::CONTACT_IMPORT_NOT_FOUND);
    }
}

impl Describe for OwnerPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::OWNER_NOT_FOUND);
    }
}

impl Describe for ContactPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::CONTACT_NOT_FOUND);
    }
}

impl Describe for UserPath {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_path("id", &json!({ "type": "string", "format": "uuid" }));
        operation.may_end_as(Kind::USER_NOT_FOUND);
    }
}

impl Describe for SearchQuery {
    fn describe(operation: &mut Operation<'_>) {
        let description = "Only those whose e-mail address or name begins so, whatever its case: first by address, \
            then the others by name.";
        let query = json!({ "type": "string", "maxLength": ContactQuery::MAX_CHARS });
        operation.in_query("query", description, &query);
        operation.may_end_as(Kind::MALFORMED_QUERY);
        operation.may_end_as(Kind::INVALID_FILTER);
    }
}

impl Describe for ActivityQuery {
    fn describe(operation: &mut Operation<'_>) {
        let text =
            |pattern, most| json!({ "type": "string", "pattern": pattern, "maxLength": most });
        let event = text(EventPattern::PATTERN, EventPattern::MAX_CHARS);
        let subject = text(Subject::PATTERN, Subject::MAX_CHARS);
        let time = json!({ "type": "string", "format": "date-time" });
        operation.in_query("type", "Only this type, or this family: `campaign.*`.", &event);
        operation.in_query("subject", "Only what happened to this: `campaigns/ID`.", &subject);
        operation.in_query("from", "Only what happened at this time or later.", &time);
        operation.may_end_as(Kind::INVALID_FILTER);
        PageQuery::describe(operation);
    }
}

impl Describe for AtLeastVersion {
    fn describe(operation: &mut Operation<'_>) {
        let description = "Rather a 409 than an older version than this.";
        operation.in_query("at_least_version", description, &AtLeastVersion::schema());
        operation.may_end_as(Kind::MALFORMED_QUERY);
        operation.may_end_as(Kind::INVALID_FILTER);
    }
}

impl Describe for PageQuery {
    fn describe(operation: &mut Operation<'_>) {
        operation.in_query("limit", "How many items at most.", &PageQuery::limits());
        let cursor = json!({ "type": "string" });
        operation.in_query("cursor", "The `next_cursor` of the page before.", &cursor);
        operation.may_end_as(Kind::MALFORMED_QUERY);
        operation.may_end_as(Kind::INVALID_LIMIT);
        operation.may_end_as(Kind::UNKNOWN_CURSOR);
    }
}

impl Describe for Representation {
    fn describe(operation: &mut Operation<'_>) {
        operation.may_end_as(Kind::NOT_ACCEPTABLE);
    }
}

impl Describe for FilterQuery {
    fn describe(operation: &mut Operation<'_>) {
        let status = operation.schema_of::<domain::campaigns::CampaignStatus>();
        operation.in_query("status", "Only those of this status.", &status);
        let channel = operation.schema_of::<domain::campaigns::Channel>();
        operation.in_query("channel", "Only those of this channel.", &channel);
        operation.may_end_as(Kind::MALFORMED_QUERY);
        operation.may_end_as(Kind::INVALID_FILTER);
    }
}

impl<T: JsonSchema> Describe for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers::<T>(StatusCode::OK, &[]);
    }
}

impl<T: JsonSchema> Describe for Done<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers::<T>(StatusCode::OK, &["Idempotent-Replayed"]);
    }
}

impl<T: JsonSchema> Describe for Accepted<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers::<T>(StatusCode::ACCEPTED, &["Idempotent-Replayed"]);
    }
}

impl<T: JsonSchema> Describe for AcceptedAt<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers::<T>(StatusCode::ACCEPTED, &["Idempotent-Replayed", "Location"]);
    }
}

impl Describe for Replay {
    fn describe(operation: &mut Operation<'_>) {
        AcceptedAt::<ReplayStatus>::describe(operation);
        Json::<ReplayRehearsal>::describe(operation);
    }
}

impl<T: JsonSchema> Describe for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers::<T>(StatusCode::CREATED, &["Idempotent-Replayed", "Location"]);
    }
}

impl Describe for RejectedRows {
    fn describe(operation: &mut Operation<'_>) {
        let headers = ["Vary", "Content-Disposition", "Link"];
        operation.answers::<PageReply<Rejection>>(StatusCode::OK, &headers);
        operation.answers_too(
            StatusCode::OK,
            "text/csv",
            "The same as a file, without `limit` of at most 10,000 rows. Where there are more, `Link` leads to the next \
             part, which has no header.",
            "line,column,reason\r\n7,email,has no @\r\n",
        );
    }
}

impl Describe for Document {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers::<Map<String, Value>>(StatusCode::OK, &[]);
    }
}

impl<T: Describe> Describe for Result<T, Problem> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}
