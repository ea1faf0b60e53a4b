//! What the errors of the accounts context are in HTTP.

use std::fmt;

use accounts::ports::{HashingError, SigningError};
use accounts::{
    EditProfileError, EndSessionError, EraseAccountError, GetUserError, ListSessionsError, ListUsersError, LogInError,
    LogOutError, RefreshSessionError, SignUpError,
};
use actix_web::http::StatusCode;

use crate::http::problem::{Code, FieldError, Problem, Shed};

/// The password that was chosen is a name.
fn password_is_name(error: impl fmt::Display) -> Problem {
    Problem::invalid(vec![FieldError::new("password", "is_name", error)])
}

impl From<HashingError> for Problem {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Overloaded { retry_after } => Self::overloaded(Shed::Credentials, retry_after),
            HashingError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Self {
        Self::internal(error)
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::UsernameTaken => {
                Self::new(StatusCode::CONFLICT, Code::UsernameTaken, "The user name is taken.")
            }
            SignUpError::PasswordIsName => password_is_name(error),
            SignUpError::Hashing(error) => error.into(),
            SignUpError::Repository(error) => error.into(),
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::InvalidCredentials => Self::invalid_credentials(),
            LogInError::TooManyGuesses { retry_after } => Self::too_many_guesses(retry_after),
            LogInError::Hashing(error) => error.into(),
            LogInError::Signing(error) => error.into(),
            LogInError::Repository(error) => error.into(),
        }
    }
}

impl From<RefreshSessionError> for Problem {
    fn from(error: RefreshSessionError) -> Self {
        match error {
            RefreshSessionError::InvalidToken => Self::invalid_refresh_token(error),
            RefreshSessionError::Signing(error) => error.into(),
            RefreshSessionError::Repository(error) => error.into(),
        }
    }
}

impl From<LogOutError> for Problem {
    fn from(error: LogOutError) -> Self {
        match error {
            LogOutError::Repository(error) => error.into(),
        }
    }
}

impl From<ListSessionsError> for Problem {
    fn from(error: ListSessionsError) -> Self {
        match error {
            ListSessionsError::Repository(error) => error.into(),
        }
    }
}

impl From<EndSessionError> for Problem {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => Self::not_found(error),
            EndSessionError::SessionEnded => Self::invalid_token(error),
            EndSessionError::Repository(error) => error.into(),
        }
    }
}

impl From<GetUserError> for Problem {
    fn from(error: GetUserError) -> Self {
        match error {
            GetUserError::NotFound => Self::not_found(error),
            GetUserError::Repository(error) => error.into(),
        }
    }
}

impl From<ListUsersError> for Problem {
    fn from(error: ListUsersError) -> Self {
        match error {
            ListUsersError::Repository(error) => error.into(),
        }
    }
}

impl From<EditProfileError> for Problem {
    fn from(error: EditProfileError) -> Self {
        match error {
            EditProfileError::SessionEnded => Self::invalid_token(error),
            EditProfileError::WrongPassword => Self::forbidden(Code::WrongPassword, error),
            EditProfileError::TooManyGuesses { retry_after } => Self::too_many_guesses(retry_after),
            EditProfileError::PasswordIsName => password_is_name(error),
            EditProfileError::Stale => Self::stale(error),
            EditProfileError::Hashing(error) => error.into(),
            EditProfileError::Repository(error) => error.into(),
        }
    }
}

impl From<EraseAccountError> for Problem {
    fn from(error: EraseAccountError) -> Self {
        match error {
            EraseAccountError::SessionEnded => Self::invalid_token(error),
            EraseAccountError::WrongPassword => Self::forbidden(Code::WrongPassword, error),
            EraseAccountError::TooManyGuesses { retry_after } => Self::too_many_guesses(retry_after),
            EraseAccountError::Hashing(error) => error.into(),
            EraseAccountError::Repository(error) => error.into(),
        }
    }
}
