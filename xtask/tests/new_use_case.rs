//! `cargo xtask new use-case`, in a copy of the checkout: what it writes compiles, and its unit tests pass.
//!
//! Only the `todo!` of the SQL is left for the lints to refuse.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ignore::WalkBuilder;

/// A copy of the checkout. It is always at the same path, and files keep their times, so builds of it are incremental.
struct Copy {
    root: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let checkout = toolkit::root();
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let root = tmp.join("new-use-case");
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        let own_files = WalkBuilder::new(&checkout)
            .hidden(false)
            .require_git(false)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        for entry in own_files {
            let entry = entry.unwrap();
            let to = root.join(entry.path().strip_prefix(&checkout).unwrap());
            if entry.file_type().unwrap().is_dir() {
                fs::create_dir_all(&to).unwrap();
            } else {
                fs::copy(entry.path(), &to).unwrap();
                let modified = entry.metadata().unwrap().modified().unwrap();
                fs::File::options().write(true).open(&to).unwrap().set_modified(modified).unwrap();
            }
        }
        Self { root, target: tmp.parent().unwrap().to_owned() }
    }

    fn new_use_case(&self, context: &str, name: &str) -> Output {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.args(["new", "use-case", context, name]).env("CARGO_MANIFEST_DIR", &self.root);
        xtask.output().unwrap()
    }

    /// What cargo prints.
    fn cargo(&self, arguments: &str) -> String {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments.split(' ')).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        let output = cargo.output().unwrap();
        let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "cargo {arguments}\n{printed}");
        printed
    }
}

#[test]
fn compiles_and_is_connected() {
    let copy = Copy::new();
    // Verbs that no use case will have.
    let made =
        [("posts", "frob_post"), ("posts", "twiddle_comment"), ("social", "munge_user"), ("accounts", "grok_user")];
    for (context, name) in made {
        let output = copy.new_use_case(context, name);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let again = copy.new_use_case("posts", "frob_post");
    let refused = String::from_utf8(again.stderr).unwrap();
    assert!(!again.status.success() && refused.contains("frob_post.rs exists"), "{refused}");
    copy.cargo("fmt --all --check");
    let tests =
        copy.cargo("test --package accounts --package posts --package social --lib -- frob_ twiddle_ munge_ grok_");
    for (_, name) in made {
        assert_eq!(tests.matches(&format!("test {name}::tests::")).count(), 7, "{name}\n{tests}");
    }
    // As the lints do, so that both use the same builds of dependencies.
    copy.cargo("clippy --workspace --all-targets --all-features --quiet -- --deny warnings --allow clippy::todo");
}
