//! Databases that are kept, and lent to one test after the other.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::super::{PATIENCE, migrate, options};
use super::server::{Administrator, administer};

/// Databases that this process holds and no test has now.
static FREE: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// The number of the next database to try; this process holds all before it that it could get. A session that asks
/// for a lock which it has already is given it again, so that asking the server is not enough.
static NEXT: tokio::sync::Mutex<u32> = tokio::sync::Mutex::const_new(0);

/// A migrated database that no other process uses while this one lives.
#[derive(Clone)]
struct Kept {
    name: String,
    url: String,
}

/// A kept database in the hands of one test. Whoever gets it empties it first: the last one may have been killed.
pub(in super::super) struct Lease(Kept);

impl Lease {
    /// A database that is free; makes one more when none is.
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

/// Finds a database of this program that no process holds, or makes one, and holds it as long as the process lives.
///
/// The names depend on the build of the program, so that no database outlives the schema it was made for; those of
/// earlier builds are dropped here.
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
    // Renamed when it is complete: a process that dies half-way leaves nothing that another would take.
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

/// Takes the lock that says who uses a database; answers whether nobody else has it.
async fn lock(admin: &Administrator, name: &str) -> bool {
    admin.is("pg_try_advisory_lock(hashtextextended($1, 0))", [name.into()]).await
}

/// Ends what the last test left running, until nothing is there: while its runtime ends as well, it may connect anew.
async fn disconnect(admin: &Administrator, name: &str) {
    let in_it = "FROM pg_stat_activity WHERE datname = $1";
    let begun = Instant::now();
    while !admin.is(&format!("count(*) = 0 {in_it}"), [name.into()]).await {
        assert!(begun.elapsed() < PATIENCE, "connections to {name} do not end");
        admin.is(&format!("count(pg_terminate_backend(pid, 10000)) > 0 {in_it}"), [name.into()]).await;
    }
}

/// Which program this is, and which build of it.
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
