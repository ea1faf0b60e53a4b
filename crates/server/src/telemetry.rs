//! The log: what the server tells about itself, on standard error.

use std::error::Error;
use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::settings::{LogFormat, LogSettings};

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the log could not be set up")]
pub struct TelemetryError(#[source] Box<dyn Error + Send + Sync>);

/// Sends the log of the whole process to standard error, what comes through the `log` crate included.
///
/// # Errors
/// [`TelemetryError`] when the directives are malformed, or when the process has its log already.
pub fn init(log: &LogSettings) -> Result<(), TelemetryError> {
    let colours = io::stderr().is_terminal();
    let subscriber = subscriber(log, colours, io::stderr)?;
    subscriber.try_init().map_err(|e| TelemetryError(e.into()))
}

fn subscriber<W>(
    log: &LogSettings,
    colours: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&log.directives).map_err(|e| TelemetryError(e.into()))?;
    let builder = fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours);
    Ok(match log.format {
        LogFormat::Pretty => Box::new(builder.compact().finish()),
        // The list of spans has everything that the current span has, and the request that it belongs to.
        LogFormat::Json => {
            Box::new(builder.json().flatten_event(true).with_current_span(false).with_span_list(true).finish())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

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

    /// What is written of an event in two spans, and of one that is less important.
    fn written(format: LogFormat, directives: &str) -> String {
        let written = Written::default();
        let writer = written.clone();
        let log = LogSettings { format, directives: directives.to_owned() };
        let subscriber = subscriber(&log, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let _request = tracing::info_span!("request", request_id = "r-1").entered();
            let _query = tracing::info_span!("query", rows = 3).entered();
            tracing::info!(user = "ada", "signed in");
            tracing::debug!("details");
        });
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    mod subscriber {
        use super::*;

        #[test]
        fn writes_one_json_object_a_line_with_the_fields_of_all_spans() {
            let text = written(LogFormat::Json, "info");
            let [line] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["message"], "signed in");
            assert_eq!((&event["level"], &event["user"]), (&"INFO".into(), &"ada".into()));
            assert_eq!(event["spans"][0]["request_id"], "r-1");
            assert_eq!(event["spans"][1]["rows"], 3);
            assert!(event["timestamp"].as_str().unwrap().ends_with('Z'));
        }

        #[test]
        fn writes_one_line_for_people_without_colours_where_nobody_looks() {
            let text = written(LogFormat::Pretty, "info");
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(text.contains("signed in") && text.contains("request_id=\"r-1\""), "{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
        }

        #[test]
        fn follows_the_directives() {
            assert!(written(LogFormat::Json, "debug").contains("details"));
            assert_eq!(written(LogFormat::Json, "info,thoughts=off"), "");
        }

        #[test]
        fn rejects_malformed_directives() {
            let log = LogSettings { format: LogFormat::Json, directives: "x=loud".to_owned() };
            assert!(subscriber(&log, false, io::sink).is_err());
        }
    }
}
