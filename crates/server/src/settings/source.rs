//! The sources of variables: the environment of the process, then the file `.env`. In both, a secret may be replaced by
//! the name of a file that contains it.

use std::collections::HashMap;
use std::path::Path;
use std::{env, fs};

use super::dot_env::{self, Entry};
use super::problem::{Problem, SettingsError};
use super::variables::{Variable, names};

/// Values by the name of their variable.
pub(super) type Variables = HashMap<String, String>;

/// The values of the variables `wanted` in this process.
///
/// # Errors
/// The problems with variables and files that cannot be read, and no others: these variables would count as unset and
/// cause false problems.
pub(super) fn variables_of_process(wanted: &[Variable]) -> Result<Variables, SettingsError> {
    let (process, mut problems) = environment();
    let (entries, malformed) = dot_env::read(Path::new(".env"));
    problems.extend(malformed);
    if !problems.is_empty() {
        return Err(SettingsError { problems });
    }
    values(wanted, &[process, variables_of_file(entries)])
}

/// The variables of a file. The first of two equal names wins.
fn variables_of_file(entries: Vec<Entry>) -> Variables {
    entries.into_iter().rev().map(|entry| (entry.name, entry.value)).collect()
}

/// The values of the variables `wanted` in `layers`.
fn values(wanted: &[Variable], layers: &[Variables]) -> Result<Variables, SettingsError> {
    let (mut values, mut problems) = (Variables::new(), Vec::new());
    for variable in wanted {
        match value(variable, layers) {
            Ok(value) => values.extend(value.map(|value| (variable.name.to_owned(), value))),
            Err(problem) => problems.push(problem),
        }
    }
    problems.sort_by(|one, other| one.variable.cmp(&other.variable));
    if problems.is_empty() { Ok(values) } else { Err(SettingsError { problems }) }
}

/// The value of the variable in the first layer that sets it.
fn value(variable: &Variable, layers: &[Variables]) -> Result<Option<String>, Problem> {
    for layer in layers {
        let get = |name: &str| layer.get(name).filter(|value| !value.trim().is_empty());
        let file = variable.file().and_then(|name| get(&name).map(|path| (name, path)));
        match (get(variable.name), file) {
            (None, None) => {}
            (Some(value), None) => return Ok(Some(value.clone())),
            (None, Some((name, path))) => return content(&name, path).map(Some),
            (Some(_), Some((name, _))) => {
                let both = format!("is set, and so is {name}; expected one of them");
                return Err(Problem::new(variable.name, both));
            }
        }
    }
    Ok(None)
}

/// The secret in a file, without the line end. Problems do not show the path, which may be a secret in the wrong
/// variable.
fn content(variable: &str, path: &str) -> Result<String, Problem> {
    let text = fs::read_to_string(path.trim())
        .map_err(|error| Problem::new(variable, format!("names a file that cannot be read: {error}")))?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.trim().is_empty() {
        return Err(Problem::new(variable, "names a file that is empty"));
    }
    Ok(secret.to_owned())
}

/// The variables of the process that the server reads, and those that are not UTF-8.
fn environment() -> (Variables, Vec<Problem>) {
    let (mut variables, mut problems) = (Variables::new(), Vec::new());
    for name in names() {
        match env::var(&name) {
            Ok(value) => variables.extend([(name, value)]),
            Err(env::VarError::NotPresent) => {}
            Err(env::VarError::NotUnicode(_)) => problems.push(Problem::new(name, "is not text in UTF-8")),
        }
    }
    (variables, problems)
}
#[cfg(test)]
mod tests {
    use super::super::variables::{HOST, PORT, RUST_LOG, SIGNING_KEY, VARIABLES, WORKERS};
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn layer(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Calls `test` with the path of a file that contains `bytes`.
    fn with_file(bytes: &[u8], test: impl FnOnce(&str)) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("thoughts-secret-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        test(path.to_str().unwrap());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_first_of_two_equal_names_in_a_file_wins() {
        let entry = |name: &str, value: &str| Entry { line: 1, name: name.to_owned(), value: value.to_owned() };
        let file = variables_of_file(vec![entry("PORT", "1"), entry("HOST", "::1"), entry("PORT", "2")]);
        assert_eq!(file, layer(&[("PORT", "1"), ("HOST", "::1")]));
    }

    #[test]
    fn value_skips_empty_variables() {
        let layers =
            [layer(&[("HOST", "::1"), ("PORT", " ")]), layer(&[("HOST", "::2"), ("PORT", "1"), ("WORKERS", "")])];
        let values = [HOST, PORT, WORKERS, RUST_LOG].map(|variable| value(&variable, &layers).unwrap());
        assert_eq!(values, [Some("::1".to_owned()), Some("1".to_owned()), None, None]);
    }

    #[test]
    fn only_the_value_of_a_secret_may_be_in_a_file() {
        for variable in VARIABLES {
            for (bytes, secret) in [("hush", "hush"), (" hu sh \r\n", " hu sh "), ("hush\n\n", "hush\n")] {
                with_file(bytes.as_bytes(), |path| {
                    let layers = [layer(&[(&format!("{}_FILE", variable.name), path)])];
                    let expected = variable.file().map(|_| secret.to_owned());
                    assert_eq!(value(variable, &layers), Ok(expected), "{}", variable.name);
                });
            }
        }
    }

    #[test]
    fn the_first_layer_wins_whether_it_has_the_secret_or_its_file() {
        with_file(b"kept", |path| {
            let (file, plain) = (layer(&[("SIGNING_KEY_FILE", path)]), layer(&[("SIGNING_KEY", "plain")]));
            let nowhere = layer(&[("SIGNING_KEY_FILE", "/nowhere/at/all")]);
            let first = |layers: [&Variables; 2]| value(&SIGNING_KEY, &layers.map(Clone::clone)).unwrap();
            assert_eq!(first([&file, &plain]).as_deref(), Some("kept"));
            assert_eq!(first([&plain, &file]).as_deref(), Some("plain"));
            assert_eq!(first([&plain, &nowhere]).as_deref(), Some("plain"), "an unneeded file is not read");
        });
    }

    #[test]
    fn values_are_refused_for_an_invalid_file_or_two_sources() {
        let refused = |pairs: &[(&str, &str)]| {
            let problems = values(VARIABLES, &[layer(pairs)]).unwrap_err().problems;
            assert_eq!(problems.len(), 1, "{problems:?}");
            problems[0].to_string()
        };
        let unreadable = refused(&[("SIGNING_KEY_FILE", "/nowhere/hush"), ("PORT", "good")]);
        assert!(unreadable.starts_with("SIGNING_KEY_FILE names a file that cannot be read: No such"), "{unreadable}");
        assert!(!unreadable.contains("hush"), "{unreadable}");
        with_file(b"\n", |path| {
            assert_eq!(refused(&[("SIGNING_KEY_FILE", path)]), "SIGNING_KEY_FILE names a file that is empty");
        });
        with_file(b"\xff", |path| assert!(refused(&[("SIGNING_KEY_FILE", path)]).contains("UTF-8")));
        assert_eq!(
            refused(&[("SIGNING_KEY", "hush"), ("SIGNING_KEY_FILE", "/x")]),
            "SIGNING_KEY is set, and so is SIGNING_KEY_FILE; expected one of them"
        );
    }

    #[test]
    fn only_wanted_values_are_read() {
        let layers = [layer(&[("PORT", "1"), ("SIGNING_KEY_FILE", "/nowhere/at/all")])];
        assert_eq!(values(&[PORT, HOST], &layers).unwrap(), layer(&[("PORT", "1")]));
    }
}
