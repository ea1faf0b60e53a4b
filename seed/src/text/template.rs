//! Sentences with gaps.

use super::words;
use crate::chance::{Chance, pick};

/// Fills the gaps of `template` (`{food}`) with words of that kind, and capitalises the first letter.
pub(super) fn fill(chance: &mut Chance, template: &str) -> String {
    let mut text = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, gap, after)) = next_gap(rest) {
        text.push_str(before);
        text.push_str(words::of(gap).map_or("…", |words| pick(chance, words)));
        rest = after;
    }
    text.push_str(rest);
    capitalised(&text)
}

/// The text before the first gap, the kind of the gap, and the text after it.
pub(super) fn next_gap(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (gap, after) = rest.split_once('}')?;
    Some((before, gap, after))
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance;

    #[test]
    fn fills_every_gap() {
        let text = fill(&mut chance::of(1, "template", 0), "{food} and {food}!");
        assert!(text.contains(" and ") && !text.contains(['{', '}', '…']), "{text}");
        assert!(text.starts_with(char::is_uppercase), "{text}");
    }
}
