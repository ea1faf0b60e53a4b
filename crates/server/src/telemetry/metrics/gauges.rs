//! Gauges that are sampled: connections, replica lag, storage failures, circuits.

use database::{Database, ServerStatus, StorageStatus};
use metrics::gauge;
use redis_adapters::Redis;
use resilience::State;

/// Values of `circuit_state`.
const CLOSED: f64 = 0.0;
const OPEN: f64 = 1.0;
const HALF_OPEN: f64 = 2.0;

/// Samples the database servers and Redis.
pub(crate) fn record(database: &Database, redis: Option<&Redis>) {
    for server in database.servers() {
        record_server(&server);
    }
    let fails = database.storage() != StorageStatus::Sound;
    gauge!("database_storage_failing").set(if fails { 1.0 } else { 0.0 });
    if let Some(redis) = redis {
        let state = match redis.state() {
            State::Closed => CLOSED,
            State::Open => OPEN,
            State::HalfOpen => HALF_OPEN,
        };
        gauge!("circuit_state", "name" => "redis").set(state);
    }
}

fn record_server(server: &ServerStatus) {
    let role = server.role.name();
    let used = server.connections.saturating_sub(server.idle);
    for (state, connections) in [("idle", server.idle), ("used", used), ("pipelined", server.pipelined)] {
        let labels = [("server", server.name.clone()), ("role", role.to_owned()), ("state", state.to_owned())];
        gauge!("database_pool_connections", &labels).set(f64::from(connections));
    }
    gauge!("circuit_state", "name" => server.name.clone()).set(if server.up { CLOSED } else { OPEN });
    if let Some(lag) = server.lag {
        #[expect(clippy::cast_precision_loss, reason = "a lag of petabytes may be off by a byte")]
        gauge!("database_replica_lag_bytes", "replica" => server.name.clone()).set(lag as f64);
    }
}
