//! Likes and follows: what is switched on and off.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::cases::log::facts::{Fact, Tables};
use crate::load::{Changes, Pair};

/// The changes of one pair in the log: the position of each, and whether it switched on.
type Turns = Vec<(u64, bool)>;

/// Likes and follows whose changes do not alternate, differ in number from the acknowledged ones, or end in another
/// state than the stored one.
pub(super) fn differences(facts: &[Fact], tables: &Tables, sent: &HashMap<Pair, Changes>) -> Vec<String> {
    let mut likes = BTreeMap::<Pair, Turns>::new();
    let mut follows = BTreeMap::<Pair, Turns>::new();
    for fact in facts {
        let (first, second) = (fact.id(0).to_owned(), fact.id(1).to_owned());
        let (turns, pair, on) = match fact.name.as_str() {
            "post_liked" => (&mut likes, (second, first), true),
            "post_unliked" => (&mut likes, (second, first), false),
            "followed" => (&mut follows, (first, second), true),
            "unfollowed" => (&mut follows, (first, second), false),
            _ => continue,
        };
        turns.entry(pair).or_default().push((fact.position, on));
    }
    let mut found = Vec::new();
    compare("like", &likes, &tables.likes, &mut found);
    compare("follow", &follows, &tables.follows, &mut found);
    let logged = likes.iter().chain(&follows).map(|(pair, turns)| (pair, turns.len())).collect();
    count(&logged, sent, &mut found);
    found
}

fn compare(what: &str, logged: &BTreeMap<Pair, Turns>, stored: &HashSet<Pair>, found: &mut Vec<String>) {
    for (pair, turns) in logged {
        if !turns.iter().enumerate().all(|(index, (_, on))| *on == index.is_multiple_of(2)) {
            found.push(format!("the changes of the {what} {pair:?} do not alternate from on to off: {turns:?}"));
        }
        if turns.last().is_some_and(|(_, on)| *on != stored.contains(pair)) {
            let is = if stored.contains(pair) { "is" } else { "is not" };
            found.push(format!("the {what} {pair:?} {is} stored, against the log: {turns:?}"));
        }
    }
    for pair in stored.iter().filter(|pair| !logged.contains_key(*pair)) {
        found.push(format!("the {what} {pair:?} is stored and not in the log"));
    }
}

/// Every change switches to the other state, so each that was acknowledged has one fact. An unconfirmed one
/// may have one too, and then the next one may change nothing.
fn count(logged: &BTreeMap<&Pair, usize>, sent: &HashMap<Pair, Changes>, found: &mut Vec<String>) {
    let pairs: BTreeSet<&Pair> = logged.keys().copied().chain(sent.keys()).collect();
    for pair in pairs {
        let facts = logged.get(pair).copied().unwrap_or_default();
        let Changes { acknowledged, unconfirmed } = sent.get(pair).copied().unwrap_or_default();
        if facts.abs_diff(acknowledged) > unconfirmed {
            found.push(format!("{acknowledged} changes of {pair:?} were acknowledged, the log has {facts}"));
        }
    }
}
