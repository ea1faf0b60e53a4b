//! The log for machines: one JSON object a line.
//!
//! The subscriber's own formatter reads the fields of spans again, and writes them again, for every event. Here a span's
//! fields are written once, when it begins, and copied from then on.

use std::cell::Cell;
use std::fmt::{self, Write as _};

use domain::Clock;
use system::SystemClock;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

thread_local! {
    /// A line before it is handed on in one piece.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// Writes an event as an object: `timestamp`, `level`, the event's own fields, `target`, and `spans` from the outermost
/// to the innermost, each with its `name` and its fields.
pub(crate) struct JsonLines;

impl<S> FormatEvent<S, JsonMembers> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonMembers>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = LINE.take();
        line.clear();
        write_event(&mut line, context, event);
        let written = writer.write_str(&line);
        LINE.set(line);
        written
    }
}

fn write_event<S>(line: &mut String, context: &FmtContext<'_, S, JsonMembers>, event: &Event<'_>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let normalized = event.normalized_metadata();
    let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
    line.push_str(r#"{"timestamp":""#);
    line.push_str(SystemClock.now().to_rfc3339().as_str());
    line.push_str(r#"","level":""#);
    line.push_str(metadata.level().as_str());
    line.push('"');
    event.record(&mut Members { text: line, is_first: false });
    line.push_str(r#","target":"#);
    write_text(line, metadata.target());
    if let Some(scope) = context.event_scope() {
        line.push_str(r#","spans":["#);
        for (number, span) in scope.from_root().enumerate() {
            line.push_str(if number == 0 { r#"{"name":"# } else { r#",{"name":"# });
            write_text(line, span.name());
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonMembers>>()
                && !fields.fields.is_empty()
            {
                line.push(',');
                line.push_str(&fields.fields);
            }
            line.push('}');
        }
        line.push(']');
    }
    line.push_str("}\n");
}

/// Writes fields as the members of an object, without its braces.
#[derive(Debug, Default)]
pub(crate) struct JsonMembers;

impl<'w> FormatFields<'w> for JsonMembers {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut text = String::with_capacity(256);
        fields.record(&mut Members { text: &mut text, is_first: true });
        writer.write_str(&text)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let is_first = current.fields.is_empty();
        fields.record(&mut Members { text: &mut current.fields, is_first });
        Ok(())
    }
}

struct Members<'t> {
    text: &'t mut String,
    is_first: bool,
}

impl Members<'_> {
    /// Writes the name of a member, and answers where its value goes. What the `log` crate adds to its events is their
    /// metadata, which is told as such.
    fn value_of(&mut self, field: &Field) -> Option<&mut String> {
        let name = field.name();
        if name.starts_with("log.") {
            return None;
        }
        if !std::mem::take(&mut self.is_first) {
            self.text.push(',');
        }
        // Names are identifiers, which need no escaping.
        self.text.push('"');
        self.text.push_str(name.strip_prefix("r#").unwrap_or(name));
        self.text.push_str("\":");
        Some(self.text)
    }

    fn plain(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if let Some(text) = self.value_of(field) {
            // A `String` takes everything.
            let _ = text.write_fmt(value);
        }
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.plain(field, format_args!("{value}"));
        } else {
            self.plain(field, format_args!("null"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(text) = self.value_of(field) {
            write_text(text, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let Some(text) = self.value_of(field) else {
            return;
        };
        text.push('"');
        let begin = text.len();
        let _ = write!(text, "{value:?}");
        if needs_escaping(&text[begin..]) {
            let value = text.split_off(begin);
            text.pop();
            write_text(text, &value);
        } else {
            text.push('"');
        }
    }
}

/// Writes a string of JSON.
fn write_text(text: &mut String, value: &str) {
    if needs_escaping(value) {
        text.push_str(&serde_json::Value::from(value).to_string());
    } else {
        text.push('"');
        text.push_str(value);
        text.push('"');
    }
}

/// Looks at all bytes, which goes many at a time, instead of stopping at the first, which does not.
fn needs_escaping(text: &str) -> bool {
    let special = |byte: u8| u8::from(byte < b' ' || matches!(byte, b'"' | b'\\'));
    text.bytes().fold(0, |found, byte| found | special(byte)) > 0
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The objects that are written of what `log` logs.
    fn written(log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonMembers)
            .event_format(JsonLines)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    const NASTY: &str = "\"quoted\" \\ new\nline \u{1}\u{7f} é 🦀";

    #[test]
    fn every_kind_of_value_is_what_it_was() {
        let lines = written(|| {
            tracing::info!(text = NASTY, debug = ?NASTY, display = %NASTY, int = -7, big = u64::MAX, yes = true, "{NASTY}");
            tracing::info!(half = 0.5, none = f64::NAN);
        });
        let debug = format!("{NASTY:?}");
        for (name, value) in [
            ("text", json!(NASTY)),
            ("debug", json!(debug)),
            ("display", json!(NASTY)),
            ("int", json!(-7)),
            ("big", json!(u64::MAX)),
            ("yes", json!(true)),
            ("message", json!(NASTY)),
            ("level", json!("INFO")),
        ] {
            assert_eq!(lines[0][name], value, "{name}");
        }
        assert_eq!((&lines[1]["half"], &lines[1]["none"]), (&json!(0.5), &Value::Null));
    }

    #[test]
    fn spans_have_what_was_said_of_them_later_as_well() {
        let lines = written(|| {
            let outer = tracing::info_span!("outer", id = NASTY, later = tracing::field::Empty).entered();
            outer.record("later", 3);
            let _bare = tracing::info_span!("bare").entered();
            tracing::warn!("here");
        });
        let spans = json!([{"name": "outer", "id": NASTY, "later": 3}, {"name": "bare"}]);
        assert_eq!((&lines[0]["spans"], &lines[0]["level"]), (&spans, &json!("WARN")));
    }
}
