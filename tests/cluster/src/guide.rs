//! The commands of the operations guide, as they stand there.
//!
//! A comment above each block of commands says which case runs it, `<!-- run: NAME -->`, or why none does,
//! `<!-- not run: REASON -->`. A test below fails for a block without one, so that a new block is noticed.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use toolkit::root;

/// A block of commands that the cluster test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sequence {
    RollingRestart,
    AnotherInstance,
    ReplicaAnew,
    Backup,
    Restore,
    FailOver,
}

impl Sequence {
    /// Its name in the guide.
    fn name(self) -> &'static str {
        match self {
            Self::RollingRestart => "rolling-restart",
            Self::AnotherInstance => "another-instance",
            Self::ReplicaAnew => "replica-anew",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::FailOver => "fail-over",
        }
    }

    /// What the guide says to type.
    pub(super) fn commands(self) -> Result<String> {
        let page = page()?;
        let run = format!("run: {}", self.name());
        let block = blocks(&page).into_iter().find(|block| block.mark == Some(&run));
        block.map(|block| block.commands).with_context(|| format!("the guide has no block `{run}`"))
    }
}

fn page() -> Result<String> {
    let path: PathBuf = root().join("docs/operations.md");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Commands in a page.
#[derive(Debug, PartialEq, Eq)]
struct Block<'a> {
    /// Where it begins, counted from 1.
    line: usize,
    /// What the comment above it says.
    mark: Option<&'a str>,
    commands: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut mark = None;
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line == "```sh" {
            let commands: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            found.push(Block { line: number + 1, mark, commands: commands.join("\n") });
        }
        if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            mark = Some(comment);
        } else if !line.is_empty() {
            mark = None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Sequence; 6] = [
        Sequence::RollingRestart,
        Sequence::AnotherInstance,
        Sequence::ReplicaAnew,
        Sequence::Backup,
        Sequence::Restore,
        Sequence::FailOver,
    ];

    #[test]
    fn a_block_has_the_mark_above_it_and_no_other() {
        let page =
            "<!-- run: a -->\n\n```sh\none\n\ntwo\n```\n\n```sh\nthree\n```\n<!-- not run: b -->\nText.\n```sh\n```\n";
        let block = |line, mark, commands: &str| Block { line, mark, commands: commands.to_owned() };
        assert_eq!(
            blocks(page),
            [block(3, Some("run: a"), "one\n\ntwo"), block(9, None, "three"), block(14, None, "")]
        );
    }

    #[test]
    fn every_block_of_the_guide_is_run_or_says_why_not() {
        let page = page().unwrap();
        let mut run = Vec::new();
        for Block { line, mark, .. } in blocks(&page) {
            match mark.and_then(|mark| mark.split_once(": ")) {
                Some(("run", name)) => run.push(name),
                Some(("not run", reason)) => assert!(!reason.is_empty(), "line {line} gives no reason"),
                _ => panic!("docs/operations.md line {line}: is it run by the cluster test, and if not, why?"),
            }
        }
        let mut known = ALL.map(Sequence::name);
        run.sort_unstable();
        known.sort_unstable();
        assert_eq!(run, known, "the blocks that the guide says are run are those that the cases run");
    }
}
