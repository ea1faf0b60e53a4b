//! Bookmarks a post, and takes the bookmark back.

use std::sync::Arc;

use domain::{Clock, PostId, Principal, RepositoryError};

use crate::ports::{AddBookmark, BookmarkRepository, RemoveBookmark};

/// Why a bookmark was not stored or removed.
#[derive(Debug, thiserror::Error)]
pub enum BookmarkPostError {
    /// The post does not exist.
    #[error("there is no such post")]
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Bookmarks a post, or takes the bookmark back. Both are idempotent.
pub struct BookmarkPost {
    bookmarks: Arc<dyn BookmarkRepository>,
    clock: Arc<dyn Clock>,
}

impl BookmarkPost {
    /// Creates the use case.
    pub fn new(bookmarks: Arc<dyn BookmarkRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { bookmarks, clock }
    }

    /// Stores the bookmark of `actor`.
    pub async fn execute(&self, post: PostId, actor: Principal) -> Result<(), BookmarkPostError> {
        match self.bookmarks.add(post, actor, self.clock.now()).await? {
            AddBookmark::Added | AddBookmark::Already => Ok(()),
            AddBookmark::NotFound => Err(BookmarkPostError::NotFound),
            AddBookmark::SessionEnded => Err(BookmarkPostError::SessionEnded),
        }
    }

    /// Removes the bookmark of `actor`, if there is one.
    pub async fn undo(&self, post: PostId, actor: Principal) -> Result<(), BookmarkPostError> {
        match self.bookmarks.remove(post, actor).await? {
            RemoveBookmark::Removed | RemoveBookmark::Nothing => Ok(()),
            RemoveBookmark::NotFound => Err(BookmarkPostError::NotFound),
            RemoveBookmark::SessionEnded => Err(BookmarkPostError::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockBookmarkRepository;
    use crate::test_support::{FixedClock, NOW, id, principal};

    fn over(bookmarks: MockBookmarkRepository) -> BookmarkPost {
        BookmarkPost::new(Arc::new(bookmarks), Arc::new(FixedClock))
    }

    mod execute {
        use super::*;

        fn adding(outcome: AddBookmark) -> BookmarkPost {
            let mut bookmarks = MockBookmarkRepository::new();
            bookmarks.expect_add().returning(move |_, _, _| Ok(outcome));
            over(bookmarks)
        }

        #[tokio::test]
        async fn stores_the_user_and_the_time() {
            let mut bookmarks = MockBookmarkRepository::new();
            bookmarks
                .expect_add()
                .withf(|post, by, at| *post == id(1) && *by == principal(7) && *at == NOW)
                .once()
                .returning(|_, _, _| Ok(AddBookmark::Added));
            assert!(over(bookmarks).execute(id(1), principal(7)).await.is_ok());
        }

        #[tokio::test]
        async fn accepts_a_second_bookmark() {
            assert!(adding(AddBookmark::Already).execute(id(1), principal(7)).await.is_ok());
        }

        #[tokio::test]
        async fn rejects_a_missing_post() {
            let result = adding(AddBookmark::NotFound).execute(id(1), principal(7)).await;
            assert!(matches!(result, Err(BookmarkPostError::NotFound)));
        }

        #[tokio::test]
        async fn rejects_an_ended_session() {
            let result = adding(AddBookmark::SessionEnded).execute(id(1), principal(7)).await;
            assert!(matches!(result, Err(BookmarkPostError::SessionEnded)));
        }
    }

    mod undo {
        use super::*;

        fn removing(outcome: RemoveBookmark) -> BookmarkPost {
            let mut bookmarks = MockBookmarkRepository::new();
            bookmarks
                .expect_remove()
                .withf(|post, by| *post == id(1) && *by == principal(7))
                .once()
                .returning(move |_, _| Ok(outcome));
            over(bookmarks)
        }

        #[tokio::test]
        async fn accepts_a_post_without_bookmark() {
            for outcome in [RemoveBookmark::Removed, RemoveBookmark::Nothing] {
                assert!(removing(outcome).undo(id(1), principal(7)).await.is_ok());
            }
        }

        #[tokio::test]
        async fn rejects_a_missing_post() {
            let result = removing(RemoveBookmark::NotFound).undo(id(1), principal(7)).await;
            assert!(matches!(result, Err(BookmarkPostError::NotFound)));
        }

        #[tokio::test]
        async fn rejects_an_ended_session() {
            let result = removing(RemoveBookmark::SessionEnded).undo(id(1), principal(7)).await;
            assert!(matches!(result, Err(BookmarkPostError::SessionEnded)));
        }
    }
}
