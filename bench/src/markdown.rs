//! Writes the report as Markdown, as a file of its own and into the documentation.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::report::Report;
use crate::table::{Table, tables};

/// Markers around the tables.
pub const BEGIN: &str = "<!-- table -->";
const END: &str = "<!-- /table -->";

/// The description of the measurement, and all tables.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    let machine = &report.machine;
    let effort = &report.effort;
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "Measured {} at commit `{}` on {} ({} cores, {} GB of memory, {}).\n\n{} connections, {} s of warm-up and {} s \
         measured, {} times; {} posts.\n",
        report.date,
        report.commit,
        machine.cpu,
        machine.cores,
        machine.memory / 1_000_000_000,
        machine.kernel,
        effort.connections,
        effort.warm_up,
        effort.duration,
        effort.rounds,
        effort.posts,
    );
    let versions = report.versions.iter().map(|(name, version)| format!("{name}: {version}"));
    let settings = report.database.iter().map(|(name, value)| format!("`{name} = {value}`"));
    let _ = writeln!(text, "{}.\n", versions.collect::<Vec<_>>().join("; "));
    let _ = writeln!(text, "PostgreSQL: {}.", settings.collect::<Vec<_>>().join(", "));
    for table in tables(report) {
        let _ = write!(text, "\n### {}\n\n{}", capitalised(&table.title), rows(&table));
    }
    text
}

fn rows(table: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule =
        (0..table.header.len()).map(|column| if column == 0 || table.is_of_words(column) { "---" } else { "---:" });
    let mut text = line(&table.header);
    let _ = writeln!(text, "|{}|", rule.collect::<Vec<_>>().join("|"));
    text.extend(table.rows.iter().map(|row| line(row)));
    text
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// `page` with `tables` between its markers.
///
/// # Errors
/// If `page` has no markers.
pub fn put_into(page: &str, tables: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("no {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("no {END}"))?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", tables.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn has_a_row_per_workload() {
        let text = render(&report(700.0));
        assert!(text.contains("\n### Rates\n"), "{text}");
        assert!(text.contains("\n| one | 700 | 1.00 | 2.50 | 0 | pgbench | 1000 | 0.70 | 0.5 | yes |\n"), "{text}");
        assert!(text.contains("|---|---:|---:|---:|---:|---|---:|---:|---:|---|"), "{text}");
    }

    #[test]
    fn replaces_the_text_between_the_markers() {
        let page = "a\n<!-- table -->\nold\n<!-- /table -->\nb\n";
        let new = put_into(page, "new\n").unwrap();
        assert_eq!(new, "a\n<!-- table -->\nnew\n<!-- /table -->\nb\n");
        assert_eq!(put_into(&new, "new").unwrap(), new);
        assert!(put_into("a", "new").is_err());
    }
}
