//! The files of a new use case.

use super::Change;
use super::names::Names;

/// The form of each file, and its path, both with placeholders.
const FORMS: [(&str, &str); 6] = [
    ("crates/usecases/<<context>>/src/<<verb>>_<<noun>>.rs", include_str!("templates/use_case.rs")),
    ("crates/usecases/<<context>>/src/ports/<<verbs>>.rs", include_str!("templates/port.rs")),
    ("crates/adapters/persistence/src/repository/<<verb>>.rs", include_str!("templates/repository.rs")),
    ("crates/adapters/persistence/tests/repositories/<<verbs>>.rs", include_str!("templates/repository_test.rs")),
    ("crates/api/src/<<context>>/<<verb>>.rs", include_str!("templates/handlers.rs")),
    ("tests/tests/e2e/<<context>>/<<verbs>>.rs", include_str!("templates/e2e_test.rs")),
];

/// The files with their content, not formatted.
pub(super) fn rendered(names: &Names) -> Vec<Change> {
    FORMS.map(|(path, form)| Change { path: names.fill(path).into(), content: names.fill(form) }).into()
}

#[cfg(test)]
mod tests {
    use toolkit::root;

    use super::*;

    #[test]
    fn have_no_placeholder_left() {
        for name in ["pin_post", "pin_comment", "pin_user"] {
            for Change { path, content } in rendered(&Names::parse("posts", name, &root()).unwrap()) {
                let text = format!("{}\n{content}", path.display());
                assert!(!text.contains("<<") && !text.contains(">>"), "{text}");
            }
        }
    }

    #[test]
    fn of_bookmarks_are_those_that_are_shipped() {
        let rendered = rendered(&Names::parse("posts", "bookmark_post", &root()).unwrap());
        let use_case = &rendered[0];
        let shipped = std::fs::read_to_string(root().join(&use_case.path)).unwrap();
        assert_eq!(use_case.content, shipped, "change templates/use_case.rs and the worked example alike");
        for Change { path, .. } in rendered {
            assert!(root().join(&path).is_file(), "the worked example has no {}", path.display());
        }
    }
}
