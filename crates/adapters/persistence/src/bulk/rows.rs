//! The types of rows that can be loaded, and their tables.

use accounts::ports::PasswordHash;
use domain::{Bio, CommentId, Content, DisplayName, PostId, Timestamp, UserId, Username};

use super::insert::{Field, Kind, Row, Table};

#[derive(Debug, Clone)]
pub struct UserRow {
    pub id: UserId,
    pub username: Username,
    pub display_name: DisplayName,
    pub bio: Bio,
    pub password: PasswordHash,
    pub created_at: Timestamp,
    pub post_count: u32,
    pub follower_count: u32,
    pub following_count: u32,
}

impl Row for UserRow {
    const TABLE: Table = Table {
        name: "users",
        columns: &[
            ("id", Kind::Text),
            ("username", Kind::Text),
            ("display_name", Kind::Text),
            ("bio", Kind::Text),
            ("password_hash", Kind::Text),
            ("created_at", Kind::Number),
            ("post_count", Kind::Number),
            ("follower_count", Kind::Number),
            ("following_count", Kind::Number),
        ],
        key: "stored.id = r.id",
        needs: "TRUE",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [
            self.id.as_str().into(),
            self.username.as_str().into(),
            self.display_name.as_str().into(),
            self.bio.as_str().into(),
            self.password.0.as_str().into(),
            self.created_at.into(),
            self.post_count.into(),
            self.follower_count.into(),
            self.following_count.into(),
        ]
    }
}

#[derive(Debug, Clone)]
pub struct PostRow {
    pub id: PostId,
    pub author_id: UserId,
    pub content: Content,
    pub created_at: Timestamp,
    pub like_count: u32,
    pub comment_count: u32,
}

impl Row for PostRow {
    const TABLE: Table = Table {
        name: "posts",
        columns: &[
            ("id", Kind::Text),
            ("author_id", Kind::Text),
            ("content", Kind::Text),
            ("created_at", Kind::Number),
            ("like_count", Kind::Number),
            ("comment_count", Kind::Number),
        ],
        key: "stored.id = r.id",
        needs: "EXISTS (SELECT 1 FROM users WHERE users.id = r.author_id)",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [
            self.id.as_str().into(),
            self.author_id.as_str().into(),
            self.content.as_str().into(),
            self.created_at.into(),
            self.like_count.into(),
            self.comment_count.into(),
        ]
    }
}

#[derive(Debug, Clone)]
pub struct CommentRow {
    pub id: CommentId,
    pub post_id: PostId,
    pub parent_id: Option<CommentId>,
    pub author_id: UserId,
    pub content: Content,
    pub created_at: Timestamp,
    pub like_count: u32,
    pub reply_count: u32,
}

impl Row for CommentRow {
    const TABLE: Table = Table {
        name: "comments",
        columns: &[
            ("id", Kind::Text),
            ("post_id", Kind::Text),
            ("parent_id", Kind::Text),
            ("author_id", Kind::Text),
            ("content", Kind::Text),
            ("created_at", Kind::Number),
            ("like_count", Kind::Number),
            ("reply_count", Kind::Number),
        ],
        key: "stored.id = r.id",
        needs: "EXISTS (SELECT 1 FROM users WHERE users.id = r.author_id)
            AND EXISTS (SELECT 1 FROM posts WHERE posts.id = r.post_id)
            AND (r.parent_id IS NULL OR EXISTS (
                SELECT 1 FROM comments AS parent
                WHERE parent.id = r.parent_id AND parent.post_id = r.post_id AND parent.author_id IS NOT NULL
            ))",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [
            self.id.as_str().into(),
            self.post_id.as_str().into(),
            self.parent_id.as_ref().map_or(Field::Null, |id| id.as_str().into()),
            self.author_id.as_str().into(),
            self.content.as_str().into(),
            self.created_at.into(),
            self.like_count.into(),
            self.reply_count.into(),
        ]
    }
}

/// A follow of one account by another.
#[derive(Debug, Clone, Copy)]
pub struct FollowRow {
    pub follower_id: UserId,
    pub followee_id: UserId,
    pub created_at: Timestamp,
}

impl Row for FollowRow {
    const TABLE: Table = Table {
        name: "follows",
        columns: &[("follower_id", Kind::Text), ("followee_id", Kind::Text), ("created_at", Kind::Number)],
        key: "stored.follower_id = r.follower_id AND stored.followee_id = r.followee_id",
        needs: "EXISTS (SELECT 1 FROM users WHERE users.id = r.follower_id)
            AND EXISTS (SELECT 1 FROM users WHERE users.id = r.followee_id)
            AND r.follower_id <> r.followee_id",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [self.follower_id.as_str().into(), self.followee_id.as_str().into(), self.created_at.into()]
    }
}

/// A like of a post.
#[derive(Debug, Clone, Copy)]
pub struct PostLikeRow {
    pub post_id: PostId,
    pub user_id: UserId,
    pub created_at: Timestamp,
}

impl Row for PostLikeRow {
    const TABLE: Table = Table {
        name: "post_likes",
        columns: &[("post_id", Kind::Text), ("user_id", Kind::Text), ("created_at", Kind::Number)],
        key: "stored.post_id = r.post_id AND stored.user_id = r.user_id",
        needs: "EXISTS (SELECT 1 FROM users WHERE users.id = r.user_id)
            AND EXISTS (SELECT 1 FROM posts WHERE posts.id = r.post_id)",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [self.post_id.as_str().into(), self.user_id.as_str().into(), self.created_at.into()]
    }
}

/// A like of a comment.
#[derive(Debug, Clone, Copy)]
pub struct CommentLikeRow {
    pub comment_id: CommentId,
    pub user_id: UserId,
    pub created_at: Timestamp,
}

impl Row for CommentLikeRow {
    const TABLE: Table = Table {
        name: "comment_likes",
        columns: &[("comment_id", Kind::Text), ("user_id", Kind::Text), ("created_at", Kind::Number)],
        key: "stored.comment_id = r.comment_id AND stored.user_id = r.user_id",
        needs: "EXISTS (SELECT 1 FROM users WHERE users.id = r.user_id)
            AND EXISTS (SELECT 1 FROM comments WHERE comments.id = r.comment_id AND comments.author_id IS NOT NULL)",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [self.comment_id.as_str().into(), self.user_id.as_str().into(), self.created_at.into()]
    }
}

/// A bookmark of a post.
#[derive(Debug, Clone, Copy)]
pub struct BookmarkRow {
    pub user_id: UserId,
    pub post_id: PostId,
    pub bookmarked_at: Timestamp,
}

impl Row for BookmarkRow {
    const TABLE: Table = Table {
        name: "bookmarks",
        columns: &[("user_id", Kind::Text), ("post_id", Kind::Text), ("bookmarked_at", Kind::Number)],
        key: "stored.user_id = r.user_id AND stored.post_id = r.post_id",
        needs: "EXISTS (SELECT 1 FROM users WHERE users.id = r.user_id)
            AND EXISTS (SELECT 1 FROM posts WHERE posts.id = r.post_id)",
    };

    fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
        [self.user_id.as_str().into(), self.post_id.as_str().into(), self.bookmarked_at.into()]
    }
}
