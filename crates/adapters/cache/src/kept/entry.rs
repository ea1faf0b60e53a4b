//! Cache entries: a value, the tags it depends on, and its stamp.
//!
//! Invariant: an entry without a stamp is never stored. It serves only the readers that waited for its load.

use std::mem::size_of;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Page, Post, Shared, User};

use crate::kept::key::Key;
use crate::known::stamp::{Moment, Stamp};
use crate::known::tag::{Print, Tag};

/// A cached value, without viewer flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// The key names nothing that exists.
    Nothing,
    Post(Shared<Post>),
    User(Shared<User>),
    Posts(Shared<Page<Post>>),
}

impl Value {
    /// The tags of an entry with this value under `key`. `None` if they are unknown, and the value must not be stored.
    pub(crate) fn tags(&self, key: &Key) -> Option<Vec<Tag>> {
        Some(match (self, key) {
            (Self::Post(post), _) => vec![Tag::Post(post.id), Tag::Author(post.author.id)],
            (Self::User(user), _) => vec![Tag::User(user.id)],
            (Self::Posts(page), key) => {
                let list = match key {
                    Key::PageOf(user, _) => Tag::PostsOf(*user),
                    // The posts say whose page it is. An empty page does not.
                    Key::PageOfName(..) => Tag::PostsOf(page.items.first()?.author.id),
                    _ => Tag::PublicFeed,
                };
                let mut tags = vec![list];
                tags.extend(page.items.iter().map(|post| Tag::Post(post.id)));
                let mut authors: Vec<_> = page.items.iter().map(|post| post.author.id).collect();
                authors.sort_unstable();
                authors.dedup();
                tags.extend(authors.into_iter().map(Tag::Author));
                tags
            }
            (Self::Nothing, Key::Post(id)) => vec![Tag::Post(*id)],
            (Self::Nothing, Key::User(id) | Key::PageOf(id, _)) => vec![Tag::User(*id)],
            (Self::Nothing, Key::Name(name) | Key::PageOfName(name, _)) => vec![Tag::Name(name.clone())],
            (Self::Nothing, Key::PublicPage(_)) => vec![Tag::PublicFeed],
        })
    }

    /// Whether this can be the value of `key`; guards against a wrong shared entry.
    pub(crate) fn fits(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Post(post), Key::Post(id)) => post.id == *id,
            (Self::User(user), Key::User(id)) => user.id == *id,
            (Self::User(user), Key::Name(name)) => user.username == *name,
            (Self::Posts(_), Key::PublicPage(_) | Key::PageOf(..) | Key::PageOfName(..)) => true,
            (Self::Nothing, key) => !matches!(key, Key::PublicPage(_)),
            _ => false,
        }
    }

    /// The number of posts or accounts in it.
    fn items(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Post(_) | Self::User(_) => 1,
            Self::Posts(page) => page.items.len(),
        }
    }

    /// Its heap memory in bytes.
    fn heap_size(&self) -> usize {
        let post = |post: &Post| {
            post.content.as_str().len() + post.author.username.as_str().len() + post.author.display_name.as_str().len()
        };
        match self {
            Self::Nothing => 0,
            Self::Post(it) => post(it),
            Self::User(user) => {
                user.username.as_str().len() + user.display_name.as_str().len() + user.bio.as_str().len()
            }
            Self::Posts(page) => page.items.iter().map(|it| size_of::<Post>() + post(it)).sum(),
        }
    }
}

/// The bytes of an item's JSON besides its texts: member names, ids, times, numbers.
const JSON_OF_ITEM: usize = 400;

/// A cache entry, or a loaded value that must not be stored.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    /// The tags it depends on.
    pub(crate) prints: Box<[Print]>,
    /// The changes it includes. `None` if unknown: then it serves only the readers that waited for its load.
    pub(crate) stamp: Option<Stamp>,
    /// The last moment as of which it was found valid.
    valid_as_of: AtomicU64,
}

impl Entry {
    /// A value loaded under `key`, which includes the changes up to `stamp`.
    pub(crate) fn new(key: &Key, value: Value, stamp: Option<Stamp>) -> Self {
        match (value.tags(key), stamp) {
            (Some(tags), Some(_)) => Self::with(value, tags.iter().map(Tag::print).collect(), stamp),
            _ => Self::with(value, Box::default(), None),
        }
    }

    fn with(value: Value, prints: Box<[Print]>, stamp: Option<Stamp>) -> Self {
        Self { value, prints, stamp, valid_as_of: AtomicU64::new(0) }
    }

    /// Whether it was found valid as of `moment` or later.
    pub(crate) fn was_valid_as_of(&self, moment: Moment) -> bool {
        self.valid_as_of.load(Ordering::Acquire) >= moment.0
    }

    /// Notes that it was found valid as of `moment`, at which every change learned of was marked.
    pub(crate) fn note_valid(&self, moment: Moment) {
        self.valid_as_of.fetch_max(moment.0, Ordering::AcqRel);
    }

    /// Its memory in bytes: value, tags, key, the overhead of the cache, and the encoded forms that will be attached
    /// to it (`domain::Shared`). These are the JSON, and the compressed JSON at about half of that.
    pub(crate) fn size(&self) -> usize {
        /// The overhead of an entry in the cache: the key, a slot in the table, and a node in each of two queues.
        const OVERHEAD: usize = size_of::<Key>() + 200;
        let (texts, items) = (self.value.heap_size(), self.value.items());
        let forms = if items == 0 { 0 } else { (texts + items * JSON_OF_ITEM) * 3 / 2 };
        OVERHEAD + size_of::<Self>() + self.prints.len() * size_of::<Print>() + texts + forms
    }
}

#[cfg(test)]
mod tests {
    use domain::{PageRequest, UserRef, Username};
    use testkit::{a_post, a_user, id};

    use super::*;

    fn post(word: &str, author: &str) -> Post {
        let author = a_user(author).build();
        a_post(word, author.id).published_by(&author)
    }

    fn page(items: Vec<Post>) -> Value {
        Value::Posts(Page { items, next: None }.into())
    }

    fn named(name: &str) -> UserRef {
        UserRef::Username(Username::parse(name).unwrap())
    }

    mod tags {
        use super::*;

        #[test]
        fn of_a_page_are_the_list_its_posts_and_their_authors() {
            let feed = Key::PublicPage((&PageRequest::default()).into());
            let posts = page(vec![post("one", "ada"), post("two", "bob"), post("three", "ada")]);
            assert_eq!(
                posts.tags(&feed).unwrap(),
                [
                    Tag::PublicFeed,
                    Tag::Post(id("one")),
                    Tag::Post(id("two")),
                    Tag::Post(id("three")),
                    Tag::Author(id("ada")),
                    Tag::Author(id("bob")),
                ]
            );
        }

        #[test]
        fn of_a_page_by_name_use_the_user_id() {
            let key = Key::page_of(&named("ada"), &PageRequest::default());
            assert_eq!(page(vec![post("one", "ada")]).tags(&key).unwrap()[0], Tag::PostsOf(id("ada")));
            assert_eq!(page(Vec::new()).tags(&key), None, "an empty page has no author");
            assert!(Entry::new(&key, page(Vec::new()), Some(crate::known::stamp::tests::any())).stamp.is_none());
        }

        #[test]
        fn of_an_absent_value_are_those_its_creation_invalidates() {
            let none = |key: &Key| Value::Nothing.tags(key).unwrap();
            assert_eq!(none(&Key::Post(id("one"))), [Tag::Post(id("one"))]);
            assert_eq!(none(&Key::user(&id("ada").into())), [Tag::User(id("ada"))]);
            assert_eq!(none(&Key::user(&named("ada"))), [Tag::Name(Username::parse("ada").unwrap())]);
            let page = PageRequest::default();
            assert_eq!(none(&Key::page_of(&named("ada"), &page)), [Tag::Name(Username::parse("ada").unwrap())]);
        }
    }

    #[test]
    fn size_includes_texts_json_and_compressed_json() {
        let size = |content: &str| {
            let author = a_user("ada").build();
            let post = a_post("post", author.id).says(content).published_by(&author);
            Entry::new(&Key::Post(post.id), Value::Post(post.into()), None).size()
        };
        let longer = size(&"x".repeat(500)) - size("x");
        assert!((2 * 499..=3 * 499).contains(&longer), "{longer}: text, JSON and compressed JSON");
        let one = Entry::new(&Key::Post(id("one")), page(vec![post("one", "ada")]), None).size();
        let two = Entry::new(&Key::Post(id("one")), page(vec![post("one", "ada"), post("two", "ada")]), None).size();
        assert!(two - one > size_of::<Post>());
    }

    #[test]
    fn a_value_fits_its_own_key_only() {
        let one = Value::Post(post("one", "ada").into());
        assert!(one.fits(&Key::Post(id("one"))));
        assert!(!one.fits(&Key::Post(id("two"))) && !one.fits(&Key::User(id("one"))));
        let ada = Value::User(a_user("ada").build().into());
        assert!(ada.fits(&Key::user(&named("ada"))) && ada.fits(&Key::User(id("ada"))));
        assert!(!ada.fits(&Key::user(&named("bob"))));
    }
}
