//! The bundles of models that MediaPipe's tasks-vision loads, for the test and the benchmark that compare with it.

use xshell::cmd;

use crate::plan::{Finish, Plan};
use crate::python;
use crate::workspace::Workspace;

pub(crate) const TASK_BUNDLES: &str = "get the models of MediaPipe's tasks";

/// Where the tests' server and the benchmark's pages have them from.
const FOLDER: &str = "target/rivals/bundles";
const PROGRAM: &str = "tests/golden/task_bundles.py";

/// Adds the step after which they are there. Python's environment in `environment`, which the steps in `needs` set up, has
/// MediaPipe.
pub(crate) fn add_step<'a>(
    plan: &mut Plan<'a>,
    workspace: &'a Workspace,
    needs: &'static [&'static str],
    environment: &'static str,
) {
    plan.add_after(needs, TASK_BUNDLES, move || {
        let shell = workspace.shell();
        let python = python::interpreter(workspace, environment);
        cmd!(shell, "{python} {PROGRAM} {FOLDER}").run()?;
        Ok(Finish::Done)
    });
}
