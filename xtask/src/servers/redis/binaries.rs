//! Redis' server program on this machine.

use std::path::PathBuf;
use std::process::Command;

/// The oldest Redis with the protocol that we speak.
pub(super) const OLDEST: u32 = 6;

/// What it is called: some systems ship Valkey, which is Redis by another name.
const NAMES: [&str; 2] = ["redis-server", "valkey-server"];

/// Where some systems keep servers, though not on the `PATH` of everybody.
const KNOWN_PLACES: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/// A server program.
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// As it says itself.
    pub(super) version: String,
}

/// The first program that is new enough.
pub(super) fn find() -> Option<Program> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(KNOWN_PLACES.map(PathBuf::from))
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .filter(|path| path.is_file())
        .find_map(|path| {
            let output = Command::new(&path).arg("--version").output().ok()?;
            let version = version(&String::from_utf8_lossy(&output.stdout))?;
            Some(Program { path, version })
        })
}

/// Reads `Redis server v=7.0.15 sha=00000000:0 …`, if that is new enough.
fn version(line: &str) -> Option<String> {
    let version = line.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    let major: u32 = version.split('.').next()?.parse().ok()?;
    (major >= OLDEST).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn reads_versions() {
        for (line, read) in [
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=1\n", Some("7.0.15")),
            ("Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=2\n", Some("8.1.1")),
            ("Redis server v=5.0.14 sha=00000000:0\n", None),
            ("redis-server: not found\n", None),
        ] {
            assert_eq!(version(line).as_deref(), read, "{line}");
        }
    }
}
