//! Texts of comments and replies.

use rand::RngExt;

use super::template::fill;
use crate::chance::{Chance, pick};

const REMARKS: &[&str] = &[
    "so true.",
    "this!",
    "say no more.",
    "I felt this.",
    "hard disagree, {idea} is {adjective}.",
    "have you tried {doing}?",
    "same here, {when}.",
    "{person} would like a word.",
    "tell that to {animal}.",
    "you had me at {food}.",
    "counterpoint: {food}.",
    "{doing} helped me. And {drink}.",
    "I thought I was the only one!",
    "where is this? It looks like {place}.",
    "saving this for later.",
    "not with {weather}, no.",
    "wait until you hear about {tech}.",
    "and that is why I gave up {doing}.",
    "can confirm, {person} told me {when}.",
    "I laughed so loudly that {animal} left.",
    "respectfully: no.",
    "citation needed",
    "{number} out of ten, would read again",
    "ha! Exactly what {person} says about {idea}.",
    "sending {food} your way.",
    "what does {person} say to that?",
    "you should write a book about {doing}.",
    "nobody at {place} will ever believe this.",
    "this made me feel {mood}, thank you.",
    "I read this as \u{201c}{food}\u{201d} and was much happier.",
    "is it just me, or is {idea} {adjective}?",
    "the same happened to me with {tech}.\nIn the end it was a typo.",
];

pub fn remark(chance: &mut Chance) -> String {
    if chance.random_bool(0.05) {
        return fill(chance, "{emoji}");
    }
    let mut text = one(chance);
    if chance.random_bool(0.15) {
        text = text + " " + &one(chance);
    }
    if chance.random_bool(0.2) {
        text = text + " " + &fill(chance, "{emoji}");
    }
    text
}

fn one(chance: &mut Chance) -> String {
    let template = pick(chance, REMARKS);
    fill(chance, template)
}

#[cfg(test)]
pub(super) const TEMPLATES: [&[&str]; 1] = [REMARKS];
