//! Ids that tests can foretell.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Cuid, Id, IdGenerator};

/// Counts instead of guessing: `t00000000000000000000001`, `t00000000000000000000002`, …
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl SequentialIds {
    /// Begins at one.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl IdGenerator for SequentialIds {
    fn generate(&self) -> Cuid {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Cuid::parse(&format!("t{number:023}")).unwrap()
    }
}

/// The id that a word makes: its letters and digits, filled up with z. Failing tests then show who is who.
///
/// # Panics
/// When the word has no letter in front, or more letters and digits than an id.
pub fn id<T>(word: &str) -> Id<T> {
    let word: String = word.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    Id::parse(&format!("{word:z<24}")).unwrap_or_else(|error| panic!("{word:?} makes no id: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequential_ids_count() {
        let ids = SequentialIds::new();
        assert_eq!(ids.generate().as_str(), "t00000000000000000000001");
        assert_eq!(ids.generate().as_str(), "t00000000000000000000002");
    }

    #[test]
    fn a_word_makes_an_id() {
        assert_eq!(id::<()>("Ada's 1st").as_str(), "adas1stzzzzzzzzzzzzzzzzz");
    }
}
