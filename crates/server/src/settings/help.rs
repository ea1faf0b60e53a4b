//! Renders the table of variables as `thoughts --help` and `.env.example`.

use super::variables::{Fallback, VARIABLES, Variable};

/// Widest line of either text, in characters.
const WIDTH: usize = 100;

const EXAMPLE: &str = r#"# Every variable that the server reads, with its default. Copy this file to .env and change what you
# need, or set variables in the environment, which goes first. Empty means unset. Put a value that has
# a space or any of $ # " \ in it between single quotes.
"#;
const MADE_BY: &str =
    "# Made by `thoughts env-example`: change crates/server/src/settings/variables.rs and run it again.\n";

/// The variables for `thoughts --help`: names on the left, meanings and defaults on the right.
pub fn variables_help() -> String {
    let widest = VARIABLES.iter().map(|variable| variable.name.len()).max().unwrap_or_default();
    let width = WIDTH - widest - "    ".len();
    let mut help = vec![
        "Variables, from the environment or from a file .env in the working directory; empty means unset.".to_owned(),
        "Durations are written as 300s, 15m or 30d.".to_owned(),
    ];
    help.extend(wrap(&about_files(), WIDTH));
    help.push(String::new());
    for variable in VARIABLES {
        let mut lines = wrap(variable.meaning, width);
        if let Some(default) = variable.shown_default() {
            append(&mut lines, &format!("[default: {default}]"), width);
        }
        let names = std::iter::once(variable.name).chain(std::iter::repeat(""));
        help.extend(names.zip(lines).map(|(name, line)| format!("  {name:widest$}  {line}")));
    }
    help.join("\n") + "\n"
}

/// The text of `.env.example`: every variable, commented out, with its meaning and its default.
pub fn env_example() -> String {
    let head = [EXAMPLE, &comment(&about_files()), MADE_BY].join("#\n");
    let rows = VARIABLES.iter().map(|variable| {
        let Variable { name, meaning, .. } = variable;
        match (variable.fallback, variable.shown_default()) {
            (Fallback::Value(value), _) => format!("\n{}#{name}={value}\n", comment(meaning)),
            (_, None) => format!("\n{}#{name}=\n", comment(meaning)),
            (_, Some(default)) => format!("\n{}#{name}=\n", comment(&format!("{meaning} Default: {default}."))),
        }
    });
    head + &rows.collect::<String>()
}

/// A note that secrets may be in files, with the variables that name these.
fn about_files() -> String {
    let names: Vec<_> = VARIABLES.iter().filter_map(Variable::file).collect();
    format!("Instead of a secret, the path of a file that holds it may be set: {}.", names.join(", "))
}

/// `text` as lines of a comment.
fn comment(text: &str) -> String {
    format!("# {}\n", wrap(text, WIDTH - "# ".len()).join("\n# "))
}

/// Breaks `text` between words into lines of at most `width` characters; a longer word has a line of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for word in text.split_whitespace() {
        append(&mut lines, word, width);
    }
    lines
}

/// Appends `piece` to the last line if it fits, else to a new one.
fn append(lines: &mut Vec<String>, piece: &str, width: usize) {
    match lines.last_mut() {
        Some(line) if line.chars().count() + 1 + piece.chars().count() <= width => {
            line.push(' ');
            line.push_str(piece);
        }
        _ => lines.push(piece.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn help_is_aligned_and_fits_into_100_columns() {
        let help = variables_help();
        let port = "\n  PORT                         The port to listen at; 0 for any free one. [default: 3000]\n";
        assert!(help.contains(port), "{help}");
        let longest = help.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= 100, "{longest}");
    }

    #[test]
    fn both_name_every_variable_and_say_which_may_be_in_files() {
        for (text, before, after) in [(variables_help(), "\n  ", " "), (env_example(), "\n#", "=")] {
            for variable in VARIABLES {
                assert!(text.contains(&format!("{before}{}{after}", variable.name)), "{}", variable.name);
                let file = format!("{}_FILE", variable.name);
                assert_eq!(text.contains(&file), variable.file().is_some(), "{file}");
            }
        }
    }

    #[test]
    fn example_is_the_file_at_the_root_of_the_repository_and_sets_nothing() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
        let file = std::fs::read_to_string(&path).unwrap_or_default();
        let example = env_example();
        assert!(
            file == example,
            ".env.example is stale; at the root of the repository, run: cargo run -- env-example > .env.example"
        );
        assert!(example.lines().all(|line| line.is_empty() || line.starts_with('#')));
    }

    #[test]
    fn wrap_breaks_between_words_only() {
        assert_eq!(wrap("ab cd  efghijk l", 5), ["ab cd", "efghijk", "l"]);
        assert!(wrap("", 5).is_empty());
    }
}
