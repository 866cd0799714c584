//! Rules for committed files: none is large but the models, and the models are the ones that were tested.

use std::fs;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use xshell::cmd;

use crate::build_web::hexadecimal;
use crate::plan::Finish;
use crate::workspace::Workspace;

/// The largest committed file that is not a model.
const LARGEST_FILE_BYTES: u64 = 2 * 1024 * 1024;
const MODELS: &str = "crates/pipeline/models";
const CHECKSUMS: &str = "SHA256SUMS";

/// No committed file is over [`LARGEST_FILE_BYTES`], `*.onnx` apart.
pub(super) fn check_sizes(workspace: &Workspace) -> Result<Finish> {
    if !workspace.path(".git").exists() {
        return Ok(Finish::Skipped("this is no git work tree".to_owned()));
    }
    let shell = workspace.shell();
    let listing = cmd!(shell, "git ls-files -z").quiet().read()?;
    let names: Vec<&str> = listing
        .split('\0')
        .filter(|name| !name.is_empty())
        .collect();
    let sizes = names
        .iter()
        .filter_map(|name| Some((*name, workspace.path(name).metadata().ok()?.len())));
    let large = too_large(sizes);
    if large.is_empty() {
        return Ok(Finish::Noted(format!("{} files", names.len())));
    }
    bail!("over 2 MiB: {}", large.join(", "))
}

fn too_large<'a>(files: impl Iterator<Item = (&'a str, u64)>) -> Vec<&'a str> {
    files
        .filter(|(name, bytes)| *bytes > LARGEST_FILE_BYTES && !name.ends_with(".onnx"))
        .map(|(name, _)| name)
        .collect()
}

/// Every model is listed in the checksum file, and every listed file has its checksum.
pub(super) fn check_models(workspace: &Workspace) -> Result<Finish> {
    let folder = workspace.path(MODELS);
    let list = fs::read_to_string(folder.join(CHECKSUMS))
        .with_context(|| format!("{MODELS}/{CHECKSUMS}"))?;
    let listed = parse_checksums(&list)?;
    let mut wrong = Vec::new();
    for (name, expected) in &listed {
        match fs::read(folder.join(name)) {
            Ok(bytes) if hexadecimal(&Sha256::digest(&bytes)) == *expected => {}
            Ok(_) => wrong.push(format!("{name} differs")),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".onnx") && listed.iter().all(|(listed, _)| *listed != name) {
            wrong.push(format!("{name} is not listed"));
        }
    }
    if wrong.is_empty() {
        return Ok(Finish::Noted(format!("{} files", listed.len())));
    }
    bail!("{MODELS}: {}", wrong.join(", "))
}

/// Name and digest of each line of what `sha256sum` writes: 64 digits, a space, a space or star, the name.
fn parse_checksums(list: &str) -> Result<Vec<(&str, &str)>> {
    list.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (digest, name) = line
                .split_once(' ')
                .with_context(|| format!("{CHECKSUMS}: no name in `{line}`"))?;
            Ok((name.trim_start_matches([' ', '*']), digest))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_models_may_be_large() {
        let limit = LARGEST_FILE_BYTES;
        let files = [
            ("a.onnx", limit + 1),
            ("clip.jpg", limit + 1),
            ("b.rs", limit),
        ];
        assert_eq!(too_large(files.into_iter()), ["clip.jpg"]);
    }

    #[test]
    fn checksums_are_read_in_text_and_binary_form() {
        let parsed = parse_checksums("00ff  hand.onnx\n11ee *face model.onnx\n").unwrap();
        assert_eq!(parsed, [("hand.onnx", "00ff"), ("face model.onnx", "11ee")]);
        assert!(parse_checksums("00ff").is_err());
    }
}
