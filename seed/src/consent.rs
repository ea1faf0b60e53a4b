//! Asks before data is removed that may be worth something.

use std::io::{BufRead, Write};

use anyhow::bail;
use persistence::Location;

/// Makes sure that everything in `location` may be removed. The embedded database is asked nothing for.
///
/// # Errors
/// When the answer is no, or when there is nobody to ask.
pub fn obtain(
    location: &Location,
    yes: bool,
    is_terminal: bool,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> anyhow::Result<()> {
    if yes || location.is_embedded() {
        return Ok(());
    }
    if !is_terminal {
        bail!("--reset would remove everything in {location}; say --yes if that is meant");
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

    fn ask(url: &str, yes: bool, is_terminal: bool, answer: &str) -> (Result<(), String>, String) {
        let mut asked = Vec::new();
        let location = Location::parse(url).unwrap();
        let result = obtain(&location, yes, is_terminal, &mut answer.as_bytes(), &mut asked);
        (result.map_err(|error| error.to_string()), String::from_utf8(asked).unwrap())
    }

    const SERVER: &str = "postgres://me:hush@db.example/thoughts";

    #[test]
    fn asks_and_names_the_database() {
        let (result, asked) = ask(SERVER, false, true, "yes\n");
        assert_eq!(result, Ok(()));
        assert!(asked.contains("PostgreSQL at db.example:5432/thoughts"), "{asked}");
        assert!(!asked.contains("hush"));
    }

    #[test]
    fn takes_nothing_but_yes_for_yes() {
        for answer in ["", "\n", "y\n", "no\n", "YES!\n"] {
            assert!(ask(SERVER, false, true, answer).0.is_err(), "{answer:?}");
        }
    }

    #[test]
    fn refuses_when_there_is_nobody_to_ask() {
        let (result, asked) = ask(SERVER, false, false, "yes\n");
        assert!(result.unwrap_err().contains("--yes"));
        assert_eq!(asked, "");
    }

    #[test]
    fn does_not_ask_when_it_knows_or_need_not() {
        assert_eq!(ask(SERVER, true, false, ""), (Ok(()), String::new()));
        assert_eq!(ask("sqlite://data/thoughts.db", false, false, ""), (Ok(()), String::new()));
    }
}
