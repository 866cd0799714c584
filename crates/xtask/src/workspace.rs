//! Where things lie in this repository, and the shell that starts programs in it.
//!
//! Programs see `target/tools/bin` first on their PATH, where [`crate::setup`] installs what is missing.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::Shell;

/// Where the tools of this repository are installed, relative to its root.
pub(crate) const TOOLS: &str = "target/tools";

/// Cargo's profile of what the demo and the tests run: as quick as a release where it matters, and quicker to compile.
pub(crate) const QUICK: &str = "quick";
/// Cargo's profile of what is published and measured.
pub(crate) const RELEASE: &str = "release";

/// npm's name: a batch file on Windows, which is not found without its ending.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The repository and the shell that runs programs in it.
pub(crate) struct Workspace {
    root: PathBuf,
    shell: Shell,
}

impl Workspace {
    /// Finds the repository from where this program was compiled.
    pub(crate) fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("crates/xtask lies two folders below the root")?
            .to_path_buf();
        let shell = Shell::new()?;
        shell.change_dir(&root);
        let inherited = env::var_os("PATH").unwrap_or_default();
        let tools = root.join(TOOLS).join("bin");
        shell.set_var(
            "PATH",
            env::join_paths(std::iter::once(tools).chain(env::split_paths(&inherited)))?,
        );
        Ok(Self { root, shell })
    }

    /// The repository's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo's target folder.
    pub(crate) fn target_folder(&self) -> PathBuf {
        let folder = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        self.root.join(folder)
    }

    /// A shell in the repository's root.
    pub(crate) fn shell(&self) -> Shell {
        self.shell.clone()
    }

    /// A shell in a folder of the repository, which must exist.
    pub(crate) fn shell_in(&self, relative: &str) -> Result<Shell> {
        let folder = self.path(relative);
        if !folder.is_dir() {
            bail!("there is no folder {relative}");
        }
        let shell = self.shell();
        shell.change_dir(folder);
        Ok(shell)
    }

    /// The first program of this name in `target/tools/bin` or on the PATH.
    pub(crate) fn find_program(&self, name: &str) -> Option<PathBuf> {
        let search_path = self.shell.var_os("PATH").unwrap_or_default();
        env::split_paths(&search_path)
            .map(|folder| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
            .find(|path| path.is_file())
    }
}

/// Whether this is a run of continuous integration, where nothing may be skipped.
pub(crate) fn is_continuous_integration() -> bool {
    env::var("CI").is_ok_and(|value| value == "true")
}
