//! Maps errors of the accounts context to HTTP problems.

use std::fmt;
use std::time::Duration;

use accounts::ports::{HashingError, SigningError};
use accounts::{EditProfileError, EndSessionError, EraseAccountError, LogInError, RefreshSessionError, SignUpError};
use http_kit::problem::{FieldError, Problem, Shed};

use crate::error::IntoProblem;

http_kit::codes! {
    /// The user name or the password is wrong.
    INVALID_CREDENTIALS = 401 "invalid_credentials";
    /// The refresh token can no longer be exchanged; the client must log in. It differs from `invalid_token`, because
    /// clients refresh on `invalid_token` and would loop.
    INVALID_REFRESH_TOKEN = 401 "invalid_refresh_token";
    /// The current password in the body is wrong.
    WRONG_PASSWORD = 403 "wrong_password";
    /// The user name belongs to another account.
    USERNAME_TAKEN = 409 "username_taken";
}

/// 401 for a failed log-in.
pub(super) fn invalid_credentials() -> Problem {
    Problem::unauthorized(INVALID_CREDENTIALS, "the user name or the password is wrong")
}

/// 429; the next password for this account is checked after `wait`.
fn too_many_guesses(wait: Duration) -> Problem {
    Problem::too_many("Too many wrong passwords.", wait)
}

/// 422 for a chosen password that equals the user name or the display name.
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
