//! Counts instructions with callgrind, which simulates the processor.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tokio::process::Command;
use toolkit::{Interrupt, process};

/// Repetitions in the short run. After it, buffers have grown and lazy initialisation is done.
const FEW: u32 = 100;
/// Repetitions in the long run, which differs in nothing else.
const MANY: u32 = 600;

/// Counts the instructions of a program.
pub(super) struct Callgrind {
    valgrind: PathBuf,
    program: PathBuf,
    /// Folder for callgrind's output.
    folder: TempDir,
}

impl Callgrind {
    pub(super) fn new(valgrind: PathBuf, program: PathBuf) -> Result<Self> {
        Ok(Self { valgrind, program, folder: tempfile::tempdir()? })
    }

    /// Names of all work that the program can do.
    pub(super) async fn works(&self, interrupt: &Interrupt) -> Result<Vec<String>> {
        let mut command = Command::new(&self.program);
        command.arg("list");
        let names = String::from_utf8(process::output(command, interrupt).await?)?;
        Ok(names.lines().map(ToOwned::to_owned).collect())
    }

    /// Instructions that one repetition of `work` takes.
    pub(super) async fn count(&self, work: &str, interrupt: &Interrupt) -> Result<u64> {
        let (few, many) = tokio::try_join!(self.total(work, FEW, interrupt), self.total(work, MANY, interrupt))?;
        each((FEW, few), (MANY, many))
    }

    /// Instructions of a whole run.
    async fn total(&self, work: &str, times: u32, interrupt: &Interrupt) -> Result<u64> {
        let file = self.folder.path().join(format!("{work}.{times}"));
        let mut written_to = std::ffi::OsString::from("--callgrind-out-file=");
        written_to.push(&file);
        let mut command = Command::new(&self.valgrind);
        command.args(["--quiet", "--tool=callgrind"]).arg(written_to).arg(&self.program);
        command.args(["run", work, &times.to_string()]);
        process::run(command, interrupt).await?;
        let profile = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        total(&profile).context("callgrind does not say how many instructions it counted")
    }
}

/// The total of a profile. All its costs are instructions, as long as no other event is enabled.
fn total(profile: &str) -> Option<u64> {
    let of = |name| profile.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    // The first line covers all threads and the whole run. Old versions write the second only.
    of("totals:").or_else(|| of("summary:"))
}

/// Instructions of one repetition, from two runs that differ in their repetitions only.
fn each((few_times, few): (u32, u64), (many_times, many): (u32, u64)) -> Result<u64> {
    ensure!(few_times < many_times, "{many_times} times are not more than {few_times}");
    let more = many.checked_sub(few).context("doing it more often takes less")?;
    let times = u64::from(many_times - few_times);
    Ok((more + times / 2) / times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_total_of_a_profile() {
        let profile = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\nevents: Ir\nsummary: 6100\n\n\
                       ob=(1) /lib/ld.so\nfn=(1) _start\n0 3\ncalls=1 0 \n0 6097\n\ntotals: 6200\n";
        assert_eq!(total(profile), Some(6200));
        assert_eq!(total("events: Ir\nsummary: 6100\n"), Some(6100));
        assert_eq!(total("events: Ir\nfn=(1) totals: 5\n"), None);
        assert_eq!(total("totals: many\n"), None);
    }

    #[test]
    fn costs_common_to_both_runs_do_not_count() {
        let start = 1_000_000;
        assert_eq!(each((100, start + 100 * 70), (600, start + 600 * 70)).unwrap(), 70);
        assert_eq!(each((1, start), (3, start + 3)).unwrap(), 2, "rounded");
    }

    #[test]
    fn inconsistent_runs_are_rejected() {
        assert!(each((100, 50), (600, 49)).is_err());
        assert!(each((100, 50), (100, 60)).is_err());
    }
}
