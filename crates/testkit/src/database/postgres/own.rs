//! A database without tables, created for one test and dropped after it.

use domain::IdGenerator;

use super::server::{Administrator, administer};

/// A new database that is dropped with this value.
pub(in super::super) struct OwnDatabase {
    name: String,
    url: String,
}

impl OwnDatabase {
    /// Creates the database.
    pub(in super::super) async fn create() -> Self {
        administer(|admin: Administrator| async move {
            let name = format!("thoughts_test_{}", system::CuidGenerator.generate());
            admin.run(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
            let url = admin.address_of(&name);
            Self { name, url }
        })
        .await
    }

    /// Its `DATABASE_URL`.
    pub(in super::super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for OwnDatabase {
    /// Drops the database if possible; `cargo xtask test` drops leftovers.
    fn drop(&mut self) {
        let name = self.name.clone();
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // The test's runtime cannot block here, so another thread waits.
        let waiting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(administer(|admin: Administrator| async move { admin.run(&drop).await }));
            Ok::<_, std::io::Error>(())
        });
        if !matches!(waiting.join(), Ok(Ok(()))) {
            eprintln!("left {name} behind");
        }
    }
}
