//! SQLite for tests: a file that is migrated once and copied for each test.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The bytes of a migrated, empty SQLite file.
static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Creates a migrated database in a temporary folder. Returns the folder and the database's URL.
pub(super) async fn create() -> (TempDir, String) {
    let migrated = MIGRATED.get_or_init(migrated_file).await;
    let (folder, url) = create_without_tables();
    std::fs::write(file_in(&folder), migrated).unwrap();
    (folder, url)
}

/// A temporary folder, and the URL of a database file that does not exist yet.
pub(super) fn create_without_tables() -> (TempDir, String) {
    let folder = tempfile::Builder::new().prefix("thoughts-test-").tempdir().unwrap();
    let url = format!("sqlite://{}", file_in(&folder).display());
    (folder, url)
}

async fn migrated_file() -> Vec<u8> {
    let (folder, url) = create_without_tables();
    super::migrate(&super::options(&url)).await;
    std::fs::read(file_in(&folder)).unwrap()
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("thoughts.db")
}
