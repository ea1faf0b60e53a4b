//! `cargo xtask diagrams`: writes the diagrams in `assets/`.
//!
//! `crates.dot` is generated from the manifests, `erd.dot` from the schema; `system.dot` is written by hand. Graphviz
//! renders each to SVG. Checking needs no Graphviz: a drawing holds the hash of its source.

mod crates;
mod erd;
mod schema;
mod svg;

use anyhow::Result;
use toolkit::root;

use crate::{check_deps, fresh};

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Write nothing, and fail if a diagram is stale; needs no Graphviz
    #[arg(long)]
    check: bool,
}

/// Writes and renders the diagrams, or checks them.
pub(crate) async fn run(args: Args) -> Result<()> {
    write_or_check(args.check).await
}

/// Fails if a diagram is stale.
pub(crate) async fn check() -> Result<()> {
    write_or_check(true).await
}

async fn write_or_check(check: bool) -> Result<()> {
    let assets = root().join("assets");
    let generated = [
        ("crates.dot", crates::draw(&check_deps::packages()?)),
        ("erd.dot", erd::draw(&Box::pin(schema::read()).await?)),
    ];
    for (name, source) in generated {
        fresh::write_or_check(&assets.join(name), &source, check, "diagrams")?;
    }
    for name in ["crates", "erd", "system"] {
        let (dot, svg) = (assets.join(name).with_extension("dot"), assets.join(name).with_extension("svg"));
        if check {
            svg::check(&dot, &svg)?;
        } else {
            svg::render(&dot, &svg)?;
        }
    }
    Ok(())
}
