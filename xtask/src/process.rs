//! Running other programs, and stopping them together with all they started.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::interrupt::Interrupt;
use crate::root::root;

/// How long a program may take to stop when asked.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `cargo run` sets for this program only. Cargo would take it for a change of the environment and build anew.
const OWN_VARIABLES: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"];

/// A cargo command, to be run at the root of the workspace.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OWN_VARIABLES.iter().any(|own| name.starts_with(own))) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` to its end; what it prints goes where ours goes. Fails when it fails.
pub(crate) async fn run(mut command: Command, interrupt: &Interrupt) -> Result<()> {
    let mut child = spawn(&mut command)?;
    let (status, ()) = wait(&mut child, std::future::ready(Ok(())), interrupt).await?;
    succeed(&command, status)
}

/// Runs `command` to its end and answers what it wrote to standard output. Fails when it fails.
pub(crate) async fn output(mut command: Command, interrupt: &Interrupt) -> Result<Vec<u8>> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let mut stdout = child.stdout.take();
    let read = async move {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout.as_mut() {
            tokio::io::AsyncReadExt::read_to_end(stdout, &mut bytes).await?;
        }
        Ok(bytes)
    };
    let (status, bytes) = wait(&mut child, read, interrupt).await?;
    succeed(&command, status)?;
    Ok(bytes)
}

/// Starts `command` in a process group of its own, so that all it starts can be stopped with it.
fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot run {}", shown(command)))
}

async fn wait<T>(
    child: &mut Child,
    read: impl Future<Output = io::Result<T>>,
    interrupt: &Interrupt,
) -> Result<(ExitStatus, T)> {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let ended = tokio::select! {
        ended = async { tokio::try_join!(child.wait(), read) } => Some(ended?),
        () = interrupt.raised() => None,
    };
    if let Some(ended) = ended {
        return Ok(ended);
    }
    if let Some(group) = group {
        // A group that is gone already is what is wanted.
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

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words: Vec<_> = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    format!("`{}`", words.join(" "))
}
