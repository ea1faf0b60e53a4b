//! Describes the machine and the software of a measurement.

use std::collections::BTreeMap;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::options::Options;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Model name of the processor.
    pub cpu: String,
    /// Number of usable cores.
    pub cores: usize,
    /// Memory in bytes.
    pub memory: u64,
    /// Operating system and version.
    pub kernel: String,
}

impl Machine {
    /// This machine, as far as the system describes it.
    pub fn here() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = after(&info, "model name").or_else(|| said("sysctl", &["-n", "machdep.cpu.brand_string"]));
        let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kibibytes = after(&info, "MemTotal").and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        Self {
            cpu: cpu.unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            memory: kibibytes.unwrap_or_default() * 1024,
            kernel: said("uname", &["-sr"]).unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// The text after a name and a colon.
fn after(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The first line that a program prints, on either output.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Some(String::from_utf8_lossy(&text).lines().next()?.trim().to_owned())
}

/// The checked-out commit, followed by `+` if the working copy has changes.
pub fn commit() -> String {
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let changed = said("git", &["status", "--porcelain", "--untracked-files=no"]).is_some();
    format!("{commit}{}", if changed { "+" } else { "" })
}

/// Versions of the programs, as they report them.
pub fn versions(options: &Options) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    let mut note = |name: &str, said: Option<String>| versions.extend(said.map(|said| (name.to_owned(), said)));
    note("rustc", said("rustc", &["--version"]));
    note("wrk", said(&options.wrk.display().to_string(), &["-v"]).map(first_words));
    note("nginx", said(&options.nginx.display().to_string(), &["-v"]));
    if let Some((program, before)) = options.pgbench.split_first() {
        let args: Vec<_> = before.iter().map(String::as_str).chain(["--version"]).collect();
        note("pgbench", said(program, &args));
    }
    versions
}

/// Removes the copyright from a version line.
fn first_words(text: String) -> String {
    text.split(" [").next().map(ToOwned::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_text_after_a_name() {
        let text = "processor\t: 0\nmodel name\t: Fast CPU @ 2.0GHz\nmodel name\t: Other\n";
        assert_eq!(after(text, "model name").as_deref(), Some("Fast CPU @ 2.0GHz"));
        assert_eq!(after(text, "MemTotal"), None);
    }

    #[test]
    fn removes_the_copyright() {
        assert_eq!(first_words("wrk 4.1.0 [epoll] Copyright (C) 2012".to_owned()), "wrk 4.1.0");
    }
}
