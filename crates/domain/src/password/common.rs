//! The most common passwords, which attackers guess first.

use std::sync::LazyLock;

/// The 10,000 most common passwords of eight and more characters, folded and sorted. `NOTICE` names their source.
const COMMON: &str = include_str!("common.txt");

/// The lines of [`COMMON`].
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| COMMON.lines().collect());

/// Whether a password is common. `folded` is the result of [`fold`](super::chosen::fold).
pub(super) fn is_common(folded: &str) -> bool {
    WORDS.binary_search(&folded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::Password;
    use super::super::chosen::fold;
    use super::*;

    #[test]
    fn words_are_folded_and_sorted() {
        assert_eq!(WORDS.len(), 10_000);
        assert!(WORDS.is_sorted_by(|one, next| one < next), "sorted, each once");
        for word in WORDS.iter() {
            assert_eq!(fold(word), *word);
            assert!(Password::parse(word).is_ok(), "{word} would be refused anyhow");
        }
    }
}
