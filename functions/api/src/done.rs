//! What a command answers.

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use postroom::{Command, Executed, Origin};
use serde::Serialize;

use crate::app::App;
use crate::problem::Problem;

/// On a reply that repeats the one a command was answered with before.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A command was done: 200 and what it answered.
pub(crate) struct Done<T>(Executed<T>);

/// A command made something: 201, where it is, and what it answered.
pub(crate) struct Created<T> {
    done: Done<T>,
    location: String,
}

/// A command was done and what it began goes on: 202, and how that stands.
pub(crate) struct Accepted<T>(Done<T>);

/// The same of what has a path of its own: 202, where it is, and how it stands.
pub(crate) struct AcceptedAt<T>(Created<T>);

impl App {
    /// Executes a command; business errors and the kit's become problems.
    pub(crate) async fn execute<C: Command>(
        &self,
        command: &C,
        origin: &Origin,
    ) -> Result<Done<C::Output>, Problem> {
        Ok(Done(self.runtime.execute(command, origin).await?))
    }
}

impl<T> From<Executed<T>> for Done<T> {
    fn from(executed: Executed<T>) -> Self {
        Self(executed)
    }
}

impl<T> Done<T> {
    /// What it answered.
    pub(crate) fn output(&self) -> &T {
        &self.0.output
    }

    /// What it answered, whether or not before.
    pub(crate) fn into_output(self) -> T {
        self.0.output
    }

    /// The same with another answer.
    pub(crate) fn map<U>(self, answer: impl FnOnce(T) -> U) -> Done<U> {
        let Executed { output, replayed } = self.0;
        Done(Executed { output: answer(output), replayed })
    }

    /// What the command made has a path of its own.
    pub(crate) fn at(self, path: impl FnOnce(&T) -> String) -> Created<T> {
        Created { location: path(&self.0.output), done: self }
    }

    /// What the command began goes on after the answer.
    pub(crate) fn accepted(self) -> Accepted<T> {
        Accepted(self)
    }

    /// The same, and what it began has a path of its own.
    pub(crate) fn accepted_at(self, path: impl FnOnce(&T) -> String) -> AcceptedAt<T> {
        AcceptedAt(self.at(path))
    }
}

impl<T: Serialize> IntoResponse for Done<T> {
    fn into_response(self) -> Response {
        let Executed { output, replayed } = self.0;
        let mut reply = Json(output).into_response();
        if replayed {
            let yes = HeaderValue::from_static("true");
            reply.headers_mut().insert(IDEMPOTENT_REPLAYED, yes);
        }
        reply
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, self.0).into_response()
    }
}

impl<T: Serialize> IntoResponse for AcceptedAt<T> {
    fn into_response(self) -> Response {
        let Created { done, location } = self.0;
        (StatusCode::ACCEPTED, [(LOCATION, location)], done).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(LOCATION, self.location)], self.done).into_response()
    }
}
