//! The result of a case.

use std::fmt::Display;

/// Number of failures that are shown; thousands of one kind say no more.
const SHOWN: usize = 8;

/// The figures of a case, and its failures.
///
/// Failures of time are kept apart. A busy machine may cause them, so a case that fails by time alone is run again.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    figures: Vec<String>,
    wrongs: Vec<String>,
    delays: Vec<String>,
}

impl Verdict {
    /// The result of a case that ended with an error.
    pub(crate) fn broken(error: &anyhow::Error) -> Self {
        Self { wrongs: vec![format!("{error:#}")], ..Self::default() }
    }

    /// Adds a measurement.
    pub(crate) fn figure(&mut self, figure: impl Display) {
        self.figures.push(figure.to_string());
    }

    /// Adds a failure.
    pub(crate) fn wrong(&mut self, wrong: impl Display) {
        self.wrongs.push(wrong.to_string());
    }

    /// Adds the failure `otherwise` unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.wrongs.push(otherwise());
        }
    }

    /// Adds the failure `otherwise` unless `in_time`: something took too long, or there was too little to measure.
    pub(crate) fn check_time(&mut self, in_time: bool, otherwise: impl FnOnce() -> String) {
        if !in_time {
            self.delays.push(otherwise());
        }
    }

    /// Adds the figures and failures of another result.
    pub(crate) fn extend(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.wrongs.extend(other.wrongs);
        self.delays.extend(other.delays);
    }

    pub(crate) fn passed(&self) -> bool {
        self.wrongs.is_empty() && self.delays.is_empty()
    }

    /// Whether time is all that failed.
    pub(crate) fn failed_by_time_alone(&self) -> bool {
        self.wrongs.is_empty() && !self.delays.is_empty()
    }

    /// The measurements in one line.
    pub(crate) fn figures(&self) -> String {
        self.figures.join("; ")
    }

    /// The failures, those of time last, up to [`SHOWN`].
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let count = self.wrongs.len() + self.delays.len();
        let mut shown: Vec<String> = self.wrongs.iter().chain(&self.delays).take(SHOWN).cloned().collect();
        if count > SHOWN {
            shown.push(format!("and {} more", count - SHOWN));
        }
        shown
    }

    /// Prints all of it while the test runs.
    pub(crate) fn print(&self) {
        for figure in &self.figures {
            eprintln!("   {figure}");
        }
        for wrong in self.wrongs() {
            eprintln!("   FAILED: {wrong}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn passes_until_something_is_wrong() {
        let mut verdict = Verdict::default();
        verdict.figure("3 rounds");
        verdict.check(true, || unreachable!("it holds"));
        assert!(verdict.passed());
        verdict.check(false, || "two posts".to_owned());
        assert!(!verdict.passed() && verdict.wrongs() == ["two posts"]);
    }

    #[test]
    fn distinguishes_delays_from_wrongs() {
        let mut verdict = Verdict::default();
        assert!(!verdict.failed_by_time_alone());
        verdict.check_time(true, || unreachable!("it is in time"));
        verdict.check_time(false, || "it took 2 s".to_owned());
        assert!(!verdict.passed() && verdict.failed_by_time_alone());
        let mut both = Verdict::default();
        both.wrong("two posts");
        both.extend(verdict);
        assert!(!both.failed_by_time_alone() && both.wrongs() == ["two posts", "it took 2 s"]);
    }

    #[test]
    fn shows_some_of_many_wrongs() {
        let mut verdict = Verdict::default();
        (0..100).for_each(|number| verdict.wrong(number));
        assert_eq!((verdict.wrongs().len(), verdict.wrongs()[8].as_str()), (9, "and 92 more"));
    }
}
