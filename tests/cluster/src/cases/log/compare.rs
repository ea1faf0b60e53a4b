//! Compares the facts of the log with the stored rows, and with the acknowledged writes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::facts::{Fact, Tables};
use super::hot::Liked;
use crate::load::{Changes, Pair, Period, Sample};

mod switches;
#[cfg(test)]
mod tests;

/// The facts that are compared.
pub(super) const NAMES: [&str; 8] = [
    "post_published",
    "post_edited",
    "post_deleted",
    "comment_added",
    "post_liked",
    "post_unliked",
    "followed",
    "unfollowed",
];

/// The acknowledged writes.
#[derive(Debug, Default)]
pub(super) struct Sent {
    posts: HashSet<String>,
    comments: HashSet<String>,
    /// The number of acknowledged edits of each post.
    edits: HashMap<String, usize>,
    /// The changes of each like (user and post) and each follow (follower and followee).
    changes: HashMap<Pair, Changes>,
}

impl Sent {
    /// What was acknowledged in a period of load, and by the users that liked a few posts meanwhile.
    pub(super) fn of(period: &Period, liked: Liked) -> Self {
        let mut edits = HashMap::new();
        for post in period.samples.iter().filter_map(edited) {
            *edits.entry(post.to_owned()).or_default() += 1;
        }
        let posts = period.ledger.acknowledged_posts().map(str::to_owned);
        let mut changes = period.ledger.changes().clone();
        changes.extend(liked.changes);
        Self {
            posts: posts.chain(liked.posts).collect(),
            comments: period.ledger.acknowledged_comments().map(str::to_owned).collect(),
            edits,
            changes,
        }
    }

    /// The number of acknowledged changes of likes and follows.
    pub(super) fn changes(&self) -> usize {
        self.changes.values().map(|changes| changes.acknowledged).sum()
    }
}

/// The post of an acknowledged edit.
fn edited(sample: &Sample) -> Option<&str> {
    sample.call.strip_prefix("PATCH /v1/posts/").filter(|_| sample.is_good())
}

/// Everything in which the log differs from the stored rows or the acknowledged writes.
pub(super) fn differences(facts: &[Fact], tables: &Tables, sent: &Sent) -> Vec<String> {
    let mut found = Vec::new();
    let published = once(facts, "post_published", &mut found);
    let deleted = once(facts, "post_deleted", &mut found);
    let comments = once(facts, "comment_added", &mut found);

    let remaining = published.difference(&deleted).copied().collect();
    same("post", &remaining, &tables.posts, &mut found);
    same("comment", &comments, &tables.comments, &mut found);
    for (what, acknowledged, logged) in [("post", &sent.posts, &published), ("comment", &sent.comments, &comments)] {
        for id in acknowledged.iter().filter(|id| !logged.contains(id.as_str())) {
            found.push(format!("the {what} {id} was acknowledged and is not in the log"));
        }
    }
    compare_edits(facts, &sent.edits, &mut found);
    check_order(facts, &mut found);
    found.extend(switches::differences(facts, tables, &sent.changes));
    found
}

/// The first ids of all facts with this name. Each may occur once.
fn once<'f>(facts: &'f [Fact], name: &str, found: &mut Vec<String>) -> BTreeSet<&'f str> {
    let mut positions = BTreeMap::<&str, Vec<u64>>::new();
    for fact in facts.iter().filter(|fact| fact.name == name) {
        positions.entry(fact.id(0)).or_default().push(fact.position);
    }
    for (id, positions) in positions.iter().filter(|(_, positions)| positions.len() > 1) {
        found.push(format!("the log has `{name}` of {id} {} times, at {positions:?}", positions.len()));
    }
    positions.into_keys().collect()
}

fn same(what: &str, logged: &BTreeSet<&str>, stored: &HashSet<String>, found: &mut Vec<String>) {
    for id in stored.iter().filter(|id| !logged.contains(id.as_str())) {
        found.push(format!("the {what} {id} is stored, and does not exist by the log"));
    }
    for id in logged.iter().filter(|id| !stored.contains(**id)) {
        found.push(format!("the {what} {id} exists by the log, and is not stored"));
    }
}

/// An edit whose response was lost is sent again, and then has two facts.
fn compare_edits(facts: &[Fact], acknowledged: &HashMap<String, usize>, found: &mut Vec<String>) {
    let mut logged = HashMap::<&str, usize>::new();
    for fact in facts.iter().filter(|fact| fact.name == "post_edited") {
        *logged.entry(fact.id(0)).or_default() += 1;
    }
    for (post, &acknowledged) in acknowledged {
        let logged = logged.get(post.as_str()).copied().unwrap_or_default();
        if logged < acknowledged {
            found.push(format!("{acknowledged} edits of the post {post} were acknowledged, the log has {logged}"));
        }
    }
}

/// Everything about a post is after its publication and before its deletion.
fn check_order(facts: &[Fact], found: &mut Vec<String>) {
    let mut exists = HashMap::<&str, bool>::new();
    for fact in facts {
        let post = match fact.name.as_str() {
            "comment_added" => fact.id(1),
            "post_published" | "post_edited" | "post_deleted" | "post_liked" | "post_unliked" => fact.id(0),
            _ => continue,
        };
        let (name, position) = (&fact.name, fact.position);
        match (name.as_str(), exists.get(post)) {
            // A second publication is found by itself.
            ("post_published", None | Some(true)) => drop(exists.insert(post, true)),
            ("post_deleted", Some(true)) => drop(exists.insert(post, false)),
            (_, Some(true)) => {}
            (_, Some(false)) => found.push(format!("`{name}` of the post {post} at {position} is after its deletion")),
            (_, None) => found.push(format!("`{name}` of the post {post} at {position} is before its publication")),
        }
    }
}
