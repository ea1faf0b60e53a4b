//! Databases that tests leave behind on a server.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// A server that responds more slowly is unsuitable for hundreds of tests.
const PATIENCE: Duration = Duration::from_secs(15);

/// Drops the databases that tests created and could not drop, because they failed or were killed.
pub(crate) async fn drop_leftovers(url: &str) -> Result<()> {
    let mut server = connect(url).await?;
    let found: Vec<String> =
        sqlx::query_scalar(r"SELECT datname FROM pg_database WHERE datname LIKE 'thoughts\_test\_%' ORDER BY datname")
            .fetch_all(&mut server)
            .await?;
    for name in &found {
        let quoted = name.replace('"', "\"\"");
        let drop = format!("DROP DATABASE IF EXISTS \"{quoted}\" WITH (FORCE)");
        sqlx::query(AssertSqlSafe(drop)).execute(&mut server).await.with_context(|| format!("cannot drop {name}"))?;
    }
    if !found.is_empty() {
        eprintln!("dropped {}", found.len());
    }
    server.close().await?;
    Ok(())
}

/// Fails unless the server answers and the role may create databases.
pub(crate) async fn check_role(url: &str) -> Result<()> {
    let mut server = connect(url).await?;
    let may: Option<bool> =
        sqlx::query_scalar("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
            .fetch_optional(&mut server)
            .await?;
    server.close().await?;
    if may != Some(true) {
        bail!("its role may not create databases");
    }
    Ok(())
}

async fn connect(url: &str) -> Result<PgConnection> {
    tokio::time::timeout(PATIENCE, Box::pin(PgConnection::connect(url)))
        .await
        .with_context(|| format!("no answer within {} s", PATIENCE.as_secs()))?
        .context("no connection")
}
