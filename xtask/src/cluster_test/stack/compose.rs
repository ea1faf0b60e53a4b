//! `docker compose`, for one project.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;
use tokio::time::timeout;

use super::{Ports, Service};
use crate::root::root;

/// The project's name, apart from whatever else runs from this checkout.
const PROJECT: &str = "thoughts-cluster-test";

/// How the image is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Builds fast, runs a quarter slower
    Quick,
    /// As it is shipped
    Release,
}

/// What the compose files are told.
pub(super) struct Variables {
    pub(super) ports: Ports,
    pub(super) network: String,
    pub(super) profile: Profile,
}

/// Runs `docker compose` with the same files and variables each time.
#[derive(Clone)]
pub(super) struct Compose {
    files: Vec<PathBuf>,
    variables: Vec<(&'static str, String)>,
}

impl Compose {
    /// Of these files. What is left to choose in them is chosen so that the test meets no limit but those it looks for.
    pub(super) fn new(files: Vec<PathBuf>, variables: &Variables) -> Self {
        let Variables { ports, network, profile } = variables;
        let profile = match profile {
            Profile::Quick => "quick",
            Profile::Release => "release",
        };
        let unlimited = "1000000";
        let variables = [
            ("HTTP_ADDRESS", "127.0.0.1".to_owned()),
            ("HTTP_PORT", ports.gateway.to_string()),
            ("CLUSTER_TEST_APP1_PORT", ports.app1.to_string()),
            ("CLUSTER_TEST_APP2_PORT", ports.app2.to_string()),
            ("CLUSTER_TEST_APP1_METRICS_PORT", ports.app1_metrics.to_string()),
            ("CLUSTER_TEST_APP2_METRICS_PORT", ports.app2_metrics.to_string()),
            ("NETWORK_PREFIX", network.clone()),
            ("BUILD_PROFILE", profile.to_owned()),
            ("IMAGE_TAG", "cluster-test".to_owned()),
            ("NGINX_RATE", format!("{unlimited}r/s")),
            ("NGINX_BURST", unlimited.to_owned()),
            ("RATE_LIMIT", "off".to_owned()),
        ];
        Self { files, variables: variables.into() }
    }

    /// The same with one variable set otherwise.
    pub(super) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.variables.retain(|(its_name, _)| *its_name != name);
        other.variables.push((name, value.to_owned()));
        other
    }

    /// The command as one would begin it.
    pub(super) fn shown() -> String {
        format!("docker compose --project-name {PROJECT}")
    }

    /// Runs a command to its end and answers what it wrote to standard output.
    pub(super) async fn run(&self, args: &[&str], limit: Duration) -> Result<String> {
        let mut command = self.command(args);
        finish(command.stdout(Stdio::piped()).stderr(Stdio::piped()), args, limit).await
    }

    /// Runs a command to its end and shows what it writes as it goes.
    pub(super) async fn loudly(&self, args: &[&str], limit: Duration) -> Result<()> {
        finish(&mut self.command(args), args, limit).await.map(drop)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["compose", "--ansi", "never", "--project-name", PROJECT, "--project-directory"]).arg(root());
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.args(args);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// The container of a service.
pub(super) fn container(service: Service) -> String {
    format!("{PROJECT}-{}-1", service.name())
}

/// Asks the engine itself, which answers sooner than `docker compose` does.
pub(super) async fn engine(args: &[&str], limit: Duration) -> Result<String> {
    let mut command = Command::new("docker");
    let output = finish(command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()), args, limit).await?;
    Ok(output.trim().to_owned())
}

async fn finish(command: &mut Command, args: &[&str], limit: Duration) -> Result<String> {
    let shown = || format!("`docker … {}`", args.join(" "));
    // In a group of its own: Ctrl-C is for us, and we still need it to clear up.
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    let output = timeout(limit, command.spawn().with_context(shown)?.wait_with_output())
        .await
        .with_context(|| format!("{} took longer than {} s", shown(), limit.as_secs()))??;
    if !output.status.success() {
        bail!("{} ended with {}: {}", shown(), output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(shown)
}
