//! Installs programs with the system's package manager.

use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use tokio::process::Command;
use toolkit::{Interrupt, process};

/// Software that a chore needs.
pub(crate) struct Software {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// Its package in each package manager.
    pub(crate) packages: Packages,
    /// How to install it without a package manager.
    pub(crate) otherwise: &'static str,
}

/// Package names.
pub(crate) struct Packages {
    pub(crate) apt: &'static str,
    pub(crate) dnf: &'static str,
    pub(crate) apk: &'static str,
    pub(crate) brew: &'static str,
}

/// A package manager and its commands.
struct Manager {
    program: &'static str,
    needs_root: bool,
    /// Arguments of a call that must come first.
    prepare: Option<&'static [&'static str]>,
    install: &'static [&'static str],
    package: fn(&Packages) -> &'static str,
}

const MANAGERS: [Manager; 4] = [
    Manager {
        program: "apt-get",
        needs_root: true,
        prepare: Some(&["update"]),
        install: &["install", "--yes", "--no-install-recommends"],
        package: |packages| packages.apt,
    },
    Manager {
        program: "dnf",
        needs_root: true,
        prepare: None,
        install: &["install", "--assumeyes"],
        package: |packages| packages.dnf,
    },
    Manager {
        program: "apk",
        needs_root: true,
        prepare: None,
        install: &["add", "--no-cache"],
        package: |packages| packages.apk,
    },
    Manager {
        program: "brew",
        needs_root: false,
        prepare: None,
        install: &["install"],
        package: |packages| packages.brew,
    },
];

/// Folders of server programs that are not on every user's `PATH`.
const KNOWN_PLACES: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

impl Manager {
    /// The package manager of this machine.
    fn here() -> Option<&'static Self> {
        MANAGERS.iter().find(|manager| on_path(manager.program))
    }

    /// The arguments of each call, in order.
    fn calls(&self, software: &Software) -> Vec<Vec<&'static str>> {
        let install = [self.install, &[(self.package)(&software.packages)]].concat();
        self.prepare.map(<[_]>::to_vec).into_iter().chain([install]).collect()
    }
}

/// The path of a program of `software`, which is installed if it is missing.
pub(crate) async fn program(name: &str, software: &Software, interrupt: &Interrupt) -> Result<PathBuf> {
    if let Some(program) = find(name) {
        return Ok(program);
    }
    let installed = install(software, interrupt).await;
    interrupt.check()?;
    match find(name) {
        Some(program) => Ok(program),
        None => installed.and_then(|()| Err(advice(software))),
    }
}

/// The path of a program, if it is on the machine.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    folders().map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Folders to search for programs.
pub(crate) fn folders() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.into_iter().chain(KNOWN_PLACES.map(PathBuf::from))
}

/// Installs `software`, or fails with advice.
pub(crate) async fn install(software: &Software, interrupt: &Interrupt) -> Result<()> {
    let is_root = rustix::process::geteuid().is_root();
    let manager = Manager::here().filter(|manager| manager.needs_root == is_root).ok_or_else(|| advice(software))?;
    eprintln!("installing {} with {}: {}", software.name, manager.program, (manager.package)(&software.packages));
    for args in manager.calls(software) {
        let mut command = Command::new(manager.program);
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(command, interrupt).await.map_err(|error| anyhow!("{error:#}. {}", advice(software)))?;
    }
    Ok(())
}

/// An error that explains how to install `software`.
pub(crate) fn advice(software: &Software) -> Error {
    let commands = Manager::here().map(|manager| {
        let is_root = rustix::process::geteuid().is_root();
        let sudo = if manager.needs_root && !is_root { "sudo " } else { "" };
        let calls = manager.calls(software);
        let lines = calls.iter().map(|args| format!("{sudo}{} {}", manager.program, args.join(" ")));
        format!(" (here: {})", lines.collect::<Vec<_>>().join(" && "))
    });
    let (name, otherwise) = (software.name, software.otherwise);
    let commands = commands.unwrap_or_default();
    anyhow!("This needs {name}. Either install it{commands}, or {otherwise}")
}

/// Whether a program is on the `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_package_to_the_manager() {
        let packages = Packages { apt: "a", dnf: "d", apk: "k", brew: "b" };
        let software = Software { name: "It", packages, otherwise: "" };
        let calls = MANAGERS.each_ref().map(|manager| manager.calls(&software));
        assert_eq!(calls[0], [vec!["update"], vec!["install", "--yes", "--no-install-recommends", "a"]]);
        assert_eq!(calls[1], [["install", "--assumeyes", "d"]]);
        assert_eq!(calls[2], [["add", "--no-cache", "k"]]);
        assert_eq!(calls[3], [["install", "b"]]);
    }
}
