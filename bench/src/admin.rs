//! Administers PostgreSQL and Redis for the benchmarks.

use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// Prefix of the benchmark databases; a number follows.
const PREFIX: &str = "thoughts_bench_";

const PEOPLE: &str = include_str!("../sql/people.sql");

/// The URL of another database of the same server.
///
/// # Errors
/// If `url` is invalid.
pub fn database(url: &str, name: &str) -> Result<String> {
    let mut url = Url::parse(url).context("no address of a PostgreSQL")?;
    url.set_path(name);
    Ok(url.into())
}

/// Creates an empty database and returns its URL.
///
/// # Errors
/// If the role may not create databases.
pub async fn create(url: &str, number: usize) -> Result<String> {
    let name = format!("{PREFIX}{}_{number}", std::process::id());
    execute(url, &format!("CREATE DATABASE {name}")).await?;
    database(url, &name)
}

/// Drops the databases of this run and of earlier ones.
///
/// # Errors
/// If one of them cannot be dropped.
pub async fn drop_all(url: &str) -> Result<()> {
    let mut server = PgConnection::connect(url).await.context("no connection to PostgreSQL")?;
    let found: Vec<String> =
        sqlx::query_scalar(r"SELECT datname FROM pg_database WHERE datname LIKE 'thoughts\_bench\_%'")
            .fetch_all(&mut server)
            .await?;
    for name in found {
        let drop = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", name.replace('"', "\"\""));
        sqlx::query(AssertSqlSafe(drop)).execute(&mut server).await.with_context(|| format!("cannot drop {name}"))?;
    }
    Ok(server.close().await?)
}

/// Adds the writing users and their posts.
///
/// # Errors
/// If the database fails.
pub async fn add_people(url: &str) -> Result<()> {
    execute(url, PEOPLE).await
}

/// Settles the database after filling it: updates the planner's statistics and writes out dirty pages.
///
/// # Errors
/// If the database fails.
pub async fn settle(url: &str) -> Result<()> {
    for command in ["VACUUM ANALYZE", "CHECKPOINT"] {
        execute(url, command).await?;
    }
    Ok(())
}

/// Runs statements without results.
async fn execute(url: &str, sql: &str) -> Result<()> {
    let mut server = PgConnection::connect(url).await.context("no connection to PostgreSQL")?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut server).await.with_context(|| format!("cannot {sql}"))?;
    Ok(server.close().await?)
}

/// PostgreSQL settings that the figures depend on.
pub const SETTINGS: [&str; 6] =
    ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_connections"];

/// The values of [`SETTINGS`].
///
/// # Errors
/// If the database fails.
pub async fn settings(url: &str) -> Result<Vec<(String, String)>> {
    let mut server = PgConnection::connect(url).await.context("no connection to PostgreSQL")?;
    let mut settings = Vec::with_capacity(SETTINGS.len());
    for name in SETTINGS {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut server).await?;
        settings.push((name.to_owned(), value));
    }
    server.close().await?;
    Ok(settings)
}

/// Rejects a server that acknowledges writes before they are durable, because its write rates are not comparable.
///
/// # Errors
/// If a setting turns durability off.
pub fn durable(settings: &[(String, String)]) -> Result<()> {
    for (name, value) in settings {
        if ["fsync", "synchronous_commit", "full_page_writes"].contains(&name.as_str()) && value == "off" {
            bail!("PostgreSQL has {name} = off; use another server, or pass --allow-unsafe-database");
        }
    }
    Ok(())
}

/// The URL of a numbered database of the same Redis server.
///
/// # Errors
/// If `url` is invalid.
pub fn redis_database(url: &str, number: usize) -> Result<String> {
    let mut url = Url::parse(url).context("no address of a Redis")?;
    url.set_path(&(number % 16).to_string());
    Ok(url.into())
}

/// Empties the Redis database of `url`, which may hold entries of another benchmark database. Returns the server's
/// version.
///
/// # Errors
/// If Redis cannot be reached.
pub async fn empty_redis(url: &str) -> Result<String> {
    let url = Url::parse(url).context("no address of a Redis")?;
    let host = (url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(6379));
    let mut stream = TcpStream::connect(host).await.context("no connection to Redis")?;
    let authenticate = url.password().map(|password| format!("AUTH {password}\r\n")).unwrap_or_default();
    let number = Some(url.path().trim_start_matches('/')).filter(|number| !number.is_empty()).unwrap_or("0");
    let commands = format!("{authenticate}SELECT {number}\r\nFLUSHDB\r\nINFO server\r\nQUIT\r\n");
    stream.write_all(commands.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match answer.lines().find_map(|line| line.strip_prefix("redis_version:")) {
        Some(version) => Ok(version.trim().to_owned()),
        None => bail!("Redis answered {answer}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_database_in_the_url() {
        assert_eq!(database("postgresql://u:p@h:5/postgres", "x").unwrap(), "postgresql://u:p@h:5/x");
        assert_eq!(redis_database("redis://:p@h:6", 17).unwrap(), "redis://:p@h:6/1");
    }

    #[test]
    fn rejects_a_database_without_durability() {
        let settings = |value: &str| vec![("fsync".to_owned(), value.to_owned())];
        assert!(durable(&settings("on")).is_ok());
        assert!(durable(&settings("off")).is_err());
    }
}
