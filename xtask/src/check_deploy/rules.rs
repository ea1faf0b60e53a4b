//! Extracts the expressions from a file of Prometheus rules.

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
}
