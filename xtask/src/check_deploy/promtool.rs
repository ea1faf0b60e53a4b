//! Finds and runs promtool, Prometheus' own checker.

use std::path::{Path, PathBuf};

use anyhow::Result;
use tokio::process::Command;
use toolkit::{Interrupt, process};

use super::containers;
use crate::install::{self, Packages, Software};

/// The software that contains promtool.
const PROMETHEUS: Software = Software {
    name: "Prometheus",
    packages: Packages { apt: "prometheus", dnf: "prometheus", apk: "prometheus", brew: "prometheus" },
    otherwise: "put its `promtool` on the PATH",
};

/// How to run promtool.
pub(super) struct Promtool {
    folder: PathBuf,
    /// The image that contains it, if it is not on this machine.
    image: Option<String>,
}

impl Promtool {
    /// Finds promtool on this machine, else in the image of docker-compose.yml, else installs it.
    pub(super) async fn find(root: &Path, interrupt: &Interrupt) -> Result<Self> {
        let folder = root.join("deploy/prometheus");
        if install::on_path("promtool") {
            return Ok(Self { folder, image: None });
        }
        match containers::image_of_prometheus(interrupt).await {
            Ok(image) => return Ok(Self { folder, image: Some(image) }),
            Err(why) => eprintln!("no container: {why:#}"),
        }
        interrupt.check()?;
        install::install(&PROMETHEUS, interrupt).await?;
        Ok(Self { folder, image: None })
    }

    /// Runs promtool in the folder of Prometheus' files.
    pub(super) async fn run(&self, arguments: &[&str], interrupt: &Interrupt) -> Result<()> {
        let mut command = match &self.image {
            None => Command::new("promtool"),
            Some(image) => {
                let mut command = Command::new("docker");
                command.args(["run", "--rm", "--network=none", "--workdir=/files", "--entrypoint=promtool"]);
                command.arg(format!("--volume={}:/files:ro", self.folder.display())).arg(image);
                command
            }
        };
        command.args(arguments).current_dir(&self.folder);
        process::run(command, interrupt).await
    }
}
