//! The generated Rust client. It is not in the workspace; only this chore compiles it.

use std::path::PathBuf;

use anyhow::Result;
use tokio::process::Command;
use toolkit::{Interrupt, process};

use crate::cache;
use crate::executables::Executables;

/// The manifest, relative to the root.
const MANIFEST: &str = "tests/clients/rust/Cargo.toml";

/// Generates and compiles the client, and returns the path of its executable.
pub(super) async fn build(interrupt: &Interrupt) -> Result<PathBuf> {
    process::run(process::cargo(["fmt", "--check", "--manifest-path", MANIFEST]), interrupt).await?;
    let target = format!("--target-dir={}", cache::folder("rust")?.display());
    Executables::build(&["--manifest-path", MANIFEST, "--locked", &target], interrupt).await?.path("client")
}

/// Runs the tour.
pub(super) async fn run(program: PathBuf, variables: &[(&str, &str)], interrupt: &Interrupt) -> Result<()> {
    let mut command = Command::new(program);
    command.envs(variables.iter().copied());
    process::run(command, interrupt).await
}
