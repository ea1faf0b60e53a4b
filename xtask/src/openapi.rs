//! `cargo xtask openapi`: writes `openapi.json`, and the table of calls in `docs/api.md`.

mod calls;

use std::path::Path;

use anyhow::{Context as _, Result};
use tokio::process::Command;
use toolkit::{Interrupt, process, root};

use crate::fresh;

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Write nothing, and fail if openapi.json or docs/api.md is stale
    #[arg(long)]
    check: bool,
}

/// Writes `openapi.json` and the table, or checks them.
pub(crate) async fn run(args: Args) -> Result<()> {
    let command = process::cargo(["run", "--quiet", "--package", "thoughts", "--", "openapi"]);
    write_or_check(command, args.check, &Interrupt::listen()?).await
}

/// Checks `openapi.json` and the table against the document of `server`, which is built if it is not given.
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
    fresh::write_or_check(&root().join("openapi.json"), &document, check, "openapi")?;
    let path = root().join("docs/api.md");
    let guide = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    fresh::write_or_check(&path, &calls::put_into(&guide, &document)?, check, "openapi")
}
