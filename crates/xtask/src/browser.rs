//! Finds Chromium and its driver, and installs Debian's where that is allowed.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::programs::version_of;
use crate::workspace::Workspace;

pub(crate) const BROWSER: &str = "look for a browser and its driver";

/// What the browsers that the tests run in are called, the surest first.
const CHROMIUM_NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];
const CHROMIUM_ON_MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
pub(crate) const INSTALL_HINT: &str = "please install Chromium and its driver (Debian: apt-get install chromium chromium-driver), or name the browser in CHROMIUM";

/// Adds the step that browser tests need.
pub(crate) fn add_step<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace) {
    plan.add(BROWSER, || find_or_install(workspace));
}

/// The browser: `CHROMIUM` where it is set, otherwise the first one found.
pub(crate) fn chromium(workspace: &Workspace) -> Option<PathBuf> {
    let named = env::var_os("CHROMIUM")
        .map(PathBuf::from)
        .filter(|path| path.is_file());
    let found = || {
        CHROMIUM_NAMES
            .iter()
            .find_map(|name| workspace.find_program(name))
    };
    named
        .or_else(found)
        .or_else(|| Some(PathBuf::from(CHROMIUM_ON_MACOS)).filter(|path| path.is_file()))
}

/// The driver, of the same major version as the browser.
pub(crate) fn chromedriver(workspace: &Workspace) -> Option<PathBuf> {
    workspace.find_program("chromedriver")
}

fn find_or_install(workspace: &Workspace) -> Result<Finish> {
    if (chromium(workspace).is_none() || chromedriver(workspace).is_none())
        && may_install_debian_packages(workspace)
    {
        let shell = workspace.shell();
        cmd!(shell, "apt-get update").run()?;
        cmd!(
            shell,
            "apt-get install --yes --no-install-recommends chromium chromium-driver"
        )
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()?;
    }
    let (Some(browser), Some(driver)) = (chromium(workspace), chromedriver(workspace)) else {
        return Ok(Finish::Skipped(INSTALL_HINT.to_owned()));
    };
    match (
        version_of(workspace, &browser),
        version_of(workspace, &driver),
    ) {
        (Some(browser), Some(driver)) if browser.major != driver.major => {
            Ok(Finish::Skipped(format!(
                "the browser is {browser}, its driver {driver}: please install the two of one version"
            )))
        }
        (Some(version), _) => Ok(Finish::Noted(format!("{} {version}", browser.display()))),
        (None, _) => Ok(Finish::Noted(browser.display().to_string())),
    }
}

fn may_install_debian_packages(workspace: &Workspace) -> bool {
    if workspace.find_program("apt-get").is_none() {
        return false;
    }
    let shell = workspace.shell();
    cmd!(shell, "id -u")
        .quiet()
        .read()
        .is_ok_and(|user| user == "0")
}
