//! Predictable ids.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Cuid, Id, IdGenerator};

/// Generates sequential ids: `t00000000000000000000001`, `t00000000000000000000002`, …
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl SequentialIds {
    /// Starts at one.
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

/// The id made from a word: its letters and digits, padded with `z`. Failing tests then show which entity is meant.
///
/// # Panics
/// If the word does not start with a letter, or is longer than an id.
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
