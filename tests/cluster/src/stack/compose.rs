//! Runs `docker compose` for one project.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;
use tokio::sync::{RwLock, oneshot};
use tokio::time::timeout;
use toolkit::{process, root};

use super::{Ports, Service, names};

/// How the image is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Builds fast, runs a quarter slower
    Quick,
    /// As released
    Release,
}

/// Runs `docker compose` with the same files and variables each time.
#[derive(Clone)]
pub(super) struct Compose {
    project: String,
    files: Vec<PathBuf>,
    variables: Vec<(&'static str, String)>,
    /// Every command holds it until all its processes have ended.
    running: Arc<RwLock<()>>,
}

impl Compose {
    /// Uses `files`, with variables that lift every limit that the cases do not test.
    ///
    /// [`Self::at`] must set ports and network before anything is started.
    pub(super) fn new(files: Vec<PathBuf>, profile: Profile) -> Self {
        let profile = match profile {
            Profile::Quick => "quick",
            Profile::Release => "release",
        };
        let (checkout, unlimited) = (names::checkout(&root()), "1000000");
        let variables = vec![
            ("HTTP_ADDRESS", "127.0.0.1".to_owned()),
            ("BUILD_PROFILE", profile.to_owned()),
            ("IMAGE_TAG", names::image_tag(&checkout)),
            ("NGINX_RATE", format!("{unlimited}r/s")),
            ("NGINX_BURST", unlimited.to_owned()),
            ("NGINX_CONNECTIONS", "65535".to_owned()),
            ("NGINX_BODIES", "65535".to_owned()),
            ("RATE_LIMIT", "off".to_owned()),
        ];
        let compose = Self { project: names::project(&checkout), files, variables, running: Arc::default() };
        // The files cannot be parsed without them.
        compose.at(Ports::default(), "")
    }

    /// The same with these ports and this network.
    pub(super) fn at(&self, ports: Ports, network: &str) -> Self {
        let port = |compose: Self, (name, port): (&'static str, u16)| compose.with(name, &port.to_string());
        let ports = [
            ("HTTP_PORT", ports.gateway),
            ("CLUSTER_TEST_APP1_PORT", ports.app1),
            ("CLUSTER_TEST_APP2_PORT", ports.app2),
            ("CLUSTER_TEST_APP1_METRICS_PORT", ports.app1_metrics),
            ("CLUSTER_TEST_APP2_METRICS_PORT", ports.app2_metrics),
        ];
        ports.into_iter().fold(self.with("NETWORK_PREFIX", network), port)
    }

    /// The same with one variable changed.
    pub(super) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.variables.retain(|(its_name, _)| *its_name != name);
        other.variables.push((name, value.to_owned()));
        other
    }

    /// The command to type by hand.
    pub(super) fn shown(&self) -> String {
        format!("docker compose --project-name {}", self.project)
    }

    /// The container name of a service.
    pub(super) fn container(&self, service: Service) -> String {
        format!("{}-{}-1", self.project, service.name())
    }

    /// The network of all services.
    pub(super) fn network(&self) -> String {
        format!("{}_default", self.project)
    }

    /// Runs a command to its end and returns its standard output.
    pub(super) async fn run(&self, args: &[&str], limit: Duration) -> Result<String> {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.finish(command, args, limit).await
    }

    /// Runs a command to its end and shows its output as it is written.
    pub(super) async fn loudly(&self, args: &[&str], limit: Duration) -> Result<()> {
        self.finish(self.command(args), args, limit).await.map(drop)
    }

    /// Runs `docker` itself, which is faster than `docker compose`.
    pub(super) async fn engine(&self, args: &[&str], limit: Duration) -> Result<String> {
        let mut command = Command::new("docker");
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(self.finish(command, args, limit).await?.trim().to_owned())
    }

    /// Runs commands in `folder` as typed at a prompt, where a failure does not prevent the next command. Returns the
    /// output and the status of the last one.
    pub(super) async fn shell(&self, commands: &str, folder: &Path, limit: Duration) -> Result<Output> {
        let mut command = Command::new("sh");
        command.args(["-c", commands]).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut files = OsString::new();
        for file in &self.files {
            if !files.is_empty() {
                files.push(":");
            }
            files.push(std::path::absolute(file)?);
        }
        command.env("COMPOSE_PROJECT_NAME", &self.project).env("COMPOSE_FILE", files).env("COMPOSE_ANSI", "never");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        self.ended(command, || format!("`{}`", commands.lines().next().unwrap_or_default()), limit).await
    }

    /// Waits until all cancelled commands have ended.
    pub(super) async fn settled(&self) {
        drop(self.running.write().await);
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["compose", "--ansi", "never", "--project-name", &self.project, "--project-directory"]);
        command.arg(root());
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.args(args);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end, and returns its output; a failure is an error.
    async fn finish(&self, command: Command, args: &[&str], limit: Duration) -> Result<String> {
        let shown = || format!("`docker … {}`", args.join(" "));
        let output = self.ended(command, shown, limit).await?;
        if !output.status.success() {
            bail!("{} ended with {}: {}", shown(), output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        String::from_utf8(output.stdout).with_context(shown)
    }

    /// Runs a command to its end. Dropping the future stops the command with all its processes.
    async fn ended(&self, command: Command, shown: impl Fn() -> String, limit: Duration) -> Result<Output> {
        let running = Arc::clone(&self.running).read_owned().await;
        let (_awaited, given_up) = oneshot::channel::<Infallible>();
        // In a task of its own, which has the time to stop a command that is cancelled on Ctrl-C.
        let ended = tokio::spawn(async move {
            let output = process::run_unless(command, async { drop(given_up.await) }).await;
            drop(running);
            output
        });
        timeout(limit, ended)
            .await
            .with_context(|| format!("{} took longer than {} s", shown(), limit.as_secs()))??
            .with_context(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compose() -> Compose {
        Compose::new(Vec::new(), Profile::Quick)
    }

    #[test]
    fn each_variable_is_set_once() {
        let compose = compose().at(Ports { gateway: 8080, ..Ports::default() }, "10.87.64").with("RATE_LIMIT", "on");
        let mut names: Vec<_> = compose.variables.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), compose.variables.len());
        for expected in [("HTTP_PORT", "8080"), ("NETWORK_PREFIX", "10.87.64"), ("RATE_LIMIT", "on")] {
            assert!(compose.variables.iter().any(|(name, value)| (*name, value.as_str()) == expected));
        }
    }

    #[tokio::test]
    async fn a_cancelled_command_is_stopped() {
        let compose = compose();
        let mut command = Command::new("sleep");
        command.arg("600");
        compose.finish(command, &["sleep"], Duration::from_millis(10)).await.unwrap_err();
        timeout(Duration::from_mins(1), compose.settled()).await.unwrap();
    }
}
