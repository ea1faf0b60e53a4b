//! Texts of posts.

use rand::RngExt;

use super::template::fill;
use crate::chance::{Chance, pick};

const SENTENCES: &[&str] = &[
    "{doing} is {adjective}.",
    "{idea} is {adjective}.",
    "nobody told me that {doing} would leave me feeling {mood}.",
    "saw {animal} at {place} {when}. We looked at each other and moved on.",
    "{animal} has been sitting on my keyboard since nine. Productivity is up.",
    "unpopular opinion: {food} is better cold.",
    "is {food} a breakfast? Asking for {person}.",
    "{person} says {idea} is {adjective}. I have questions.",
    "all I want is {thing} and some {drink}.",
    "today's small joy: {thing}.",
    "{weather} over {place}. Feeling {mood}.",
    "if you need me, I'm at {place}, {doing}.",
    "spent {number} hours {doing} and would do it again.",
    "I trust {tech} more than I trust {person}.",
    "{tech} and I are not on speaking terms {when}.",
    "learned something about {tech} {when}: read the manual first.",
    "there are {number} kinds of people, and all of them have opinions about {food}.",
    "{person} brought {food} to {place}. Best colleague ever.",
    "{drink} first, then {idea}.",
    "what {thing} and {thing} have in common: you notice them only when they are missing.",
    "I finally understand {idea}. It took {number} years and {food}.",
    "why does {place} always smell of {food}?",
    "reminder: {idea} is {adjective}, and you are allowed to stop {doing}.",
    "rate my plan for the weekend: {doing}, {food}, {doing}.",
    "heard {when}, at {place}: \u{201c}{idea} is {adjective}, but {food} is for ever.\u{201d}",
    "{number} tabs open, one of them plays music, and it is about {doing}.",
    "can't stop thinking about {thing}.",
    "the best part of {doing} is telling {person} about it.",
    "{person} taught me that {doing} is {adjective}. Still true.",
    "deployed {when}. Nothing broke. Suspicious.",
    "day {number} of {doing}: feeling {mood}.",
    "hot take: {thing} beats {thing}, every time.",
    "somebody at {place} is {doing} and I respect that.",
    "my entire personality {when}: {food}, {drink} and {doing}.",
    "does anybody else miss {thing}?",
    "{tech} is {adjective}. So is {doing}.",
    "note to self: {food} is not a substitute for {idea}.",
    "{weather} {when}, and {animal} did not care at all.",
];

const SHORT: &[&str] = &[
    "☕",
    "Tea.",
    "Hm.",
    "Monday again.",
    "It compiles!",
    "Good night.",
    "Finally!",
    "Snow!!",
    "Ça va.",
    "ok",
    "🌧️🌧️🌧️",
    "?",
];

const LISTS: &[&str] = &[
    "Today:\n– {doing}\n– {doing}\n– {food}",
    "Things that are {adjective}:\n1. {idea}\n2. {idea}\n3. {food}",
    "Me: I should sleep.\nAlso me: {doing}.",
    "Shopping list:\n- {drink}\n- {food}\n- {thing}",
    "Plans: {doing}\nReality: {food} at {place}",
    "{weather},\n{animal} at {place},\nnobody else awake.",
];

/// Maximum length of a post; sentences that would exceed it are dropped.
const MOST: usize = 500;
/// Minimum length of a long post.
const LONG: usize = 380;

pub fn thought(chance: &mut Chance) -> String {
    let mut text = match chance.random_range(0..100) {
        0..4 => return pick(chance, SHORT).to_owned(),
        4..14 => fill_one(chance, LISTS),
        14..38 => {
            let first = fill_one(chance, SENTENCES);
            first + " " + &fill_one(chance, SENTENCES)
        }
        38..45 => long(chance),
        _ => fill_one(chance, SENTENCES),
    };
    if chance.random_bool(0.2) {
        append(&mut text, " ", &fill(chance, "{emoji}"));
    }
    if chance.random_bool(0.08) {
        append(&mut text, "\n", &fill(chance, "#{tag}"));
    }
    text
}

/// A post of almost the maximum length, in paragraphs.
fn long(chance: &mut Chance) -> String {
    let mut text = fill_one(chance, SENTENCES);
    while text.chars().count() < LONG {
        let gap = if chance.random_bool(0.25) { "\n\n" } else { " " };
        append(&mut text, gap, &fill_one(chance, SENTENCES));
    }
    text
}

fn fill_one(chance: &mut Chance, templates: &[&str]) -> String {
    let template = pick(chance, templates);
    fill(chance, template)
}

/// Appends `more` if there is room.
fn append(text: &mut String, gap: &str, more: &str) {
    if text.chars().count() + gap.chars().count() + more.chars().count() <= MOST {
        text.push_str(gap);
        text.push_str(more);
    }
}

#[cfg(test)]
pub(super) const TEMPLATES: [&[&str]; 2] = [SENTENCES, LISTS];
