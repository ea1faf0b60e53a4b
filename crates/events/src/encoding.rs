//! The form of facts in the log: JSON that people can read in a database shell.
//!
//! Statements that write many rows at once make the same JSON in SQL. Tested here, and in
//! `persistence/tests/repositories/facts.rs`, which compares the two.

use domain::Id;
use serde_json::{Value, json};

use crate::{Fact, Liked};

/// The facts of one transaction as a JSON array, in their order. Each fact is an array: its name, and then its ids and
/// times in microseconds since the Unix epoch.
///
/// A name and its meaning never change. A fact that needs other fields gets another name. The name of a new account
/// is left out: the log has no personal data.
pub fn encode(facts: &[Fact]) -> String {
    facts.iter().map(value).collect::<Value>().to_string()
}

fn value(fact: &Fact) -> Value {
    match fact {
        Fact::SignedUp { user, username: _ } => json!(["signed_up", user.as_str()]),
        Fact::ProfileEdited { user, renamed } => json!(["profile_edited", user.as_str(), renamed]),
        Fact::UserErased { user } => json!(["user_erased", user.as_str()]),
        Fact::SessionEnded { user, session } => json!(["session_ended", user.as_str(), session.as_str()]),
        Fact::PostPublished { post, author, at } => {
            json!(["post_published", post.as_str(), author.as_str(), at.as_micros()])
        }
        Fact::PostEdited { post, author } => json!(["post_edited", post.as_str(), author.as_str()]),
        Fact::PostDeleted { post, author } => json!(["post_deleted", post.as_str(), author.as_str()]),
        Fact::CommentAdded { comment, post, parent, author, at } => {
            let parent = parent.as_ref().map(Id::as_str);
            json!(["comment_added", comment.as_str(), post.as_str(), parent, author.as_str(), at.as_micros()])
        }
        Fact::CommentEdited { comment, post } => json!(["comment_edited", comment.as_str(), post.as_str()]),
        Fact::CommentDeleted { comment, post } => json!(["comment_deleted", comment.as_str(), post.as_str()]),
        Fact::Liked { what: Liked::Post(post), by, at } => {
            json!(["post_liked", post.as_str(), by.as_str(), at.as_micros()])
        }
        Fact::Liked { what: Liked::Comment(comment), by, at } => {
            json!(["comment_liked", comment.as_str(), by.as_str(), at.as_micros()])
        }
        Fact::Unliked { what: Liked::Post(post), by } => json!(["post_unliked", post.as_str(), by.as_str()]),
        Fact::Unliked { what: Liked::Comment(comment), by } => {
            json!(["comment_unliked", comment.as_str(), by.as_str()])
        }
        Fact::Followed { follower, followee, at } => {
            json!(["followed", follower.as_str(), followee.as_str(), at.as_micros()])
        }
        Fact::Unfollowed { follower, followee } => json!(["unfollowed", follower.as_str(), followee.as_str()]),
        Fact::PostRecounted { post } => json!(["post_recounted", post.as_str()]),
        Fact::UserRecounted { user } => json!(["user_recounted", user.as_str()]),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, Username};

    use super::*;

    fn id<T>(last: char) -> Id<T> {
        Id::parse(&format!("tz4a98xxat96iws9zmbrgj3{last}")).unwrap()
    }

    #[test]
    fn names_each_fact_with_its_ids_and_times() {
        let (user, other, post, comment) = (id('a'), id('b'), id('c'), id('d'));
        let at = Timestamp::from_micros(7);
        let username = Username::parse("ada").unwrap();
        let expected = [
            (Fact::SignedUp { user, username }, json!(["signed_up", user.as_str()])),
            (
                Fact::CommentAdded { comment, post, parent: None, author: user, at },
                json!(["comment_added", comment.as_str(), post.as_str(), null, user.as_str(), 7]),
            ),
            (
                Fact::Liked { what: Liked::Comment(comment), by: user, at },
                json!(["comment_liked", comment.as_str(), user.as_str(), 7]),
            ),
            (
                Fact::Followed { follower: user, followee: other, at },
                json!(["followed", user.as_str(), other.as_str(), 7]),
            ),
        ];
        for (fact, expected) in expected {
            assert_eq!(value(&fact), expected);
        }
    }

    #[test]
    fn keeps_the_order_of_the_facts() {
        let (user, other) = (id('a'), id('b'));
        let facts = [Fact::UserErased { user: other }, Fact::UserRecounted { user }];
        assert_eq!(encode(&facts), format!(r#"[["user_erased","{other}"],["user_recounted","{user}"]]"#));
    }
}
