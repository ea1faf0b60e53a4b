//! The final table: each case with its result and figures.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::verdict::Verdict;

/// The file in the target folder.
const FILE: &str = "cluster-test.md";

/// The results of all cases.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    title: &'static str,
    took: Duration,
    verdict: Verdict,
}

impl Table {
    /// Adds the result of a case.
    pub(crate) fn add(&mut self, name: &'static str, title: &'static str, took: Duration, verdict: Verdict) {
        self.rows.push(Row { name, title, took, verdict });
    }

    /// Number of failed cases.
    pub(crate) fn failures(&self) -> usize {
        self.rows.iter().filter(|row| !row.verdict.passed()).count()
    }

    /// Prints a line per case, followed by its failures.
    pub(crate) fn print(&self) {
        eprintln!("\n── the cases");
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
        for Row { name, took, verdict, .. } in &self.rows {
            let mark = if verdict.passed() { "ok    " } else { "FAILED" };
            eprintln!("{mark}  {name:width$}  {:>5.1} s  {}", took.as_secs_f64(), verdict.figures());
            for wrong in verdict.wrongs() {
                eprintln!("        {:width$}           {wrong}", "");
            }
        }
        let total: Duration = self.rows.iter().map(|row| row.took).sum();
        eprintln!("        {:width$}  {:>5.1} s", "all", total.as_secs_f64());
    }

    /// The table in Markdown.
    fn markdown(&self) -> String {
        let mut text = "| case | what must hold | result | figures |\n|---|---|---|---|\n".to_owned();
        for Row { name, title, verdict, .. } in &self.rows {
            let result =
                if verdict.passed() { "ok".to_owned() } else { format!("**failed**: {}", verdict.wrongs().join("; ")) };
            let cells = [format!("`{name}`"), (*title).to_owned(), result, verdict.figures()];
            let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    /// Writes the Markdown file to the target folder and returns its path.
    pub(crate) fn write(&self) -> Result<PathBuf> {
        let executable = std::env::current_exe()?;
        let target = executable.ancestors().nth(2).context("the executable is not in a target folder")?;
        let file = target.join(FILE);
        std::fs::write(&file, self.markdown()).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_markdown_row_per_case() {
        let mut table = Table::default();
        let mut good = Verdict::default();
        good.figure("20 | 20");
        good.figure("p99 3 ms");
        let mut bad = Verdict::default();
        bad.wrong("one\npost is missing");
        table.add("instances", "both serve", Duration::from_secs(1), good);
        table.add("lost-redis", "nothing is lost", Duration::from_secs(1), bad);
        assert_eq!(table.failures(), 1);
        let markdown = table.markdown();
        let rows: Vec<&str> = markdown.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| `instances` | both serve | ok | 20 \\| 20; p99 3 ms |",
                "| `lost-redis` | nothing is lost | **failed**: one post is missing |  |"
            ]
        );
    }
}
