//! What goes over the wire about posts and comments.

use domain::{
    Author, Comment, CommentBody as Words, CommentId, CommentView, Content, ContentViewer, DisplayName, Post, PostId,
    Timestamp, UserId, Username,
};
use http_kit::body::{Request, faults_of, given};
use http_kit::check::Check;
use http_kit::encoded::Representation;
use http_kit::problem::{FieldError, Problem};
use http_kit::text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// What a post shall say.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Words, examples(json!({"content": "Hello, world."})))]
pub(crate) struct ContentRequest {
    /// 1 to 500 characters, at least one of them visible; newline and tab are the only control characters. A direction
    /// of writing that is left open (Unicode UAX #9) is closed.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(
        required,
        nullable = false,
        min_length = 1,
        max_length = 500,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$",
        examples("Hello, world.")
    )]
    content: Option<String>,
}

impl ContentRequest {
    pub(super) fn into_content(self) -> Result<Content, Problem> {
        let mut check = Check::shape(&self);
        check.parse("content", self.content.as_deref(), Content::parse).ok_or_else(|| check.into_problem())
    }
}

impl Request for ContentRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(self.into_content())
    }
}

/// What a comment shall say, and to what.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewComment, examples(json!({"content": "Well said."})))]
pub(crate) struct CommentRequest {
    /// 1 to 500 characters, at least one of them visible; newline and tab are the only control characters. A direction
    /// of writing that is left open (Unicode UAX #9) is closed.
    #[serde(default, deserialize_with = "given")]
    #[validate(required)]
    #[schema(
        required,
        nullable = false,
        min_length = 1,
        max_length = 500,
        pattern = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$",
        examples("Well said.")
    )]
    content: Option<String>,
    /// The comment to reply to, on the same post.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        required = false,
        nullable = false,
        pattern = "^[a-z][a-z0-9]{23}$",
        examples("pfh0haxfpzowht3oi213cqos")
    )]
    parent_id: Option<String>,
}

impl CommentRequest {
    pub(super) fn into_words(self) -> Result<(Content, Option<CommentId>), Problem> {
        let mut check = Check::shape(&self);
        let content = check.parse("content", self.content.as_deref(), Content::parse);
        let parent = check.parse("parent_id", self.parent_id.as_deref(), CommentId::parse);
        match content {
            Some(content) if check.passed() => Ok((content, parent)),
            _ => Err(check.into_problem()),
        }
    }
}

impl Request for CommentRequest {
    fn faults(self) -> Vec<FieldError> {
        faults_of(self.into_words())
    }
}

/// Who wrote something.
#[derive(Serialize, ToSchema)]
#[schema(as = Author)]
pub(crate) struct AuthorBody {
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("tz4a98xxat96iws9zmbrgj3a"))]
    id: UserId,
    #[serde(serialize_with = "text::username")]
    #[schema(value_type = String, examples("ada"))]
    username: Username,
    #[serde(serialize_with = "text::display_name")]
    #[schema(value_type = String, examples("Ada Lovelace"))]
    display_name: DisplayName,
}

impl From<Author> for AuthorBody {
    fn from(author: Author) -> Self {
        Self { id: author.id, username: author.username, display_name: author.display_name }
    }
}

/// How a signed-in reader stands to a post or a comment.
#[derive(Serialize, ToSchema)]
#[schema(as = ContentViewer)]
pub(crate) struct ContentViewerBody {
    /// The reader likes it.
    liked: bool,
}

impl From<ContentViewer> for ContentViewerBody {
    fn from(viewer: ContentViewer) -> Self {
        Self { liked: viewer.liked }
    }
}

/// A post.
#[derive(Serialize, ToSchema)]
#[schema(as = Post)]
pub(crate) struct PostBody {
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("n7w3k9x2c5v8b1m4q6z0j3h5"))]
    id: PostId,
    #[serde(serialize_with = "text::content")]
    #[schema(value_type = String, examples("Hello, world."))]
    content: Content,
    author: AuthorBody,
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// Null until it is edited.
    #[serde(serialize_with = "text::optional_time")]
    #[schema(value_type = Option<String>, required, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Accounts that like it.
    #[schema(examples(7))]
    like_count: u64,
    /// Comments on it at any depth, deleted ones not counted.
    #[schema(examples(3))]
    comment_count: u64,
    /// For a signed-in reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    viewer: Option<ContentViewerBody>,
}

impl Representation for PostBody {
    type Subject = Post;
    type Viewer = ContentViewer;
    type ViewerBody = ContentViewerBody;

    fn of(post: &Post) -> Self {
        Self {
            id: post.id,
            content: post.content.clone(),
            author: post.author.clone().into(),
            created_at: post.created_at,
            edited_at: post.edited_at,
            like_count: post.like_count,
            comment_count: post.comment_count,
            viewer: None,
        }
    }
}

impl PostBody {
    /// A post as its author sees it right after publishing it.
    pub(super) fn just_published(post: &Post) -> Self {
        Self { viewer: Some(ContentViewer { liked: false }.into()), ..Self::of(post) }
    }
}

/// A comment.
#[derive(Serialize, ToSchema)]
#[schema(as = Comment)]
pub(crate) struct CommentBody {
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("pfh0haxfpzowht3oi213cqos"))]
    id: CommentId,
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("n7w3k9x2c5v8b1m4q6z0j3h5"))]
    post_id: PostId,
    /// The comment that it replies to; null at the top level.
    #[serde(serialize_with = "text::optional_id")]
    #[schema(value_type = Option<String>, required)]
    parent_id: Option<CommentId>,
    /// Null when it was deleted.
    #[serde(serialize_with = "text::optional_content")]
    #[schema(value_type = Option<String>, required, examples("Well said."))]
    content: Option<Content>,
    /// Null when it was deleted.
    #[schema(required)]
    author: Option<AuthorBody>,
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// Null until it is edited.
    #[serde(serialize_with = "text::optional_time")]
    #[schema(value_type = Option<String>, required, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Accounts that like it.
    #[schema(examples(2))]
    like_count: u64,
    /// Direct replies, those included that were deleted but stay for the replies below them.
    #[schema(examples(1))]
    reply_count: u64,
    /// It was deleted, and stays for its replies.
    deleted: bool,
    /// For a signed-in reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    viewer: Option<ContentViewerBody>,
}

impl From<CommentView> for CommentBody {
    fn from(view: CommentView) -> Self {
        let CommentView { subject: comment, viewer } = view;
        let (content, author) = match comment.body {
            Words::Live { author, content } => (Some(content), Some(author.into())),
            Words::Deleted => (None, None),
        };
        Self {
            id: comment.id,
            post_id: comment.post_id,
            parent_id: comment.parent_id,
            deleted: content.is_none(),
            content,
            author,
            created_at: comment.created_at,
            edited_at: comment.edited_at,
            like_count: comment.like_count,
            reply_count: comment.reply_count,
            viewer: viewer.map(Into::into),
        }
    }
}

impl CommentBody {
    /// A comment as its author sees it right after writing it.
    pub(super) fn just_written(comment: Comment) -> Self {
        CommentView::new(comment, Some(ContentViewer { liked: false })).into()
    }
}
