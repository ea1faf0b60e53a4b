//! Builds posts.

use domain::{Content, Post, PostId, Revision, Timestamp, User, UserId};
use posts::ports::NewPost;

use crate::{NOW, acting, author_of, id};

/// A post under construction.
#[derive(Debug, Clone)]
pub struct PostBuilder(NewPost);

/// A post by `author` with the content `word`.
pub fn a_post(word: &str, author: UserId) -> PostBuilder {
    PostBuilder(NewPost {
        id: id(word),
        author_id: author,
        session_id: acting(author).session_id,
        content: Content::parse(word).unwrap(),
        created_at: NOW,
    })
}

impl PostBuilder {
    /// Sets the id, which otherwise is made from the word.
    #[must_use]
    pub fn id(mut self, id: PostId) -> Self {
        self.0.id = id;
        self
    }

    /// Sets the publication time.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.0.created_at = time;
        self
    }

    /// Sets the content.
    #[must_use]
    pub fn says(mut self, content: &str) -> Self {
        self.0.content = Content::parse(content).unwrap();
        self
    }

    /// The post as passed to the repository.
    pub fn build(self) -> NewPost {
        self.0
    }

    /// The post as returned right after `author` published it.
    pub fn published_by(self, author: &User) -> Post {
        Post {
            id: self.0.id,
            author: author_of(author),
            content: self.0.content,
            created_at: self.0.created_at,
            edited_at: None,
            revision: Revision::default(),
            like_count: 0,
            comment_count: 0,
        }
    }
}
