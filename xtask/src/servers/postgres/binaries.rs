//! Finds PostgreSQL's server programs on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest supported major version.
pub(crate) const OLDEST: u32 = 14;

/// Folders of packages that are not on the `PATH`: (parent, prefix of the name, rest of the path).
const KNOWN_PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// The programs of one installation.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) folder: PathBuf,
    pub(crate) version: Version,
}

/// A version of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

pub(crate) fn find() -> Option<Programs> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(KNOWN_PLACES.iter().flat_map(|(parent, beginning, rest)| folders(parent, beginning, rest)))
        .filter_map(installed)
        .filter(|programs| programs.version.major >= OLDEST)
        .max_by_key(|programs| programs.version)
}

/// The existing folders `parent/beginning…/rest`.
fn folders(parent: &str, beginning: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning))
        .map(|entry| entry.path().join(rest))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// The installation in `folder`, if all programs exist and run.
fn installed(folder: PathBuf) -> Option<Programs> {
    // A link on the `PATH` points to the folder of the installation.
    let postgres = std::fs::canonicalize(folder.join("postgres")).ok()?;
    let folder = postgres.parent().map_or(folder, Path::to_path_buf);
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(postgres).arg("--version").output().ok()?;
    let version = version(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs { folder, version })
}

/// Parses `postgres (PostgreSQL) 17.6 (Debian 17.6-1)`. A pre-release such as `18beta1` counts as `18.0`.
fn version(line: &str) -> Option<Version> {
    let text = line.split_once("(PostgreSQL)")?.1.trim_start();
    let (major, rest) = number(text)?;
    let minor = rest.strip_prefix('.').and_then(number).map_or(0, |(minor, _)| minor);
    Some(Version { major, minor })
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::{Version, version};

    #[test]
    fn reads_versions() {
        for (line, major, minor) in [
            ("postgres (PostgreSQL) 17.6 (Debian 17.6-1.pgdg13+1)\n", 17, 6),
            ("postgres (PostgreSQL) 15.12\n", 15, 12),
            ("postgres (PostgreSQL) 18beta1\n", 18, 0),
        ] {
            assert_eq!(version(line), Some(Version { major, minor }), "{line}");
        }
        assert_eq!(version("mysqld 9.1"), None);
    }

    #[test]
    fn orders_versions_by_number() {
        assert!(Version { major: 15, minor: 12 } > Version { major: 15, minor: 9 });
        assert!(Version { major: 17, minor: 0 } > Version { major: 9, minor: 6 });
    }
}
