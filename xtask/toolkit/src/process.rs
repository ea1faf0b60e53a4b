//! Runs other programs, and stops them with all processes that they started.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::{Interrupt, root};

/// Time limit for a program to stop on request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Variables that `cargo run` sets for this program only. Cargo would see them as a changed environment and rebuild.
const OWN_VARIABLES: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];

/// A cargo command that runs at the root of the workspace.
pub fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OWN_VARIABLES.iter().any(|own| name.starts_with(own))) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` to its end, with inherited output. Fails if the command fails.
pub async fn run(mut command: Command, interrupt: &Interrupt) -> Result<()> {
    let mut child = spawn(&mut command)?;
    let (status, ()) = wait(&mut child, std::future::ready(Ok(())), interrupt.raised()).await?;
    succeed(&command, status)
}

/// Runs `command` to its end and returns its standard output. Fails if the command fails.
pub async fn output(mut command: Command, interrupt: &Interrupt) -> Result<Vec<u8>> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let read = read_all(child.stdout.take());
    let (status, bytes) = wait(&mut child, read, interrupt.raised()).await?;
    succeed(&command, status)?;
    Ok(bytes)
}

/// Runs `command` to its end, successful or not, unless `stopped` comes first. Returns the output that was piped.
pub async fn run_unless(mut command: Command, stopped: impl Future<Output = ()>) -> Result<Output> {
    let mut child = spawn(&mut command)?;
    let (stdout, stderr) = (read_all(child.stdout.take()), read_all(child.stderr.take()));
    let read = async { tokio::try_join!(stdout, stderr) };
    let (status, (stdout, stderr)) = wait(&mut child, read, stopped).await?;
    Ok(Output { status, stdout, stderr })
}

async fn read_all(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Starts `command` in its own process group, so that all its processes can be stopped.
fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot run {}", shown(command)))
}

async fn wait<T>(
    child: &mut Child,
    read: impl Future<Output = io::Result<T>>,
    stopped: impl Future<Output = ()>,
) -> Result<(ExitStatus, T)> {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let ended = tokio::select! {
        ended = async { tokio::try_join!(child.wait(), read) } => Some(ended?),
        () = stopped => None,
    };
    if let Some(ended) = ended {
        return Ok(ended);
    }
    if let Some(group) = group {
        // A group that has already ended is fine.
        let _ = kill_process_group(group, Signal::INT);
        let _ = tokio::time::timeout(PATIENCE, child.wait()).await;
        let _ = kill_process_group(group, Signal::KILL);
    }
    bail!("interrupted")
}

fn succeed(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("{} ended with {status}", shown(command))
}

/// The command as typed in a shell.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words: Vec<_> = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[tokio::test]
    async fn returns_both_outputs_and_the_status() {
        let output = run_unless(shell("echo out; echo err >&2; exit 3"), std::future::pending()).await.unwrap();
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(output.status.code(), Some(3));
    }

    #[tokio::test]
    async fn stops_all_processes_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        // The second shell survives if only the first is killed.
        let command =
            shell(&format!("sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600' & wait", file.display()));
        let began = async {
            while !file.exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        run_unless(command, began).await.unwrap_err();
        let pid = Pid::from_raw(std::fs::read_to_string(&file).unwrap().trim().parse().unwrap()).unwrap();
        let asked = Instant::now();
        while is_running(pid) {
            assert!(asked.elapsed() < Duration::from_secs(30), "it still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether the process runs; a zombie does not count, because it may never be reaped.
    fn is_running(pid: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        status.is_ok_and(|status| !status.contains(") Z "))
    }
}
