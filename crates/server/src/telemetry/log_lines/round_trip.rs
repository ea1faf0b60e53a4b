//! A property of log lines: `serde_json` reads each line as the object that it would have written itself.
//!
//! Spans and events of arbitrary shape go through a real subscriber. Their names, targets and values go beyond those of
//! this repository, because dependencies log as well.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use tracing::callsite::{Callsite, Identifier};
use tracing::field::{FieldSet, ValueSet};
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Span};

use super::tests::written_text;

/// Text that breaks JSON or lines, and the names of a line's own members.
const TRICKY: [&str; 24] = [
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\0",
    "\u{1f}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "é",
    "🦀",
    "\\ud800",
    "\\u0022",
    "\",\"a\":1,\"",
    "},{",
    "r#",
    "timestamp",
    "level",
    "target",
    "spans",
    "name",
    "message",
];

/// A value that can be logged.
#[derive(Debug, Clone)]
enum Given {
    Text(String),
    Display(String),
    Debug(String),
    Failure(String),
    Bytes(Vec<u8>),
    Truth(bool),
    Signed(i64),
    Unsigned(u64),
    WideSigned(i128),
    WideUnsigned(u128),
    Float(f64),
}

impl Given {
    fn logged(&self) -> Box<dyn tracing::Value> {
        match self.clone() {
            Self::Text(text) => Box::new(text),
            Self::Display(text) => Box::new(tracing::field::display(text)),
            Self::Debug(text) => Box::new(tracing::field::debug(text)),
            Self::Failure(text) => Box::new(Box::<dyn Error>::from(text) as Box<dyn Error + 'static>),
            Self::Bytes(bytes) => Box::new(bytes.into_boxed_slice()),
            Self::Truth(truth) => Box::new(truth),
            Self::Signed(number) => Box::new(number),
            Self::Unsigned(number) => Box::new(number),
            Self::WideSigned(number) => Box::new(number),
            Self::WideUnsigned(number) => Box::new(number),
            Self::Float(number) => Box::new(number),
        }
    }

    /// The value in `serde_json`. Numbers outside its range are text with all digits.
    fn expected(&self) -> Value {
        match self {
            Self::Text(text) | Self::Display(text) | Self::Failure(text) => json!(text),
            Self::Debug(text) => json!(format!("{text:?}")),
            Self::Bytes(bytes) => {
                let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                json!(format!("[{}]", bytes.join(" ")))
            }
            Self::Truth(truth) => json!(truth),
            Self::Signed(number) => json!(number),
            Self::Unsigned(number) => json!(number),
            Self::WideSigned(number) => serde_json::to_value(number).unwrap_or_else(|_| json!(number.to_string())),
            Self::WideUnsigned(number) => serde_json::to_value(number).unwrap_or_else(|_| json!(number.to_string())),
            Self::Float(number) => json!(number),
        }
    }
}

/// A span or an event: the part that a macro makes static, and the values of its fields.
#[derive(Debug, Clone)]
struct Site {
    name: String,
    target: String,
    fields: Vec<String>,
    values: Vec<Option<Given>>,
}

impl Site {
    /// The metadata with a static lifetime, as the macros make it.
    fn metadata(&self, kind: Kind) -> &'static Metadata<'static> {
        let leak = |text: &String| -> &'static str { Box::leak(text.clone().into_boxed_str()) };
        let fields = Box::leak(self.fields.iter().map(leak).collect::<Vec<_>>().into_boxed_slice());
        let site: &'static CallSite = Box::leak(Box::default());
        site.0.get_or_init(|| {
            let fields = FieldSet::new(fields, Identifier(site));
            Metadata::new(leak(&self.name), leak(&self.target), Level::INFO, None, None, None, fields, kind)
        })
    }

    /// The expected members: the last value of each field.
    fn expected(&self, of_the_line: &[&str], later: &[Vec<Option<Given>>]) -> Map<String, Value> {
        let mut members = Map::new();
        for values in std::iter::once(&self.values).chain(later) {
            for (field, value) in self.fields.iter().zip(values) {
                let name = field.strip_prefix("r#").unwrap_or(field);
                let name = if of_the_line.contains(&name) { format!("field.{name}") } else { name.to_owned() };
                if let Some(value) = value {
                    members.insert(name, value.expected());
                }
            }
        }
        members
    }
}

#[derive(Default)]
struct CallSite(OnceLock<Metadata<'static>>);

impl Callsite for CallSite {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        self.0.get().unwrap()
    }
}

fn with_values<R>(
    metadata: &'static Metadata<'static>,
    values: &[Option<Given>],
    log: impl FnOnce(&ValueSet<'_>) -> R,
) -> R {
    let values: Vec<_> = values.iter().map(|value| value.as_ref().map(Given::logged)).collect();
    let values: Vec<_> = values.iter().map(|value| value.as_deref()).collect();
    log(&metadata.fields().value_set_all(&values))
}

/// A span, and the values that are recorded after its beginning.
#[derive(Debug, Clone)]
struct Begun {
    site: Site,
    later: Vec<Vec<Option<Given>>>,
}

/// The lines of one event inside `spans`, the outermost first.
fn line_of(event: &Site, spans: &[Begun]) -> String {
    written_text(|| {
        let entered: Vec<_> = spans
            .iter()
            .map(|Begun { site, later }| {
                let metadata = site.metadata(Kind::SPAN);
                let span = with_values(metadata, &site.values, |values| Span::new(metadata, values));
                for values in later {
                    with_values(metadata, values, |values| span.record_all(values).id());
                }
                span.entered()
            })
            .collect();
        let metadata = event.metadata(Kind::EVENT);
        with_values(metadata, &event.values, |values| Event::dispatch(metadata, values));
        entered.into_iter().rev().for_each(drop);
    })
}

/// The expected object, without the time.
fn expected_of(event: &Site, spans: &[Begun]) -> Map<String, Value> {
    let mut line = event.expected(&["timestamp", "level", "target", "spans"], &[]);
    line.insert("level".to_owned(), json!("INFO"));
    line.insert("target".to_owned(), json!(event.target));
    let spans: Vec<_> = spans
        .iter()
        .map(|Begun { site, later }| {
            let mut span = site.expected(&["name"], later);
            span.insert("name".to_owned(), json!(site.name));
            span
        })
        .collect();
    if !spans.is_empty() {
        line.insert("spans".to_owned(), json!(spans));
    }
    line
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => select(&TRICKY[..]).prop_map(str::to_owned), 2 => any::<char>().prop_map(String::from),
        1 => Just("plain".to_owned())];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        text().prop_map(Given::Text),
        text().prop_map(Given::Display),
        text().prop_map(Given::Debug),
        text().prop_map(Given::Failure),
        vec(any::<u8>(), 0..4).prop_map(Given::Bytes),
        any::<bool>().prop_map(Given::Truth),
        any::<i64>().prop_map(Given::Signed),
        any::<u64>().prop_map(Given::Unsigned),
        prop_oneof![any::<i128>(), any::<i64>().prop_map(i128::from), any::<u64>().prop_map(i128::from)]
            .prop_map(Given::WideSigned),
        prop_oneof![any::<u128>(), any::<u64>().prop_map(u128::from)].prop_map(Given::WideUnsigned),
        prop_oneof![
            proptest::num::f64::ANY,
            any::<i32>().prop_map(f64::from),
            select(
                &[0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, f64::EPSILON, f64::NAN, f64::INFINITY, f64::NEG_INFINITY][..]
            )
        ]
        .prop_map(Given::Float),
    ]
}

/// Names that differ once they are written. Names that begin with `log.` are left out of lines on purpose.
fn fields() -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![text(), select(&TRICKY[..]).prop_map(str::to_owned)], 0..5).prop_map(|mut fields| {
        let mut seen = BTreeSet::new();
        fields.retain(|field| {
            let name = field.strip_prefix("r#").unwrap_or(field);
            !name.starts_with("log.") && !name.starts_with("field.") && seen.insert(name.to_owned())
        });
        fields
    })
}

fn values(number: usize) -> impl Strategy<Value = Vec<Option<Given>>> {
    vec(option::of(given()), number)
}

fn begun() -> impl Strategy<Value = Begun> {
    (text(), text(), fields()).prop_flat_map(|(name, target, fields)| {
        let number = fields.len();
        (values(number), vec(values(number), 0..3)).prop_map(move |(values, later)| Begun {
            site: Site { name: name.clone(), target: target.clone(), fields: fields.clone(), values },
            later,
        })
    })
}

proptest! {
    #[test]
    fn a_line_is_what_serde_json_would_have_written(event in begun(), spans in vec(begun(), 0..3)) {
        let line = line_of(&event.site, &spans);
        prop_assert_eq!(line.find(['\n', '\r']), Some(line.len() - 1), "{:?} is not one line", line);
        let read: Map<String, Value> = serde_json::from_str(&line)?;
        let mut expected = expected_of(&event.site, &spans);
        let time = read["timestamp"].as_str().map(str::len);
        prop_assert_eq!(time, Some("2026-11-22T00:00:00.000000Z".len()));
        expected.insert("timestamp".to_owned(), read["timestamp"].clone());
        let expected = serde_json::to_string(&expected)?;
        // Both are read: `serde_json` may read a float one digit off the written one.
        prop_assert_eq!(&read, &serde_json::from_str::<Map<String, Value>>(&expected)?);
        // The order of members may differ, but no name occurs twice.
        prop_assert_eq!(line.len(), expected.len() + 1, "{} is not as long as {}", line, expected);
    }
}
