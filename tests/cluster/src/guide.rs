//! The command blocks of the operations guide.
//!
//! A comment above each block names the case that runs it, `<!-- run: NAME -->`, or the reason why none does, `<!--
//! not run: REASON -->`. A test below fails for a block without a comment.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use toolkit::root;

/// A command block that the cluster test runs.
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
    /// The name in the guide.
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

    /// The commands of the block.
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

/// A command block of a page.
#[derive(Debug, PartialEq, Eq)]
struct Block<'a> {
    /// First line of the block, counted from 1.
    line: usize,
    /// Text of the comment above it.
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
    fn a_block_has_only_the_mark_directly_above_it() {
        let page =
            "<!-- run: a -->\n\n```sh\none\n\ntwo\n```\n\n```sh\nthree\n```\n<!-- not run: b -->\nText.\n```sh\n```\n";
        let block = |line, mark, commands: &str| Block { line, mark, commands: commands.to_owned() };
        assert_eq!(
            blocks(page),
            [block(3, Some("run: a"), "one\n\ntwo"), block(9, None, "three"), block(14, None, "")]
        );
    }

    #[test]
    fn every_block_of_the_guide_has_a_mark() {
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
