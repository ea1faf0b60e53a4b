//! Decides which characters a reader can see.
//!
//! The decision follows from Unicode properties, so characters of later Unicode versions need no change here. Called
//! when a text is parsed and when a password is chosen; the rules are in `text` and `password`.

use icu_properties::props::{BinaryProperty, DefaultIgnorableCodePoint, EnumeratedProperty, GraphemeClusterBreak};

/// Symbols without a visible glyph. No property distinguishes them from other symbols (`So`) and marks (`Mn`). Only
/// their names say so: BRAILLE PATTERN BLANK, MUSICAL SYMBOL NULL NOTEHEAD and KHITAN SMALL SCRIPT FILLER.
const BLANK_SYMBOLS: [char; 3] = ['\u{2800}', '\u{1d159}', '\u{16fe4}'];

/// Whether a text contains a visible character.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(shows)
}

/// A text without invisible characters and without surrounding white space. White space inside stays.
pub(crate) fn visible_part(text: &str) -> String {
    let kept: String = text.chars().filter(|c| shows(*c) || c.is_whitespace()).collect();
    kept.trim().to_owned()
}

/// Whether a character is visible when it stands alone.
///
/// `Default_Ignorable_Code_Point` covers joiners, variation selectors, tags and the fillers of Hangul. The grapheme
/// class `Control` covers line breaks, control characters, and format characters (`Cf`) that are not drawn before a
/// letter.
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
    fn blanks_of_every_kind_are_invisible() {
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
    fn white_space_between_visible_characters_is_kept() {
        assert_eq!(visible_part("\u{feff} a\u{200b} \u{2800}b\u{ad}\u{3000}"), "a b");
        assert_eq!(visible_part(" \u{200b} "), "");
    }

    #[test]
    fn letters_marks_and_symbols_of_every_script_are_visible() {
        // The last five: two format characters that are drawn (ARABIC END OF AYAH, ARABIC NUMBER SIGN), a mark, a
        // private-use character, an unassigned one.
        for c in "a.éßжשعअあ漢한😀€\u{6dd}\u{600}\u{301}\u{e000}\u{378}".chars() {
            assert!(shows(c), "U+{:04X}", u32::from(c));
        }
    }
}
