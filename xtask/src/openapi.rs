//! `cargo xtask openapi`: `openapi.json` in the repository.

use std::path::Path;

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::interrupt::Interrupt;
use crate::root::root;
use crate::{fresh, process};

/// Options of `cargo xtask openapi`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Writes nothing and fails when openapi.json is stale
    #[arg(long)]
    check: bool,
}

/// Writes `openapi.json`, or checks it.
pub(crate) async fn run(args: Args) -> Result<()> {
    let command = process::cargo(["run", "--quiet", "--package", "thoughts", "--", "openapi"]);
    write_or_check(command, args.check, &Interrupt::listen()?).await
}

/// Checks `openapi.json` against what the built `server` says, or one that is built for it.
pub(crate) async fn check(server: Option<&Path>, interrupt: &Interrupt) -> Result<()> {
    let command = match server {
        Some(server) => {
            let mut command = Command::new(server);
            command.arg("openapi").current_dir(root());
            command
        }
        None => process::cargo(["run", "--quiet", "--package", "thoughts", "--", "openapi"]),
    };
    write_or_check(command, true, interrupt).await
}

async fn write_or_check(command: Command, check: bool, interrupt: &Interrupt) -> Result<()> {
    let document = process::output(command, interrupt).await?;
    let document = String::from_utf8(document).context("the OpenAPI document is not UTF-8")?;
    fresh::write_or_check(&root().join("openapi.json"), &document, check, "openapi")
}
