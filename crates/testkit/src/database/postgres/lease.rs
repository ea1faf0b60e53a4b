//! Databases that are reused by one test after the other.
//!
//! Invariants:
//! - A database is held by at most one process, by an advisory lock, and lent to at most one test.
//! - A database belongs to one build of a test program, so its schema is current.
//! - Each test empties its database first, because an earlier test may have been killed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::super::{PATIENCE, migrate, options};
use super::server::{Administrator, administer};

/// Databases that this process holds and no test uses.
static FREE: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// The number of the next database to try. A counter is necessary, because PostgreSQL grants a session the same
/// advisory lock again.
static NEXT: tokio::sync::Mutex<u32> = tokio::sync::Mutex::const_new(0);

/// A migrated database that no other process uses while this one runs.
#[derive(Clone)]
struct Kept {
    name: String,
    url: String,
}

/// A database lent to one test. The borrower empties it first, because the previous test may have been killed.
pub(in super::super) struct Lease(Kept);

impl Lease {
    /// Takes a free database, or creates one.
    pub(in super::super) async fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let kept = match free {
            Some(kept) => kept,
            None => administer(claim).await,
        };
        let name = kept.name.clone();
        administer(|admin| async move { disconnect(&admin, &name).await }).await;
        Self(kept)
    }

    /// Its `DATABASE_URL`.
    pub(in super::super) fn url(&self) -> &str {
        &self.0.url
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.0.clone());
    }
}

/// Finds a database of this program that no process holds, or creates one, and holds it until the process ends.
///
/// The names contain the build of the program, so that no database outlives its schema. Databases of earlier builds
/// are dropped.
async fn claim(admin: Administrator) -> Kept {
    let (program, build) = program_and_build();
    let family = format!("thoughts_test_{program:016x}_");
    let current = format!("{family}{build:016x}_");
    let mut next = NEXT.lock().await;
    loop {
        let name = format!("{current}{next}");
        *next += 1;
        if !lock(&admin, &name).await {
            continue;
        }
        let existing = admin.databases_like(&family).await;
        if !existing.contains(&name) {
            for other in existing.iter().filter(|other| !other.starts_with(&current)) {
                drop_unless_held(&admin, other).await;
            }
            create(&admin, &name).await;
        }
        let url = admin.address_of(&name);
        return Kept { name, url };
    }
}

async fn create(admin: &Administrator, name: &str) {
    // Renamed once it is complete, so that no process uses one whose creator died half-way.
    let unfinished = format!("{name}_new");
    admin.run(&format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
    admin.run(&format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await;
    migrate(&options(&admin.address_of(&unfinished))).await;
    admin.run(&format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
}

async fn drop_unless_held(admin: &Administrator, name: &str) {
    if lock(admin, name).await {
        admin.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        admin.is("pg_advisory_unlock(hashtextextended($1, 0))", [name.into()]).await;
    }
}

/// Takes the lock that marks a database as used; `false` if another process holds it.
async fn lock(admin: &Administrator, name: &str) -> bool {
    admin.is("pg_try_advisory_lock(hashtextextended($1, 0))", [name.into()]).await
}

/// Ends connections of the previous test until there are none. Its runtime may still open new ones while it ends.
async fn disconnect(admin: &Administrator, name: &str) {
    let in_it = "FROM pg_stat_activity WHERE datname = $1";
    let begun = Instant::now();
    while !admin.is(&format!("count(*) = 0 {in_it}"), [name.into()]).await {
        assert!(begun.elapsed() < PATIENCE, "connections to {name} do not end");
        admin.is(&format!("count(pg_terminate_backend(pid, 10000)) > 0 {in_it}"), [name.into()]).await;
    }
}

/// Hashes of this program's path and of its build.
fn program_and_build() -> (u64, u64) {
    let path = std::env::current_exe().unwrap();
    let file = std::fs::metadata(&path).unwrap();
    (hash(&path), hash(&(file.modified().unwrap(), file.len())))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
