//! The OpenAPI 3.1 document, made from the routes: <https://spec.openapis.org/oas/v3.1.0>, named from memory 2026-11-21.
//!
//! Paths, methods, parameters, bodies and replies stand nowhere else than in the routes and the types of their handlers,
//! so that the document cannot say something else. It is made when it is first asked for: starting costs nothing.

mod operation;
mod describe;
mod shared;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::route::{Route, get};
use crate::routes;

pub(crate) use describe::Documented;
pub(crate) use operation::Operation;

use operation::Schemas;

/// The document as it is served.
pub(crate) struct Document(Bytes);

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

/// The route to the document itself. It needs no token.
pub(crate) fn routes() -> Vec<Route> {
    vec![get("/openapi.json", serve).about("describeApi", "This document.")]
}

async fn serve(State(app): State<App>) -> Document {
    let made = app.document.get_or_init(|| document(&routes::all()).to_string().into());
    Document(made.clone())
}

/// The document of these routes.
pub(crate) fn document(routes: &[Route]) -> Value {
    let mut schemas = Schemas::default();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = Operation::of(route, &mut schemas);
    }
    let components = shared::components(schemas);
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Postroom",
            "version": env!("CARGO_PKG_VERSION"),
            "description": shared::DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": components,
    })
}
