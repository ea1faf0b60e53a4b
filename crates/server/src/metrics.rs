//! The numbers that the process keeps about itself, in Prometheus' format.

use std::sync::Arc;
use std::time::Duration;

use api::MetricsRenderer;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};
use persistence::{Observer, Role, StatementEvent};

/// Upper bounds of the buckets of every duration, in seconds.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// How often samples are folded into buckets when nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to keep the numbers of this process, and answers what writes them.
///
/// # Errors
/// [`BuildError`] when they are kept already.
pub fn install() -> Result<MetricsRenderer, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder()?;
    metrics::gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let upkeep = handle.clone();
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(Arc::new(move || handle.render()))
}

/// Counts and times what is asked of the database.
pub(crate) struct DatabaseMetrics;

impl Observer for DatabaseMetrics {
    fn statement(&self, event: &StatementEvent<'_>) {
        let outcome = if event.failed { "error" } else { "ok" };
        let labels = [("operation", event.operation), ("role", event.role.name()), ("outcome", outcome)];
        metrics::histogram!("database_query_duration_seconds", &labels).record(event.elapsed.as_secs_f64());
    }

    fn routed(&self, role: Role, reason: &'static str) {
        metrics::counter!("database_reads_total", "role" => role.name(), "reason" => reason).increment(1);
    }

    fn transaction(&self) {
        metrics::counter!("database_transactions_total").increment(1);
    }
}
