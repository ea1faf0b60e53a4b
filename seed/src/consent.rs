//! Asks before data is removed that may be worth something.

use std::io::{BufRead, Write};

use anyhow::bail;
use database::Location;

/// Makes sure that somebody can be asked, if there is something to ask. Nothing has to be reached for that.
///
/// # Errors
/// When there is nobody.
pub fn can_be_obtained(location: &Location, yes: bool, is_terminal: bool) -> anyhow::Result<()> {
    if !yes && !is_terminal && !location.is_embedded() {
        bail!("--reset would remove everything in DATABASE_URL; say --yes if that is meant");
    }
    Ok(())
}

/// Makes sure that everything in `location` may be removed. The embedded database is asked nothing for.
///
/// # Errors
/// When the answer is no.
pub fn obtain(
    location: &Location,
    yes: bool,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> anyhow::Result<()> {
    if yes || location.is_embedded() {
        return Ok(());
    }
    write!(questions, "This removes EVERYTHING in {location}, seeded or not. Type yes to go on: ")?;
    questions.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { bail!("nothing was removed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(url: &str, yes: bool, answer: &str) -> (Result<(), String>, String) {
        let mut asked = Vec::new();
        let location = Location::parse(url).unwrap();
        let result = obtain(&location, yes, &mut answer.as_bytes(), &mut asked);
        (result.map_err(|error| error.to_string()), String::from_utf8(asked).unwrap())
    }

    const SERVER: &str = "postgres://me:hush@db.example/thoughts";

    #[test]
    fn asks_and_names_the_database() {
        let (result, asked) = ask(SERVER, false, "yes\n");
        assert_eq!(result, Ok(()));
        assert!(asked.contains("PostgreSQL at db.example:5432/thoughts"), "{asked}");
        assert!(!asked.contains("hush"));
    }

    #[test]
    fn takes_nothing_but_yes_for_yes() {
        for answer in ["", "\n", "y\n", "no\n", "YES!\n"] {
            assert!(ask(SERVER, false, answer).0.is_err(), "{answer:?}");
        }
    }

    #[test]
    fn refuses_when_there_is_nobody_to_ask() {
        let refuse = |url: &str, yes, is_terminal| {
            let refused = can_be_obtained(&Location::parse(url).unwrap(), yes, is_terminal);
            refused.err().map(|error| error.to_string())
        };
        let error = refuse(SERVER, false, false).unwrap();
        assert!(error.contains("--yes") && !error.contains("db.example"), "{error}");
        assert_eq!(refuse(SERVER, true, false), None);
        assert_eq!(refuse(SERVER, false, true), None);
        assert_eq!(refuse("sqlite://data/thoughts.db", false, false), None);
    }

    #[test]
    fn does_not_ask_when_it_knows_or_need_not() {
        assert_eq!(ask(SERVER, true, ""), (Ok(()), String::new()));
        assert_eq!(ask("sqlite://data/thoughts.db", false, ""), (Ok(()), String::new()));
    }
}
