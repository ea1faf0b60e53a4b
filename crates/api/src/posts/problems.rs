//! What the errors of the posts context are in HTTP.

use posts::{
    AddCommentError, DeleteCommentError, DeletePostError, EditCommentError, EditPostError, GetCommentError,
    GetPostError, LikeCommentError, LikePostError, ListCommentsError, ListPostLikesError, ListUserPostsError,
    PublishPostError,
};

use crate::error::IntoProblem;
use crate::http::preconditions::IDEMPOTENCY_KEY;
use crate::http::problem::{Code, Problem};

impl IntoProblem for PublishPostError {
    fn into_problem(self) -> Problem {
        match self {
            Self::KeyReused => Problem::unprocessable(IDEMPOTENCY_KEY, Code::IdempotencyKeyReused, self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EditPostError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::NotTheAuthor => Problem::forbidden(Code::NotTheAuthor, self),
            Self::Stale => Problem::stale(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for DeletePostError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::NotTheAuthor => Problem::forbidden(Code::NotTheAuthor, self),
            Self::Stale => Problem::stale(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for AddCommentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::PostNotFound | Self::ParentNotFound => Problem::not_found(self),
            Self::ParentOnOtherPost => Problem::unprocessable("parent_id", Code::ParentOnOtherPost, self),
            Self::TooDeep => Problem::unprocessable("parent_id", Code::ThreadTooDeep, self),
            Self::KeyReused => Problem::unprocessable(IDEMPOTENCY_KEY, Code::IdempotencyKeyReused, self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EditCommentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::NotTheAuthor => Problem::forbidden(Code::NotTheAuthor, self),
            Self::Stale => Problem::stale(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for DeleteCommentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::NotAnOwner => Problem::forbidden(Code::NotTheAuthor, self),
            Self::Stale => Problem::stale(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

/// Errors that say no more than that there is nothing.
macro_rules! not_found_or_repository {
    ($($error:ident),*) => {$(
        impl IntoProblem for $error {
            fn into_problem(self) -> Problem {
                match self {
                    Self::NotFound => Problem::not_found(self),
                    Self::Repository(error) => error.into(),
                }
            }
        }
    )*};
}

not_found_or_repository!(GetPostError, GetCommentError, ListPostLikesError, ListUserPostsError, ListCommentsError);

/// Errors of likes.
macro_rules! like {
    ($($error:ident),*) => {$(
        impl IntoProblem for $error {
            fn into_problem(self) -> Problem {
                match self {
                    Self::NotFound => Problem::not_found(self),
                    Self::SessionEnded => Problem::invalid_token(self),
                    Self::Repository(error) => error.into(),
                }
            }
        }
    )*};
}

like!(LikePostError, LikeCommentError);
