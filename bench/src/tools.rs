//! The programs of others, and what they say.

pub mod answer;
pub mod nginx;
pub mod pgbench;
pub mod wrk;

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

/// How much longer than asked for a program may take before it is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs `command` to its end and answers what it printed. Fails when it fails, or takes much longer than `expected`.
///
/// # Errors
/// As above, with what it said.
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

/// A port of loopback that is free now.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("no free port")?.local_addr()?.port())
}

/// Waits until something listens at `port`.
///
/// # Errors
/// When nothing does for a while.
pub async fn listening(port: u16) -> Result<()> {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("nothing listens at port {port}")
}
