//! The JSON records of shared entries. The domain has no serialization, hence the separate types.

use std::borrow::Cow;

use domain::{Author, Bio, Content, Cuid, Cursor, DisplayName, Id, Page, Post, Revision, Timestamp, User, Username};
use serde::{Deserialize, Serialize};

use crate::kept::entry::Value;

#[derive(Serialize, Deserialize)]
pub(crate) struct Record<'r> {
    /// The version up to which it includes every change: milliseconds and sequence.
    pub(crate) stamp: (u64, u64),
    #[serde(borrow)]
    pub(crate) value: ValueRecord<'r>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValueRecord<'r> {
    Nothing,
    #[serde(borrow)]
    Post(PostRecord<'r>),
    User(UserRecord<'r>),
    Posts {
        items: Vec<PostRecord<'r>>,
        next: Option<(i64, Cow<'r, str>)>,
    },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PostRecord<'r> {
    #[serde(borrow)]
    id: Cow<'r, str>,
    #[serde(borrow)]
    author_id: Cow<'r, str>,
    #[serde(borrow)]
    username: Cow<'r, str>,
    #[serde(borrow)]
    display_name: Cow<'r, str>,
    #[serde(borrow)]
    content: Cow<'r, str>,
    created_at: i64,
    edited_at: Option<i64>,
    revision: u32,
    like_count: u64,
    comment_count: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct UserRecord<'r> {
    #[serde(borrow)]
    id: Cow<'r, str>,
    #[serde(borrow)]
    username: Cow<'r, str>,
    #[serde(borrow)]
    display_name: Cow<'r, str>,
    #[serde(borrow)]
    bio: Cow<'r, str>,
    created_at: i64,
    revision: u32,
    post_count: u64,
    follower_count: u64,
    following_count: u64,
}

impl<'r> From<&'r Value> for ValueRecord<'r> {
    fn from(value: &'r Value) -> Self {
        match value {
            Value::Nothing => Self::Nothing,
            Value::Post(post) => Self::Post((&**post).into()),
            Value::User(user) => Self::User((&**user).into()),
            Value::Posts(page) => Self::Posts {
                items: page.items.iter().map(PostRecord::from).collect(),
                next: page.next.map(|next| (next.at.as_micros(), Cow::Owned(next.id.as_str().to_owned()))),
            },
        }
    }
}

impl<'r> From<&'r Post> for PostRecord<'r> {
    fn from(post: &'r Post) -> Self {
        Self {
            id: post.id.as_str().into(),
            author_id: post.author.id.as_str().into(),
            username: post.author.username.as_str().into(),
            display_name: post.author.display_name.as_str().into(),
            content: post.content.as_str().into(),
            created_at: post.created_at.as_micros(),
            edited_at: post.edited_at.map(Timestamp::as_micros),
            revision: post.revision.0,
            like_count: post.like_count,
            comment_count: post.comment_count,
        }
    }
}

impl<'r> From<&'r User> for UserRecord<'r> {
    fn from(user: &'r User) -> Self {
        Self {
            id: user.id.as_str().into(),
            username: user.username.as_str().into(),
            display_name: user.display_name.as_str().into(),
            bio: user.bio.as_str().into(),
            created_at: user.created_at.as_micros(),
            revision: user.revision.0,
            post_count: user.post_count,
            follower_count: user.follower_count,
            following_count: user.following_count,
        }
    }
}

// `None` means that the record was not written by this program. Texts were validated before they were stored and are
// taken as they are. Ids are parsed, because their type allows only valid ones.

impl ValueRecord<'_> {
    pub(crate) fn into_value(self) -> Option<Value> {
        Some(match self {
            Self::Nothing => Value::Nothing,
            Self::Post(post) => Value::Post(post.into_post()?.into()),
            Self::User(user) => Value::User(user.into_user()?.into()),
            Self::Posts { items, next } => {
                let items = items.into_iter().map(PostRecord::into_post).collect::<Option<_>>()?;
                let next = match next {
                    Some((at, id)) => Some(Cursor { at: Timestamp::from_micros(at), id: Cuid::parse(&id).ok()? }),
                    None => None,
                };
                Value::Posts(Page { items, next }.into())
            }
        })
    }
}

impl PostRecord<'_> {
    fn into_post(self) -> Option<Post> {
        Some(Post {
            id: Id::parse(&self.id).ok()?,
            author: Author {
                id: Id::parse(&self.author_id).ok()?,
                username: Username::from_stored(self.username.into_owned()),
                display_name: DisplayName::from_stored(self.display_name.into_owned()),
            },
            content: Content::from_stored(self.content.into_owned()),
            created_at: Timestamp::from_micros(self.created_at),
            edited_at: self.edited_at.map(Timestamp::from_micros),
            revision: Revision(self.revision),
            like_count: self.like_count,
            comment_count: self.comment_count,
        })
    }
}

impl UserRecord<'_> {
    fn into_user(self) -> Option<User> {
        Some(User {
            id: Id::parse(&self.id).ok()?,
            username: Username::from_stored(self.username.into_owned()),
            display_name: DisplayName::from_stored(self.display_name.into_owned()),
            bio: Bio::from_stored(self.bio.into_owned()),
            created_at: Timestamp::from_micros(self.created_at),
            revision: Revision(self.revision),
            post_count: self.post_count,
            follower_count: self.follower_count,
            following_count: self.following_count,
        })
    }
}
