//! Asks for confirmation before data is removed.

use std::io::{BufRead, Write};

use anyhow::bail;
use database::Location;

/// Checks that confirmation is unnecessary or possible. Does not connect to the database.
///
/// # Errors
/// If confirmation is needed and there is no terminal.
pub fn can_be_obtained(location: &Location, yes: bool, is_terminal: bool) -> anyhow::Result<()> {
    if !yes && !is_terminal && !location.is_embedded() {
        bail!("--reset removes everything in the database of DATABASE_URL; pass --yes to confirm");
    }
    Ok(())
}

/// Asks whether everything in `location` may be removed. The embedded database needs no confirmation.
///
/// # Errors
/// If the answer is not `yes`.
pub fn obtain(
    location: &Location,
    yes: bool,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> anyhow::Result<()> {
    if yes || location.is_embedded() {
        return Ok(());
    }
    write!(questions, "This removes EVERYTHING in {location}, seeded or not. Type yes to continue: ")?;
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
    fn accepts_only_yes() {
        for answer in ["", "\n", "y\n", "no\n", "YES!\n"] {
            assert!(ask(SERVER, false, answer).0.is_err(), "{answer:?}");
        }
    }

    #[test]
    fn fails_without_a_terminal() {
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
    fn does_not_ask_if_confirmed_or_embedded() {
        assert_eq!(ask(SERVER, true, ""), (Ok(()), String::new()));
        assert_eq!(ask("sqlite://data/thoughts.db", false, ""), (Ok(()), String::new()));
    }
}
