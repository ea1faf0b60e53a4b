//! Summaries of durations.

use std::fmt;
use std::time::Duration;

/// Count, median and p99 of durations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
}

impl FromIterator<Duration> for Spread {
    fn from_iter<T: IntoIterator<Item = Duration>>(durations: T) -> Self {
        let mut sorted: Vec<Duration> = durations.into_iter().collect();
        sorted.sort_unstable();
        Self {
            count: sorted.len(),
            median: quantile(&sorted, 500),
            p99: quantile(&sorted, 990),
            max: quantile(&sorted, 1000),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, p99, max] = [self.median, self.p99, self.max].map(milliseconds);
        write!(f, "p50 {median}, p99 {p99}, max {max}")
    }
}

/// The quantile by nearest rank, in thousandths; zero without durations.
fn quantile(sorted: &[Duration], thousandths: usize) -> Duration {
    let rank = (sorted.len() * thousandths).div_ceil(1000);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// A duration formatted for people.
pub(crate) fn milliseconds(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(milliseconds: impl IntoIterator<Item = u64>) -> Spread {
        milliseconds.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn takes_the_nearest_rank() {
        let hundred = spread((1..=100).rev());
        let expected = [50, 99, 100].map(Duration::from_millis);
        assert_eq!([hundred.median, hundred.p99, hundred.max], expected);
        assert_eq!(hundred.count, 100);
    }

    #[test]
    fn one_slow_value_of_a_few_is_the_p99() {
        assert_eq!(spread([1, 1, 1, 1, 900]).p99, Duration::from_millis(900));
        assert_eq!(spread([7]).median, Duration::from_millis(7));
    }

    #[test]
    fn no_measurements_are_shown_as_zero() {
        assert_eq!(spread([]), Spread::default());
    }

    #[test]
    fn formats_milliseconds() {
        assert_eq!(spread([2, 250]).to_string(), "p50 2.0 ms, p99 250 ms, max 250 ms");
    }
}
