//! Sentences and their words.

use unicode_segmentation::UnicodeSegmentation as _;

/// More in one sentence is more than one idea.
pub(super) const MAX_WORDS: usize = 25;

/// The sentences of a passage, by the rules of Unicode (UAX #29).
pub(super) fn of(text: &str) -> impl Iterator<Item = &str> {
    text.split_sentence_bounds()
}

/// The words of a sentence in lower case. What holds no letter and no digit is no word.
pub(super) fn words(sentence: &str) -> Vec<String> {
    sentence
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_sentences_and_keeps_numbers_whole() {
        let shown: Vec<_> = of("It takes 1.5 s. Is that long? No; it is not.").map(str::trim).collect();
        assert_eq!(shown, ["It takes 1.5 s.", "Is that long?", "No; it is not."]);
    }

    #[test]
    fn counts_words_without_marks() {
        assert_eq!(words("A → (b), “c” – 25 %"), ["a", "b", "c", "25"]);
    }
}
