//! Parses addresses of SQLite: a path and, rarely, parameters.
//!
//! The path is taken literally, with spaces, percent signs and all other characters of folder names. Its last part
//! contains no question mark, which begins the parameters.

use url::form_urlencoded;

use super::parameters::Unknown;
use super::{Location, ParseLocationError};

const KNOWN: &[&str] = &["mode"];
/// Parameters of other clients.
const UNSUPPORTED: &[&str] = &["cache", "immutable", "vfs", "connection_limit", "socket_timeout", "nolock", "psow"];
const MODES: &[(&str, &str)] = &[
    ("ro", "a server writes: leave `mode` out"),
    ("rw", "the file is made when it is not there: leave `mode` out"),
    ("memory", "for a database in memory write sqlite::memory:"),
];

/// Parses what follows `sqlite:`.
pub(super) fn parse(rest: &str) -> Result<Location, ParseLocationError> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, parameters) = split(rest)?;
    for (number, (name, value)) in (1..).zip(form_urlencoded::parse(parameters.as_bytes())) {
        match (&*name, &*value) {
            ("mode", "rwc") => {}
            ("mode", value) => return Err(mode(value)),
            (name, _) => return Err(Unknown::new(name, number, KNOWN, UNSUPPORTED).into()),
        }
    }
    let user = path.split('/').next().unwrap_or_default();
    let is_of_a_server = user.contains(':') && path.contains('@');
    match path {
        "" => Err(ParseLocationError::NoFile),
        ":memory:" => Ok(Location::SqliteMemory),
        path if path.ends_with('/') => Err(ParseLocationError::NoFile),
        path if path.starts_with("file:") => Err(ParseLocationError::FileUri),
        _ if is_of_a_server => Err(ParseLocationError::Credentials),
        path => Ok(Location::SqliteFile(path.into())),
    }
}

/// Splits the path from the parameters, which begin at the first question mark before a name and an equals sign.
fn split(rest: &str) -> Result<(&str, &str), ParseLocationError> {
    let begins = |(at, _): &(usize, &str)| begins_with_parameter(&rest[at + 1..]);
    match rest.match_indices('?').find(begins) {
        Some((at, _)) => Ok((&rest[..at], &rest[at + 1..])),
        None if rest.rsplit('/').next().is_some_and(|last| last.contains('?')) => Err(ParseLocationError::QuestionMark),
        None => Ok((rest, "")),
    }
}

fn begins_with_parameter(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text.split_once('=').is_some_and(|(name, _)| is_name(name))
}

fn mode(value: &str) -> ParseLocationError {
    match MODES.iter().find(|(mode, _)| *mode == value) {
        Some((mode, advice)) => ParseLocationError::Mode { mode, advice },
        None => ParseLocationError::Value { name: "mode", expected: "`rwc`, which is what holds without it" },
    }
}
