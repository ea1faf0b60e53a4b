//! The metrics of the process, in the Prometheus format.

mod descriptions;
pub(crate) mod gauges;

use std::sync::Arc;
use std::time::Duration;

use api::MetricsRenderer;
use database::{Observer, Role, StatementEvent};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};

use crate::security_log;
use crate::telemetry::LostLines;
use crate::telemetry::fact_counters::COUNTERS;

/// The upper bounds of the buckets of every histogram, in seconds.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// The interval of folding samples into buckets, which bounds memory when the metrics are not scraped.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder of the process, and returns the function that renders the metrics.
///
/// # Errors
/// [`BuildError`] if a recorder is installed already.
pub fn install(lost: LostLines) -> Result<MetricsRenderer, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?;
    descriptions::register();
    begin();
    let upkeep = handle.clone();
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(Arc::new(move || {
        metrics::counter!("log_lines_dropped_total").absolute(lost.count());
        handle.render()
    }))
}

/// Records the build, and initializes counters with zero.
fn begin() {
    // Set by builds in a pipeline only.
    let revision = option_env!("THOUGHTS_REVISION").unwrap_or("unknown");
    metrics::gauge!("build_info", "version" => env!("CARGO_PKG_VERSION"), "revision" => revision).set(1.0);
    // The rate of a counter that appears later misses its first event.
    for name in COUNTERS {
        metrics::counter!(name).absolute(0);
    }
    metrics::counter!("database_transactions_total").absolute(0);
    security_log::begin_counting();
}

/// Counts and times statements, reads, transactions and retries.
pub(crate) struct DatabaseMetrics;

impl DatabaseMetrics {
    /// Records a statement that has ended.
    fn record(operation: &'static str, role: &'static str, elapsed: Duration, failed: bool) {
        let outcome = if failed { "error" } else { "ok" };
        let labels = [("operation", operation), ("role", role), ("outcome", outcome)];
        metrics::histogram!("database_query_duration_seconds", &labels).record(elapsed.as_secs_f64());
    }
}

impl Observer for DatabaseMetrics {
    fn statement(&self, event: &StatementEvent<'_>) {
        Self::record(event.operation, event.role.name(), event.elapsed, event.failed);
    }

    fn routed(&self, role: Role, reason: &'static str) {
        metrics::counter!("database_reads_total", "role" => role.name(), "reason" => reason).increment(1);
    }

    fn transaction(&self) {
        metrics::counter!("database_transactions_total").increment(1);
    }

    fn retried(&self, operation: &'static str, reason: &'static str) {
        metrics::counter!("database_retries_total", "operation" => operation, "reason" => reason).increment(1);
    }

    fn sequenced(&self, outcome: &'static str, moved: u64) {
        metrics::counter!("event_log_passes_total", "outcome" => outcome).increment(1);
        metrics::counter!("event_log_entries_total").increment(moved);
    }

    #[expect(clippy::cast_precision_loss, reason = "positions beyond 2^53 are centuries away")]
    fn log(&self, head: u64, waiting: u64) {
        metrics::gauge!("event_log_head").set(head as f64);
        metrics::gauge!("event_log_waiting").set(waiting as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_written_with_help_and_labels() {
        let recorder = PrometheusBuilder::new().set_buckets(&SECONDS).unwrap().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            descriptions::register();
            begin();
            DatabaseMetrics::record("posts.find", "replica", Duration::from_millis(3), false);
            DatabaseMetrics.retried("posts.publish", "deadlock");
        });
        let text = recorder.handle().render();
        for line in [
            "# HELP build_info The running version, in its labels; always 1.",
            "# TYPE posts_published_total counter",
            "posts_published_total 0",
            "database_retries_total{operation=\"posts.publish\",reason=\"deadlock\"} 1",
            "# TYPE database_query_duration_seconds histogram",
            "database_query_duration_seconds_bucket{operation=\"posts.find\",role=\"replica\",outcome=\"ok\",le=\"0.0025\"} 0",
            "database_query_duration_seconds_bucket{operation=\"posts.find\",role=\"replica\",outcome=\"ok\",le=\"0.005\"} 1",
        ] {
            assert!(text.lines().any(|its| its == line), "no {line}: {text}");
        }
        let described = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
        let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        assert_eq!(described.map(name).collect::<Vec<_>>(), typed.map(name).collect::<Vec<_>>());
    }
}
