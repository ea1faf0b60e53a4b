//! Maps errors of the posts context to HTTP problems.

use http_kit::preconditions::IDEMPOTENCY_KEY;
use http_kit::problem::{Problem, code};
use posts::{
    AddCommentError, BookmarkPostError, DeleteCommentError, DeletePostError, EditCommentError, EditPostError,
    LikeCommentError, LikePostError, PublishPostError,
};

use crate::error::IntoProblem;

http_kit::codes! {
    /// The signed-in user may not change or delete the post or comment.
    NOT_THE_AUTHOR = 403 "not_the_author";
    /// The comment to reply to is on another post.
    PARENT_ON_OTHER_POST = 422 "parent_on_other_post";
    /// The comment to reply to is already at the greatest depth of a thread.
    THREAD_TOO_DEEP = 422 "thread_too_deep";
}

impl IntoProblem for PublishPostError {
    fn into_problem(self) -> Problem {
        match self {
            Self::KeyReused => Problem::unprocessable(IDEMPOTENCY_KEY, code::IDEMPOTENCY_KEY_REUSED, self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EditPostError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::NotTheAuthor => Problem::forbidden(NOT_THE_AUTHOR, self),
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
            Self::NotTheAuthor => Problem::forbidden(NOT_THE_AUTHOR, self),
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
            Self::ParentOnOtherPost => Problem::unprocessable("parent_id", PARENT_ON_OTHER_POST, self),
            Self::TooDeep => Problem::unprocessable("parent_id", THREAD_TOO_DEEP, self),
            Self::KeyReused => Problem::unprocessable(IDEMPOTENCY_KEY, code::IDEMPOTENCY_KEY_REUSED, self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

impl IntoProblem for EditCommentError {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(self),
            Self::NotTheAuthor => Problem::forbidden(NOT_THE_AUTHOR, self),
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
            Self::NotAnOwner => Problem::forbidden(NOT_THE_AUTHOR, self),
            Self::Stale => Problem::stale(self),
            Self::SessionEnded => Problem::invalid_token(self),
            Self::Repository(error) => error.into(),
        }
    }
}

/// Errors of writes that only need something to refer to.
macro_rules! mark {
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

mark!(BookmarkPostError, LikeCommentError, LikePostError);
