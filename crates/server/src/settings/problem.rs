//! Problems of the configuration.

use std::fmt;

/// The longest part of a value that a problem shows, in characters.
const SHOWN: usize = 80;

/// A problem with one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable, or the place in the file.
    pub variable: String,
    /// What is wrong and what was expected; completes the name to a sentence. Never shows a secret.
    pub explanation: String,
}

impl Problem {
    /// `variable` has the value `value` instead of what was `expected`.
    pub(super) fn bad(variable: &str, value: &str, expected: &str) -> Self {
        let shown: String = value.chars().take(SHOWN).collect();
        let more = if shown.len() < value.len() { "…" } else { "" };
        Self::new(variable, format!("is {shown:?}{more}; expected {expected}"))
    }

    /// `variable` has a hidden value instead of what was `expected`.
    pub(super) fn bad_secret(variable: &str, expected: &str) -> Self {
        Self::new(variable, format!("has a value (not shown) that is invalid; expected {expected}"))
    }

    /// `variable` has no value.
    pub(super) fn unset(variable: &str, expected: &str) -> Self {
        Self::new(variable, format!("is not set; {expected}"))
    }

    pub(super) fn new(variable: impl Into<String>, explanation: impl Into<String>) -> Self {
        Self { variable: variable.into(), explanation: explanation.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.explanation)
    }
}

/// All problems of the configuration. Displayed with one line a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "the configuration has a problem:")?,
            count => write!(f, "the configuration has {count} problems:")?,
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        write!(f, "\n`thoughts --help` lists every variable.")
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    mod display {
        use super::*;

        #[test]
        fn has_a_line_for_each_problem() {
            let error = SettingsError {
                problems: vec![
                    Problem::bad("PORT", "ba\nnana", "a whole number from 0 to 65535"),
                    Problem::bad_secret("DATABASE_URL", "sqlite:…"),
                    Problem::unset("SIGNING_KEY", "production needs one"),
                ],
            };
            assert_eq!(
                error.to_string(),
                "the configuration has 3 problems:\n  \
                 PORT is \"ba\\nnana\"; expected a whole number from 0 to 65535\n  \
                 DATABASE_URL has a value (not shown) that is invalid; expected sqlite:…\n  \
                 SIGNING_KEY is not set; production needs one\n\
                 `thoughts --help` lists every variable."
            );
        }

        #[test]
        fn cuts_a_long_value() {
            let problem = Problem::bad("PORT", &"é".repeat(10_000), "a port");
            assert_eq!(problem.to_string(), format!("PORT is \"{}\"…; expected a port", "é".repeat(80)));
        }
    }
}
