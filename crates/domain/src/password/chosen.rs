//! Passwords chosen at sign-up and in an edit, with stricter rules than those of a log-in.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::common::is_common;
use super::{ParsePasswordError, Password};
use crate::text::visible_part;

/// A password that was chosen for an account. At least [`Password::MIN`] of its characters are visible, and it is not
/// a common one.
///
/// A password that was accepted before these rules existed still logs in, as a [`Password`].
///
/// It is never shown, like a [`Password`].
#[derive(Clone, PartialEq, Eq)]
pub struct ChosenPassword {
    password: Password,
    folded: String,
}

impl ChosenPassword {
    /// Normalises and checks `raw`. The check for common passwords ignores letter case, compatibility forms (Unicode
    /// NFKC), invisible characters and surrounding white space.
    ///
    /// # Errors
    /// [`ChoosePasswordError`] with the rule that `raw` breaks.
    pub fn parse(raw: &str) -> Result<Self, ChoosePasswordError> {
        let password = Password::parse(raw)?;
        let folded = fold(password.expose());
        if folded.is_empty() {
            return Err(ChoosePasswordError::Blank);
        }
        if is_common(&folded) {
            return Err(ChoosePasswordError::Common);
        }
        // Counted as typed: folding turns some letters into several, and some into one.
        if visible_part(password.expose()).chars().count() < Password::MIN {
            return Err(ParsePasswordError::TooShort.into());
        }
        Ok(Self { password, folded })
    }

    /// Whether the password is `name`, which is public. Compared like common passwords.
    pub fn is_name(&self, name: &str) -> bool {
        self.folded == fold(name)
    }

    /// The password, for hashing.
    pub fn as_password(&self) -> &Password {
        &self.password
    }
}

impl fmt::Debug for ChosenPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.password.fmt(f)
    }
}

/// Why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChoosePasswordError {
    /// It is no valid password.
    #[error(transparent)]
    Malformed(#[from] ParsePasswordError),
    /// It has no visible character.
    #[error("must not be blank")]
    Blank,
    /// It is one of the 10,000 most common passwords.
    #[error("is one of the most common passwords")]
    Common,
}

/// Folds `text` for comparison with public or common texts: NFKC, lower case, no invisible characters, no surrounding
/// white space. Idempotent.
pub(super) fn fold(text: &str) -> String {
    let visible = visible_part(&text.nfkc().collect::<String>());
    visible_part(&visible.chars().flat_map(char::to_lowercase).nfkc().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(raw: &str) -> ChoosePasswordError {
        ChosenPassword::parse(raw).expect_err(raw)
    }

    mod parse {
        use super::*;

        #[test]
        fn accepts_uncommon_passwords() {
            for raw in ["correct horse battery", "8 chars!", "ÄÖÜß-äöüß", "пароль-мой", "🦀🦀🦀🦀🦀🦀🦀🦀"]
            {
                assert_eq!(ChosenPassword::parse(raw).unwrap().as_password(), &Password::parse(raw).unwrap());
            }
        }

        #[test]
        fn rejects_invalid_passwords() {
            assert_eq!(refused("1234567"), ChoosePasswordError::Malformed(ParsePasswordError::TooShort));
            assert_eq!(refused("12345678\0"), ChoosePasswordError::Malformed(ParsePasswordError::ControlCharacter));
        }

        #[test]
        fn rejects_invisible_text() {
            let blanks = [
                ' ',
                '\u{a0}',
                '\u{3000}',
                '\u{2028}',
                '\u{200b}',
                '\u{200e}',
                '\u{2060}',
                '\u{3164}',
                '\u{2800}',
                '\u{feff}',
                '\u{ad}',
                '\u{1160}',
                '\u{ffa0}',
                '\u{fe0f}',
                '\u{e0020}',
                '\u{180e}',
            ];
            for blank in blanks {
                assert_eq!(refused(&blank.to_string().repeat(8)), ChoosePasswordError::Blank, "{blank:?}");
            }
            assert_eq!(refused(&String::from_iter(blanks)), ChoosePasswordError::Blank);
        }

        #[test]
        fn counts_visible_characters() {
            for raw in [
                "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}a",
                "a       ",
                "7 chars\u{ad}",
                "ﷺ\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
            ] {
                let short = ChoosePasswordError::Malformed(ParsePasswordError::TooShort);
                assert_eq!(refused(raw), short, "{}", raw.escape_unicode());
                assert!(Password::parse(raw).is_ok(), "one from before the rule logs in");
            }
            assert!(ChosenPassword::parse("a b c d\u{200d}e").is_ok());
        }

        #[test]
        fn rejects_common_passwords_in_any_spelling() {
            for raw in [
                "password",
                "12345678",
                "aaaaaaaa",
                "PassWord",
                " password ",
                "ｐａｓｓｗｏｒｄ",
                "pass\u{200b}word",
                "\u{feff}qwertyuiop",
                "①②③④⑤⑥⑦⑧",
            ] {
                assert_eq!(refused(raw), ChoosePasswordError::Common, "{raw}");
            }
        }
    }

    mod is_name {
        use super::*;

        #[test]
        fn ignores_case_and_invisible_characters() {
            let chosen = ChosenPassword::parse("Ada_Love\u{ad}lace").unwrap();
            assert!(chosen.is_name("ada_lovelace") && chosen.is_name(" ADA_LOVELACE "));
            assert!(!chosen.is_name("ada_lovelace_1") && !chosen.is_name(""));
        }
    }

    #[test]
    fn folding_is_idempotent() {
        // Capital sharp s, ligatures, and letters whose lower case has several characters.
        for text in ["ẞSS", "ﬁﬂﬃ", "İstanbul", "Ǆ", "ϓ", "\u{1e9e}\u{ad}Å", " \u{3164}x\u{2800} ", "㍿"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let shown = format!("{:?}", ChosenPassword::parse("correct horse").unwrap());
        assert!(!shown.contains("horse"), "{shown}");
    }
}
