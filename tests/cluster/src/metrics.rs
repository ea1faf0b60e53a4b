//! Reads the metrics of an instance.

use anyhow::{Context as _, Result};

/// A snapshot of an instance's metrics.
pub(crate) struct Metrics {
    samples: Vec<Sample>,
}

struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

impl Metrics {
    /// Fetches the metrics at `url`.
    pub(crate) async fn read(http: &reqwest::Client, url: &str) -> Result<Self> {
        let asked = async { http.get(url).send().await?.error_for_status()?.text().await };
        let text = asked.await.with_context(|| format!("no metrics at {url}"))?;
        Ok(Self::parse(&text))
    }

    /// Parses metrics that were fetched elsewhere.
    pub(crate) fn parse(text: &str) -> Self {
        Self { samples: text.lines().filter_map(sample).collect() }
    }

    /// The sum of all series of a name that have the labels; `None` if there is no such series.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |sample: &Sample, (key, value): &(&str, &str)| {
            sample.labels.iter().any(|(its_key, its_value)| its_key == key && its_value == value)
        };
        let fits = |sample: &&Sample| sample.name == name && labels.iter().all(|label| has(sample, label));
        let mut values = self.samples.iter().filter(fits).map(|sample| sample.value).peekable();
        values.peek()?;
        Some(values.sum())
    }
}

/// Database reads that each role served between two snapshots, on all instances together.
pub(crate) fn reads_by_role(before: &[Metrics], after: &[Metrics]) -> [(&'static str, f64); 2] {
    let sum = |metrics: &[Metrics], role| -> f64 {
        metrics.iter().filter_map(|metrics| metrics.sum("database_reads_total", &[("role", role)])).sum()
    };
    ["primary", "replica"].map(|role| (role, sum(after, role) - sum(before, role)))
}

/// Parses `name{key="value",…} number`; `None` for a comment.
fn sample(line: &str) -> Option<Sample> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (series, rest) = match line.find('{') {
        Some(_) => line.split_at(line.rfind('}')? + 1),
        None => line.split_at(line.find(' ')?),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    Some(Sample { name: name.to_owned(), labels: parse_labels(labels.trim_end_matches('}')), value })
}

/// Label values may contain anything but an unescaped quotation mark. This project's values need no unescaping.
fn parse_labels(mut text: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    while let Some((key, rest)) = text.split_once("=\"") {
        let Some((value, rest)) = rest.split_once('"') else { break };
        labels.push((key.trim_start_matches(',').trim().to_owned(), value.to_owned()));
        text = rest;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP http_request_duration_seconds how long
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_count{method=\"GET\",route=\"/v1/users/{user}\",status=\"200\"} 7
http_request_duration_seconds_count{method=\"GET\",route=\"/v1/posts\",status=\"200\"} 3
http_request_duration_seconds_count{method=\"GET\",route=\"/v1/posts\",status=\"304\"} 2
http_requests_in_flight 1

replica_lag_seconds{replica=\"1\"} 5.02e0
";

    #[test]
    fn sums_the_series_that_have_the_labels() {
        let metrics = Metrics::parse(TEXT);
        let count = |labels: &[(&str, &str)]| metrics.sum("http_request_duration_seconds_count", labels);
        assert_eq!(count(&[]), Some(12.0));
        assert_eq!(count(&[("route", "/v1/posts")]), Some(5.0));
        assert_eq!(count(&[("route", "/v1/posts"), ("status", "304")]), Some(2.0));
        assert_eq!(count(&[("route", "/v1/users/{user}")]), Some(7.0));
        assert_eq!(metrics.sum("http_requests_in_flight", &[]), Some(1.0));
        assert_eq!(metrics.sum("replica_lag_seconds", &[("replica", "1")]), Some(5.02));
    }

    #[test]
    fn counts_reads_by_role() {
        let at = |primary, replica| {
            Metrics::parse(&format!(
                "database_reads_total{{role=\"primary\"}} {primary}\ndatabase_reads_total{{role=\"replica\"}} {replica}"
            ))
        };
        let (before, after) = ([at(1, 10), Metrics::parse("")], [at(3, 40), at(0, 5)]);
        assert_eq!(reads_by_role(&before, &after), [("primary", 2.0), ("replica", 35.0)]);
    }

    #[test]
    fn a_missing_series_is_not_zero() {
        let metrics = Metrics::parse(TEXT);
        assert_eq!(metrics.sum("cache_hits_total", &[]), None);
        assert_eq!(metrics.sum("http_request_duration_seconds_count", &[("route", "/v1/feed")]), None);
    }
}
