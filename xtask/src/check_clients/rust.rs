//! The client that is generated in Rust. It is no crate of the workspace: only this chore compiles it.

use std::path::PathBuf;

use anyhow::Result;
use tokio::process::Command;
use toolkit::{Interrupt, process};

use crate::cache;
use crate::executables::Executables;

/// The manifest, from the root.
const MANIFEST: &str = "tests/clients/rust/Cargo.toml";

/// Generates and compiles it; answers where its executable is.
pub(super) async fn build(interrupt: &Interrupt) -> Result<PathBuf> {
    process::run(process::cargo(["fmt", "--check", "--manifest-path", MANIFEST]), interrupt).await?;
    let target = format!("--target-dir={}", cache::folder("rust")?.display());
    Executables::build(&["--manifest-path", MANIFEST, "--locked", &target], interrupt).await?.path("client")
}

/// Walks the tour.
pub(super) async fn run(program: PathBuf, variables: &[(&str, &str)], interrupt: &Interrupt) -> Result<()> {
    let mut command = Command::new(program);
    command.envs(variables.iter().copied());
    process::run(command, interrupt).await
}
