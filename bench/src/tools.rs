//! External programs and their output.

pub mod answer;
pub mod nginx;
pub mod pgbench;
pub mod wrk;

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

/// Time by which a program may exceed its expected duration before it is killed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs `command` to its end and returns its standard output.
///
/// # Errors
/// If it fails, or takes much longer than `expected`. The error contains its output.
pub async fn output(command: &mut Command, expected: Duration) -> Result<String> {
    let program = command.as_std().get_program().display().to_string();
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(expected + PATIENCE, command.output())
        .await
        .with_context(|| format!("{program} does not end"))?
        .with_context(|| format!("cannot run {program}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    bail!(
        "{program} ended with {}: {}",
        output.status,
        if complaint.trim().is_empty() { said } else { complaint.into() }
    )
}

/// A port of loopback that is free at this moment.
///
/// # Errors
/// If no port is free.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port())
}

/// Waits until a server listens on `port`.
///
/// # Errors
/// If none does within some seconds.
pub async fn listening(port: u16) -> Result<()> {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("nothing listens at port {port}")
}
