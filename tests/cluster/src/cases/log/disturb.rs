//! Kills each part in turn. The parts are healthy again before the next one is killed.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use super::{Delay, none_left};
use crate::sql;
use crate::stack::{Service, Stack};

/// Duration of the load before the first disturbance, and after the last.
const STEADY: Duration = Duration::from_secs(2);

/// How long a part is gone.
const GONE: Duration = Duration::from_secs(1);

/// Pause between two disturbances.
const BETWEEN: Duration = Duration::from_millis(500);

/// The instances that are killed. Each sequences in between, and leaves rows behind.
const INSTANCES: [Service; 4] = [Service::App1, Service::App2, Service::App1, Service::App2];

/// Disturbs everything, and returns how soon nothing older waited after each disturbance.
pub(super) async fn all(stack: &Stack) -> Result<Vec<Delay>> {
    let mut delays = Vec::new();
    sleep(STEADY).await;
    for service in INSTANCES {
        delays.push(lost(stack, service).await?);
        sleep(BETWEEN).await;
    }
    stack.flush_redis().await?;
    delays.push(nothing_older_waits(stack, "FLUSHALL".to_owned()).await?);
    sleep(BETWEEN).await;
    delays.push(lost(stack, Service::Redis).await?);
    sleep(BETWEEN).await;
    delays.push(lost_primary(stack).await?);
    // Requests that failed have been sent again by then.
    sleep(STEADY * 2).await;
    Ok(delays)
}

/// Kills a part that the log does not need: rows get their positions while it is gone.
async fn lost(stack: &Stack, service: Service) -> Result<Delay> {
    stack.kill(service).await?;
    let killed = Instant::now();
    let delay = nothing_older_waits(stack, format!("kill -9 of {}", service.name())).await?;
    sleep(GONE.saturating_sub(killed.elapsed())).await;
    stack.start(service).await?;
    stack.healthy(service).await?;
    Ok(delay)
}

/// Kills the primary. Rows that waited get their positions once it is healthy again.
async fn lost_primary(stack: &Stack) -> Result<Delay> {
    stack.kill(Service::PostgresPrimary).await?;
    sleep(GONE).await;
    stack.start(Service::PostgresPrimary).await?;
    stack.healthy(Service::PostgresPrimary).await?;
    nothing_older_waits(stack, "kill -9 of the primary, once healthy".to_owned()).await
}

/// Waits until no row is left of those that wait now. Under load, the outbox itself is seldom empty.
async fn nothing_older_waits(stack: &Stack, after: String) -> Result<Delay> {
    let over = Instant::now();
    let newest = sql::number(stack, "SELECT coalesce(max(id), 0) FROM outbox").await?;
    let took = none_left(stack, &format!("SELECT count(*) FROM outbox WHERE id <= {newest}"), over).await?;
    Ok(Delay { after, took })
}
