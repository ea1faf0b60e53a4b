//! The metrics that a `PromQL` expression reads.
//!
//! The parser has the grammar of Prometheus 2.45. In the same chore, promtool checks the expressions with a newer one.

use std::collections::BTreeSet;

use promql_parser::label::MatchOp;
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

/// The label that contains a metric's name.
const NAME: &str = "__name__";

/// The names of the series in an expression, `_bucket`, `_count` and `_sum` included.
///
/// # Errors
/// A message, if the expression does not parse, is a string, or selects series without naming a metric.
pub(super) fn series(expression: &str) -> Result<BTreeSet<String>, String> {
    let expression = parser::parse(expression)?;
    if expression.value_type() == ValueType::String {
        return Err("a string, and no expression over metrics".to_owned());
    }
    let mut names = Names::default();
    walk_expr(&mut names, &expression)?;
    Ok(names.0)
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn take(&mut self, selector: &VectorSelector) -> Result<(), String> {
        let matchers = &selector.matchers.matchers;
        let by_label = || matchers.iter().find(|matcher| matcher.name == NAME && matcher.op == MatchOp::Equal);
        let name = selector.name.clone().or_else(|| by_label().map(|matcher| matcher.value.clone()));
        self.0.insert(name.ok_or_else(|| format!("{selector} names no metric"))?);
        Ok(())
    }
}

impl ExprVisitor for Names {
    type Error = String;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, String> {
        match expression {
            Expr::VectorSelector(selector) => self.take(selector)?,
            Expr::MatrixSelector(selector) => self.take(&selector.vs)?,
            // The crate's walk skips parameters.
            Expr::Aggregate(aggregate) => {
                if let Some(parameter) = &aggregate.param {
                    walk_expr(self, parameter)?;
                }
            }
            _ => {}
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    fn series(expression: &str) -> Vec<String> {
        super::series(expression).unwrap().into_iter().collect()
    }

    #[test]
    fn are_neither_functions_nor_labels_nor_text() {
        assert_eq!(series("up == 0"), ["up"]);
        assert_eq!(
            series(r#"histogram_quantile(0.99, sum by (le, route) (rate(a_bucket{b="c} d", e!~"f"}[5m])))"#),
            ["a_bucket"]
        );
        assert_eq!(series(r#"sum (rate(a{x="$y"}[1m])) / on(z) group_left sum by (z) (b) > 1.5e3"#), ["a", "b"]);
        assert_eq!(series("topk(10, a offset 5m) or absent(b) unless c and max without (d) (e)"), ["a", "b", "c", "e"]);
        assert_eq!(series("a > 64 * 1024 and b == 1h"), ["a", "b"]);
        assert!(series("vector(time())").is_empty());
    }

    #[test]
    fn are_found_in_every_position() {
        assert_eq!(series("topk(scalar(a), b)"), ["a", "b"]);
        assert_eq!(series("quantile(scalar(sum(a)), -b)"), ["a", "b"]);
        assert_eq!(series("max_over_time(sum(rate(a[1m]))[1h:5m])"), ["a"]);
        assert_eq!(series(r#"{__name__="a", b="c"}"#), ["a"]);
        assert_eq!(series("a:rate1m @ end() # b"), ["a:rate1m"]);
    }

    #[test]
    fn are_not_guessed() {
        for wrong in ["", "a{b=\"c", "a[ é b", "sum(a", "a b", "rate(a)", "nosuch(a)", "a[$__rate_interval]", "\"a\""]
        {
            assert!(super::series(wrong).is_err(), "{wrong}");
        }
        for nameless in [r#"{b="c"}"#, r#"sum(rate({__name__=~"a.*"}[5m]))"#] {
            assert!(super::series(nameless).unwrap_err().contains("names no metric"), "{nameless}");
        }
    }
}
