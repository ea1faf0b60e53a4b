//! What the errors of the accounts context are in HTTP.

use std::fmt;
use std::time::Duration;

use accounts::ports::{HashingError, SigningError};
use accounts::{EditProfileError, EndSessionError, EraseAccountError, LogInError, RefreshSessionError, SignUpError};
use http_kit::problem::{FieldError, Problem, Shed};

use crate::error::IntoProblem;

http_kit::codes! {
    /// The name or the password is wrong.
    INVALID_CREDENTIALS = 401 "invalid_credentials";
    /// The refresh token is not good any more; only a log-in helps. A code of its own: a client that refreshes whenever it
    /// gets `invalid_token` would go round in a circle.
    INVALID_REFRESH_TOKEN = 401 "invalid_refresh_token";
    /// The password in the body is not the one in force.
    WRONG_PASSWORD = 403 "wrong_password";
    /// The name belongs to another account.
    USERNAME_TAKEN = 409 "username_taken";
}

/// 401 for a log-in that failed.
pub(super) fn invalid_credentials() -> Problem {
    Problem::unauthorized(INVALID_CREDENTIALS, "the user name or the password is wrong")
}

/// 429; the next password for this account will be looked at after `wait`.
fn too_many_guesses(wait: Duration) -> Problem {
    Problem::too_many("Too many wrong passwords.", wait)
}

/// The password that was chosen is a name.
fn password_is_name(error: impl fmt::Display) -> Problem {
    Problem::invalid(vec![FieldError::new("password", "is_name", error)])
}

impl IntoProblem for HashingError {
    fn into_problem(self) -> Problem {
        match self {
            Self::Overloaded { retry_after } => Problem::overloaded(Shed::Credentials, retry_after),
            Self::Failed(_) => Problem::internal(self),
        }
    }
}

impl IntoProblem for SigningError {
    fn into_problem(self) -> Problem {
        Problem::internal(self)
    }
}

impl IntoProblem for SignUpError {
    fn into_problem(self) -> Problem {
        match self {
            Self::UsernameTaken => Problem::new(USERNAME_TAKEN, "The user name is taken."),
            Self::PasswordIsName => password_is_name(self),
            Self::Hashing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for LogInError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidCredentials => invalid_credentials(),
            Self::TooManyGuesses { retry_after } => too_many_guesses(retry_after),
            Self::Hashing(error) => error.into_problem(),
            Self::Signing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for RefreshSessionError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidToken => Problem::unauthorized(INVALID_REFRESH_TOKEN, self),
            Self::Signing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EndSessionError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EditProfileError {
    fn into_problem(self) -> Problem {
        match self {
            Self::SessionEnded => Problem::invalid_token(self),
            Self::WrongPassword => Problem::forbidden(WRONG_PASSWORD, self),
            Self::TooManyGuesses { retry_after } => too_many_guesses(retry_after),
            Self::PasswordIsName => password_is_name(self),
            Self::Stale => Problem::stale(self),
            Self::Hashing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EraseAccountError {
    fn into_problem(self) -> Problem {
        match self {
            Self::SessionEnded => Problem::invalid_token(self),
            Self::WrongPassword => Problem::forbidden(WRONG_PASSWORD, self),
            Self::TooManyGuesses { retry_after } => too_many_guesses(retry_after),
            Self::Hashing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}
