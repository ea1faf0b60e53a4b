//! Formats the log for machines: one JSON object a line.
//!
//! The subscriber's own formatter parses and writes the fields of spans again for every event. Here, a span's fields are
//! written once, when it begins, and then copied.
//!
//! Invariants:
//! - Each line is one object, as `serde_json` would write it.
//! - No member occurs twice.
//!
//! Tested in `round_trip` with arbitrary names and values, because dependencies log as well.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use domain::Clock;
use serde_json::value::RawValue;
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
    /// A line, until it is passed on in one piece.
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// The members of every line.
const OF_LINES: &[&str] = &["timestamp", "level", "target", "spans"];
/// The member of every span.
const OF_SPANS: &[&str] = &["name"];

/// Writes an event as an object: `timestamp`, `level`, the event's own fields, `target`, and `spans`.
///
/// The spans go from the outermost to the innermost, each with its `name` and its fields. A field with the name of one of
/// these members gets the prefix `field.`.
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
    event.record(&mut Members::new(line, OF_LINES, false));
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
        fields.record(&mut Members::new(&mut text, OF_SPANS, true));
        writer.write_str(&text)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let text = &mut current.fields;
        let length = text.len();
        let mut members = Members { earlier: length, ..Members::new(text, OF_SPANS, length == 0) };
        fields.record(&mut members);
        if members.is_repeated {
            let (earlier, later) = text.split_at(length);
            *text = merged(earlier, later.trim_start_matches(',')).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}

/// The members of both; the later value wins.
fn merged(earlier: &str, later: &str) -> serde_json::Result<String> {
    let (earlier, later) = (format!("{{{earlier}}}"), format!("{{{later}}}"));
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(&earlier)?;
    members.append(&mut serde_json::from_str(&later)?);
    let object = serde_json::to_string(&members)?;
    Ok(object.trim_start_matches('{').trim_end_matches('}').to_owned())
}

struct Members<'t> {
    text: &'t mut String,
    /// Names that fields may not have here.
    taken: &'static [&'static str],
    is_first: bool,
    /// The length of the text from earlier records of the same span.
    earlier: usize,
    /// Whether a name may occur in that text.
    is_repeated: bool,
}

impl<'t> Members<'t> {
    fn new(text: &'t mut String, taken: &'static [&'static str], is_first: bool) -> Self {
        Self { text, taken, is_first, earlier: 0, is_repeated: false }
    }

    /// Writes the name of a member, and returns the text to which its value is appended. `None` for the fields that the
    /// `log` crate adds: these are metadata, which is written as such.
    fn value_of(&mut self, field: &Field) -> Option<&mut String> {
        let name = field.name();
        if name.starts_with("log.") {
            return None;
        }
        if !std::mem::take(&mut self.is_first) {
            self.text.push(',');
        }
        let begin = self.text.len();
        let name = name.strip_prefix("r#").unwrap_or(name);
        if self.taken.contains(&name) {
            write_text(self.text, &format!("field.{name}"));
        } else {
            write_text(self.text, name);
        }
        self.text.push(':');
        if self.earlier > 0 {
            // A match inside a value costs time, but does no harm.
            self.is_repeated |= self.text[..self.earlier].contains(&self.text[begin..]);
        }
        Some(self.text)
    }

    fn plain(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if let Some(text) = self.value_of(field) {
            // Writing to a string cannot fail.
            let _ = text.write_fmt(value);
        }
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // `1.0` stays a float, large numbers are short, and NaN and infinity are `null`.
        self.plain(field, format_args!("{}", serde_json::Value::from(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => match i64::try_from(value) {
                Ok(value) => self.record_i64(field, value),
                // As text, because readers of JSON would round it.
                Err(_) => self.plain(field, format_args!("\"{value}\"")),
            },
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => self.plain(field, format_args!("\"{value}\"")),
        }
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

/// Writes a JSON string.
fn write_text(text: &mut String, value: &str) {
    if needs_escaping(value) {
        text.push_str(&serde_json::Value::from(value).to_string());
    } else {
        text.push('"');
        text.push_str(value);
        text.push('"');
    }
}

/// Folds over all bytes instead of stopping at the first match, so that the compiler can vectorise it.
fn needs_escaping(text: &str) -> bool {
    let special = |byte: u8| u8::from(byte < b' ' || matches!(byte, b'"' | b'\\'));
    text.bytes().fold(0, |found, byte| found | special(byte)) > 0
}

#[cfg(test)]
mod round_trip;

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

    /// The text that is written while `log` runs.
    pub(super) fn written_text(log: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonMembers)
            .event_format(JsonLines)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// The objects that are written while `log` runs.
    fn written(log: impl FnOnce()) -> Vec<Value> {
        written_text(log).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    const NASTY: &str = "\"quoted\" \\ new\nline \u{1}\u{7f} é 🦀";

    #[test]
    fn every_kind_of_value_survives() {
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
    fn spans_include_values_that_were_recorded_later() {
        let lines = written(|| {
            let outer = tracing::info_span!("outer", id = NASTY, later = tracing::field::Empty).entered();
            outer.record("later", 3);
            let _bare = tracing::info_span!("bare").entered();
            tracing::warn!("here");
        });
        let spans = json!([{"name": "outer", "id": NASTY, "later": 3}, {"name": "bare"}]);
        assert_eq!((&lines[0]["spans"], &lines[0]["level"]), (&spans, &json!("WARN")));
    }

    #[test]
    fn names_are_escaped() {
        let lines = written(|| tracing::info!("a \"quoted\" \\ name" = 1, "two\nlines" = 2));
        assert_eq!((&lines[0]["a \"quoted\" \\ name"], &lines[0]["two\nlines"]), (&json!(1), &json!(2)));
    }

    #[test]
    fn numbers_are_written_as_their_kind() {
        let line = written_text(|| {
            tracing::info!(whole = 1.0, large = 1e300, small = -5e-324, zero = -0.0);
        });
        assert!(line.contains(r#""whole":1.0,"large":1e+300,"small":-5e-324,"zero":-0.0"#), "{line}");
        let line = written_text(|| tracing::info!(near = -7_i128, far = u128::from(u64::MAX), out = i128::MIN));
        let expected = r#""near":-7,"far":18446744073709551615,"out":"-170141183460469231731687303715884105728""#;
        assert!(line.contains(expected), "{line}");
    }

    #[test]
    fn no_member_occurs_twice() {
        let line = written_text(|| {
            let span = tracing::info_span!("span", name = 1, a = 2, tail = "\",\"a\":", b = true).entered();
            span.record("a", NASTY);
            span.record("b", false);
            span.record("a", 3);
            tracing::info!(level = 4, target = 5, spans = 6, name = 7);
        });
        let members = r#""field.level":4,"field.target":5,"field.spans":6,"name":7,"target""#;
        let spans = r#""spans":[{"name":"span","a":3,"b":false,"field.name":1,"tail":"\",\"a\":"}]"#;
        assert!(line.contains(members) && line.contains(spans), "{line}");
    }
}
