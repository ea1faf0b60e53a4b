//! What the errors of the accounts context are in HTTP.

use std::fmt;

use accounts::ports::{HashingError, SigningError};
use accounts::{
    EditProfileError, EndSessionError, EraseAccountError, GetUserError, ListSessionsError, ListUsersError, LogInError,
    LogOutError, RefreshSessionError, SignUpError,
};
use actix_web::http::StatusCode;

use crate::error::IntoProblem;
use crate::http::problem::{Code, FieldError, Problem, Shed};

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
            Self::UsernameTaken => Problem::new(StatusCode::CONFLICT, Code::UsernameTaken, "The user name is taken."),
            Self::PasswordIsName => password_is_name(self),
            Self::Hashing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for LogInError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidCredentials => Problem::invalid_credentials(),
            Self::TooManyGuesses { retry_after } => Problem::too_many_guesses(retry_after),
            Self::Hashing(error) => error.into_problem(),
            Self::Signing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for RefreshSessionError {
    fn into_problem(self) -> Problem {
        match self {
            Self::InvalidToken => Problem::invalid_refresh_token(self),
            Self::Signing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for LogOutError {
    fn into_problem(self) -> Problem {
        match self {
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for ListSessionsError {
    fn into_problem(self) -> Problem {
        match self {
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

impl IntoProblem for GetUserError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for ListUsersError {
    fn into_problem(self) -> Problem {
        match self {
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EditProfileError {
    fn into_problem(self) -> Problem {
        match self {
            Self::SessionEnded => Problem::invalid_token(self),
            Self::WrongPassword => Problem::forbidden(Code::WrongPassword, self),
            Self::TooManyGuesses { retry_after } => Problem::too_many_guesses(retry_after),
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
            Self::WrongPassword => Problem::forbidden(Code::WrongPassword, self),
            Self::TooManyGuesses { retry_after } => Problem::too_many_guesses(retry_after),
            Self::Hashing(error) => error.into_problem(),
            Self::Repository(error) => error.into(),
        }
    }
}
