//! The file that results go to: it is there whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

/// A file that takes its place once it is whole. Dropped before, it leaves nothing behind, and what was there before.
#[derive(Debug)]
pub struct OutputFile {
    /// The file beside, and its place. None for pipes and devices, which are written to as they are.
    beside: Option<(TempPath, PathBuf)>,
}

impl OutputFile {
    /// Makes a file beside `path`, and the handle to write to it.
    ///
    /// # Errors
    /// What the system says, as where the folder takes no new files.
    pub fn create(path: &Path) -> io::Result<(File, Self)> {
        // Through links, so that they stay.
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let existing = fs::metadata(&place).ok();
        if existing.as_ref().is_some_and(|found| !found.is_file()) {
            return Ok((File::create(&place)?, Self { beside: None }));
        }
        let folder = place.parent().filter(|folder| *folder != Path::new(""));
        let mut builder = Builder::new();
        builder.prefix(".extract-").suffix(".part");
        // As for any new file, less what the umask takes away.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let beside = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        if let Some(existing) = existing {
            fs::set_permissions(beside.path(), existing.permissions())?;
        }
        let (file, beside) = beside.into_parts();
        let beside = Some((beside, place));
        Ok((file, Self { beside }))
    }

    /// Where the file is until then; for a program that is ended before.
    #[must_use]
    pub fn beside(&self) -> Option<&Path> {
        let (beside, _) = self.beside.as_ref()?;
        Some(beside)
    }

    /// Puts the file in its place. All was written.
    ///
    /// # Errors
    /// What the system says.
    pub fn put_in_place(self) -> io::Result<()> {
        match self.beside {
            Some((beside, place)) => Ok(beside.persist(place)?),
            None => Ok(()),
        }
    }
}
