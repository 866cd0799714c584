//! Which crates are linked into a product, proved on what `cargo tree` resolves, and what their manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;
use xshell::cmd;

use crate::workspace::Workspace;

/// Something that is given to others, with libraries inside.
pub(super) struct Product {
    pub(super) title: &'static str,
    /// What the text is about, in words.
    pub(super) what: &'static str,
    /// The crate that it is built from.
    pub(super) package: &'static str,
    /// Its features, if not the default ones.
    pub(super) features: &'static str,
    pub(super) targets: &'static [&'static str],
}

/// A linked crate of others.
#[derive(Clone, Debug)]
pub(super) struct Library {
    pub(super) name: String,
    pub(super) version: String,
    /// Its SPDX expression.
    pub(super) licence: String,
    /// A file that its manifest names.
    pub(super) licence_file: Option<PathBuf>,
    /// Whom its manifest names.
    pub(super) authors: Vec<String>,
    /// Where its source is.
    pub(super) folder: PathBuf,
}

/// The libraries in a product, by name and version. Crates of this repository are left out.
pub(super) fn libraries(workspace: &Workspace, product: &Product) -> Result<Vec<Library>> {
    let shell = workspace.shell();
    let targets = product
        .targets
        .iter()
        .flat_map(|target| ["--target", target]);
    let mut tree = cmd!(
        shell,
        "cargo tree --quiet --locked --edges normal --prefix depth"
    )
    .arg("--package")
    .arg(product.package)
    .args(targets);
    if !product.features.is_empty() {
        tree = tree
            .arg("--no-default-features")
            .arg("--features")
            .arg(product.features);
    }
    let tree = tree.quiet().read()?;
    let linked = linked(&tree);

    let platforms = product
        .targets
        .iter()
        .flat_map(|target| ["--filter-platform", target]);
    let metadata = cmd!(shell, "cargo metadata --quiet --locked --format-version 1")
        .args(platforms)
        .quiet()
        .read()?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let mut manifests: BTreeMap<_, _> = metadata
        .packages
        .into_iter()
        .map(|package| ((package.name.clone(), package.version.clone()), package))
        .collect();
    linked
        .into_iter()
        .filter_map(|key| {
            let (name, version) = key.clone();
            let Some(manifest) = manifests.remove(&key) else {
                return Some(Err(anyhow::anyhow!(
                    "cargo metadata has no {name} {version}"
                )));
            };
            // What has no registry is of this repository.
            manifest.source.as_ref()?;
            Some(manifest.into_library())
        })
        .collect()
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    license: Option<String>,
    license_file: Option<PathBuf>,
    authors: Vec<String>,
    manifest_path: PathBuf,
}

impl Package {
    fn into_library(self) -> Result<Library> {
        let Self { name, version, .. } = self;
        let licence = self
            .license
            .with_context(|| format!("{name} {version} names no licence"))?;
        let folder = self
            .manifest_path
            .parent()
            .context("a manifest lies in a folder")?
            .to_path_buf();
        Ok(Library {
            name,
            version,
            licence,
            authors: self.authors,
            licence_file: self.license_file.map(|file| folder.join(file)),
            folder,
        })
    }
}

type Key = (String, String);

/// Everything that the first crate of the tree reaches, but not through macros, which run while it is compiled. A tree
/// names the dependencies of a crate once only, perhaps below a macro: so it is read as a graph first.
fn linked(tree: &str) -> BTreeSet<Key> {
    let mut ancestors: Vec<Key> = Vec::new();
    let mut root = None;
    let mut macros = BTreeSet::new();
    let mut edges: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for line in tree.lines() {
        let Some((depth, key)) = parse_line(line) else {
            continue;
        };
        if line.contains("(proc-macro)") {
            macros.insert(key.clone());
        }
        ancestors.truncate(depth);
        match ancestors.last() {
            Some(dependent) => {
                let dependencies = edges.entry(dependent.clone()).or_default();
                dependencies.insert(key.clone());
            }
            None => root = Some(key.clone()),
        }
        ancestors.push(key);
    }
    let mut linked = BTreeSet::new();
    let mut waiting: Vec<Key> = root.into_iter().collect();
    while let Some(key) = waiting.pop() {
        if !macros.contains(&key) && linked.insert(key.clone()) {
            waiting.extend(edges.get(&key).into_iter().flatten().cloned());
        }
    }
    linked
}

/// Depth, name and version of a line such as `2serde v1.0.229 (proc-macro) (*)`.
fn parse_line(line: &str) -> Option<(usize, Key)> {
    let start = line.find(|character: char| !character.is_ascii_digit())?;
    let (depth, package) = line.split_at(start);
    let mut words = package.split_whitespace();
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some((depth.parse().ok()?, (name, version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_macro_needs_is_not_linked_and_what_it_shares_is() {
        let tree = "\
0relay v0.1.0 (/somewhere/relay)
1serde_derive v1.0.2 (proc-macro)
2quote v1.0.3
3unicode v2.0.0
2memchr v2.7.0
3core v1.0.0
1png v0.18.1
2memchr v2.7.0 (*)
";
        let names: Vec<_> = linked(tree).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["core", "memchr", "png", "relay"]);
    }

    #[test]
    fn two_versions_of_a_crate_are_two() {
        let tree = "0a v1.0.0\n1b v1.0.0\n1b v2.0.0\n\n";
        assert_eq!(linked(tree).len(), 3);
    }
}
