//! What is wrong with an address, in words that are never taken from it but for the names of parameters.

use super::parameters::Unknown;

/// Text that is not a `DATABASE_URL`. Goes on from "this address" to a sentence, and never repeats what may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseLocationError {
    /// Not an address at all.
    #[error("cannot be read as an address")]
    NotAnAddress,
    /// An address of something else.
    #[error("must begin with sqlite:, postgres:// or postgresql://")]
    UnknownScheme,
    /// Where the password ends can be read in two ways.
    #[error(
        "has a @ after the first / or ?, or a #; write / as %2F, ? as %3F, # as %23 and @ as %40 in passwords and parameters"
    )]
    Ambiguous,
    /// Percent signs that stand for no text.
    #[error("has percent signs that stand for no text in UTF-8")]
    Encoding,
    /// `sqlite:` without a file.
    #[error("names no file")]
    NoFile,
    /// A path of SQLite with a question mark in its last part.
    #[error(
        "has a ? that no parameter such as `mode=rwc` follows: the path of an SQLite file may have it in folders only"
    )]
    QuestionMark,
    /// `sqlite:file:…`.
    #[error("has a `file:` before the path; write the path alone")]
    FileUri,
    /// `sqlite://user:password@host`.
    #[error("has a user and a password, which SQLite does not know; servers begin with postgresql://")]
    Credentials,
    /// A way to open an SQLite file that a server has no use for.
    #[error("has `mode={mode}`; {advice}")]
    Mode {
        /// The mode.
        mode: &'static str,
        /// What to do instead.
        advice: &'static str,
    },
    /// A schema that would need quoting.
    #[error("names a schema with other characters than letters, digits and underscores")]
    Schema,
    /// A parameter that is known, with a value that is of no use.
    #[error("has a value of `{name}` (not shown) that is of no use; expected {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What its value may be.
        expected: &'static str,
    },
    /// A parameter that is not known.
    #[error("has {0}")]
    Parameter(#[from] Unknown),
}
