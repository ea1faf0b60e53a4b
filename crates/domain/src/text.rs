//! Text that people write: contents, display names, biographies.

use std::fmt;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Why a text was refused. Lengths count Unicode scalar values after normalisation to NFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseTextError {
    /// Shorter than the least length.
    #[error("must have at least {min} character(s)")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// Longer than the greatest length.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The greatest number of characters.
        max: usize,
    },
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// A control character that this text may not have.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// Normalises to NFC without copying what is normal already.
pub(crate) fn normalise(raw: &str) -> String {
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
        let text = normalise(raw);
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
        if self.min > 0 && text.chars().all(char::is_whitespace) {
            return Err(ParseTextError::Blank);
        }
        Ok(text)
    }
}

macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $rule:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Normalises `raw` to NFC and checks it.
            ///
            /// # Errors
            /// [`ParseTextError`] says which rule was broken.
            pub fn parse(raw: &str) -> Result<Self, ParseTextError> {
                $rule.apply(raw).map(Self)
            }

            /// A text that was parsed before it was stored. Only stores may use this: rules may have become
            /// stricter since, and what was accepted once stays readable.
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
    /// What a post or a comment says: 1 to 500 characters, not blank, newline and tab allowed.
    Content,
    Rule { min: 1, max: 500, multiline: true }
);
text!(
    /// The name a person wants to be shown by: 1 to 50 characters in one line, not blank.
    DisplayName,
    Rule { min: 1, max: 50, multiline: false }
);
text!(
    /// What a person says of themselves: up to 300 characters, newline and tab allowed; may be empty.
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
        fn allows_newline_and_tab_only_where_text_has_lines() {
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
    }
}
