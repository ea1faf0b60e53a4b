//! Errors of addresses. Their messages repeat nothing of an address but names of parameters.

use super::parameters::Unknown;

/// Text that is not a `DATABASE_URL`. The message continues a sentence that begins with "this address", and contains
/// no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseLocationError {
    /// It is no address.
    #[error("cannot be read as an address")]
    NotAnAddress,
    /// The address of another kind of database.
    #[error("must begin with sqlite:, postgres:// or postgresql://")]
    UnknownScheme,
    /// The end of the password is ambiguous.
    #[error(
        "has a @ after the first / or ?, or a #; write / as %2F, ? as %3F, # as %23 and @ as %40 in passwords and parameters"
    )]
    Ambiguous,
    /// Percent signs that encode no UTF-8 text.
    #[error("has percent signs that do not encode UTF-8")]
    Encoding,
    /// `sqlite:` without a file.
    #[error("names no file")]
    NoFile,
    /// A question mark in the last part of a path of SQLite.
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
    /// A mode of SQLite that does not suit a server.
    #[error("has `mode={mode}`; {advice}")]
    Mode {
        /// The value of `mode`.
        mode: &'static str,
        /// What to write instead.
        advice: &'static str,
    },
    /// A schema whose name would need quoting.
    #[error("names a schema with other characters than letters, digits and underscores")]
    Schema,
    /// An unusable value of a known parameter.
    #[error("has a value of `{name}` (not shown) that is invalid; expected {expected}")]
    Value {
        /// The name of the parameter.
        name: &'static str,
        /// The values that it may have.
        expected: &'static str,
    },
    #[error("has {0}")]
    Parameter(#[from] Unknown),
}
