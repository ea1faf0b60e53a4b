//! Text that people write: the content of posts and comments, display names, biographies.
//!
//! Parsing keeps the visible text as it was written. [`visible`] decides which characters are visible. [`direction`]
//! keeps a text from reversing the text shown next to it (ADR 0028).

mod direction;
mod visible;

use std::fmt;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub(crate) use visible::visible_part;

/// Why a text was rejected. Lengths count Unicode scalar values after normalisation to NFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseTextError {
    /// Shorter than the minimum.
    #[error("must have at least {min} character(s)")]
    TooShort {
        /// The minimum number of characters.
        min: usize,
    },
    /// Longer than the maximum.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The maximum number of characters.
        max: usize,
    },
    /// No visible character: only white space or invisible characters.
    #[error("must have at least one visible character")]
    Blank,
    /// A control character that this text must not contain.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// A line or paragraph separator (U+2028, U+2029) in a text of one line.
    #[error("must be in one line")]
    LineBreak,
    /// A direction of writing that is opened and not closed, or closed and not opened, in a text of one line.
    #[error("must close every text direction that it opens")]
    UnclosedDirection,
}

/// Normalises to NFC. ASCII text is normal already, and takes the fast path.
pub(crate) fn normalise(raw: &str) -> String {
    if raw.is_ascii() {
        return raw.to_owned();
    }
    match is_nfc_quick(raw.chars()) {
        IsNormalized::Yes => raw.to_owned(),
        _ => raw.nfc().collect(),
    }
}

struct Rule {
    min: usize,
    max: usize,
    /// Whether newline and tab are allowed.
    multiline: bool,
}

impl Rule {
    fn apply(&self, raw: &str) -> Result<String, ParseTextError> {
        // First, as a removed character may have separated a letter from its mark.
        let closed = direction::closed(raw);
        if !self.multiline && *closed != *raw {
            return Err(ParseTextError::UnclosedDirection);
        }
        let text = normalise(&closed);
        let length = text.chars().count();
        if length < self.min {
            return Err(ParseTextError::TooShort { min: self.min });
        }
        if length > self.max {
            return Err(ParseTextError::TooLong { max: self.max });
        }
        let forbidden = |c: char| c.is_control() && !(self.multiline && matches!(c, '\n' | '\t'));
        if text.chars().any(forbidden) {
            return Err(ParseTextError::ControlCharacter);
        }
        if !self.multiline && text.contains(SEPARATORS) {
            return Err(ParseTextError::LineBreak);
        }
        if self.min > 0 && !visible::is_visible(&text) {
            return Err(ParseTextError::Blank);
        }
        Ok(text)
    }
}

/// LINE SEPARATOR and PARAGRAPH SEPARATOR, the only characters of the categories Zl and Zp.
const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];

macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $rule:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Normalises `raw` to NFC and checks it.
            ///
            /// # Errors
            /// [`ParseTextError`] with the rule that `raw` breaks.
            pub fn parse(raw: &str) -> Result<Self, ParseTextError> {
                $rule.apply(raw).map(Self)
            }

            /// A text that was parsed before it was stored. For stores only: rules may have become stricter since,
            /// and accepted texts stay readable.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text!(
    /// The text of a post or a comment: 1 to 500 characters, at least one of them visible. Newline and tab are
    /// allowed. A direction of writing that is left open is closed.
    Content,
    Rule { min: 1, max: 500, multiline: true }
);
text!(
    /// The display name of a person: 1 to 50 characters in one line, at least one of them visible. It must close
    /// every direction of writing that it opens.
    DisplayName,
    Rule { min: 1, max: 50, multiline: false }
);
text!(
    /// A person's text about themselves: up to 300 characters, newline and tab allowed; may be empty. A direction of
    /// writing that is left open is closed.
    Bio,
    Rule { min: 0, max: 300, multiline: true }
);

#[cfg(test)]
mod tests {
    mod parse {
        use super::super::*;

        #[test]
        fn counts_characters_not_bytes() {
            assert!(Content::parse(&"é".repeat(500)).is_ok());
            assert_eq!(Content::parse(&"é".repeat(501)), Err(ParseTextError::TooLong { max: 500 }));
        }

        #[test]
        fn counts_after_normalisation() {
            let decomposed = "e\u{301}".repeat(500);
            let content = Content::parse(&decomposed).unwrap();
            assert_eq!(content.as_str(), "é".repeat(500));
        }

        #[test]
        fn allows_newline_and_tab_only_in_multiline_text() {
            assert!(Content::parse("one\n\ttwo").is_ok());
            assert!(Bio::parse("one\n\ttwo").is_ok());
            assert_eq!(DisplayName::parse("one\ttwo"), Err(ParseTextError::ControlCharacter));
        }

        #[test]
        fn rejects_other_control_characters() {
            for c in ['\0', '\r', '\u{7f}', '\u{85}', '\u{1b}'] {
                assert_eq!(Content::parse(&format!("a{c}b")), Err(ParseTextError::ControlCharacter), "{c:?}");
            }
        }

        #[test]
        fn rejects_empty_and_blank() {
            assert_eq!(Content::parse(""), Err(ParseTextError::TooShort { min: 1 }));
            assert_eq!(Content::parse(" \n\u{3000}"), Err(ParseTextError::Blank));
            assert_eq!(Bio::parse("").map(|b| b.as_str().to_owned()), Ok(String::new()));
        }

        #[test]
        fn rejects_invisible_text() {
            for raw in ["\u{200b}", "\u{2060}\n", "\u{3164}", "\u{2800} \u{feff}", "\u{ad}", "\u{200d}\u{fe0f}"] {
                assert_eq!(Content::parse(raw), Err(ParseTextError::Blank), "{}", raw.escape_unicode());
                let name = DisplayName::parse(raw.trim_end());
                assert_eq!(name, Err(ParseTextError::Blank), "{}", raw.escape_unicode());
            }
        }

        #[test]
        fn keeps_joiners_and_variation_selectors() {
            for raw in [
                "👩\u{200d}👧",
                "❤\u{fe0f}",
                "می\u{200c}خواهم",
                "क्\u{200d}ष",
                "\u{200f}שלום\u{200e}",
                "🏴\u{e0067}\u{e007f}",
            ] {
                assert_eq!(Content::parse(raw).unwrap().as_str(), raw);
                assert_eq!(DisplayName::parse(raw).unwrap().as_str(), raw);
            }
        }

        #[test]
        fn keeps_a_name_in_one_line() {
            for raw in ["a\u{2028}b", "a\u{2029}b"] {
                assert_eq!(DisplayName::parse(raw), Err(ParseTextError::LineBreak), "{}", raw.escape_unicode());
                assert_eq!(Content::parse(raw).unwrap().as_str(), raw);
            }
        }

        #[test]
        fn rejects_an_open_direction_in_a_name_and_closes_it_in_content() {
            for raw in ["a\u{202e}b", "a\u{2067}b", "a\u{2069}b", "a\u{202c}b"] {
                assert_eq!(DisplayName::parse(raw), Err(ParseTextError::UnclosedDirection), "{}", raw.escape_unicode());
            }
            assert!(DisplayName::parse("a \u{2067}שלום\u{2069}").is_ok());
            assert_eq!(Content::parse("a\u{202e}b").unwrap().as_str(), "a\u{202e}b\u{202c}");
            // The closing characters count towards the length.
            let open = "\u{202e}".repeat(251);
            assert_eq!(Content::parse(&format!("{open}a")), Err(ParseTextError::TooLong { max: 500 }));
            // The removed closing character separated a letter from its mark.
            assert_eq!(Content::parse("e\u{202c}\u{301}").unwrap().as_str(), "é");
        }
    }

    /// Properties of every text.
    mod properties {
        use super::super::*;

        /// Characters that the rules are about, among some plain ones.
        const NOTABLE: &[char] = &[
            'a',
            'é',
            ' ',
            '\n',
            '\t',
            '\u{0}',
            '\u{301}',
            'ש',
            '漢',
            '😀',
            '\u{200b}',
            '\u{200d}',
            '\u{fe0f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202c}',
            '\u{202e}',
            '\u{2066}',
            '\u{2067}',
            '\u{2068}',
            '\u{2069}',
            '\u{2800}',
            '\u{1100}',
            '\u{1161}',
            '\u{fffe}',
            '\u{10ffff}',
        ];

        /// The visible part of a text.
        fn seen(text: &str) -> String {
            let hidden = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            normalise(&text.chars().filter(|c| !hidden(c)).collect::<String>())
        }

        fn check(raw: &str) {
            let parsed = [
                Content::parse(raw).map(|text| text.as_str().to_owned()),
                Bio::parse(raw).map(|text| text.as_str().to_owned()),
                DisplayName::parse(raw).map(|text| text.as_str().to_owned()),
            ];
            let again = |text: &str| {
                [
                    Content::parse(text).map(|text| text.as_str().to_owned()),
                    Bio::parse(text).map(|text| text.as_str().to_owned()),
                    DisplayName::parse(text).map(|text| text.as_str().to_owned()),
                ]
            };
            for (place, text) in parsed.iter().enumerate() {
                let Ok(text) = text else { continue };
                assert_eq!(again(text)[place].as_ref(), Ok(text), "{}", raw.escape_unicode());
                assert_eq!(seen(text), seen(raw), "{}", raw.escape_unicode());
            }
            if let Ok(name) = &parsed[2] {
                assert_eq!(*name, normalise(raw), "{}", raw.escape_unicode());
            }
        }

        #[test]
        fn characters_of_every_block_alone_and_beside_a_letter() {
            for c in ('\0'..='\u{ffff}').chain(('\u{10000}'..=char::MAX).step_by(61)) {
                check(c.encode_utf8(&mut [0; 4]));
                check(&format!("a{c}"));
            }
        }

        #[test]
        fn random_mixtures_of_notable_characters() {
            // Xorshift: any sequence does, if it is the same in each run.
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let mut next = |bound: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                usize::try_from(state % bound as u64).unwrap()
            };
            for _ in 0..50_000 {
                let text: String = (0..next(24)).map(|_| NOTABLE[next(NOTABLE.len())]).collect();
                check(&text);
            }
        }
    }
}
