//! The descriptions of all metrics, whichever crate records them.

use metrics::Unit;

/// A metric and its meaning.
struct Description {
    name: &'static str,
    kind: Kind,
    unit: Unit,
    meaning: &'static str,
}

/// The Prometheus type of a metric.
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// All metrics, in the order of docs/operations.md.
const DESCRIPTIONS: &[Description] = &[
    seconds(
        "http_request_duration_seconds",
        "From a request's head to its answer's head, by method, route and status.",
    ),
    gauge("http_requests_in_flight", Unit::Count, "Requests that are being answered."),
    counter("http_refusals_total", "What was refused before it was a request, by code."),
    counter(
        "http_unreadable_clients_total",
        "Requests of which a trusted proxy says in no way that can be read whom they come from.",
    ),
    counter("http_requests_shed_total", "Requests that were turned away for want of room, by reason."),
    counter("rate_limited_total", "Requests that were turned away because their client asks too often, by budget."),
    counter("posts_published_total", "Posts that were published."),
    counter("comments_added_total", "Comments and replies that were added."),
    counter("sign_ups_total", "Accounts that were made."),
    counter("security_events_total", "What may be part of an attack, or be looked for after one, by event."),
    seconds("database_query_duration_seconds", "Duration of statements, by operation, role of the server and outcome."),
    counter("database_transactions_total", "Transactions that were begun for writing."),
    counter("database_retries_total", "What was begun again because the database ended it, by operation and reason."),
    gauge("database_pool_connections", Unit::Count, "Connections to the database, by role of the server and state."),
    counter("database_reads_total", "Reads, by role of the server that they went to and why they went there."),
    gauge("database_replica_lag_bytes", Unit::Bytes, "How much of the primary's log a replica has yet to replay."),
    gauge(
        "database_storage_failing",
        Unit::Count,
        "1 while the database cannot store what is written, as its disc is full or fails; else 0.",
    ),
    counter("cache_requests_total", "Look-ups in the cache, by layer and outcome."),
    counter("cache_loads_total", "Loads from the database on behalf of the cache, by kind."),
    gauge("cache_following", Unit::Count, "1 while the cache hears of every change, 0 while it is not used."),
    gauge("cache_entries", Unit::Count, "Entries of the cache in memory."),
    gauge("cache_bytes", Unit::Bytes, "Size of the cache in memory."),
    seconds("redis_command_duration_seconds", "Duration of commands to Redis, by command and outcome."),
    gauge("circuit_state", Unit::Count, "State of a circuit breaker: 0 closed, 1 open, 2 half open."),
    counter("log_lines_dropped_total", "Lines of the log that were dropped because they came faster than written."),
    gauge("build_info", Unit::Count, "What is running; always 1."),
];

const fn counter(name: &'static str, meaning: &'static str) -> Description {
    Description { name, kind: Counter, unit: Unit::Count, meaning }
}

const fn gauge(name: &'static str, unit: Unit, meaning: &'static str) -> Description {
    Description { name, kind: Gauge, unit, meaning }
}

const fn seconds(name: &'static str, meaning: &'static str) -> Description {
    Description { name, kind: Histogram, unit: Unit::Seconds, meaning }
}

/// Registers the descriptions with the recorder of the process.
pub(super) fn register() {
    for Description { name, kind, unit, meaning } in DESCRIPTIONS {
        match kind {
            Counter => metrics::describe_counter!(*name, *unit, *meaning),
            Gauge => metrics::describe_gauge!(*name, *unit, *meaning),
            Histogram => metrics::describe_histogram!(*name, *unit, *meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn are_in_the_page_for_operators() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
        let page = std::fs::read_to_string(&path).unwrap();
        for Description { name, kind, .. } in DESCRIPTIONS {
            let kind = match kind {
                Counter => "counter",
                Gauge => "gauge",
                Histogram => "histogram",
            };
            assert!(
                page.contains(&format!("| `{name}` | {kind}")),
                "docs/operations.md does not name {name}, a {kind}"
            );
        }
    }

    #[test]
    fn have_names_that_say_their_kind() {
        for Description { name, kind, unit, .. } in DESCRIPTIONS {
            assert_eq!(name.ends_with("_total"), matches!(kind, Counter), "{name}");
            assert_eq!(name.ends_with("_seconds"), *unit == Unit::Seconds, "{name}");
            assert_eq!(name.ends_with("_bytes"), *unit == Unit::Bytes, "{name}");
        }
    }
}
