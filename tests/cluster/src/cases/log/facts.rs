//! What the log and the tables have, read from the primary.

use std::collections::HashSet;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::http::User;
use crate::load::Pair;
use crate::sql;
use crate::stack::Stack;

/// A fact of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) position: u64,
    pub(super) name: String,
    /// Its ids, in the order of `events::encode`.
    pub(super) ids: Vec<String>,
}

/// The stored rows that the facts are about.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) posts: HashSet<String>,
    pub(super) comments: HashSet<String>,
    /// User and post.
    pub(super) likes: HashSet<Pair>,
    /// Follower and followee.
    pub(super) follows: HashSet<Pair>,
}

/// The places where positions have a gap, from the oldest entry to the newest.
pub(super) async fn gaps(stack: &Stack) -> Result<Vec<String>> {
    let entries = "(SELECT position, lag(position, 1, oldest - 1) OVER (ORDER BY position) AS before \
        FROM events, event_log) AS entries WHERE position <> before + 1";
    let gaps = sql::rows(stack, "before, position", entries).await?;
    Ok(gaps.iter().map(|gap| format!("positions of the log have a gap: {}", Value::from(gap.clone()))).collect())
}

/// The facts after a position, in their order.
pub(super) async fn after(stack: &Stack, position: u64) -> Result<Vec<Fact>> {
    let facts = format!(
        "(SELECT position, fact FROM events, json_array_elements(payload::json) WITH ORDINALITY AS told (fact, nth) \
         WHERE position > {position} ORDER BY position, nth) AS facts"
    );
    sql::rows(stack, "position, fact", &facts).await?.iter().map(|row| Fact::of(row)).collect()
}

impl Fact {
    /// Reads a position and a fact, which is its name, and then its ids and times.
    fn of(row: &[Value]) -> Result<Self> {
        let read = || {
            let [position, fact] = row else { return None };
            let mut texts = fact.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
            let name = texts.next()?;
            Some(Self { position: position.as_u64()?, name, ids: texts.collect() })
        };
        match read() {
            Some(fact) => Ok(fact),
            None => bail!("not a fact: {row:?}"),
        }
    }

    /// The id at `index`; empty if there are fewer.
    pub(super) fn id(&self, index: usize) -> &str {
        self.ids.get(index).map_or("", String::as_str)
    }
}

impl Tables {
    /// Reads the rows whose contents begin with one of `names`, and the follows of `users`.
    pub(super) async fn read(stack: &Stack, names: &[&str], users: &[User]) -> Result<Self> {
        let patterns: Vec<_> = names.iter().map(|name| format!("'{name}-%'")).collect();
        let named = format!("content LIKE ANY (ARRAY[{}])", patterns.join(", "));
        // A row that waits for its removal is deleted.
        let posts = format!("posts WHERE {named} AND NOT removed");
        let comments = format!("comments WHERE {named}");
        let likes = format!("post_likes l JOIN posts p ON p.id = l.post_id WHERE {named}");
        let users: HashSet<&str> = users.iter().map(|user| user.id.as_str()).collect();
        let likes = sql::pairs(stack, "l.user_id, l.post_id", &likes).await?;
        let follows = sql::pairs(stack, "follower_id, followee_id", "follows").await?;
        Ok(Self {
            posts: ids(stack, &posts).await?,
            comments: ids(stack, &comments).await?,
            likes: likes.into_iter().collect(),
            follows: follows.into_iter().filter(|(follower, _)| users.contains(follower.as_str())).collect(),
        })
    }
}

async fn ids(stack: &Stack, from: &str) -> Result<HashSet<String>> {
    Ok(sql::pairs(stack, "id, id", from).await?.into_iter().map(|(id, _)| id).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Fact;

    #[test]
    fn reads_the_name_and_the_ids() {
        let fact = Fact::of(&[json!(7), json!(["comment_added", "c", "p", null, "u", 12])]).unwrap();
        assert_eq!((fact.position, fact.name.as_str(), fact.id(0), fact.id(1)), (7, "comment_added", "c", "p"));
        assert_eq!((fact.id(2), fact.id(3)), ("u", ""));
    }

    #[test]
    fn rejects_what_is_no_fact() {
        for row in [vec![json!(7), json!([])], vec![json!(7), json!("post_liked")], vec![json!(7)]] {
            Fact::of(&row).unwrap_err();
        }
    }
}
