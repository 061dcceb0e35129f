//! One operation of the document, as its route and the parts of its handler fill it in.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::shared;
use crate::kind::Kind;
use crate::route::Route;

/// What one route asks and answers.
pub(crate) struct Operation<'s> {
    schemas: &'s mut Schemas,
    parameters: Vec<Value>,
    body: Option<Value>,
    success: Map<String, Value>,
    problems: Vec<Kind>,
    needs_token: bool,
}

/// The schemas that operations refer to. What is read and what is written are two contracts: a field that may be left
/// out of a request may always be there in a reply.
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Operation<'_> {
    /// The operation object of a route.
    pub(super) fn of(route: &Route, schemas: &mut Schemas) -> Value {
        let mut operation = Operation {
            schemas,
            parameters: vec![shared::parameter("CorrelationId"), shared::parameter("Traceparent")],
            body: None,
            success: Map::new(),
            problems: [&Kind::OF_EVERY_ROUTE[..], &route.refusals].concat(),
            needs_token: false,
        };
        (route.describe)(&mut operation);
        operation.write(route)
    }

    /// Only for callers whose tenant is known.
    pub(super) fn needs_token(&mut self) {
        self.needs_token = true;
        self.may_end_as(Kind::UNAUTHENTICATED);
    }

    /// Only for whom an endpoint's secret was given: its signature stands in for a token.
    pub(super) fn is_signed(&mut self) {
        self.parameters.push(shared::parameter("StripeSignature"));
    }

    /// It asks for something to be done: it takes an idempotency key, as this parameter says, and can meet others who do
    /// the same.
    pub(super) fn is_order(&mut self, key: &str) {
        self.parameters.push(shared::parameter(key));
        self.may_end_as(Kind::INVALID_IDEMPOTENCY_KEY);
        self.may_end_as(Kind::IDEMPOTENCY_KEY_REUSED);
        self.may_end_as(Kind::ANSWER_NOT_KEPT);
        self.may_end_as(Kind::LOST_RACE);
    }

    /// It needs a body of shape `T`.
    pub(super) fn takes<T: JsonSchema>(&mut self) {
        let schema = self.schemas.read.subschema_for::<T>();
        let content = json!({ "application/json": { "schema": schema } });
        self.body = Some(json!({ "required": true, "content": content }));
        self.may_end_as(Kind::MALFORMED_JSON);
        self.may_end_as(Kind::UNSUPPORTED_MEDIA_TYPE);
        self.may_end_as(Kind::INVALID_INPUT);
    }

    /// A variable of its path.
    pub(super) fn in_path(&mut self, name: &str, schema: &Value) {
        let place = json!({ "name": name, "in": "path", "required": true, "schema": schema });
        self.parameters.push(place);
    }

    /// A parameter of its query, which may be left out.
    pub(super) fn in_query(&mut self, name: &str, description: &str, schema: &Value) {
        let place =
            json!({ "name": name, "in": "query", "description": description, "schema": schema });
        self.parameters.push(place);
    }

    /// The schema of what is read as `T`.
    pub(super) fn schema_of<T: JsonSchema>(&mut self) -> Value {
        self.schemas.read.subschema_for::<T>().into()
    }

    /// When all goes well it answers a `T`, besides the usual with these headers.
    pub(super) fn answers<T: JsonSchema>(&mut self, status: StatusCode, headers: &[&str]) {
        let schema = self.schemas.written.subschema_for::<T>();
        let headers = [&["X-Correlation-Id"], headers].concat();
        let reply = json!({
            "description": status.canonical_reason(),
            "headers": shared::headers(&headers),
            "content": { "application/json": { "schema": schema } },
        });
        self.success.insert(status.as_str().to_owned(), reply);
    }

    /// The same as text of another type.
    pub(super) fn answers_too(
        &mut self,
        status: StatusCode,
        media_type: &str,
        description: &str,
        example: &str,
    ) {
        let schema = json!({ "type": "string", "description": description, "examples": [example] });
        self.success[status.as_str()]["content"][media_type] = json!({ "schema": schema });
    }

    /// It can end with this problem.
    pub(super) fn may_end_as(&mut self, kind: Kind) {
        self.problems.push(kind);
    }

    fn write(self, route: &Route) -> Value {
        let mut by_status: BTreeMap<StatusCode, Vec<Kind>> = BTreeMap::new();
        for kind in self.problems {
            let kinds = by_status.entry(kind.status).or_default();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let mut responses = self.success;
        for (status, kinds) in by_status {
            responses.insert(status.as_str().to_owned(), shared::problem(status, &kinds));
        }
        let mut written = json!({
            "operationId": route.name,
            "summary": route.summary,
            "parameters": self.parameters,
            "responses": responses,
        });
        if let Some(body) = self.body {
            written["requestBody"] = body;
        }
        if self.needs_token {
            written["security"] = json!([{ "token": [] }]);
            shared::add_gateway_answers(&mut written["responses"]);
        }
        written
    }
}

impl Schemas {
    /// Every schema by its name. One that is both read and written looks the same either way.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        all.extend(self.read.take_definitions(true));
        all
    }

    /// Makes sure that `T`, which no route answers as it is, can be referred to.
    pub(super) fn also_written<T: JsonSchema>(&mut self) {
        self.written.subschema_for::<T>();
    }
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12()
            .with(|settings| settings.definitions_path = "/components/schemas".into());
        Self {
            read: settings.clone().for_deserialize().into_generator(),
            written: settings.for_serialize().into_generator(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;

    #[test]
    fn what_is_both_read_and_written_looks_the_same() {
        let mut schemas = Schemas::default();
        for route in routes::all() {
            Operation::of(&route, &mut schemas);
        }

        let (read, written) =
            (schemas.read.take_definitions(true), schemas.written.take_definitions(true));

        let both: Vec<_> = read.keys().filter(|name| written.contains_key(*name)).collect();
        assert!(!both.is_empty());
        for name in both {
            assert_eq!(read[name], written[name], "{name}");
        }
    }
}
