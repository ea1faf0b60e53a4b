//! SQLite for tests: a file that was migrated once, copied for each.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::sync::OnceCell;

/// An SQLite file with the schema and nothing else, as the bytes that it consists of.
static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Makes a migrated database in a folder of its own; answers the folder and the database's address.
pub(super) async fn create() -> (TempDir, String) {
    let migrated = MIGRATED.get_or_init(migrated_file).await;
    let (folder, url) = create_without_tables();
    std::fs::write(file_in(&folder), migrated).unwrap();
    (folder, url)
}

/// A folder for a database, and the address of the file that is not there yet.
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
