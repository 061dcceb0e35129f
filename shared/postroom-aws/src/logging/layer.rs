//! From events and spans to lines.

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use postroom::{Clock, between, milliseconds};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};
use tracing_subscriber::{Layer, Registry};

use crate::logging::FAILURES;
use crate::logging::fields::{Fields, quoted};
use crate::logging::kept::{Shown, Unit};
use crate::logging::levels::keeps;
use crate::logging::line::Line;
use crate::logging::settings::Settings;
use crate::metrics::Tally;

/// Writes what happens; see the [module](crate::logging).
pub(super) struct Logs {
    settings: Settings,
    clock: Arc<dyn Clock>,
    out: Mutex<Box<dyn Write + Send>>,
    /// Whether an invocation has begun in this process.
    warm: AtomicBool,
}

impl Logs {
    /// Says at once what of its settings is ignored.
    pub(super) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        out: impl Write + Send + 'static,
    ) -> Self {
        let out = Mutex::new(Box::new(out) as Box<dyn Write + Send>);
        let logs = Self { settings, clock, out, warm: AtomicBool::new(false) };
        for (variable, reason) in &logs.settings.ignored {
            let message = format!("{variable} is ignored: it is malformed");
            let values = vec![("variable", quoted(variable)), ("reason", quoted(reason))];
            let said = Fields { message, values, ..Fields::default() };
            logs.write(&logs.line::<Registry>(Level::WARN.as_str(), module_path!(), &said, None));
        }
        logs
    }

    /// A whole line at once, so that no other gets into it.
    fn write(&self, line: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody reads, nobody can be told.
        let _ = out.write_all(line.as_bytes());
    }

    /// A line: the fields of what is said, then those of the spans it is said in, the innermost first.
    fn line<S>(
        &self,
        level: &str,
        target: &str,
        said: &Fields,
        span: Option<&SpanRef<'_, S>>,
    ) -> String
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let at = self.clock.now();
        let mut line = Line::new(self.settings.format, at, level, target, &said.message);
        said.values.iter().for_each(|(name, value)| line.add(name, value));
        for span in span.into_iter().flat_map(SpanRef::scope) {
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<Fields>() {
                fields.values.iter().for_each(|(name, value)| line.add(name, value));
            }
            if let Some(unit) = extensions.get::<Unit>() {
                let duration_ms = milliseconds(between(unit.began, at));
                line.add("duration_ms", &duration_ms.to_string());
            }
        }
        line.end()
    }

    /// Adds metrics to those of the invocation. Outside of any they are written alone.
    fn measure<S>(&self, metrics: &[(&'static str, u64)], span: Option<&SpanRef<'_, S>>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Some(root) = span.and_then(|span| span.scope().last()) else {
            let mut tally = Tally::default();
            tally.add(metrics);
            return self.write_metrics(&tally, None);
        };
        let mut extensions = root.extensions_mut();
        if extensions.get_mut::<Tally>().is_none() {
            extensions.insert(Tally::default());
        }
        let full = extensions.get_mut::<Tally>().and_then(|tally| tally.add(metrics));
        drop(extensions);
        if let Some(full) = full {
            self.write_metrics(&full, root.extensions().get());
        }
    }

    fn write_metrics(&self, tally: &Tally, invocation: Option<&Fields>) {
        let of_invocation = invocation.map_or(&[][..], |fields| fields.values.as_slice());
        let Settings { levels, function, .. } = &self.settings;
        let at = self.clock.now();
        for document in tally.documents(function, at, levels.passing, of_invocation) {
            self.write(&document);
        }
    }

    /// Writes what was kept of a unit of work, now that it failed.
    fn show<S>(&self, unit: &SpanRef<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let shown = unit.extensions_mut().get_mut::<Unit>().map(Unit::fail);
        let Shown { lines, dropped } = shown.unwrap_or_default();
        if dropped > 0 {
            let message = "older debug lines were dropped".to_owned();
            let values = vec![("dropped", dropped.to_string())];
            let said = Fields { message, values, ..Fields::default() };
            self.write(&self.line(Level::WARN.as_str(), module_path!(), &said, Some(unit)));
        }
        for line in lines {
            self.write(&line);
        }
    }

    /// Keeps a debug line with its unit of work.
    fn keep<S>(&self, target: &str, mut said: Fields, unit: &SpanRef<'_, S>, span: &SpanRef<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        said.values.push(("kept", quoted(Level::DEBUG.as_str())));
        let line = self.line(self.settings.levels.passing, target, &said, Some(span));
        let at_once = unit.extensions_mut().get_mut::<Unit>().and_then(|unit| unit.keep(line));
        if let Some(line) = at_once {
            self.write(&line);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Logs {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.settings.levels.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.settings.levels.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.settings.levels.most_detailed())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let names = attributes.metadata().fields();
        let is_unit = names.field("correlation_id").is_some();
        let within_unit =
            || span.scope().skip(1).any(|outer| outer.extensions().get::<Unit>().is_some());
        let unit = (is_unit && !within_unit()).then(|| Unit::new(self.clock.now()));
        // As the Lambda runtime names it: only an invocation has one.
        let is_invocation = names.field("requestId").is_some();
        let cold = is_invocation && !self.warm.swap(true, Ordering::Relaxed);

        let mut extensions = span.extensions_mut();
        extensions.insert(fields);
        if let Some(unit) = unit {
            extensions.insert(unit);
        }
        if cold {
            let mut tally = Tally::default();
            tally.add(&[("cold_start", 1)]);
            extensions.insert(tally);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (metadata, span) = (event.metadata(), context.event_span(event));
        let mut fields = Fields::default();
        event.record(&mut fields);
        if !fields.metrics.is_empty() {
            self.measure(&fields.metrics, span.as_ref());
        }
        let mut around = span.as_ref().into_iter().flat_map(SpanRef::scope);
        let unit = around.find(|span| span.extensions().get::<Unit>().is_some());
        let failed = *metadata.level() == Level::ERROR
            || fields.metrics.iter().any(|(name, count)| *count > 0 && FAILURES.contains(name));
        if failed && let Some(unit) = &unit {
            self.show(unit);
        }
        if self.settings.levels.writes(metadata) {
            let level = metadata.level().as_str();
            let line = self.line(level, metadata.target(), &fields, span.as_ref());
            self.write(&line);
        } else if keeps(metadata)
            && let (Some(unit), Some(span)) = (&unit, &span)
        {
            self.keep(metadata.target(), fields, unit, span);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if thread::panicking() {
            // Nobody in it is left to say that it failed.
            self.show(&span);
        }
        let tally = span.extensions_mut().remove::<Tally>();
        if let Some(tally) = tally {
            self.write_metrics(&tally, span.extensions().get());
        }
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs").field("settings", &self.settings).finish_non_exhaustive()
    }
}
