//! The keys of cache entries.

use std::fmt;

use domain::{Cuid, PageRequest, PostId, UserId, UserRef, Username};

/// Identifies a cache entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Post(PostId),
    /// An account, by its id.
    User(UserId),
    /// An account, by its name.
    Name(Username),
    /// A page of the public feed.
    PublicPage(PageKey),
    /// A page of a user's posts, by the user's id.
    PageOf(UserId, PageKey),
    /// A page of a user's posts, by the user's name.
    PageOfName(Username, PageKey),
}

/// The size of a page and the cursor that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    size: usize,
    after: Option<(i64, Cuid)>,
}

impl From<&PageRequest> for PageKey {
    fn from(page: &PageRequest) -> Self {
        Self { size: page.size.get(), after: page.after.map(|cursor| (cursor.at.as_micros(), cursor.id)) }
    }
}

impl Key {
    /// An account, by its id or name.
    pub(crate) fn user(user: &UserRef) -> Self {
        match user {
            UserRef::Id(id) => Self::User(*id),
            UserRef::Username(name) => Self::Name(name.clone()),
        }
    }

    /// A page of the posts of a user, who is given by id or name.
    pub(crate) fn page_of(user: &UserRef, page: &PageRequest) -> Self {
        match user {
            UserRef::Id(id) => Self::PageOf(*id, page.into()),
            UserRef::Username(name) => Self::PageOfName(name.clone(), page.into()),
        }
    }

    /// The value of the label `kind` of metrics.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Post(_) => "post",
            Self::User(_) | Self::Name(_) => "user",
            Self::PublicPage(_) => "public_feed",
            Self::PageOf(..) | Self::PageOfName(..) => "user_posts",
        }
    }
}

/// The text that is part of the key of a shared entry.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post(id) => write!(f, "post:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Name(name) => write!(f, "user:@{name}"),
            Self::PublicPage(page) => write!(f, "feed:{page}"),
            Self::PageOf(id, page) => write!(f, "posts-of:{id}:{page}"),
            Self::PageOfName(name, page) => write!(f, "posts-of:@{name}:{page}"),
        }
    }
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.after {
            Some((at, id)) => write!(f, "{}:{at}:{id}", self.size),
            None => write!(f, "{}", self.size),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::{Cursor, PageSize, Timestamp};
    use testkit::id;

    use super::*;

    #[test]
    fn keys_have_distinct_texts() {
        let first = PageRequest::default();
        let small = PageRequest { size: PageSize::new(2).unwrap(), after: None };
        let after = |word| PageRequest {
            after: Some(Cursor { at: Timestamp::from_micros(7), id: id::<()>(word).cuid() }),
            ..first
        };
        let ada = [UserRef::Id(id("ada")), UserRef::Username(Username::parse("ada").unwrap())];
        let mut keys = vec![Key::Post(id("ada"))];
        keys.extend(ada.iter().map(Key::user));
        for page in [first, small, after("one"), after("two")] {
            keys.push(Key::PublicPage((&page).into()));
            keys.extend(ada.iter().map(|user| Key::page_of(user, &page)));
        }
        assert_eq!(keys.iter().map(ToString::to_string).collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    }
}
