//! Reads a file of Prometheus rules: its expressions, and the runbooks of its alerts.

use std::collections::BTreeSet;

use super::Expression;

/// The text after each `expr:`, on the same line or in a block below it. promtool checks the form of the file.
pub(super) fn expressions(file: &str, yaml: &str) -> Vec<Expression> {
    let lines: Vec<&str> = yaml.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(value) = line.trim_start().trim_start_matches("- ").strip_prefix("expr:") else {
            continue;
        };
        let value = value.trim();
        let promql = if value.starts_with(['|', '>']) {
            // The key may follow a dash.
            let depth = line.find("expr:").unwrap_or_default();
            let block = lines[number + 1..].iter().take_while(|line| line.is_empty() || indentation(line) > depth);
            block.map(|line| line.trim()).collect::<Vec<_>>().join(" ")
        } else {
            value.to_owned()
        };
        found.push(Expression { place: format!("{file} line {}", number + 1), promql });
    }
    found
}

/// A line for each alert without a runbook, and for each runbook that is no section of `page`.
pub(super) fn without_runbook(yaml: &str, page: &str, sections: &BTreeSet<String>) -> Vec<String> {
    let mut missing = Vec::new();
    for alert in yaml.split("- alert:").skip(1) {
        let name = alert.lines().next().unwrap_or_default().trim();
        let runbook = alert.lines().find_map(|line| line.trim().strip_prefix("runbook:"));
        let section = runbook.and_then(|text| text.trim().trim_matches('"').strip_prefix(page)?.strip_prefix('#'));
        match section {
            Some(section) if sections.contains(section) => {}
            Some(section) => missing.push(format!("{name}: {page} has no section #{section}")),
            None => missing.push(format!("{name} has no runbook in {page}")),
        }
    }
    missing
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_on_the_line_or_below() {
        let yaml =
            "rules:\n  - alert: A\n    expr: up == 0\n    for: 1m\n  - expr: >-\n      a\n\n      / b\n    for: 1m\n";
        let expression = |place: &str, promql: &str| Expression { place: place.to_owned(), promql: promql.to_owned() };
        assert_eq!(expressions("f", yaml), [expression("f line 3", "up == 0"), expression("f line 5", "a  / b")]);
    }

    #[test]
    fn have_runbooks() {
        let yaml = "- alert: A\n  annotations:\n    runbook: \"p.md#a\"\n- alert: B\n  expr: b\n- alert: C\n  runbook: p.md#c\n";
        let sections = BTreeSet::from(["a".to_owned()]);
        let expected = ["B has no runbook in p.md", "C: p.md has no section #c"];
        assert_eq!(without_runbook(yaml, "p.md", &sections), expected);
    }
}
