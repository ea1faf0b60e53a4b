//! `cargo xtask cluster-test`: starts the package `cluster-test` in place of this program.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use toolkit::{process, root};

/// Arguments of `cargo xtask cluster-test`, which are read there.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// What `cargo xtask cluster-test --help` names
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Becomes the cluster test, by way of cargo. Ctrl-C and the exit code are those of one process.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = process::cargo(["run", "--quiet", "--package", "cluster-test", "--manifest-path"]);
    command.arg(root().join("Cargo.toml")).arg("--").args(&args.arguments);
    // Paths among the arguments are relative to where the caller is.
    command.current_dir(std::env::current_dir()?);
    Err(command.as_std_mut().exec()).context("cannot run cargo")
}
