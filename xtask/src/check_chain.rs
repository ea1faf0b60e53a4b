//! `cargo xtask check-chain`: checks licences, sources and advisories of all dependencies. The rules are in
//! `deny.toml`.

mod cargo_deny;

use anyhow::Result;
use toolkit::Interrupt;

use cargo_deny::CargoDeny;

/// Manifests with their own dependencies: the workspace, and the generated client.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "tests/clients/rust/Cargo.toml"];

/// Checks licences, bans and sources, and also advisories if their database can be fetched.
pub(crate) async fn run() -> Result<()> {
    check(&Interrupt::listen()?).await
}

/// Like [`run`], as a step of another chore.
pub(crate) async fn check(interrupt: &Interrupt) -> Result<()> {
    let deny = CargoDeny::find(interrupt).await?;
    for manifest in MANIFESTS {
        deny.run(manifest, &["check", "licenses", "bans", "sources"], interrupt).await?;
    }
    if let Err(error) = deny.run(MANIFESTS[0], &["fetch", "db"], interrupt).await {
        interrupt.check()?;
        eprintln!(
            "\nWARNING: the database of advisories cannot be fetched ({error:#}).\n\
             WARNING: advisories were not checked. A dependency may have a known vulnerability.\n"
        );
        return Ok(());
    }
    for manifest in MANIFESTS {
        deny.run(manifest, &["check", "advisories"], interrupt).await?;
    }
    Ok(())
}
