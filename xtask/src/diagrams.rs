//! `cargo xtask diagrams`: writes the diagrams in `assets/`.
//!
//! `erd.dot` is generated from the schema; `system.dot` is written by hand. Graphviz renders both to SVG. The check
//! needs no Graphviz, because each SVG contains the hash of its source.

mod erd;
mod schema;
mod svg;

use anyhow::Result;
use toolkit::root;

use crate::fresh;

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
    let source = erd::draw(&Box::pin(schema::read()).await?);
    fresh::write_or_check(&assets.join("erd.dot"), &source, check, "diagrams")?;
    for name in ["erd", "system"] {
        let (dot, svg) = (assets.join(name).with_extension("dot"), assets.join(name).with_extension("svg"));
        if check {
            svg::check(&dot, &svg)?;
        } else {
            svg::render(&dot, &svg)?;
        }
    }
    Ok(())
}
