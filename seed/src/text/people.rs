//! Names and biographies.

use fake::Fake as _;
use fake::faker::name::raw::{FirstName, LastName};
use fake::locales::{DE_DE, EN, FR_FR, IT_IT, PT_BR};
use rand::RngExt;

use super::template::fill;
use crate::chance::{Chance, pick};

/// First and last name of a person.
#[derive(Debug)]
pub struct Person {
    first: String,
    last: String,
}

/// A person with a name from a random locale.
pub fn person(chance: &mut Chance) -> Person {
    macro_rules! from {
        ($locale:expr) => {
            Person::named(FirstName($locale).fake_with_rng(chance), LastName($locale).fake_with_rng(chance))
        };
    }
    match chance.random_range(0..10) {
        0..5 => from!(EN),
        5 => from!(DE_DE),
        6..8 => from!(FR_FR),
        8 => from!(IT_IT),
        _ => from!(PT_BR),
    }
}

impl Person {
    fn named(first: &str, last: &str) -> Self {
        // Some of the lists have white space around names.
        Self { first: first.trim().to_owned(), last: last.trim().to_owned() }
    }

    /// A display name of this person.
    pub fn display_name(&self, chance: &mut Chance) -> String {
        let Self { first, last } = self;
        match chance.random_range(0..10) {
            0..7 => format!("{first} {last}"),
            7 => first.clone(),
            8 => format!("{first} {}.", last.chars().take(1).collect::<String>()),
            _ => fill(chance, &format!("{first} {last} {{emoji}}")),
        }
    }
}

/// A user name for `person`, valid in the domain.
pub fn username(chance: &mut Chance, person: &Person) -> String {
    const HOBBIES: &[&str] = &["bikes", "reads", "codes", "bakes", "draws", "runs", "sings", "knits", "travels"];
    let (first, last) = (letters(&person.first), letters(&person.last));
    let number = chance.random_range(2..10_000);
    let name = match chance.random_range(0..5) {
        0 => format!("{first}_{last}"),
        1 => format!("{first}{number}"),
        2 => format!("{first}_{}", pick(chance, HOBBIES)),
        3 => format!("{}{last}{number}", first.chars().take(1).collect::<String>()),
        _ => format!("{first}_{last}{}", number % 100),
    };
    // Short names are soon taken.
    if name.len() < 3 || chance.random_bool(0.1) { format!("{name}_{number}") } else { name }
}

/// The letters of `name` in ASCII, between 1 and 11 of them.
fn letters(name: &str) -> String {
    let plain = name.chars().flat_map(char::to_lowercase).map(|letter| match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' | 'č' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ß' => 's',
        other => other,
    });
    let letters: String = plain.filter(char::is_ascii_lowercase).take(11).collect();
    if letters.is_empty() { "someone".to_owned() } else { letters }
}

const BIOS: &[&str] = &[
    "{doing}, {drink}, {place}.",
    "I write about {idea} and {tech}. Opinions are {person}'s.",
    "Mostly {doing}. Sometimes {doing}.",
    "From {place}. Fond of {food} and {thing}. {emoji}",
    "{tech} by day, {doing} by night",
    "Lives with {animal}.\nThinks {idea} is {adjective}.",
    "{emoji} {doing} {emoji} {doing}",
    "Looking for {thing}.",
    "Here for the {food}.",
];

pub fn bio(chance: &mut Chance) -> String {
    let template = pick(chance, BIOS);
    fill(chance, template)
}

#[cfg(test)]
pub(super) const TEMPLATES: [&[&str]; 1] = [BIOS];

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn writes_names_in_ascii() {
        assert_eq!(letters("Zoë-Françoise O'Neill"), "zoefrancois");
        assert_eq!(letters("李"), "someone");
    }
}
