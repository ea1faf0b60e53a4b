//! The log on standard error, the traces and the metrics of the server.
//!
//! - `log_lines`, `log_writer`: the log as JSON, and the thread that writes it;
//! - `traces`: a span for each statement of a traced request;
//! - [`metrics`]: the metrics and their descriptions;
//! - `fact_counters`: the business counters, derived from facts.
//!
//! Logging and tracing never block a request. Lines and spans wait in bounded queues for the threads that send them. A
//! full queue drops further lines and spans; dropped lines are counted.

pub(crate) mod fact_counters;
mod log_lines;
mod log_writer;
pub mod metrics;
pub(crate) mod traces;

use std::error::Error;
use std::io::{self, IsTerminal};
use std::time::Duration;

use opentelemetry::global;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use self::log_lines::{JsonLines, JsonMembers};
use self::log_writer::{LogWriter, WriterGuard};
use crate::settings::{LogFormat, Settings};

/// How long the end of the process waits for the last spans to be sent.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// The log or the traces could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the log and the traces could not be set up")]
pub struct TelemetryError(#[source] Box<dyn Error + Send + Sync>);

/// The log and the traces of the process. Dropping it writes what is queued, within a few seconds.
#[must_use = "nothing is written after it is gone"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    lost: LostLines,
    // Dropped last, because the shutdown of the traces may log.
    _writer: WriterGuard,
}

/// The counter of dropped log lines.
#[derive(Clone)]
pub struct LostLines(LogWriter);

/// Sends the log of the process to standard error, including that of the `log` crate. Sends its traces to the
/// collector, if `settings` name one.
///
/// # Errors
/// [`TelemetryError`] if the directives are malformed, or if the process has a log already. Also if the variables of
/// OpenTelemetry need a feature that is not built in.
pub fn init(settings: &Settings) -> Result<Telemetry, TelemetryError> {
    let colours = io::stderr().is_terminal();
    let (writer, guard) = LogWriter::begin(io::stderr()).map_err(|e| TelemetryError(e.into()))?;
    let lost = LostLines(writer.clone());
    let subscriber = subscriber(settings.log_format, &settings.log_directives, colours, writer)?;
    subscriber.try_init().map_err(|e| TelemetryError(e.into()))?;
    let traces =
        settings.trace_collector.as_ref().map(traces::provider).transpose().map_err(|e| TelemetryError(e.into()))?;
    if let Some(provider) = &traces {
        global::set_tracer_provider(provider.clone());
    }
    Ok(Telemetry { traces, lost, _writer: guard })
}

impl Telemetry {
    /// The counter of dropped log lines, for the metrics.
    pub fn lost_lines(&self) -> LostLines {
        self.lost.clone()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.traces.as_ref().map(|traces| traces.shutdown_with_timeout(LAST_SPANS)) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

impl LostLines {
    /// The number of lines dropped so far.
    pub fn count(&self) -> u64 {
        self.0.dropped()
    }
}

fn subscriber<W>(
    format: LogFormat,
    directives: &str,
    colours: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(directives).map_err(|e| TelemetryError(e.into()))?;
    let builder = fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours);
    Ok(match format {
        LogFormat::Pretty => Box::new(builder.compact().finish()),
        LogFormat::Json => Box::new(builder.fmt_fields(JsonMembers).event_format(JsonLines).finish()),
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

    /// The output of an event at level info in two spans, and of one at level debug.
    fn written(format: LogFormat, directives: &str) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = subscriber(format, directives, false, move || writer.clone()).unwrap();
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
        fn writes_one_plain_line_without_a_terminal() {
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
            assert!(subscriber(LogFormat::Json, "x=loud", false, io::sink).is_err());
        }
    }
}
