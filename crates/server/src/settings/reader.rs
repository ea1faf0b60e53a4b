//! Reads variables one by one, and collects their problems.

use super::problem::Problem;
use super::variables::{APP_ENV, Fallback, Privacy, Variable};
use super::{Environment, Surroundings};

/// A source of variables: the value for a name, if it is set.
pub(super) type Source<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The value that a parser returns, or else what it expected.
pub(super) type Parsed<T> = Result<T, String>;

/// There is no value; the reader has collected the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted;

/// Reads variables from a [`Source`]. An empty value, or one of spaces only, counts as unset.
pub(super) struct Reader<'a> {
    source: Source<'a>,
    /// The surroundings on which some defaults depend.
    pub(super) surroundings: Surroundings,
    /// The problems so far.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Source<'a>, surroundings: Surroundings) -> Self {
        Self { source, surroundings, problems: Vec::new() }
    }

    /// The value of a variable, read with the function of its row: [`one`], [`optional`] or [`list`].
    pub(super) fn read<T>(
        &mut self,
        variable: &Variable,
        row: impl FnOnce(&mut Self, &Variable) -> Result<T, Noted>,
    ) -> Result<T, Noted> {
        row(self, variable)
    }

    /// Whether `APP_ENV` is `production`: then the strict defaults apply.
    pub(super) fn in_production(&self) -> bool {
        self.value(&APP_ENV).is_some_and(|value| value == Environment::Production.to_string())
    }

    fn value(&self, variable: &Variable) -> Option<String> {
        let value = (self.source)(variable.name).filter(|value| !value.trim().is_empty())?;
        // A secret may begin with a space.
        Some(if variable.privacy == Privacy::Secret { value } else { value.trim().to_owned() })
    }

    fn parse<T>(&mut self, variable: &Variable, text: &str, parse: impl Fn(&str) -> Parsed<T>) -> Result<T, Noted> {
        parse(text).map_err(|expected| {
            // An operator may put an address with a password into the wrong variable.
            let is_shown = variable.privacy == Privacy::Public && !text.contains('@');
            self.problems.push(if is_shown {
                Problem::bad(variable.name, text, &expected)
            } else {
                Problem::bad_secret(variable.name, &expected)
            });
            Noted
        })
    }
}

/// Reads a value, or the default. The text is empty where the row has no default.
pub(super) fn one<T>(parse: impl Fn(&str) -> Parsed<T>) -> impl FnOnce(&mut Reader<'_>, &Variable) -> Result<T, Noted> {
    move |reader, variable| {
        let text = reader.value(variable).unwrap_or_else(|| match variable.fallback {
            Fallback::Value(text) => text.to_owned(),
            Fallback::Computed(_, text) => text(reader),
            Fallback::Described(_) | Fallback::Nothing => String::new(),
        });
        reader.parse(variable, &text, parse)
    }
}

/// Reads a value that may be unset.
pub(super) fn optional<T>(
    parse: impl Fn(&str) -> Parsed<T>,
) -> impl FnOnce(&mut Reader<'_>, &Variable) -> Result<Option<T>, Noted> {
    move |reader, variable| reader.value(variable).map(|text| reader.parse(variable, &text, parse)).transpose()
}

/// Reads a list separated by commas, without its invalid items.
pub(super) fn list<T>(
    parse: impl Fn(&str) -> Parsed<T>,
) -> impl FnOnce(&mut Reader<'_>, &Variable) -> Result<Vec<T>, Noted> {
    move |reader, variable| {
        let text = reader.value(variable).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Ok(items.filter_map(|item| reader.parse(variable, item, &parse).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::variables::{
        DATABASE_URL, HOST, METRICS_USER, OTEL_EXPORTER_OTLP_ENDPOINT, PORT, SIGNING_KEY, TRUSTED_PROXIES,
    };
    use super::*;
    use std::num::NonZeroUsize;

    /// The result of `read` if all variables have the same value, and the problems.
    fn reading<T>(value: Option<&str>, read: impl Fn(&mut Reader<'_>) -> T) -> (T, Vec<String>) {
        let source = |_: &str| value.map(ToOwned::to_owned);
        let mut reader = Reader::new(&source, Surroundings { cores: NonZeroUsize::MIN, on_terminal: false });
        let value = read(&mut reader);
        (value, reader.problems.iter().map(ToString::to_string).collect())
    }

    fn text(value: &str) -> Parsed<String> {
        if value.contains('!') { Err("no exclamation".to_owned()) } else { Ok(value.to_owned()) }
    }

    #[test]
    fn one_takes_the_default_for_what_is_empty() {
        for empty in [None, Some(""), Some(" \t")] {
            let read = |reader: &mut Reader<'_>| [&PORT, &SIGNING_KEY].map(|variable| reader.read(variable, one(text)));
            assert_eq!(reading(empty, read), ([Ok("3000".to_owned()), Ok(String::new())], vec![]));
        }
    }

    #[test]
    fn one_trims_all_but_secrets() {
        let read = |reader: &mut Reader<'_>| [&PORT, &SIGNING_KEY].map(|variable| reader.read(variable, one(text)));
        assert_eq!(reading(Some(" x "), read).0, [Ok("x".to_owned()), Ok(" x ".to_owned())]);
    }

    #[test]
    fn list_splits_at_commas_and_skips_what_is_empty() {
        let (list, problems) = reading(Some(" a, b,,c ,"), |reader| reader.read(&TRUSTED_PROXIES, list(text)));
        assert_eq!((list.unwrap().concat().as_str(), problems.len()), ("abc", 0));
    }

    #[test]
    fn list_notes_every_item_that_is_wrong() {
        let (_, problems) = reading(Some("a!,b,c!"), |reader| reader.read(&TRUSTED_PROXIES, list(text)));
        let expected = ["a!", "c!"].map(|item| format!("TRUSTED_PROXIES is {item:?}; expected no exclamation"));
        assert_eq!(problems, expected);
    }

    #[test]
    fn optional_shows_no_value_that_may_have_a_secret_in_it() {
        let hidden = [SIGNING_KEY, DATABASE_URL, METRICS_USER, OTEL_EXPORTER_OTLP_ENDPOINT].map(|v| (v, "hush!"));
        for (variable, value) in hidden.into_iter().chain([(HOST, "https://me:hush@h!")]) {
            let (read, problems) = reading(Some(value), |reader| reader.read(&variable, optional(text)));
            assert_eq!((read, problems.len()), (Err(Noted), 1));
            assert!(problems[0].starts_with(variable.name) && !problems[0].contains("hush"), "{problems:?}");
        }
    }
}
