//! `cargo xtask cluster-test`: replaces this process with the package `cluster-test`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use toolkit::{process, root};

/// Arguments of `cargo xtask cluster-test`, which that program parses.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// See `cargo xtask cluster-test --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Replaces this process with `cargo run`, so that Ctrl-C and the exit code are those of one process.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = process::cargo(["run", "--quiet", "--package", "cluster-test", "--manifest-path"]);
    command.arg(root().join("Cargo.toml")).arg("--").args(&args.arguments);
    // Relative paths in the arguments refer to the caller's folder.
    command.current_dir(std::env::current_dir()?);
    Err(command.as_std_mut().exec()).context("cannot run cargo")
}
