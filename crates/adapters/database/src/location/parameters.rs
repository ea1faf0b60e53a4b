//! Decides which names of unknown parameters an error may show.
//!
//! A password that contains `?` or `&` turns its rest into a parameter. So a name is shown only if it equals, or
//! nearly equals, the name of a parameter of some client.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A parameter of other clients.
    Unsupported(&'static str),
    /// A misspelt parameter, and the known one that is nearest.
    Misspelt { name: String, nearest: &'static str },
    /// Any other parameter, by its number: its name may be part of a password.
    Nameless(usize),
}

impl Unknown {
    /// The parameter `name`, the `number`-th of its address, counted from 1. It is not among the `known` ones. The
    /// `unsupported` ones are parameters of other clients.
    pub(super) fn new(name: &str, number: usize, known: &[&'static str], unsupported: &[&'static str]) -> Self {
        if let Some(name) = unsupported.iter().find(|unsupported| **unsupported == name) {
            return Self(Kind::Unsupported(name));
        }
        let lower = name.to_ascii_lowercase();
        let nearest = known.iter().min_by_key(|known| strsim::osa_distance(known, &lower));
        Self(match nearest.filter(|nearest| is_near(name, nearest)) {
            Some(nearest) => Kind::Misspelt { name: name.to_owned(), nearest },
            None => Kind::Nameless(number),
        })
    }
}

/// Whether `name` is a misspelling of `known`, and so contains almost nothing else.
fn is_near(name: &str, known: &str) -> bool {
    let slips = if known.len() < 6 { 1 } else { 2 };
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'));
    is_plain && strsim::osa_distance(&name.to_ascii_lowercase(), known) <= slips
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Unsupported(name) => write!(f, "the parameter `{name}`, which is not supported; leave it out"),
            Kind::Misspelt { name, nearest } => {
                write!(f, "the parameter `{name}`, which is unknown; did you mean `{nearest}`?")
            }
            Kind::Nameless(number) => {
                write!(f, "an unknown parameter, number {number} (its name is not shown: it may be part of a password)")
            }
        }
    }
}

impl std::error::Error for Unknown {}
