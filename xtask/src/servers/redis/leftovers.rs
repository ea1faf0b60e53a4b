//! Keys and users that tests leave behind on a server.

use std::time::Duration;

use anyhow::{Context as _, Result};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};

/// A server that responds more slowly is unsuitable for hundreds of tests.
const PATIENCE: Duration = Duration::from_secs(15);

/// The user that the adapter's tests create (`crates/adapters/redis/tests/shared_state/rules.rs`).
const USER: &str = "thoughts_test";

/// Removes the keys and the user that tests created and could not remove, because they were killed.
pub(crate) async fn drop_leftovers(url: &str) -> Result<()> {
    let mut server = connect(url).await?;
    let mut found: u64 = 0;
    let mut cursor = "0".to_owned();
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(&cursor).arg("MATCH").arg("thoughts_test_*").arg("COUNT").arg(1000);
        let keys: Vec<Vec<u8>>;
        (cursor, keys) = scan.query_async(&mut server).await?;
        if !keys.is_empty() {
            found += redis::cmd("UNLINK").arg(keys).query_async::<u64>(&mut server).await?;
        }
        if cursor == "0" {
            break;
        }
    }
    if found > 0 {
        eprintln!("dropped {found}");
    }
    let _: u64 = redis::cmd("ACL").arg("DELUSER").arg(USER).query_async(&mut server).await?;
    Ok(())
}

/// Fails unless the server answers.
pub(super) async fn check(url: &str) -> Result<()> {
    let mut server = connect(url).await?;
    redis::cmd("PING").query_async::<String>(&mut server).await?;
    Ok(())
}

async fn connect(url: &str) -> Result<MultiplexedConnection> {
    let options =
        AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
    let client = Client::open(url).context("no address of a Redis")?;
    client.get_multiplexed_async_connection_with_config(&options).await.context("no connection")
}
