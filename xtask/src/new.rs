//! `cargo xtask new`: writes the fixed forms of something new, connects them, and prints what is left to do.
//!
//! The forms are those of bookmarks, the worked example of `docs/adding-a-use-case.md`. Nothing is written unless each
//! file is new and each line has its place.

mod files;
mod lines;
mod names;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use toolkit::{Interrupt, process, root};

use names::Names;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// A write that a signed-in user repeats and takes back freely, on a post, a comment or a user: `PUT` and `DELETE`
    UseCase {
        /// The context: a crate in crates/usecases, for instance posts
        context: String,
        /// A new verb and the noun `post`, `comment` or `user`, for instance `pin_post`. Files, table and port are
        /// named by the verb
        name: String,
    },
}

/// A file of the checkout, with its new content.
struct Change {
    /// From the root of the checkout.
    path: PathBuf,
    content: String,
}

/// Writes the forms.
pub(crate) async fn run(args: Args) -> Result<()> {
    let What::UseCase { context, name } = args.what;
    let root = root();
    let names = Names::parse(&context, &name, &root)?;
    let new = files::rendered(&names);
    if let Some(file) = new.iter().find(|file| root.join(&file.path).exists()) {
        bail!("{} exists: choose another verb, or extend it by hand. Nothing was written", file.path.display());
    }
    let connected = lines::connected(&names, &root).context("nothing was written")?;
    for Change { path, content } in new.iter().chain(&connected) {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut format = process::cargo(["fmt", "--all"]);
    format.current_dir(&root);
    process::run(format, &Interrupt::listen()?).await?;
    report("wrote", &new);
    report("connected in", &connected);
    println!("\n{}", names.fill(include_str!("new/left.txt")));
    Ok(())
}

fn report(what: &str, changes: &[Change]) {
    for Change { path, .. } in changes {
        println!("{what:>12} {}", path.display());
    }
}
