//! What a Docker engine is asked: whether it understands the compose file, and whether Nginx understands its own.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::process::Command;

use super::rights;
use crate::interrupt::Interrupt;
use crate::process;
use crate::root::root;

/// Docker, at the root of the workspace.
fn docker<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments).current_dir(root());
    command
}

/// The compose file with all profiles, as Docker understands it.
async fn compose_file(interrupt: &Interrupt) -> Result<Value> {
    let config = docker(["compose", "--profile", "*", "config", "--format", "json"]);
    let json = process::output(config, interrupt).await?;
    serde_json::from_slice(&json).context("what `docker compose config` says is not JSON")
}

/// The image of a service.
fn image<'a>(compose: &'a Value, service: &str) -> Result<&'a str> {
    compose["services"][service]["image"].as_str().with_context(|| format!("{service} has no image"))
}

/// Checks the compose file: every image has a version, and no service more rights than it needs.
pub(super) async fn check_compose(interrupt: &Interrupt) -> Result<()> {
    let compose = compose_file(interrupt).await?;
    let services = compose["services"].as_object().context("there are no services")?;
    for name in services.keys() {
        let image = image(&compose, name)?;
        let version = image.rsplit_once(':').map(|(_, version)| version);
        anyhow::ensure!(version.is_some_and(|version| version != "latest"), "{name}: {image} names no version");
    }
    let excesses = rights::excesses(&compose)?;
    for excess in &excesses {
        eprintln!("{excess}");
    }
    anyhow::ensure!(excesses.is_empty(), "{} rights too many", excesses.len());
    eprintln!("{} services", services.len());
    Ok(())
}

/// The image with promtool in it, got from its registry if need be.
pub(super) async fn image_of_prometheus(interrupt: &Interrupt) -> Result<String> {
    let compose = compose_file(interrupt).await?;
    let image = image(&compose, "prometheus")?;
    process::run(docker(["pull", "--quiet", image]), interrupt).await?;
    Ok(image.to_owned())
}

/// Lets Nginx read its configuration, as it is run: without rights, on a read-only file system.
pub(super) async fn check_nginx(root: &Path, interrupt: &Interrupt) -> Result<()> {
    let compose = compose_file(interrupt).await?;
    let image = image(&compose, "nginx")?;
    let environment = compose["services"]["nginx"]["environment"].as_object().context("nginx has no environment")?;
    let mut command = docker(["run", "--rm", "--network=none", "--read-only", "--user=101:101"]);
    command.args(["--tmpfs=/tmp:uid=101,gid=101", "--tmpfs=/etc/nginx/conf.d:uid=101,gid=101"]);
    // Names of the instances have to mean something.
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
