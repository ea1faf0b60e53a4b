//! Where variables come from: the environment of the process, then the file `.env`; and for each secret the file that
//! one of them names.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use super::dot_env::{self, Variables};
use super::problem::{Problem, SettingsError};
use super::reader::Source;
use super::variables::{VARIABLES, file_variable, find};

/// Reads with the variables of this process.
///
/// # Errors
/// What `read` complains about. When a variable or a file cannot be read, only that: it would pass for unset, so that
/// more problems would be found than there are.
pub(super) fn with_variables_of_process<T>(
    read: impl FnOnce(Source<'_>) -> Result<T, SettingsError>,
) -> Result<T, SettingsError> {
    let layers = match (of_process(), dot_env::read(Path::new(".env"))) {
        (Ok(process), Ok(file)) => [process, file],
        (process, file) => {
            let problems = [process.err(), file.err()].into_iter().flatten().flatten().collect();
            return Err(SettingsError { problems });
        }
    };
    with_layers(&layers, read)
}

fn with_layers<T>(
    layers: &[Variables],
    read: impl FnOnce(Source<'_>) -> Result<T, SettingsError>,
) -> Result<T, SettingsError> {
    // By variable: one that is asked for twice has one problem.
    let unreadable = RefCell::new(BTreeMap::new());
    let settings = read(&|name| {
        let value = value(name, layers);
        value.unwrap_or_else(|problem| {
            unreadable.borrow_mut().insert(problem.variable.clone(), problem);
            None
        })
    });
    let unreadable = unreadable.into_inner();
    if unreadable.is_empty() { settings } else { Err(SettingsError { problems: unreadable.into_values().collect() }) }
}

/// What the first layer says that says anything of the variable.
fn value(name: &str, layers: &[Variables]) -> Result<Option<String>, Problem> {
    let secret = find(name).is_some_and(|variable| variable.secret);
    for layer in layers {
        let get = |name: &str| layer.get(name).filter(|value| !value.trim().is_empty());
        let file = secret.then(|| file_variable(name));
        match (get(name), file.as_deref().and_then(get)) {
            (None, None) => {}
            (Some(value), None) => return Ok(Some(value.clone())),
            (None, Some(path)) => return content(&file_variable(name), path).map(Some),
            (Some(_), Some(_)) => {
                let both = format!("is set, and so is {}; expected one of them", file_variable(name));
                return Err(Problem::new(name, both));
            }
        }
    }
    Ok(None)
}

/// The secret in a file, without the end of its line. The path is not shown, for it may be a secret put into the wrong
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

/// The variables of the process that the server reads.
fn of_process() -> Result<Variables, Vec<Problem>> {
    let (mut variables, mut problems) = (Variables::new(), Vec::new());
    let files = VARIABLES.iter().filter(|variable| variable.secret).map(|variable| file_variable(variable.name));
    for name in VARIABLES.iter().map(|variable| variable.name.to_owned()).chain(files) {
        match env::var(&name) {
            Ok(value) => {
                variables.insert(name, value);
            }
            Err(env::VarError::NotPresent) => {}
            Err(env::VarError::NotUnicode(_)) => problems.push(Problem::new(name, "is not text in UTF-8")),
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Hands a path to `test`, at which `bytes` are.
    fn with_file(bytes: &[u8], test: impl FnOnce(&str)) {
        let file = tempfile(bytes);
        test(file.to_str().unwrap());
        fs::remove_file(file).unwrap();
    }

    fn tempfile(bytes: &[u8]) -> std::path::PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("thoughts-secret-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    mod value {
        use super::*;

        #[test]
        fn passes_over_what_is_empty() {
            let layers =
                [layer(&[("HOST", "::1"), ("PORT", " ")]), layer(&[("HOST", "::2"), ("PORT", "1"), ("WORKERS", "")])];
            let get = |name| value(name, &layers).unwrap();
            assert_eq!(get("HOST").as_deref(), Some("::1"));
            assert_eq!(get("PORT").as_deref(), Some("1"));
            assert_eq!(get("WORKERS"), None);
            assert_eq!(get("RUST_LOG"), None);
        }

        #[test]
        fn of_every_secret_may_be_in_a_file() {
            for variable in VARIABLES.iter().filter(|variable| variable.secret) {
                for (bytes, expected) in [("hush", "hush"), (" hu sh \r\n", " hu sh "), ("hush\n\n", "hush\n")] {
                    with_file(bytes.as_bytes(), |path| {
                        let layers = [layer(&[(&file_variable(variable.name), path)])];
                        assert_eq!(value(variable.name, &layers).unwrap().as_deref(), Some(expected));
                    });
                }
            }
        }

        #[test]
        fn of_what_is_no_secret_is_in_no_file() {
            with_file(b"1", |path| assert_eq!(value("PORT", &[layer(&[("PORT_FILE", path)])]), Ok(None)));
        }

        #[test]
        fn is_what_the_first_layer_says_in_either_way() {
            with_file(b"kept", |path| {
                let (file, plain) = (layer(&[("SIGNING_KEY_FILE", path)]), layer(&[("SIGNING_KEY", "plain")]));
                let nowhere = layer(&[("SIGNING_KEY_FILE", "/nowhere/at/all")]);
                let first = |layers: [&Variables; 2]| value("SIGNING_KEY", &layers.map(Clone::clone)).unwrap();
                assert_eq!(first([&file, &plain]).as_deref(), Some("kept"));
                assert_eq!(first([&plain, &file]).as_deref(), Some("plain"));
                assert_eq!(first([&plain, &nowhere]).as_deref(), Some("plain"), "what is not needed is not read");
            });
        }
    }

    mod with_layers {
        use super::super::super::reader::Reader;
        use super::*;

        fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
            let read = |source: Source<'_>| {
                let mut reader = Reader::new(source);
                let set = reader.is_set("SIGNING_KEY");
                let key = reader.value("SIGNING_KEY", |raw| Ok(raw.to_owned()));
                reader.finish(key.filter(|_| set))
            };
            let error = with_layers(&[layer(pairs)], read).unwrap_err();
            error.problems.iter().map(ToString::to_string).collect()
        }

        #[test]
        fn complains_once_of_a_file_that_is_of_no_use() {
            let complaint = |path: &str| {
                let problems = problems(&[("SIGNING_KEY_FILE", path)]);
                assert_eq!(problems.len(), 1, "{problems:?}");
                problems.concat()
            };
            let said = complaint("/nowhere/hush");
            assert!(said.starts_with("SIGNING_KEY_FILE names a file that cannot be read: No such"), "{said}");
            assert!(!said.contains("hush"), "{said}");
            with_file(b"\n", |path| assert_eq!(complaint(path), "SIGNING_KEY_FILE names a file that is empty"));
            with_file(b"\xff", |path| assert!(complaint(path).contains("UTF-8")));
        }

        #[test]
        fn complains_of_two_places_for_one_secret() {
            assert_eq!(
                problems(&[("SIGNING_KEY", "hush"), ("SIGNING_KEY_FILE", "/x")]),
                ["SIGNING_KEY is set, and so is SIGNING_KEY_FILE; expected one of them"]
            );
        }
    }
}
