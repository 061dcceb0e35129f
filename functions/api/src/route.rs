//! A route: the method and path it answers, what runs, and what is said of it.

use axum::http::Method;
use axum::routing::{self, MethodRouter};

use crate::app::App;
use crate::kind::Kind;
use crate::openapi::{Documented, Operation};

/// One method of one path.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// `/campaigns/{id}`; variables are read as axum reads them.
    pub(crate) path: &'static str,
    /// The operation's id: what generated clients call it.
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    /// What the business refuses with, besides what the handler's parts know.
    pub(crate) refusals: Vec<Kind>,
    /// Says what it asks and answers. Nobody runs it before somebody asks for the document.
    pub(crate) describe: fn(&mut Operation<'_>),
    pub(crate) service: MethodRouter<App>,
}

/// Answers `GET`, and so `HEAD`.
pub(crate) fn get<T: 'static, H: Documented<T>>(path: &'static str, handler: H) -> Route {
    Route::new(Method::GET, path, routing::get(handler), H::describe)
}

/// Answers `POST`.
pub(crate) fn post<T: 'static, H: Documented<T>>(path: &'static str, handler: H) -> Route {
    Route::new(Method::POST, path, routing::post(handler), H::describe)
}

impl Route {
    fn new(
        method: Method,
        path: &'static str,
        service: MethodRouter<App>,
        describe: fn(&mut Operation<'_>),
    ) -> Self {
        Self { method, path, name: "", summary: "", refusals: Vec::new(), describe, service }
    }

    /// What it is called, and what it does in a sentence.
    pub(crate) fn about(self, name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, ..self }
    }

    /// Its command or query can be refused so.
    pub(crate) fn refuses(mut self, refusal: Kind) -> Self {
        self.refusals.push(refusal);
        self
    }
}
