//! Grafana's variables. Grafana substitutes them before Prometheus gets an expression, so the check does as well.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Grafana's built-in variables that a dashboard may use, each with a possible value.
const OF_GRAFANA: [(&str, &str); 6] = [
    ("__interval", "1m"),
    ("__interval_ms", "60000"),
    ("__range", "1h"),
    ("__range_ms", "3600000"),
    ("__range_s", "3600"),
    ("__rate_interval", "1m"),
];
/// The value for a dashboard's own variable: that of "All". It is valid only as a value of a label.
const OF_DASHBOARDS: &str = ".*";

/// The variables that the expressions of one dashboard may use, and their values.
pub(super) struct Variables(BTreeMap<String, &'static str>);

impl Variables {
    /// The built-in variables, and those that the dashboard defines.
    pub(super) fn of(dashboard: &Value) -> Self {
        let defined = dashboard["templating"]["list"].as_array().into_iter().flatten();
        let defined = defined.filter_map(|variable| Some((variable["name"].as_str()?, OF_DASHBOARDS)));
        Self(OF_GRAFANA.into_iter().chain(defined).map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The expression with a value for each `$name`, `${name}` and `${name:format}`. Any other `$` stays.
    ///
    /// # Errors
    /// The expression uses an undefined variable, which Grafana would leave as it is.
    pub(super) fn substitute(&self, expression: &str) -> Result<String> {
        let mut pieces = expression.split('$');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = name_and_rest(piece);
            if name.is_empty() {
                text.push('$');
            } else {
                text.push_str(self.0.get(name).with_context(|| format!("there is no variable {name}"))?);
            }
            text.push_str(rest);
        }
        Ok(text)
    }
}

/// The name of the variable behind a `$`, if any, and the rest of the text.
fn name_and_rest(behind: &str) -> (&str, &str) {
    if let Some((inside, rest)) = behind.strip_prefix('{').and_then(|behind| behind.split_once('}')) {
        return (inside.split_once(':').map_or(inside, |(name, _)| name), rest);
    }
    behind.split_at(behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn substituted(expression: &str) -> Result<String> {
        Variables::of(&json!({ "templating": { "list": [{ "name": "instance" }] } })).substitute(expression)
    }

    #[test]
    fn are_substituted() {
        for (expression, expected) in [
            ("rate(a[$__rate_interval])", "rate(a[1m])"),
            ("a * $__range_s / ($__range_ms + 1)", "a * 3600 / (3600000 + 1)"),
            (r#"a{b=~"$instance",c="$instance"}[$__range]"#, r#"a{b=~".*",c=".*"}[1h]"#),
            (r#"a{b=~"${instance}x|${instance:regex}"}"#, r#"a{b=~".*x|.*"}"#),
            (r#"a{b=~"(c|d$)$"}"#, r#"a{b=~"(c|d$)$"}"#),
            ("", ""),
        ] {
            assert_eq!(substituted(expression).unwrap(), expected);
        }
    }

    #[test]
    fn must_be_defined() {
        for expression in [r#"a{b="$job"}"#, "a[$__rate]", r#"a{b="${job:csv}"}"#, "a[$__interval_s]"] {
            assert!(substituted(expression).unwrap_err().to_string().starts_with("there is no variable "));
        }
    }
}
