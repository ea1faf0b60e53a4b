//! Lists the bookmarks of the acting user.

use std::sync::Arc;

use domain::{Page, PageRequest, RepositoryError, UserId};

use crate::ports::{Bookmark, BookmarkRepository};

/// Lists the bookmarks of a user, newest first.
pub struct ListBookmarks {
    bookmarks: Arc<dyn BookmarkRepository>,
}

impl ListBookmarks {
    /// Creates the use case.
    pub fn new(bookmarks: Arc<dyn BookmarkRepository>) -> Self {
        Self { bookmarks }
    }

    /// A page of the bookmarks of `user`. Only `user` may see it.
    pub async fn execute(&self, user: UserId, page: PageRequest) -> Result<Page<Bookmark>, RepositoryError> {
        self.bookmarks.list(user, page).await
    }
}
