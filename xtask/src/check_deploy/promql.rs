//! Just enough of `PromQL` to see which metrics an expression names.

use std::collections::BTreeSet;

/// Words that stand where a metric could, and after which a list of labels may follow.
const CLAUSES: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Other words that are no metrics. (Functions are known by the parenthesis that follows.)
const WORDS: [&str; 19] = [
    "and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "sum", "min", "max", "avg", "count", "group",
    "stddev", "stdvar", "topk", "bottomk", "quantile",
];

/// The names of the series in an expression, `_bucket`, `_count` and `_sum` included.
pub(super) fn series(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' | '\'' | '`' => after_quote(rest, first),
            '{' => after_list(rest, '}'),
            '[' => after_list(rest, ']'),
            // Variables of Grafana, and numbers with what stands for a unit.
            '$' | '0'..='9' => &rest[1 + word(&rest[1..]).len()..],
            'a'..='z' | 'A'..='Z' | '_' | ':' => {
                let name = word(rest);
                let behind = rest[name.len()..].trim_start();
                if CLAUSES.contains(&name) {
                    if behind.starts_with('(') { after_list(behind, ')') } else { behind }
                } else {
                    let is_metric = !behind.starts_with('(') && !WORDS.contains(&name);
                    if is_metric {
                        found.insert(name.to_owned());
                    }
                    behind
                }
            }
            other => &rest[other.len_utf8()..],
        };
    }
    found
}

/// The letters, digits, `_` and `:` that `text` begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
    &text[..end]
}

/// What follows the string that `text` begins with.
fn after_quote(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            letter if letter == quote => return &text[place + 1..],
            _ => {}
        }
    }
    ""
}

/// What follows the list that `text` begins with.
fn after_list(text: &str, end: char) -> &str {
    let mut rest = &text[1..];
    while let Some(first) = rest.chars().next() {
        match first {
            '"' | '\'' | '`' => rest = after_quote(rest, first),
            first if first == end => return &rest[1..],
            other => rest = &rest[other.len_utf8()..],
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    fn series(expression: &str) -> Vec<String> {
        super::series(expression).into_iter().collect()
    }

    #[test]
    fn are_what_is_no_function_no_label_and_no_text() {
        assert_eq!(series("up == 0"), ["up"]);
        assert_eq!(
            series(r#"histogram_quantile(0.99, sum by (le, route) (rate(a_bucket{b="c} d", e!~"f"}[5m])))"#),
            ["a_bucket"]
        );
        assert_eq!(series(r#"sum (rate(a{x="$y"}[$__rate_interval])) / on(z) group_left b > 1.5e3"#), ["a", "b"]);
        assert_eq!(series("topk(10, a offset 5m) or absent(b) unless c and max without (d) (e)"), ["a", "b", "c", "e"]);
        assert_eq!(series("a > 64 * 1024 and b == 1h"), ["a", "b"]);
    }

    #[test]
    fn are_found_in_what_is_malformed() {
        assert_eq!(series("a{b=\"c"), ["a"]);
        assert_eq!(series("a[ é b"), ["a"]);
        assert!(series("").is_empty());
    }
}
