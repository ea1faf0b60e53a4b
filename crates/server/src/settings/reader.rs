//! Asking for variables one by one, and keeping count of what is wrong.

use super::problem::{Problem, SettingsError};
use super::variables::{Fallback, find};

/// Where variables come from: the value for a name, if there is one.
pub(super) type Source<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a parser makes of a value; if it cannot, then what it expected.
pub(super) type Parsed<T> = Result<T, String>;

/// Asks a [`Source`] for variables. An empty value, or one of spaces only, is none.
pub(super) struct Reader<'a> {
    source: Source<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// The value of a variable that has one always, be it the default of the table. `None` is a problem, and noted.
    pub(super) fn value<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let Some(value) = self.raw(name).or_else(|| default_of(name)) else {
            self.note(Problem::unset(name, "it must be"));
            return None;
        };
        self.parse(name, &value, parse)
    }

    /// The value of a variable that may have none. `None` for a value that was of no use as well, but that is noted.
    pub(super) fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let value = self.raw(name)?;
        self.parse(name, &value, parse)
    }

    /// Whether a variable has a value of its own, of use or not.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The values of a variable that has any number of them, with commas between.
    pub(super) fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Parsed<T>) -> Vec<T> {
        let values = self.raw(name).unwrap_or_default();
        let items = values.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.filter_map(|item| self.parse(name, item, &parse)).collect()
    }

    /// Notes what is wrong.
    pub(super) fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// What was read, if nothing was wrong.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, SettingsError> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(SettingsError { problems: self.problems }),
        }
    }

    fn raw(&self, name: &str) -> Option<String> {
        let value = (self.source)(name).filter(|value| !value.trim().is_empty())?;
        // A secret may well begin with a space.
        Some(if is_secret(name) { value } else { value.trim().to_owned() })
    }

    fn parse<T>(&mut self, name: &str, value: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        let problem = match parse(value) {
            Ok(parsed) => return Some(parsed),
            Err(expected) if is_hidden(name, value) => Problem::bad_secret(name, &expected),
            Err(expected) => Problem::bad(name, value, &expected),
        };
        self.note(problem);
        None
    }
}

fn default_of(name: &str) -> Option<String> {
    match find(name)?.fallback {
        Fallback::Value(value) => Some(value.to_owned()),
        Fallback::Described(_) | Fallback::Nothing => None,
    }
}

/// When in doubt, it is.
fn is_secret(name: &str) -> bool {
    find(name).is_none_or(|variable| variable.secret)
}

/// In most variables nobody expects a password; but an address may be put into the wrong one.
fn is_hidden(name: &str, value: &str) -> bool {
    find(name).is_none_or(|variable| variable.hidden) || value.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Parsed<String> {
        if value.contains('!') { Err("no exclamation".to_owned()) } else { Ok(value.to_owned()) }
    }

    mod value {
        use super::*;

        #[test]
        fn takes_the_default_for_what_is_empty() {
            for empty in [None, Some(String::new()), Some(" \t".to_owned())] {
                let source = |_: &str| empty.clone();
                assert_eq!(Reader::new(&source).value("PORT", text), Some("3000".to_owned()));
            }
        }

        #[test]
        fn trims_all_but_secrets() {
            let source = |_: &str| Some(" x ".to_owned());
            assert_eq!(Reader::new(&source).value("PORT", text), Some("x".to_owned()));
            assert_eq!(Reader::new(&source).value("SIGNING_KEY", text), Some(" x ".to_owned()));
        }

        #[test]
        fn notes_a_value_that_is_needed_and_missing() {
            let mut reader = Reader::new(&|_| None);
            let value = reader.value("SIGNING_KEY", text);
            assert_eq!(reader.finish(value).unwrap_err().problems[0].to_string(), "SIGNING_KEY is not set; it must be");
        }
    }

    mod list {
        use super::*;

        #[test]
        fn splits_at_commas_and_skips_what_is_empty() {
            let source = |_: &str| Some(" a, b,,c ,".to_owned());
            assert_eq!(Reader::new(&source).list("TRUSTED_PROXIES", text), ["a", "b", "c"]);
        }

        #[test]
        fn notes_every_item_that_is_wrong() {
            let source = |_: &str| Some("a!,b,c!".to_owned());
            let mut reader = Reader::new(&source);
            let list = reader.list("TRUSTED_PROXIES", text);
            let error = reader.finish(Some(list)).unwrap_err();
            let shown: Vec<String> = error.problems.iter().map(ToString::to_string).collect();
            assert_eq!(
                shown,
                [
                    "TRUSTED_PROXIES is \"a!\"; expected no exclamation",
                    "TRUSTED_PROXIES is \"c!\"; expected no exclamation"
                ]
            );
        }
    }

    mod optional {
        use super::*;

        #[test]
        fn never_shows_what_looks_like_an_address_with_a_password() {
            let source = |_: &str| Some("https://me:hush@h!".to_owned());
            let mut reader = Reader::new(&source);
            let value = reader.optional("HOST", text);
            assert!(!reader.finish(value).unwrap_err().to_string().contains("hush"));
        }

        #[test]
        fn never_shows_a_secret() {
            let source = |_: &str| Some("hush!".to_owned());
            for name in
                ["SIGNING_KEY", "DATABASE_URL", "METRICS_USER", "OTEL_EXPORTER_OTLP_ENDPOINT", "NOT_IN_THE_TABLE"]
            {
                let mut reader = Reader::new(&source);
                let value = reader.optional(name, text);
                let shown = reader.finish(value).unwrap_err().to_string();
                assert!(shown.contains(name) && !shown.contains("hush"), "{shown}");
            }
        }
    }
}
