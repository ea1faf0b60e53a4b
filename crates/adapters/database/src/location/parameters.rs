//! The names of parameters: which of them may be shown.
//!
//! A password with a `?` or a `&` in it makes a parameter of its rest. So a name is shown when it is, or is nearly, one
//! that some client knows.

use std::fmt;

/// A parameter that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Other clients know it.
    Unsupported(&'static str),
    /// Nearly one that is known.
    Misspelt { name: String, nearest: &'static str },
    /// It may be anything: the how many-th it is.
    Nameless(usize),
}

impl Unknown {
    /// The parameter `name`, which is the `number`-th of its address, counted from 1. It is not among those that are
    /// `known`; other clients have those that are `unsupported`.
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

/// Whether `name` is a slip of the pen for `known`; such a name has next to nothing in it that is not in the other.
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
