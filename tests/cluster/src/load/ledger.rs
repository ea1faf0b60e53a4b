//! Acknowledged writes, to be compared with the stored rows.

use std::collections::HashMap;

use super::stored::{Pair, Stored};

/// The writes of one user, or of all users after [`Ledger::absorb`].
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By marker: the first word of a content, unique to each post and comment.
    pub(super) posts: HashMap<String, Said>,
    pub(super) comments: HashMap<String, Said>,
    pub(super) likes: HashMap<Pair, Switch>,
    pub(super) bookmarks: HashMap<Pair, Switch>,
    pub(super) follows: HashMap<Pair, Switch>,
    /// How often each like and each follow was changed.
    pub(super) changes: HashMap<Pair, Changes>,
}

/// The changes of a like or a follow that its user sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) acknowledged: usize,
    /// Sent again and again, and never acknowledged.
    pub(crate) unconfirmed: usize,
}

impl Changes {
    pub(crate) fn count(&mut self, acknowledged: bool) {
        *(if acknowledged { &mut self.acknowledged } else { &mut self.unconfirmed }) += 1;
    }
}

/// A post or a comment that was sent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// The id in the response. `None` means that the write is unconfirmed.
    pub(super) id: Option<String>,
    /// Contents that it may have: one, or two while an edit is unconfirmed.
    pub(super) contents: Vec<String>,
    pub(super) deleted: Switch,
}

/// The known state of a like, a bookmark, a follow or a deletion.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    #[default]
    Off,
    On,
    InDoubt,
}

impl Ledger {
    /// Adds the writes of another user.
    pub(super) fn absorb(&mut self, other: Self) {
        self.posts.extend(other.posts);
        self.comments.extend(other.comments);
        self.likes.extend(other.likes);
        self.bookmarks.extend(other.bookmarks);
        self.follows.extend(other.follows);
        self.changes.extend(other.changes);
    }

    /// Counts a change of a like or a follow.
    pub(super) fn count_change(&mut self, pair: &Pair, acknowledged: bool) {
        self.changes.entry(pair.clone()).or_default().count(acknowledged);
    }

    /// The ids of acknowledged posts, also of those that were deleted later.
    pub(crate) fn acknowledged_posts(&self) -> impl Iterator<Item = &str> {
        self.posts.values().filter_map(|said| said.id.as_deref())
    }

    /// The ids of acknowledged comments.
    pub(crate) fn acknowledged_comments(&self) -> impl Iterator<Item = &str> {
        self.comments.values().filter_map(|said| said.id.as_deref())
    }

    /// How often each like (user and post) and each follow (follower and followee) was changed.
    pub(crate) fn changes(&self) -> &HashMap<Pair, Changes> {
        &self.changes
    }

    /// Number of acknowledged writes.
    pub(crate) fn acknowledged(&self) -> usize {
        let said = self.posts.values().chain(self.comments.values());
        let switched = self.switched();
        said.filter(|said| said.id.is_some()).count() + switched.filter(|switch| **switch != Switch::InDoubt).count()
    }

    /// Number of unconfirmed writes: sent, and never answered.
    pub(crate) fn in_doubt(&self) -> usize {
        let said = self.posts.values().chain(self.comments.values());
        let switched = self.switched();
        said.filter(|said| said.id.is_none() || said.contents.len() > 1 || said.deleted == Switch::InDoubt).count()
            + switched.filter(|switch| **switch == Switch::InDoubt).count()
    }

    fn switched(&self) -> impl Iterator<Item = &Switch> {
        self.likes.values().chain(self.bookmarks.values()).chain(self.follows.values())
    }

    /// Rows that differ from the acknowledged writes, exist twice, or were never sent.
    pub(super) fn differences(&self, stored: &Stored) -> Vec<String> {
        let mut found = Vec::new();
        compare_said("post", &self.posts, &stored.posts, &mut found);
        compare_said("comment", &self.comments, &stored.comments, &mut found);
        for (what, switches, pairs) in [
            ("like", &self.likes, &stored.likes),
            ("bookmark", &self.bookmarks, &stored.bookmarks),
            ("follow", &self.follows, &stored.follows),
        ] {
            for (pair, switch) in switches {
                let is_there = pairs.contains(pair);
                match switch {
                    Switch::On if !is_there => found.push(format!("the {what} {pair:?} was acknowledged and is lost")),
                    Switch::Off if is_there => found.push(format!("the {what} {pair:?} was taken back and is there")),
                    _ => {}
                }
            }
        }
        found.sort_unstable();
        found
    }
}

fn compare_said(
    what: &str,
    said: &HashMap<String, Said>,
    rows: &HashMap<String, Vec<(String, String)>>,
    found: &mut Vec<String>,
) {
    for (marker, said) in said {
        let rows = rows.get(marker).map_or(&[][..], Vec::as_slice);
        let expected = match (&said.id, said.deleted) {
            (None, _) | (_, Switch::InDoubt) => 0..=1,
            (Some(_), Switch::Off) => 1..=1,
            (Some(_), Switch::On) => 0..=0,
        };
        if !expected.contains(&rows.len()) {
            found.push(format!("the {what} {marker} is there {} times, not {expected:?}", rows.len()));
        }
        for (id, content) in rows {
            if said.id.as_ref().is_some_and(|acknowledged| acknowledged != id) {
                found.push(format!("the {what} {marker} is {id}, but {:?} was acknowledged", said.id));
            }
            if !said.contents.contains(content) {
                found.push(format!("the {what} {marker} holds `{content}`, not one of {:?}", said.contents));
            }
        }
    }
    for marker in rows.keys().filter(|marker| !said.contains_key(*marker)) {
        found.push(format!("the {what} {marker} was never sent"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: Option<&str>, contents: &[&str]) -> Said {
        let contents = contents.iter().map(|&content| content.to_owned()).collect();
        Said { id: id.map(str::to_owned), contents, deleted: Switch::Off }
    }

    fn ledger(marker: &str, said: Said) -> Ledger {
        Ledger { posts: HashMap::from([(marker.to_owned(), said)]), ..Ledger::default() }
    }

    fn stored(rows: &[(&str, &str)]) -> Stored {
        let mut stored = Stored::default();
        for (id, content) in rows {
            stored.add_post((*id).to_owned(), (*content).to_owned());
        }
        stored
    }

    #[test]
    fn a_post_stored_once_is_right() {
        let ledger = ledger("m1", said(Some("a"), &["m1 hello"]));
        assert!(ledger.differences(&stored(&[("a", "m1 hello")])).is_empty());
        assert_eq!((ledger.acknowledged(), ledger.in_doubt()), (1, 0));
    }

    #[test]
    fn finds_lost_duplicate_and_different_posts() {
        let ledger = ledger("m1", said(Some("a"), &["m1 hello"]));
        let found = |rows: &[(&str, &str)]| ledger.differences(&stored(rows)).join("\n");
        assert!(found(&[]).contains("is there 0 times"));
        assert!(found(&[("a", "m1 hello"), ("b", "m1 hello")]).contains("is there 2 times"));
        assert!(found(&[("b", "m1 hello")]).contains("is b, but"));
        assert!(found(&[("a", "m1 hullo")]).contains("holds `m1 hullo`"));
        assert!(found(&[("a", "m1 hello"), ("z", "m2 hello")]).contains("the post m2 was never sent"));
    }

    #[test]
    fn an_unconfirmed_post_may_be_stored_once() {
        let ledger = ledger("m1", said(None, &["m1 hello"]));
        assert!(ledger.differences(&stored(&[])).is_empty());
        assert!(ledger.differences(&stored(&[("a", "m1 hello")])).is_empty());
        assert_eq!(ledger.differences(&stored(&[("a", "m1 hello"), ("b", "m1 hello")])).len(), 1);
        assert_eq!((ledger.acknowledged(), ledger.in_doubt()), (0, 1));
    }

    #[test]
    fn an_unconfirmed_edit_may_have_either_content() {
        let ledger = ledger("m1", said(Some("a"), &["m1 old", "m1 new"]));
        assert!(ledger.differences(&stored(&[("a", "m1 old")])).is_empty());
        assert!(ledger.differences(&stored(&[("a", "m1 new")])).is_empty());
        assert_eq!(ledger.differences(&stored(&[("a", "m1 other")])).len(), 1);
    }

    #[test]
    fn a_deleted_post_must_be_gone() {
        let deleted = |deleted| ledger("m1", Said { deleted, ..said(Some("a"), &["m1 hello"]) });
        let there = stored(&[("a", "m1 hello")]);
        assert_eq!(deleted(Switch::On).differences(&there).len(), 1);
        assert!(deleted(Switch::On).differences(&stored(&[])).is_empty());
        assert!(deleted(Switch::InDoubt).differences(&there).is_empty());
        assert!(deleted(Switch::InDoubt).differences(&stored(&[])).is_empty());
    }

    #[test]
    fn a_like_has_the_last_acknowledged_state() {
        let pair = ("u".to_owned(), "p".to_owned());
        let with = |switch| Ledger { likes: HashMap::from([(pair.clone(), switch)]), ..Ledger::default() };
        let (there, gone) = (Stored { likes: [pair.clone()].into(), ..Stored::default() }, Stored::default());
        assert!(with(Switch::On).differences(&there).is_empty() && with(Switch::Off).differences(&gone).is_empty());
        assert_eq!(with(Switch::On).differences(&gone).len(), 1);
        assert_eq!(with(Switch::Off).differences(&there).len(), 1);
        assert!(with(Switch::InDoubt).differences(&there).is_empty());
        assert!(with(Switch::InDoubt).differences(&gone).is_empty());
    }

    #[test]
    fn counts_the_changes_of_each_pair() {
        let pair = |user: &str| (user.to_owned(), "p".to_owned());
        let (mut ledger, mut other) = (Ledger::default(), Ledger::default());
        for acknowledged in [true, false, true] {
            ledger.count_change(&pair("u"), acknowledged);
        }
        other.count_change(&pair("v"), true);
        ledger.absorb(other);
        assert_eq!(ledger.changes()[&pair("u")], Changes { acknowledged: 2, unconfirmed: 1 });
        assert_eq!(ledger.changes()[&pair("v")], Changes { acknowledged: 1, unconfirmed: 0 });
    }
}
