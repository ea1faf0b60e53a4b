//! Builds comments.

use domain::{Comment, CommentBody, CommentId, Content, PostId, Revision, Timestamp, User, UserId};
use posts::ports::NewComment;

use crate::{NOW, acting, author_of, id};

/// A comment under construction.
#[derive(Debug, Clone)]
pub struct CommentBuilder(NewComment);

/// A comment by `author` on `post` with the content `word`.
pub fn a_comment(word: &str, post: PostId, author: UserId) -> CommentBuilder {
    CommentBuilder(NewComment {
        id: id(word),
        post_id: post,
        parent_id: None,
        author_id: author,
        session_id: acting(author).session_id,
        content: Content::parse(word).unwrap(),
        created_at: NOW,
        deepest: Comment::DEEPEST,
    })
}

impl CommentBuilder {
    /// Sets the id, which otherwise is made from the word.
    #[must_use]
    pub fn id(mut self, id: CommentId) -> Self {
        self.0.id = id;
        self
    }

    /// Makes it a reply to `parent`.
    #[must_use]
    pub fn reply_to(mut self, parent: CommentId) -> Self {
        self.0.parent_id = Some(parent);
        self
    }

    /// Sets the creation time.
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

    /// The comment as passed to the repository.
    pub fn build(self) -> NewComment {
        self.0
    }

    /// The comment as returned right after `author` wrote it.
    pub fn written_by(self, author: &User) -> Comment {
        Comment {
            id: self.0.id,
            post_id: self.0.post_id,
            parent_id: self.0.parent_id,
            body: CommentBody::Live { author: author_of(author), content: self.0.content },
            created_at: self.0.created_at,
            edited_at: None,
            revision: Revision::default(),
            like_count: 0,
            reply_count: 0,
        }
    }
}
