//! Request and response bodies of posts, comments and bookmarks.

use domain::{
    Author, Comment, CommentBody as Words, CommentId, CommentView, CommentViewer, Content, DisplayName, Post, PostId,
    PostView, PostViewer, Timestamp, UserId, Username,
};
use http_kit::body::{Request, faults_of, given};
use http_kit::check::Check;
use http_kit::encoded::Representation;
use http_kit::problem::{FieldError, Problem};
use http_kit::text;
use posts::ports::Bookmark;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// The text of a post or a comment.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Words, examples(json!({"content": "Hello, world."})))]
pub(crate) struct ContentRequest {
    /// The text: 1 to 500 characters, at least one of them visible. Newline and tab are the only control characters
    /// allowed. The server closes writing directions that are left open (Unicode UAX #9).
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

/// A new comment.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewComment, examples(json!({"content": "Well said."})))]
pub(crate) struct CommentRequest {
    /// The text: 1 to 500 characters, at least one of them visible. Newline and tab are the only control characters
    /// allowed. The server closes writing directions that are left open (Unicode UAX #9).
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
    /// Id of the comment to reply to. It must be on the same post, at most 99 levels below a top-level comment.
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

/// The author of a post or a comment.
#[derive(Serialize, ToSchema)]
#[schema(as = Author)]
pub(crate) struct AuthorBody {
    /// Id of the author's account.
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("tz4a98xxat96iws9zmbrgj3a"))]
    id: UserId,
    /// User name of the author, in lower case.
    #[serde(serialize_with = "text::username")]
    #[schema(value_type = String, examples("ada"))]
    username: Username,
    /// Name of the author shown to readers.
    #[serde(serialize_with = "text::display_name")]
    #[schema(value_type = String, examples("Ada Lovelace"))]
    display_name: DisplayName,
}

impl From<Author> for AuthorBody {
    fn from(author: Author) -> Self {
        Self { id: author.id, username: author.username, display_name: author.display_name }
    }
}

/// Relationship of a post to the signed-in reader.
#[derive(Serialize, ToSchema)]
#[schema(as = PostViewer)]
pub(crate) struct PostViewerBody {
    /// True if the reader likes the post.
    liked: bool,
    /// True if the reader bookmarked the post.
    bookmarked: bool,
}

impl From<PostViewer> for PostViewerBody {
    fn from(viewer: PostViewer) -> Self {
        Self { liked: viewer.liked, bookmarked: viewer.bookmarked }
    }
}

/// Relationship of a comment to the signed-in reader.
// Version 1 renames no schema: posts had this one as well.
#[derive(Serialize, ToSchema)]
#[schema(as = ContentViewer)]
pub(crate) struct CommentViewerBody {
    /// True if the reader likes the comment.
    liked: bool,
}

impl From<CommentViewer> for CommentViewerBody {
    fn from(viewer: CommentViewer) -> Self {
        Self { liked: viewer.liked }
    }
}

/// A published post.
#[derive(Serialize, ToSchema)]
#[schema(as = Post)]
pub(crate) struct PostBody {
    /// Id of the post: 24 characters of `a-z` and `0-9`, the first a letter.
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("n7w3k9x2c5v8b1m4q6z0j3h5"))]
    id: PostId,
    /// Text of the post: 1 to 500 characters.
    #[serde(serialize_with = "text::content")]
    #[schema(value_type = String, examples("Hello, world."))]
    content: Content,
    /// The author of the post.
    author: AuthorBody,
    /// Time of publication.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// Time of the last edit. Null if the post was never edited.
    #[serde(serialize_with = "text::optional_time")]
    #[schema(value_type = Option<String>, required, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Number of accounts that like the post.
    #[schema(examples(7))]
    like_count: u64,
    /// Number of comments on the post at any depth, without deleted ones.
    #[schema(examples(3))]
    comment_count: u64,
    /// Relationship to the signed-in reader. Absent in responses to anonymous readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    viewer: Option<PostViewerBody>,
}

impl Representation for PostBody {
    type Subject = Post;
    type Viewer = PostViewer;
    type ViewerBody = PostViewerBody;

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
    /// The post as its author sees it right after publishing.
    pub(super) fn just_published(post: &Post) -> Self {
        Self { viewer: Some(PostViewer::default().into()), ..Self::of(post) }
    }
}

impl From<PostView> for PostBody {
    fn from(view: PostView) -> Self {
        Self { viewer: view.viewer.map(Into::into), ..Self::of(&view.subject) }
    }
}

/// A bookmarked post.
#[derive(Serialize, ToSchema)]
#[schema(as = Bookmark)]
pub(crate) struct BookmarkBody {
    /// Time at which the post was bookmarked.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    bookmarked_at: Timestamp,
    /// The post.
    post: PostBody,
}

impl From<Bookmark> for BookmarkBody {
    fn from(bookmark: Bookmark) -> Self {
        Self { bookmarked_at: bookmark.at, post: bookmark.post.into() }
    }
}

/// A comment on a post, or a reply to a comment.
#[derive(Serialize, ToSchema)]
#[schema(as = Comment)]
pub(crate) struct CommentBody {
    /// Id of the comment: 24 characters of `a-z` and `0-9`, the first a letter.
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("pfh0haxfpzowht3oi213cqos"))]
    id: CommentId,
    /// Id of the post that the comment belongs to.
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("n7w3k9x2c5v8b1m4q6z0j3h5"))]
    post_id: PostId,
    /// Id of the comment that it replies to. Null for a top-level comment.
    #[serde(serialize_with = "text::optional_id")]
    #[schema(value_type = Option<String>, required)]
    parent_id: Option<CommentId>,
    /// Text of the comment: 1 to 500 characters. Null if the comment was deleted.
    #[serde(serialize_with = "text::optional_content")]
    #[schema(value_type = Option<String>, required, examples("Well said."))]
    content: Option<Content>,
    /// The author of the comment. Null if the comment was deleted.
    #[schema(required)]
    author: Option<AuthorBody>,
    /// Time at which the comment was written.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// Time of the last edit. Null if the comment was never edited.
    #[serde(serialize_with = "text::optional_time")]
    #[schema(value_type = Option<String>, required, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Number of accounts that like the comment.
    #[schema(examples(2))]
    like_count: u64,
    /// Number of direct replies, including deleted ones that stay because they have replies.
    #[schema(examples(1))]
    reply_count: u64,
    /// True if the comment was deleted and stays because it has replies.
    deleted: bool,
    /// Relationship to the signed-in reader. Absent in responses to anonymous readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    viewer: Option<CommentViewerBody>,
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
    /// The comment as its author sees it right after writing.
    pub(super) fn just_written(comment: Comment) -> Self {
        CommentView::new(comment, Some(CommentViewer { liked: false })).into()
    }
}
