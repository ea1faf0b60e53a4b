//! Installing PostgreSQL with the system's package manager.

use std::path::Path;

use anyhow::{Error, Result, anyhow};
use tokio::process::Command;

use crate::interrupt::Interrupt;
use crate::process;

/// A package manager, and what it takes to get PostgreSQL's server from it.
struct Manager {
    program: &'static str,
    needs_root: bool,
    commands: &'static [&'static [&'static str]],
}

const MANAGERS: [Manager; 4] = [
    Manager {
        program: "apt-get",
        needs_root: true,
        commands: &[&["update"], &["install", "--yes", "--no-install-recommends", "postgresql"]],
    },
    Manager { program: "dnf", needs_root: true, commands: &[&["install", "--assumeyes", "postgresql-server"]] },
    Manager { program: "apk", needs_root: true, commands: &[&["add", "--no-cache", "postgresql"]] },
    Manager { program: "brew", needs_root: false, commands: &[&["install", "postgresql@17"]] },
];

/// Installs PostgreSQL, or says what to install.
pub(crate) async fn install(interrupt: &Interrupt) -> Result<()> {
    let is_root = rustix::process::geteuid().is_root();
    let manager = MANAGERS.iter().find(|manager| on_path(manager.program)).ok_or_else(advice)?;
    if manager.needs_root != is_root {
        return Err(advice());
    }
    eprintln!("installing PostgreSQL with {}", manager.program);
    for args in manager.commands {
        let mut command = Command::new(manager.program);
        command.args(*args).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(command, interrupt).await.map_err(|error| anyhow!("{error:#}. {}", advice()))?;
    }
    Ok(())
}

/// What somebody can do who has no PostgreSQL.
pub(crate) fn advice() -> Error {
    let commands = MANAGERS.iter().find(|manager| on_path(manager.program)).map(|manager| {
        let is_root = rustix::process::geteuid().is_root();
        let sudo = if manager.needs_root && !is_root { "sudo " } else { "" };
        let lines = manager.commands.iter().map(|args| format!("{sudo}{} {}", manager.program, args.join(" ")));
        format!(" (here: {})", lines.collect::<Vec<_>>().join(" && "))
    });
    anyhow!(
        "The tests need PostgreSQL. Either start a Docker engine, or install PostgreSQL's server programs \
         (initdb, pg_ctl, postgres){}, or name a server whose role may create databases: \
         TEST_DATABASE_URL=postgresql://user:password@host:5432/postgres",
        commands.unwrap_or_default()
    )
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}
