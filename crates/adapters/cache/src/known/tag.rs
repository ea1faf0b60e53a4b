//! Tags: the units of invalidation, derived from facts.

use domain::{PostId, UserId, Username};
use events::{Fact, Liked};
use xxhash_rust::xxh3::xxh3_64;

/// What an entry depends on, and what a change invalidates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tag {
    /// One post: its content, its counters, and whether it exists.
    Post(PostId),
    /// One account: its profile, its counters, and whether it exists.
    User(UserId),
    /// The part of an account that its posts show. It is separate from [`User`](Tag::User): a follow changes the
    /// account's counters, and leaves the entries of its posts valid.
    Author(UserId),
    /// Whether a username is taken.
    Name(Username),
    /// The list of a user's posts.
    PostsOf(UserId),
    /// The list of all posts.
    PublicFeed,
    /// Everything, for changes with too many tags to list.
    Everything,
}

/// The hash of a tag, as stored in the tag table and in entries: eight bytes instead of about forty.
///
/// A collision is harmless: a change of one tag then also invalidates the entries of the other, which costs a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Print(pub(crate) u64);

impl Tag {
    /// Adds the tags that a fact invalidates. Comments, sessions and follows are not cached themselves; only the
    /// counters that they change are.
    pub(crate) fn add_those_of(fact: &Fact, tags: &mut Vec<Self>) {
        match *fact {
            Fact::SignedUp { user, ref username } => tags.extend([Self::Name(username.clone()), Self::User(user)]),
            Fact::ProfileEdited { user, renamed } => {
                tags.push(Self::User(user));
                if renamed {
                    tags.push(Self::Author(user));
                }
            }
            // The account's posts are on any page. A page without them may have become the last one.
            Fact::UserErased { user } => {
                tags.extend([Self::User(user), Self::Author(user), Self::PostsOf(user), Self::PublicFeed]);
            }
            // This includes pages that do not show the deleted post, because one may have become the last. The
            // author's post count is changed by a later write, perhaps before this fact is published.
            Fact::PostPublished { post, author, .. } | Fact::PostDeleted { post, author } => {
                tags.extend([Self::Post(post), Self::PublicFeed, Self::PostsOf(author), Self::User(author)]);
            }
            Fact::PostEdited { post, .. }
            | Fact::PostRecounted { post }
            | Fact::CommentAdded { post, .. }
            | Fact::CommentDeleted { post, .. }
            | Fact::Liked { what: Liked::Post(post), .. }
            | Fact::Unliked { what: Liked::Post(post), .. } => tags.push(Self::Post(post)),
            Fact::Followed { follower, followee, .. } | Fact::Unfollowed { follower, followee } => {
                tags.extend([Self::User(follower), Self::User(followee)]);
            }
            Fact::UserRecounted { user } => tags.push(Self::User(user)),
            Fact::SessionEnded { .. }
            | Fact::CommentEdited { .. }
            | Fact::Liked { what: Liked::Comment(_), .. }
            | Fact::Unliked { what: Liked::Comment(_), .. } => {}
        }
    }

    pub(crate) fn print(&self) -> Print {
        let mut bytes = Vec::with_capacity(32);
        self.write(&mut bytes);
        Print(xxh3_64(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use testkit::{NOW, id};

    use super::*;

    fn those_of(fact: &Fact) -> Vec<Tag> {
        let mut tags = Vec::new();
        Tag::add_those_of(fact, &mut tags);
        tags
    }

    #[test]
    fn facts_of_a_post_invalidate_it_and_its_lists() {
        let (post, ada, bob) = (id("hello"), id("ada"), id("bob"));
        let lists = [Tag::Post(post), Tag::PublicFeed, Tag::PostsOf(ada), Tag::User(ada)];
        assert_eq!(those_of(&Fact::PostPublished { post, author: ada, at: NOW }), lists);
        assert_eq!(those_of(&Fact::PostDeleted { post, author: ada }), lists);
        for fact in [
            Fact::PostEdited { post, author: ada },
            Fact::PostRecounted { post },
            Fact::Liked { what: Liked::Post(post), by: bob, at: NOW },
            Fact::Unliked { what: Liked::Post(post), by: bob },
            Fact::CommentAdded { comment: id("nice"), post, parent: None, author: bob, at: NOW },
            Fact::CommentDeleted { comment: id("nice"), post },
        ] {
            assert_eq!(those_of(&fact), [Tag::Post(post)]);
        }
    }

    #[test]
    fn facts_of_an_account_invalidate_it_its_name_and_its_posts() {
        let (user, bob) = (id("ada"), id("bob"));
        let username = Username::parse("ada").unwrap();
        let signed_up = Fact::SignedUp { user, username: username.clone() };
        assert_eq!(those_of(&signed_up), [Tag::Name(username), Tag::User(user)]);
        assert_eq!(those_of(&Fact::ProfileEdited { user, renamed: false }), [Tag::User(user)]);
        assert_eq!(those_of(&Fact::ProfileEdited { user, renamed: true }), [Tag::User(user), Tag::Author(user)]);
        let erased = [Tag::User(user), Tag::Author(user), Tag::PostsOf(user), Tag::PublicFeed];
        assert_eq!(those_of(&Fact::UserErased { user }), erased);
        assert_eq!(those_of(&Fact::UserRecounted { user }), [Tag::User(user)]);
        let both = [Tag::User(user), Tag::User(bob)];
        assert_eq!(those_of(&Fact::Followed { follower: user, followee: bob, at: NOW }), both);
        assert_eq!(those_of(&Fact::Unfollowed { follower: user, followee: bob }), both);
    }

    #[test]
    fn facts_of_uncached_things_invalidate_nothing() {
        for fact in [
            Fact::SessionEnded { user: id("ada"), session: id("phone") },
            Fact::CommentEdited { comment: id("nice"), post: id("hello") },
            Fact::Liked { what: Liked::Comment(id("nice")), by: id("bob"), at: NOW },
            Fact::Unliked { what: Liked::Comment(id("nice")), by: id("bob") },
        ] {
            assert_eq!(those_of(&fact), []);
        }
    }

    #[test]
    fn tags_of_one_id_have_distinct_prints() {
        let tags = [
            Tag::Post(id("ada")),
            Tag::User(id("ada")),
            Tag::Author(id("ada")),
            Tag::Name(Username::parse("ada").unwrap()),
            Tag::PostsOf(id("ada")),
            Tag::PublicFeed,
            Tag::Everything,
        ];
        assert_eq!(tags.iter().map(Tag::print).collect::<HashSet<_>>().len(), tags.len());
        assert_eq!(tags[0].print(), Tag::Post(id("ada")).print());
    }
}
