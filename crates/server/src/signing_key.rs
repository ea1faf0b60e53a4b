//! The development key: generated at the first start and stored, so log-ins survive a restart.
//!
//! Invariants: the file is never half-written, and two servers that start together agree on one key.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use security::{SigningKey, SigningKeyTooShort};

/// The file of the key, relative to the working directory.
const FILE: &str = "data/signing.key";

/// The key could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentKeyError {
    /// The file cannot be written or read.
    #[error("cannot keep a signing key in {FILE}; set SIGNING_KEY instead")]
    File(#[from] io::Error),
    /// The file does not hold a key.
    #[error("{FILE} holds no signing key; delete it, or set SIGNING_KEY")]
    NotAKey(#[from] SigningKeyTooShort),
}

/// The stored key; a new one if there is none yet.
pub(crate) fn development_key() -> Result<SigningKey, DevelopmentKeyError> {
    kept_in(Path::new(FILE))
}

fn kept_in(file: &Path) -> Result<SigningKey, DevelopmentKeyError> {
    match fs::read_to_string(file) {
        Ok(kept) => return Ok(SigningKey::new(kept.trim_end())?),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    make_private(folder)?;
    // Write a draft and hard-link it into place. The link is atomic, and fails if another server has just stored its
    // key, which is used then.
    let draft = folder.join(format!("signing.key.{}", std::process::id()));
    let key = SigningKey::generate();
    create_private(&draft)?.write_all(key.expose())?;
    let placed = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match placed {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => kept_in(file),
        Err(error) => Err(error.into()),
    }
}

/// Creates the folder with access for its owner only, if it does not exist. The embedded database is in it as well.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn create_private(file: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once_and_kept() {
        let folder = std::env::temp_dir().join(format!("thoughts-key-{}", std::process::id()));
        let file = folder.join("data/signing.key");
        let made = kept_in(&file).unwrap();
        let kept = kept_in(&file).unwrap();
        assert_eq!(made.expose(), kept.expose());
        fs::write(&file, "short").unwrap();
        assert!(matches!(kept_in(&file), Err(DevelopmentKeyError::NotAKey(_))));
        fs::remove_dir_all(folder).unwrap();
    }
}
