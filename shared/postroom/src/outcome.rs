//! What a handler did when it did not fail.

/// Not every non-success is an error: an overtaken message is an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T = ()> {
    /// It took effect.
    Done(T),
    /// Deliberately nothing: the state is already past what the message asks for. Remembered like `Done`.
    Skipped {
        /// Why, for people: `order was cancelled`.
        reason: &'static str,
    },
}

impl Outcome {
    /// It took effect, and there is nothing to tell.
    pub const DONE: Self = Self::Done(());
}
