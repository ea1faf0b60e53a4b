//! What the errors of the posts context are in HTTP.

use posts::{
    AddCommentError, DeleteCommentError, DeletePostError, EditCommentError, EditPostError, GetCommentError,
    GetPostError, LikeCommentError, LikePostError, ListCommentsError, ListPostLikesError, ListUserPostsError,
    PublishPostError,
};

use crate::http::preconditions::IDEMPOTENCY_KEY;
use crate::http::problem::{Code, Problem};

impl From<PublishPostError> for Problem {
    fn from(error: PublishPostError) -> Self {
        match error {
            PublishPostError::KeyReused => Self::unprocessable(IDEMPOTENCY_KEY, Code::IdempotencyKeyReused, error),
            PublishPostError::SessionEnded => Self::invalid_token(error),
            PublishPostError::Repository(error) => error.into(),
        }
    }
}

impl From<EditPostError> for Problem {
    fn from(error: EditPostError) -> Self {
        match error {
            EditPostError::NotFound => Self::not_found(error),
            EditPostError::NotTheAuthor => Self::forbidden(Code::NotTheAuthor, error),
            EditPostError::Stale => Self::stale(error),
            EditPostError::SessionEnded => Self::invalid_token(error),
            EditPostError::Repository(error) => error.into(),
        }
    }
}

impl From<DeletePostError> for Problem {
    fn from(error: DeletePostError) -> Self {
        match error {
            DeletePostError::NotFound => Self::not_found(error),
            DeletePostError::NotTheAuthor => Self::forbidden(Code::NotTheAuthor, error),
            DeletePostError::Stale => Self::stale(error),
            DeletePostError::SessionEnded => Self::invalid_token(error),
            DeletePostError::Repository(error) => error.into(),
        }
    }
}

impl From<AddCommentError> for Problem {
    fn from(error: AddCommentError) -> Self {
        match error {
            AddCommentError::PostNotFound | AddCommentError::ParentNotFound => Self::not_found(error),
            AddCommentError::ParentOnOtherPost => Self::unprocessable("parent_id", Code::ParentOnOtherPost, error),
            AddCommentError::TooDeep => Self::unprocessable("parent_id", Code::ThreadTooDeep, error),
            AddCommentError::KeyReused => Self::unprocessable(IDEMPOTENCY_KEY, Code::IdempotencyKeyReused, error),
            AddCommentError::SessionEnded => Self::invalid_token(error),
            AddCommentError::Repository(error) => error.into(),
        }
    }
}

impl From<EditCommentError> for Problem {
    fn from(error: EditCommentError) -> Self {
        match error {
            EditCommentError::NotFound => Self::not_found(error),
            EditCommentError::NotTheAuthor => Self::forbidden(Code::NotTheAuthor, error),
            EditCommentError::Stale => Self::stale(error),
            EditCommentError::SessionEnded => Self::invalid_token(error),
            EditCommentError::Repository(error) => error.into(),
        }
    }
}

impl From<DeleteCommentError> for Problem {
    fn from(error: DeleteCommentError) -> Self {
        match error {
            DeleteCommentError::NotFound => Self::not_found(error),
            DeleteCommentError::NotAnOwner => Self::forbidden(Code::NotTheAuthor, error),
            DeleteCommentError::Stale => Self::stale(error),
            DeleteCommentError::SessionEnded => Self::invalid_token(error),
            DeleteCommentError::Repository(error) => error.into(),
        }
    }
}

/// Errors that say no more than that there is nothing.
macro_rules! not_found_or_repository {
    ($($error:ident),*) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                match error {
                    $error::NotFound => Self::not_found(error),
                    $error::Repository(error) => error.into(),
                }
            }
        }
    )*};
}

not_found_or_repository!(GetPostError, GetCommentError, ListPostLikesError, ListUserPostsError, ListCommentsError);

/// Errors of likes.
macro_rules! like {
    ($($error:ident),*) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                match error {
                    $error::NotFound => Self::not_found(error),
                    $error::SessionEnded => Self::invalid_token(error),
                    $error::Repository(error) => error.into(),
                }
            }
        }
    )*};
}

like!(LikePostError, LikeCommentError);
