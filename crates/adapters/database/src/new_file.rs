//! Creates the file of an SQLite database before it is opened, readable by its owner only. If opening fails, the file
//! is removed again.
//!
//! SQLite gives its `-wal` and `-shm` files the mode of the database file.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode;
use sea_orm::DbErr;

/// The file and folders that were created for a database. They are removed unless they are [kept](Self::keep).
#[derive(Default)]
pub(super) struct NewFile {
    folders: Vec<PathBuf>,
    file: Option<PathBuf>,
}

impl NewFile {
    /// Creates the file at `path` and its missing folders. Warns about an existing file that everybody may read.
    ///
    /// # Errors
    /// When something cannot be created, or when the path seems to be percent-encoded: paths of SQLite are not
    /// decoded.
    pub(super) fn at(path: &Path) -> Result<Self, DbErr> {
        if path.exists() {
            if is_public(path).unwrap_or(false) {
                tracing::warn!(file = %path.display(), "every user of this machine may read the database; chmod 600 it");
            }
            return Ok(Self::default());
        }
        if seems_encoded(path) {
            return Err(DbErr::Custom(format!(
                "there is no {}, whose name seems to be percent-encoded: the path in an address of SQLite is taken as it is, \
                 so write a space as a space; if this is its name, make the folder first (or, for a file, an empty file)",
                path.display()
            )));
        }
        let mut made = Self::default();
        let cannot = |what: &'static str, which: &Path| {
            let which = which.display().to_string();
            move |error: io::Error| DbErr::Custom(format!("cannot make the {what} {which}: {error}"))
        };
        if let Some(folder) = path.parent() {
            // The outermost first.
            let missing = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
            made.folders = missing.map(Path::to_owned).collect();
            made.folders.reverse();
            make_private(folder).map_err(cannot("folder", folder))?;
        }
        create_private(path).map_err(cannot("file", path))?;
        made.file = Some(path.to_owned());
        Ok(made)
    }

    /// Keeps the file and its folders.
    pub(super) fn keep(mut self) {
        self.folders.clear();
        self.file = None;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Another process may have opened the file and written to it.
        if let Some(file) = self.file.take()
            && fs::metadata(&file).is_ok_and(|metadata| metadata.len() == 0)
        {
            let _ = fs::remove_file(file);
        }
        // Only empty folders are removed.
        for folder in self.folders.drain(..).rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Whether the names of missing files and folders would change if the path were decoded. Such a path is ambiguous.
/// The wrong reading would start a server with an empty database.
fn seems_encoded(path: &Path) -> bool {
    let is_encoded = |part: &OsStr| {
        let part = part.as_encoded_bytes();
        percent_decode(part).ne(part.iter().copied())
    };
    let missing = path.ancestors().take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists());
    missing.filter_map(Path::file_name).any(is_encoded)
}

/// Whether everybody may read or write the file, and may enter its folder.
#[cfg(unix)]
fn is_public(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).map(|metadata| metadata.permissions().mode());
    let path = path.canonicalize()?;
    let folder = path.parent().map_or(Ok(0o777), mode)?;
    Ok(mode(&path)? & 0o006 != 0 && folder & 0o001 != 0)
}

#[cfg(not(unix))]
fn is_public(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Creates a folder, if it is missing, that only its owner may enter: the database contains password hashes.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn create_private(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // Two servers may start at once, and either may create it.
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(file).map(drop)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    #[test]
    fn only_the_owner_can_read_it() {
        let folder = folder();
        for path in ["t.db", "made/deep/t.db"] {
            let path = folder.path().join(path);
            NewFile::at(&path).unwrap().keep();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        assert_eq!((mode(&folder.path().join("made")), mode(&folder.path().join("made/deep"))), (0o700, 0o700));
        let link = folder.path().join("link");
        symlink(folder.path().join("elsewhere.db"), &link).unwrap();
        NewFile::at(&link).unwrap().keep();
        assert_eq!(mode(&link), 0o600);
    }

    #[test]
    fn leaves_nothing_behind_when_it_is_not_kept() {
        let folder = folder();
        let path = folder.path().join("made/deep/t.db");
        drop(NewFile::at(&path).unwrap());
        assert!(!folder.path().join("made").exists());

        fs::create_dir(folder.path().join("made")).unwrap();
        let made = NewFile::at(&path).unwrap();
        fs::write(&path, "somebody else's").unwrap();
        drop(made);
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
        drop(NewFile::at(&path).unwrap());
        assert!(path.exists(), "it was there before");
    }

    #[test]
    fn leaves_nothing_behind_when_it_cannot_be_made() {
        let folder = folder();
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(NewFile::at(&folder.path().join("file/deep/t.db")).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn is_not_made_where_its_path_seems_encoded() {
        let folder = folder();
        for path in ["a%20b/t.db", "a%20b/c/t.db", "t%41.db"] {
            let Err(error) = NewFile::at(&folder.path().join(path)) else { panic!("{path} was made") };
            assert!(error.to_string().contains("taken as it is"), "{error}");
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        // With these existing files and folders, the names are meant literally.
        fs::create_dir(folder.path().join("a%20b")).unwrap();
        fs::write(folder.path().join("t%41.db"), "").unwrap();
        for path in ["a%20b/t.db", "t%41.db", "100% sure/t.db", "100%/t.db"] {
            NewFile::at(&folder.path().join(path)).unwrap().keep();
            assert!(folder.path().join(path).exists(), "{path}");
        }
    }

    #[test]
    fn is_public_when_everybody_can_reach_it() {
        let folder = folder();
        let path = folder.path().join("t.db");
        NewFile::at(&path).unwrap().keep();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(!is_public(&path).unwrap());
        set(&path, 0o640);
        assert!(!is_public(&path).unwrap());
        set(&path, 0o644);
        assert!(is_public(&path).unwrap());
        set(folder.path(), 0o700);
        assert!(!is_public(&path).unwrap());
    }
}
