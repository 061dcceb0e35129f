//! Which events are written, which are kept, and which spans are known.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::logging::fields::METRIC;

/// Libraries that speak protocols: their debug lines are many, and quote what is sent. Written where somebody asks for
/// them, never kept. One that ends in `_` stands for all crates that begin so.
const LIBRARIES: &[&str] = &[
    "aws_", "h2", "hyper", "hyper_", "lambda_", "mio", "rustls", "tokio", "tokio_", "tower",
    "tower_", "want",
];

/// What is written and what is kept.
#[derive(Debug)]
pub(super) struct Levels {
    pub(super) written: Targets,
    /// At which level a line is written that has to arrive: a metric, or a debug line of what failed.
    pub(super) passing: &'static str,
}

impl Levels {
    /// Whether an event or a span is of any use.
    pub(super) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            // Lines inside have its fields, and metrics are added up in it. What libraries say of their connections
            // outlives the invocation it begins in, whose metrics would wait for its end.
            return *metadata.level() <= Level::INFO
                || self.writes(metadata) && !of_library(metadata.target());
        }
        self.writes(metadata) || keeps(metadata) || measures(metadata)
    }

    /// Whether an event is written at once.
    pub(super) fn writes(&self, metadata: &Metadata<'_>) -> bool {
        self.written.would_enable(metadata.target(), metadata.level())
    }

    /// The most detailed level of what anybody could want.
    pub(super) fn most_detailed(&self) -> LevelFilter {
        let named = self.written.iter().map(|(_, level)| level);
        named.chain(self.written.default_level()).fold(LevelFilter::DEBUG, Ord::max)
    }
}

/// Whether an event that is not written is kept with its unit of work.
pub(super) fn keeps(metadata: &Metadata<'_>) -> bool {
    *metadata.level() == Level::DEBUG && !of_library(metadata.target())
}

fn measures(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| field.name().starts_with(METRIC))
}

fn of_library(target: &str) -> bool {
    let crate_name = target.split("::").next().unwrap_or_default();
    let is = |library: &&str| {
        crate_name == *library || library.ends_with('_') && crate_name.starts_with(library)
    };
    LIBRARIES.iter().any(is)
}
