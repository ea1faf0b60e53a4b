//! Checks that need a Docker engine: whether Docker accepts the compose file, and Nginx its configuration.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::process::Command;
use toolkit::{Interrupt, process, root};

use super::{handed_on, rights};

/// Docker, run at the root of the workspace.
fn docker<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments).current_dir(root());
    command
}

/// The compose file with all profiles, as Docker parses it.
async fn compose_file(interrupt: &Interrupt) -> Result<Value> {
    compose_file_with(&[], interrupt).await
}

/// The same, with these variables set.
async fn compose_file_with(variables: &[(&str, String)], interrupt: &Interrupt) -> Result<Value> {
    let mut config = docker(["compose", "--profile", "*", "config", "--format", "json"]);
    config.envs(variables.iter().map(|(name, value)| (name, value)));
    let json = process::output(config, interrupt).await?;
    serde_json::from_slice(&json).context("what `docker compose config` says is not JSON")
}

/// The image of a service.
fn image<'a>(compose: &'a Value, service: &str) -> Result<&'a str> {
    compose["services"][service]["image"].as_str().with_context(|| format!("{service} has no image"))
}

/// Checks the compose file: every image has an exact version, so that all hosts run the same and a bot can propose
/// updates. No service has more rights than it needs.
pub(super) async fn check_compose(interrupt: &Interrupt) -> Result<()> {
    let compose = compose_file(interrupt).await?;
    let services = compose["services"].as_object().context("there are no services")?;
    for name in services.keys() {
        let image = image(&compose, name)?;
        let built = services[name]["build"].is_object() || image.starts_with("thoughts:");
        anyhow::ensure!(built || is_exact(image), "{name}: {image} names no exact version");
    }
    let excesses = rights::excesses(&compose)?;
    for excess in &excesses {
        eprintln!("{excess}");
    }
    anyhow::ensure!(excesses.is_empty(), "{} rights too many", excesses.len());
    eprintln!("{} services", services.len());
    Ok(())
}

/// Checks that variables in `.env` reach the instances.
pub(super) async fn check_variables(root: &Path, interrupt: &Interrupt) -> Result<()> {
    let example = std::fs::read_to_string(root.join(".env.example")).context("cannot read .env.example")?;
    let names = handed_on::variables(&example)?;
    let marked: Vec<_> = names.iter().map(|name| (*name, handed_on::mark(name))).collect();
    let lost = handed_on::lost(&compose_file_with(&marked, interrupt).await?, &names)?;
    anyhow::ensure!(lost.is_empty(), "docker-compose.yml: {}", lost.join(", "));
    eprintln!("{} variables", names.len());
    Ok(())
}

/// Whether an image has a digest or a full version (`13.8-slim`, `v3.5.0`), and not a moving tag (`latest`, `17`,
/// `trixie`).
fn is_exact(image: &str) -> bool {
    let Some((_, tag)) = image.rsplit_once(':') else { return false };
    let version = tag.split('-').next().unwrap_or_default();
    let parts: Vec<_> = version.trim_start_matches('v').split('.').collect();
    image.contains("@sha256:") || (parts.len() >= 2 && parts.iter().all(|part| part.parse::<u32>().is_ok()))
}

/// The image that contains promtool, pulled if necessary.
pub(super) async fn image_of_prometheus(interrupt: &Interrupt) -> Result<String> {
    let compose = compose_file(interrupt).await?;
    let image = image(&compose, "prometheus")?;
    process::run(docker(["pull", "--quiet", image]), interrupt).await?;
    Ok(image.to_owned())
}

/// Checks the configuration with Nginx, run as deployed: without rights, on a read-only file system.
pub(super) async fn check_nginx(root: &Path, interrupt: &Interrupt) -> Result<()> {
    let compose = compose_file(interrupt).await?;
    let image = image(&compose, "nginx")?;
    let environment = compose["services"]["nginx"]["environment"].as_object().context("nginx has no environment")?;
    let mut command = docker(["run", "--rm", "--network=none", "--read-only", "--user=101:101"]);
    command.args(["--tmpfs=/tmp:uid=101,gid=101", "--tmpfs=/etc/nginx/conf.d:uid=101,gid=101"]);
    // The names of the instances must resolve.
    command.args(["--add-host=app1:127.0.0.1", "--add-host=app2:127.0.0.1"]);
    for (name, value) in environment {
        command.arg(format!("--env={name}={}", value.as_str().unwrap_or_default()));
    }
    for file in ["nginx.conf", "snippets", "templates"] {
        command.arg(format!("--volume={}:/etc/nginx/{file}:ro", root.join("nginx").join(file).display()));
    }
    command.args([image, "nginx", "-t"]);
    process::run(command, interrupt).await
}

#[cfg(test)]
mod tests {
    use super::is_exact;

    #[test]
    fn a_moving_tag_is_not_exact() {
        for exact in ["nginx:1.26.3", "debian:13.8-slim", "prom/prometheus:v3.5.0", "host:5000/a@sha256:00ff"] {
            assert!(is_exact(exact), "{exact}");
        }
        for moving in ["nginx", "nginx:latest", "postgres:17", "redis:8", "debian:trixie-slim", "host:5000/a"] {
            assert!(!is_exact(moving), "{moving}");
        }
    }
}
