//! Runs the server as a process.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use tempfile::TempDir;
use testkit::app::Http;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A time limit that no passing test reaches.
const PATIENCE: Duration = Duration::from_mins(1);

/// The path of an executable in the same target folder as this test.
fn executable(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let file = own.parent().and_then(Path::parent).unwrap().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(file.is_file(), "there is no {}: run `cargo build --package {name}` first", file.display());
    file
}

/// The server in an empty folder, configured by `variables` only.
fn command(folder: &TempDir, variables: &[(&str, &str)]) -> Command {
    in_folder(Command::new(executable("thoughts")), folder, variables)
}

/// The same. A write past the file size limit is an error instead of the signal that ends the process.
#[cfg(target_os = "linux")]
fn command_with_bounded_files(folder: &TempDir, variables: &[(&str, &str)]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(executable("thoughts"));
    in_folder(shell, folder, variables)
}

fn in_folder(mut command: Command, folder: &TempDir, variables: &[(&str, &str)]) -> Command {
    command
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs the server to its end.
pub(super) async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    run_in(&tempfile::tempdir().unwrap(), "thoughts", arguments, variables).await
}

/// Runs an executable of the workspace in a folder to its end.
pub(super) async fn run_in(folder: &TempDir, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let output = in_folder(Command::new(executable(program)), folder, variables).args(arguments).output();
    timeout(PATIENCE, output).await.unwrap_or_else(|_| panic!("it runs and runs")).unwrap()
}

pub(super) struct Serving {
    child: Child,
    pub(super) http: Http,
    said: JoinHandle<String>,
    logged: JoinHandle<String>,
    /// Dropped when the log is to be read.
    unread: Option<oneshot::Sender<()>>,
    _folder: TempDir,
}

impl Serving {
    /// Starts the server in development mode on a free port, and waits for its address.
    pub(super) async fn start(variables: &[(&str, &str)]) -> Self {
        let mut server = Self::start_unread(variables).await;
        server.unread = None;
        server
    }

    /// Starts a server whose files can be [bounded](Self::bound_files).
    #[cfg(target_os = "linux")]
    pub(super) async fn start_with_bounded_files(variables: &[(&str, &str)]) -> Self {
        let mut server = Self::spawn(command_with_bounded_files, variables).await;
        server.unread = None;
        server
    }

    /// Starts a server whose log is not read before it ends.
    pub(super) async fn start_unread(variables: &[(&str, &str)]) -> Self {
        Self::spawn(command, variables).await
    }

    async fn spawn(command: impl Fn(&TempDir, &[(&str, &str)]) -> Command, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let usual = [("PORT", "0"), ("WORKERS", "2"), ("RATE_LIMIT", "off"), ("LOG_FORMAT", "json")];
        let mut child = command(&folder, &[&usual, variables].concat()).spawn().unwrap();
        let (unread, reading) = oneshot::channel();
        let mut unread = Some(unread);
        let logged = read(child.stderr.take().unwrap(), reading);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let read = timeout(PATIENCE, lines.read_line(&mut said)).await.unwrap().unwrap();
            if read == 0 {
                drop(unread.take());
                panic!("it ended: {said}{}", logged.await.unwrap());
            }
            if let Some(rest) = said.split("http://").nth(1)
                && let Some((address, _)) = rest.split_once('/')
            {
                break address.parse().unwrap();
            }
        };
        Self { child, http: Http::new(address), said: listen(said, lines), logged, unread, _folder: folder }
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    /// Limits the size of its files to `bytes`, like a full disc; `None` removes the limit.
    #[cfg(target_os = "linux")]
    pub(super) fn bound_files(&self, bytes: Option<u64>) {
        let Rlimit { current, maximum } = getrlimit(Resource::Fsize);
        prlimit(Some(self.id()), Resource::Fsize, Rlimit { current: bytes.or(current), maximum }).unwrap();
    }

    /// Kills it with SIGKILL.
    pub(super) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends SIGTERM, as an orchestrator does. Returns the exit code and everything that it wrote.
    pub(super) async fn terminate(mut self) -> (Option<i32>, String) {
        kill_process(self.id(), Signal::TERM).unwrap();
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        drop(self.unread);
        (status.code(), self.said.await.unwrap() + &self.logged.await.unwrap())
    }
}

fn read(mut stream: ChildStderr, reading: oneshot::Receiver<()>) -> JoinHandle<String> {
    tokio::spawn(async move {
        let _ = reading.await;
        let mut text = Vec::new();
        stream.read_to_end(&mut text).await.unwrap();
        String::from_utf8_lossy(&text).into_owned()
    })
}

fn listen(mut said: String, mut lines: BufReader<ChildStdout>) -> JoinHandle<String> {
    tokio::spawn(async move {
        lines.read_to_string(&mut said).await.unwrap();
        said
    })
}
