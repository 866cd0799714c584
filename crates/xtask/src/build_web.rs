//! `cargo xtask build-web`: everything in `www/dist`, from the WebAssembly modules to the model files.
//!
//! The page's own thread loads the small `session` module, its workers load `inference`, with relaxed SIMD where the
//! browser has it; a page that has a relay compute loads `relay`, without SIMD; what recognises signs loads `signs`. All come
//! from `crates/web`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::digest::sha256;
use crate::licences;
use crate::lock_file::locked_version;
use crate::plan::{Finish, Plan};
use crate::setup::{self, WASM_TARGET};
use crate::wasm_opt;
use crate::workspace::{NPM, QUICK, Workspace};

pub(crate) const SESSION_MODULE: &str = "build the browser module `session`";
pub(crate) const INFERENCE_MODULE: &str = "build the browser module `inference`";
pub(crate) const RELAXED_MODULE: &str = "build the browser module `inference` with relaxed SIMD";
pub(crate) const RELAY_MODULE: &str = "build the browser module `relay`";
pub(crate) const SIGNS_MODULE: &str = "build the browser module `signs`";
pub(crate) const OPTIMISE: &str = "optimise the browser modules (wasm-opt)";
pub(crate) const TYPESCRIPT: &str = "build the TypeScript of www";
pub(crate) const MODELS: &str = "copy the models to www/dist";

/// How much the WebAssembly is optimised. A frame takes as long with both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; the modules are three times as large as they need be, which only a download would feel.
    Quick,
    /// As it is published.
    Published,
}

impl Profile {
    /// What cargo calls it. The page's own modules are made small: they decide and convert, and are downloaded first.
    fn of_cargo(self, name: &str) -> &'static str {
        match self {
            Self::Quick => QUICK,
            Self::Published if matches!(name, "session" | "relay") => "web-page",
            Self::Published => "web",
        }
    }
}

/// Where the modules are built with their bindings, beside the compiled TypeScript that imports them.
const BUILT_MODULES: &str = "www/build/wasm";
/// Where each module is kept as `wasm-bindgen` made it.
const BOUND_MODULES: &str = "target/wasm-bindgen";
/// Where the package has them.
pub(crate) const MODULES: &str = "www/dist/wasm";
/// The modules, in both folders.
pub(crate) const MODULE_FILES: [&str; 5] = [
    "session/session_bg.wasm",
    "inference/inference_bg.wasm",
    "inference/inference_relaxed_bg.wasm",
    "relay/relay_bg.wasm",
    "signs/signs_bg.wasm",
];
/// The page's own modules touch no pixels, and the client of a relay is for browsers without SIMD, too.
const WITHOUT_SIMD: &str = "-Ctarget-feature=-simd128";

/// Adds the steps of the npm package, with what they need.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, profile: Profile) {
    setup::add_wasm_steps(plan, workspace);
    setup::add_www_packages(plan, workspace);
    const NEEDS: &[&str] = &[setup::WASM_TARGET_STEP, setup::WASM_BINDGEN];
    plan.add_after(NEEDS, SESSION_MODULE, move || {
        let folder = workspace.path(BUILT_MODULES).join("session");
        build_module(workspace, "session", "session", &folder, profile)
    });
    plan.add_after(NEEDS, INFERENCE_MODULE, move || {
        let folder = workspace.path(BUILT_MODULES).join("inference");
        build_module(workspace, "inference", "inference", &folder, profile)
    });
    plan.add_after(&[INFERENCE_MODULE], RELAXED_MODULE, move || {
        let folder = workspace.path(BUILT_MODULES).join("inference");
        let features = "inference,relaxed-simd";
        build_module(workspace, "inference_relaxed", features, &folder, profile)
    });
    plan.add_after(NEEDS, RELAY_MODULE, move || {
        let folder = workspace.path(BUILT_MODULES).join("relay");
        build_module(workspace, "relay", "relay", &folder, profile)
    });
    plan.add_after(NEEDS, SIGNS_MODULE, move || {
        let folder = workspace.path(BUILT_MODULES).join("signs");
        build_module(workspace, "signs", "signs", &folder, profile)
    });
    if profile == Profile::Published {
        const MODULES: &[&str] = &[SESSION_MODULE, RELAXED_MODULE, RELAY_MODULE, SIGNS_MODULE];
        plan.add_after(MODULES, OPTIMISE, || {
            let modules = MODULE_FILES.map(|file| workspace.path(BUILT_MODULES).join(file));
            wasm_opt::optimise(workspace, &modules)
        });
    }
    plan.add_after(
        &[
            setup::WWW_PACKAGES,
            SESSION_MODULE,
            RELAXED_MODULE,
            RELAY_MODULE,
            SIGNS_MODULE,
            OPTIMISE,
        ],
        TYPESCRIPT,
        || {
            let shell = workspace.shell_in("www")?;
            cmd!(shell, "{NPM} run build").run()?;
            Ok(Finish::Done)
        },
    );
    plan.add(MODELS, || copy_models(workspace));
    licences::add_package_step(plan, workspace);
}

/// Where cargo keeps the sources of other crates.
fn registry() -> Result<PathBuf> {
    let of_cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = of_cargo.or_else(|| Some(env::home_dir()?.join(".cargo")));
    Ok(home.context("no home directory")?.join("registry/src"))
}

/// Builds one module of `crates/web`, with its bindings, into a folder.
fn build_module(
    workspace: &Workspace,
    name: &str,
    features: &str,
    folder: &Path,
    profile: Profile,
) -> Result<Finish> {
    let shell = workspace.shell();
    let profile = profile.of_cargo(name);
    // They come after those of .cargo/config.toml. Sources are named as on any machine.
    let mut flags = vec![format!("--remap-path-prefix={}=", registry()?.display())];
    if ["session", "relay"].contains(&name) {
        flags.push(WITHOUT_SIMD.to_owned());
    }
    let config = format!("target.{WASM_TARGET}.rustflags={flags:?}");
    cmd!(
        shell,
        "cargo build --config {config} --profile {profile} --package live-keypoints-web --lib --target {WASM_TARGET}
         --no-default-features --features {features}"
    )
    // They would replace the target features of .cargo/config.toml.
    .env_remove("RUSTFLAGS")
    .env_remove("CARGO_ENCODED_RUSTFLAGS")
    .run()?;
    let built = workspace
        .target_folder()
        .join(WASM_TARGET)
        .join(profile)
        .join("live_keypoints_web.wasm");
    let with_bindings = bind(workspace, name, &format!("{profile}-{features}"), &built)?;
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(&with_bindings)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    let module = folder.join(format!("{name}_bg.wasm"));
    let bytes = module.metadata()?.len();
    Ok(Finish::Noted(format!("{:.1} MB", bytes as f64 / 1e6)))
}

/// Makes a module's bindings in a folder of their own, unless they are those of this very module: to make them takes ten
/// times as long as an unchanged build.
fn bind(workspace: &Workspace, name: &str, variant: &str, built: &Path) -> Result<PathBuf> {
    let bytes = fs::read(built).with_context(|| built.display().to_string())?;
    let digest = sha256(&[
        locked_version(workspace, "wasm-bindgen")?.as_bytes(),
        &bytes,
    ]);
    let folder = workspace.path(BOUND_MODULES).join(variant);
    let made_of = folder.with_extension("sha256");
    if fs::read_to_string(&made_of).is_ok_and(|made_of| made_of == digest) {
        return Ok(folder);
    }
    let shell = workspace.shell();
    shell.remove_path(&made_of)?;
    shell.remove_path(&folder)?;
    // Callers always say where the module is; a default path would be one that bundlers look for in vain.
    cmd!(
        shell,
        "wasm-bindgen --target web --omit-default-module-path --out-dir {folder} --out-name {name} {built}"
    )
    .run()?;
    fs::write(made_of, digest)?;
    Ok(folder)
}

fn copy_models(workspace: &Workspace) -> Result<Finish> {
    let target = workspace.path("www/dist/models");
    workspace.shell().remove_path(&target)?;
    fs::create_dir_all(&target)?;
    let mut bytes = 0;
    for entry in
        fs::read_dir(workspace.path("crates/pipeline/models")).context("crates/pipeline/models")?
    {
        let path = entry?.path();
        if let (Some("onnx"), Some(name)) = (
            path.extension().and_then(|ending| ending.to_str()),
            path.file_name(),
        ) {
            bytes += fs::copy(&path, target.join(name))?;
        }
    }
    Ok(Finish::Noted(format!("{:.1} MB", bytes as f64 / 1e6)))
}
