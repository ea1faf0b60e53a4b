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
        "Time from the head of a request to the head of its response, by method, route and status.",
    ),
    gauge("http_requests_in_flight", Unit::Count, "Requests in flight."),
    counter("http_refusals_total", "Connections refused before a complete request, by code."),
    counter(
        "http_unreadable_clients_total",
        "Requests whose client address in the header of a trusted proxy could not be read.",
    ),
    counter("http_requests_shed_total", "Requests shed under load, by reason."),
    counter("rate_limited_total", "Requests rejected by a rate limit, by budget."),
    counter("posts_published_total", "Published posts."),
    counter("comments_added_total", "Added comments and replies."),
    counter("sign_ups_total", "Created accounts."),
    counter("security_events_total", "Events that may be part of an attack or help to examine one, by event."),
    seconds("database_query_duration_seconds", "Duration of statements, by operation, role of the server and outcome."),
    counter("database_transactions_total", "Write transactions begun."),
    counter("database_retries_total", "Retries of operations that the database ended, by operation and reason."),
    gauge("database_pool_connections", Unit::Count, "Connections to the database, by role of the server and state."),
    counter("database_reads_total", "Reads, by role of the server and by reason for its choice."),
    gauge("database_replica_lag_bytes", Unit::Bytes, "Bytes of the primary's log that a replica has not replayed yet."),
    gauge(
        "database_storage_failing",
        Unit::Count,
        "1 while the database cannot store writes because its disc is full or fails, else 0.",
    ),
    gauge("event_log_head", Unit::Count, "The newest position of the log of events."),
    gauge("event_log_waiting", Unit::Count, "Transactions that wait for their position in the log, counted to 10,000."),
    counter("event_log_passes_total", "Passes of the sequencer of this instance, by outcome."),
    counter("event_log_entries_total", "Entries of the log that this instance gave a position."),
    counter("cache_requests_total", "Look-ups in the cache, by layer and outcome."),
    counter("cache_loads_total", "Loads from the database on behalf of the cache, by kind."),
    gauge("cache_following", Unit::Count, "1 while the cache receives every change, 0 while it is bypassed."),
    gauge("cache_entries", Unit::Count, "Entries of the cache in memory."),
    gauge("cache_bytes", Unit::Bytes, "Size of the cache in memory."),
    seconds("redis_command_duration_seconds", "Duration of Redis commands, by command and outcome."),
    gauge("circuit_state", Unit::Count, "State of a circuit breaker: 0 closed, 1 open, 2 half open."),
    counter("log_lines_dropped_total", "Log lines dropped because they arrived faster than they could be written."),
    gauge("build_info", Unit::Count, "The running version, in its labels; always 1."),
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
