//! Which characters a reader can see.
//!
//! Decided by properties of Unicode, so that what a later version adds is known with its data. Called when a text is
//! parsed, and when a password is chosen; the rules that follow from it are in `text` and `password`.

use icu_properties::props::{BinaryProperty, DefaultIgnorableCodePoint, EnumeratedProperty, GraphemeClusterBreak};

/// Symbols that are drawn as nothing. No property tells them from other symbols (`So`) and marks (`Mn`): BRAILLE PATTERN
/// BLANK, MUSICAL SYMBOL NULL NOTEHEAD and KHITAN SMALL SCRIPT FILLER have only their names for it.
const BLANK_SYMBOLS: [char; 3] = ['\u{2800}', '\u{1d159}', '\u{16fe4}'];

/// Whether a text shows anything.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(shows)
}

/// What is left of a text without what shows nothing and without white space around it. White space inside stays.
pub(crate) fn visible_part(text: &str) -> String {
    let kept: String = text.chars().filter(|c| shows(*c) || c.is_whitespace()).collect();
    kept.trim().to_owned()
}

/// Whether a character shows something where it stands alone.
///
/// `Default_Ignorable_Code_Point` covers joiners, variation selectors, tags and the fillers of Hangul. What is `Control` to
/// grapheme clusters are line breaks, control characters, and those of format (`Cf`) that are not drawn before a letter.
fn shows(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    !(c.is_whitespace()
        || DefaultIgnorableCodePoint::for_char(c)
        || GraphemeClusterBreak::for_char(c) == GraphemeClusterBreak::Control
        || BLANK_SYMBOLS.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_of_every_kind_show_nothing() {
        let blank = "\u{200b}\u{200e}\u{2060}\u{3164}\u{2800}\u{feff}\u{ad}\u{200d}\u{200c}\u{34f}\u{115f}\u{1160}\
                     \u{ffa0}\u{17b4}\u{180b}\u{180e}\u{fe0f}\u{e0001}\u{e0100}\u{2028}\u{2029}\u{202e}\u{2069}\u{fff9}\
                     \u{1d173}\u{1d159}\u{16fe4}\u{3000}\u{a0}\u{85} \t\n";
        for c in blank.chars() {
            assert!(!shows(c), "U+{:04X}", u32::from(c));
        }
        assert!(!is_visible(blank));
        assert!(!is_visible(""));
    }

    #[test]
    fn white_space_is_part_of_what_shows_where_it_stands_between() {
        assert_eq!(visible_part("\u{feff} a\u{200b} \u{2800}b\u{ad}\u{3000}"), "a b");
        assert_eq!(visible_part(" \u{200b} "), "");
    }

    #[test]
    fn letters_marks_and_symbols_of_every_script_are_seen() {
        // The last four are format characters that are drawn (ARABIC END OF AYAH and its kin), a mark by itself, a
        // character of private use, and one that is not assigned yet.
        for c in "a.éßжשعअあ漢한😀€\u{6dd}\u{600}\u{301}\u{e000}\u{378}".chars() {
            assert!(shows(c), "U+{:04X}", u32::from(c));
        }
    }
}
