//! Checks that expressions use only documented metrics.

use std::collections::BTreeMap;

use super::{Expression, promql};

/// Series that Prometheus itself adds.
const OF_PROMETHEUS: [&str; 2] = ["up", "ALERTS"];
/// Suffixes of a histogram's series.
const OF_HISTOGRAMS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Names and kinds of the metrics in a page's tables. A test of the server checks that the page is complete.
pub(super) fn documented(page: &str) -> BTreeMap<&str, &str> {
    page.lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
            let kind = ["counter", "gauge", "histogram"].into_iter().find(|kind| rest.starts_with(kind))?;
            Some((name, kind))
        })
        .collect()
}

/// A line for each undocumented metric in an expression, and for each malformed expression.
pub(super) fn complaints(expressions: &[&Expression], measured: &BTreeMap<&str, &str>) -> Vec<String> {
    let is_known = |series: &str| {
        OF_PROMETHEUS.contains(&series)
            || measured.get(series).is_some_and(|kind| *kind != "histogram")
            || OF_HISTOGRAMS.iter().any(|suffix| {
                series.strip_suffix(suffix).and_then(|name| measured.get(name)).is_some_and(|kind| *kind == "histogram")
            })
    };
    let complaints = expressions.iter().flat_map(|expression| match promql::series(&expression.promql) {
        Ok(series) => {
            let unknown = series.into_iter().filter(|series| !is_known(series));
            unknown.map(|series| format!("{}: there is no {series}", expression.place)).collect()
        }
        Err(error) => vec![format!("{}: {error}", expression.place)],
    });
    complaints.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "| name | kind |\n|---|---|\n| `hits_total` | counter; of hits | |\n| `wait_seconds` | histogram | |\n\
                        | `PORT` | where to listen |\n| `size` | gauge |\n";

    #[test]
    fn are_read_off_the_tables() {
        let expected = [("hits_total", "counter"), ("size", "gauge"), ("wait_seconds", "histogram")];
        assert_eq!(documented(PAGE).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn are_known_by_their_series() {
        let complaints = |promql: &str| {
            let expression = Expression { place: "here".to_owned(), promql: promql.to_owned() };
            super::complaints(&[&expression], &documented(PAGE))
        };
        assert!(complaints("up + hits_total + size + wait_seconds_count + wait_seconds_bucket").is_empty());
        assert_eq!(complaints("rate(hits[5m])"), ["here: there is no hits"]);
        assert_eq!(
            complaints("wait_seconds + hits_total_count").len(),
            2,
            "not the histogram itself, nor parts of others"
        );
        assert_eq!(complaints("rate(hits_total[5m]"), ["here: unclosed left parenthesis"]);
    }
}
