//! User names, which identify accounts to people.

use std::fmt;

/// A unique account name: 3 to 30 characters of `a-z 0-9 _`, first a letter, never a reserved word.
///
/// ASCII letter case is folded: `Ada` and `ada` are the same name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(String);

/// Names that could pass for the service itself, or that a route may need one day.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "admin",
    "administrator",
    "anonymous",
    "api",
    "deleted",
    "docs",
    "everyone",
    "feed",
    "health",
    "help",
    "here",
    "info",
    "login",
    "logout",
    "mail",
    "metrics",
    "moderator",
    "nobody",
    "null",
    "official",
    "owner",
    "postmaster",
    "privacy",
    "root",
    "security",
    "settings",
    "signup",
    "staff",
    "status",
    "support",
    "sysadmin",
    "system",
    "terms",
    "thoughts",
    "undefined",
    "user",
    "users",
    "webmaster",
    "www",
];

impl Username {
    /// The fewest characters of a name.
    pub const MIN: usize = 3;
    /// The most characters of a name.
    pub const MAX: usize = 30;

    /// Folds the letter case of `raw` and checks it.
    ///
    /// # Errors
    /// [`ParseUsernameError`] with the rule that `raw` breaks.
    pub fn parse(raw: &str) -> Result<Self, ParseUsernameError> {
        let name = raw.to_ascii_lowercase();
        match name.chars().count() {
            length if length < Self::MIN => return Err(ParseUsernameError::TooShort),
            length if length > Self::MAX => return Err(ParseUsernameError::TooLong),
            _ => {}
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !name.bytes().all(allowed) {
            return Err(ParseUsernameError::Characters);
        }
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(ParseUsernameError::FirstCharacter);
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(ParseUsernameError::Reserved);
        }
        Ok(Self(name))
    }

    /// A name that was parsed before it was stored. Words may have been reserved since.
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// Why a user name was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseUsernameError {
    /// Fewer than [`Username::MIN`] characters.
    #[error("must have at least {} characters", Username::MIN)]
    TooShort,
    /// More than [`Username::MAX`] characters.
    #[error("must have at most {} characters", Username::MAX)]
    TooLong,
    /// A character outside `a-z 0-9 _`.
    #[error("may contain only letters a to z, digits and underscores")]
    Characters,
    /// The first character is a digit or an underscore.
    #[error("must begin with a letter")]
    FirstCharacter,
    /// A word that is reserved for the service.
    #[error("is reserved")]
    Reserved,
}

#[cfg(test)]
mod tests {
    mod parse {
        use super::super::*;

        #[test]
        fn folds_letter_case() {
            assert_eq!(Username::parse("Ada_99").unwrap().as_str(), "ada_99");
        }

        #[test]
        fn names_the_broken_rule() {
            let cases = [
                ("ab", ParseUsernameError::TooShort),
                ("a234567890123456789012345678901", ParseUsernameError::TooLong),
                ("ada lovelace", ParseUsernameError::Characters),
                ("añez", ParseUsernameError::Characters),
                // In Unicode the Kelvin sign lower-cases to an ASCII k. Here it must not.
                ("\u{212A}elvin", ParseUsernameError::Characters),
                ("_ada", ParseUsernameError::FirstCharacter),
                ("1ada", ParseUsernameError::FirstCharacter),
                ("Admin", ParseUsernameError::Reserved),
            ];
            for (raw, error) in cases {
                assert_eq!(Username::parse(raw), Err(error), "{raw:?}");
            }
        }

        #[test]
        fn reserved_words_could_be_usernames_otherwise() {
            for word in RESERVED {
                assert_eq!(Username::parse(word), Err(ParseUsernameError::Reserved));
            }
        }
    }
}
