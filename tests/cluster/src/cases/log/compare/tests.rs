use std::time::{Duration, Instant};

use super::*;
use crate::load::{Kind, Outcome};

/// A good log. The post `p` has an edit, a comment, and a like that was taken back and given again. The post `q` was
/// deleted. A follow has ended.
const GOOD: [(&str, &str); 10] = [
    ("post_published", "p u"),
    ("post_liked", "p v"),
    ("comment_added", "c p v"),
    ("post_published", "q u"),
    ("followed", "v u"),
    ("post_unliked", "p v"),
    ("post_edited", "p u"),
    ("post_liked", "p v"),
    ("post_deleted", "q u"),
    ("unfollowed", "v u"),
];

fn facts(facts: &[(&str, &str)]) -> Vec<Fact> {
    let fact = |(position, (name, ids)): (u64, &(&str, &str))| Fact {
        position,
        name: (*name).to_owned(),
        ids: ids.split(' ').map(str::to_owned).collect(),
    };
    (1..).zip(facts).map(fact).collect()
}

fn pair(first: &str, second: &str) -> Pair {
    (first.to_owned(), second.to_owned())
}

fn set(ids: &[&str]) -> HashSet<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn stored() -> Tables {
    Tables { posts: set(&["p"]), comments: set(&["c"]), likes: [pair("v", "p")].into(), follows: HashSet::new() }
}

fn sent() -> Sent {
    let changes = |acknowledged| Changes { acknowledged, unconfirmed: 0 };
    Sent {
        posts: set(&["p", "q"]),
        comments: set(&["c"]),
        edits: [("p".to_owned(), 1)].into(),
        changes: [(pair("v", "p"), changes(3)), (pair("v", "u"), changes(2))].into(),
    }
}

fn without(log: &mut Vec<(&'static str, &'static str)>, index: usize) {
    log.remove(index);
}

/// The differences of the good log after a change of it.
fn after(change: impl FnOnce(&mut Vec<(&'static str, &'static str)>)) -> String {
    let mut log = GOOD.to_vec();
    change(&mut log);
    differences(&facts(&log), &stored(), &sent()).join("\n")
}

#[track_caller]
fn assert_found(found: &str, expected: &str) {
    assert!(found.contains(expected), "{expected} is not in:\n{found}");
}

#[test]
fn a_log_that_agrees_has_no_differences() {
    assert_eq!(after(|_| {}), "");
}

#[test]
fn every_fact_is_needed() {
    for (index, fact) in GOOD.iter().enumerate() {
        assert_ne!(after(|log| without(log, index)), "", "without {fact:?}");
    }
}

#[test]
fn every_fact_but_an_edit_occurs_once() {
    for (index, fact) in GOOD.into_iter().enumerate() {
        let found = after(|log| log.insert(index, fact));
        assert_eq!(found.is_empty(), fact.0 == "post_edited", "{fact:?} twice: {found}");
    }
    assert_found(&after(|log| log.push(GOOD[0])), "`post_published` of p 2 times, at [1, 11]");
    assert_found(&after(|log| log.push(GOOD[2])), "`comment_added` of c 2 times, at [3, 11]");
}

#[test]
fn finds_what_is_missing() {
    assert_found(&after(|log| without(log, 0)), "the post p is stored, and does not exist by the log");
    assert_found(&after(|log| without(log, 3)), "the post q was acknowledged and is not in the log");
    assert_found(&after(|log| without(log, 2)), "the comment c was acknowledged and is not in the log");
    assert_found(&after(|log| without(log, 6)), "1 edits of the post p were acknowledged, the log has 0");
    assert_found(&after(|log| without(log, 8)), "the post q exists by the log, and is not stored");
    assert_found(&after(|log| without(log, 9)), "the follow (\"v\", \"u\") is not stored, against the log");
    assert_found(&after(|log| log.retain(|fact| !fact.0.ends_with("liked"))), "is stored and not in the log");
}

#[test]
fn finds_what_was_never_stored() {
    assert_found(&after(|log| log.push(("comment_added", "x p v"))), "the comment x exists by the log");
    assert_found(&after(|log| log.push(("post_liked", "p w"))), "the like (\"w\", \"p\") is not stored");
}

#[test]
fn finds_a_lost_pair_of_changes() {
    let found = after(|log| without(log, 9));
    assert_found(&found, "2 changes of (\"v\", \"u\") were acknowledged, the log has 1");
    let found = after(|log| log.retain(|fact| !fact.0.ends_with("followed")));
    assert_found(&found, "2 changes of (\"v\", \"u\") were acknowledged, the log has 0");
}

#[test]
fn finds_the_wrong_order() {
    assert_found(&after(|log| log.swap(1, 5)), "do not alternate from on to off: [(2, false), (6, true), (8, true)]");
    assert_found(&after(|log| log.swap(4, 9)), "the changes of the follow (\"v\", \"u\") do not alternate");
    assert_found(&after(|log| log.swap(0, 2)), "`comment_added` of the post p at 1 is before its publication");
    assert_found(&after(|log| log.push(("post_edited", "q u"))), "of the post q at 11 is after its deletion");
    assert_found(&after(|log| log.swap(3, 8)), "`post_deleted` of the post q at 4 is before its publication");
}

#[test]
fn a_change_that_was_unconfirmed_may_have_a_fact() {
    let with = |unconfirmed| {
        let mut sent = sent();
        sent.changes.insert(pair("v", "p"), Changes { acknowledged: 2, unconfirmed });
        differences(&facts(&GOOD), &stored(), &sent)
    };
    assert!(with(1).is_empty() && with(0).len() == 1);
}

#[test]
fn counts_acknowledged_edits() {
    let sample = |call: &str, outcome| {
        let (call, sent, took) = (call.to_owned(), Instant::now(), Duration::ZERO);
        Sample { call, kind: Kind::Once, sent, took, outcome }
    };
    assert_eq!(edited(&sample("PATCH /v1/posts/p", Outcome::Good)), Some("p"));
    assert_eq!(edited(&sample("PATCH /v1/posts/p", Outcome::Status(502))), None);
    assert_eq!(edited(&sample("DELETE /v1/posts/p", Outcome::Good)), None);
}
