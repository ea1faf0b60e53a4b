//! The linters and the generated TypeScript client, run by Node.js.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;
use toolkit::{Interrupt, process, root};

use crate::{cache, install};

/// The sources, relative to the root.
const SOURCES: &str = "tests/clients/typescript";
/// Files to copy into the cache. The lock file is last: if it is there, everything before it was installed.
const FILES: [&str; 8] = [
    ".npmrc",
    "package.json",
    "redocly.yaml",
    "spectral.yaml",
    "tsconfig.json",
    "src/docs.mjs",
    "src/tour.ts",
    "package-lock.json",
];
/// The file that npm writes after an installation.
const INSTALLED: &str = "installed.json";

/// The folder with everything that Node.js needs.
pub(super) struct TypeScript(PathBuf);

impl TypeScript {
    /// Installs the packages of the lock file, if necessary, and writes the document of `server` next to them.
    pub(super) async fn prepare(server: &Path, interrupt: &Interrupt) -> Result<Self> {
        if install::find("npm").is_none() {
            bail!("This needs Node.js 20.19 or newer with npm. Install it (https://nodejs.org) and put it on the PATH");
        }
        let sources = root().join(SOURCES);
        let folder = cache::folder("typescript")?;
        std::fs::create_dir_all(folder.join("src"))?;
        for file in FILES {
            std::fs::copy(sources.join(file), folder.join(file)).with_context(|| format!("cannot copy {file}"))?;
        }
        let mut openapi = Command::new(server);
        openapi.arg("openapi").current_dir(root());
        std::fs::write(folder.join("openapi.json"), process::output(openapi, interrupt).await?)?;
        let this = Self(folder);
        this.install(interrupt).await?;
        Ok(this)
    }

    async fn install(&self, interrupt: &Interrupt) -> Result<()> {
        let lock = std::fs::read(self.0.join("package-lock.json"))?;
        let installed = self.0.join(INSTALLED);
        if std::fs::read(&installed).is_ok_and(|of| of == lock) {
            return Ok(());
        }
        let mut npm = self.npm();
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::run(npm, interrupt).await?;
        Ok(std::fs::write(installed, lock)?)
    }

    /// Runs a script of `package.json`.
    pub(super) async fn run(&self, script: &str, variables: &[(&str, &str)], interrupt: &Interrupt) -> Result<()> {
        let mut npm = self.npm();
        npm.args(["run", "--silent", script]).envs(variables.iter().copied());
        process::run(npm, interrupt).await
    }

    fn npm(&self) -> Command {
        let mut npm = Command::new("npm");
        npm.current_dir(&self.0).envs([("REDOCLY_TELEMETRY", "off"), ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")]);
        npm
    }
}
