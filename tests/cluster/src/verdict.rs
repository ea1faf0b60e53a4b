//! The result of a case.

use std::fmt::Display;

/// Number of failures that are shown; thousands of one kind say no more.
const SHOWN: usize = 8;

/// The figures of a case, and its failures.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    figures: Vec<String>,
    wrongs: Vec<String>,
}

impl Verdict {
    /// The result of a case that ended with an error.
    pub(crate) fn broken(error: &anyhow::Error) -> Self {
        Self { figures: Vec::new(), wrongs: vec![format!("{error:#}")] }
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

    /// Adds the figures and failures of another result.
    pub(crate) fn extend(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.wrongs.extend(other.wrongs);
    }

    pub(crate) fn passed(&self) -> bool {
        self.wrongs.is_empty()
    }

    /// The measurements in one line.
    pub(crate) fn figures(&self) -> String {
        self.figures.join("; ")
    }

    /// The failures, up to [`SHOWN`].
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let mut shown: Vec<String> = self.wrongs.iter().take(SHOWN).cloned().collect();
        if self.wrongs.len() > SHOWN {
            shown.push(format!("and {} more", self.wrongs.len() - SHOWN));
        }
        shown
    }

    /// Prints all of it while the test runs.
    pub(crate) fn print(&self) {
        for figure in &self.figures {
            eprintln!("   {figure}");
        }
        for wrong in self.wrongs() {
            eprintln!("   WRONG: {wrong}");
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
    fn shows_some_of_many_wrongs() {
        let mut verdict = Verdict::default();
        (0..100).for_each(|number| verdict.wrong(number));
        assert_eq!((verdict.wrongs().len(), verdict.wrongs()[8].as_str()), (9, "and 92 more"));
    }
}
