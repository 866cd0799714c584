//! Which crate may depend on which, proved on what `cargo tree` resolves: web → {pipeline, protocol} ← relay, and a
//! pipeline and a protocol that know no browser and no server.
//!
//! Only what is linked counts: build scripts' and tests' dependencies are left out.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use xshell::cmd;

use crate::plan::Finish;
use crate::workspace::Workspace;

const PIPELINE: &str = "live-keypoints-pipeline";
const PROTOCOL: &str = "live-keypoints-protocol";
const WEB: &str = "live-keypoints-web";
const RELAY: &str = "live-keypoints-relay";
const WASM: &str = "--target=wasm32-unknown-unknown";

/// One crate, as it is built for one platform, and what must not be linked into it.
struct Rule {
    package: &'static str,
    /// Options of `cargo tree`: target (this machine's where none is given) and features.
    options: &'static [&'static str],
    required: &'static [&'static str],
    forbidden: &'static [&'static str],
    /// A dependency that may bring forbidden crates of its own with it.
    exempt: Option<&'static str>,
}

/// What knows no browser and no server is small.
const SMALL: &[&str] = &[
    "wasm-bindgen",
    "js-sys",
    "web-sys",
    "tokio",
    "tract-onnx",
    "jpeg-decoder",
    "getrandom",
];

const RULES: [Rule; 6] = [
    Rule {
        package: PIPELINE,
        options: &["--all-features"],
        required: &[],
        forbidden: &["wasm-bindgen", "js-sys", "web-sys", "tokio"],
        exempt: None,
    },
    // tract draws random numbers for one operator, and getrandom has no other source in a browser.
    Rule {
        package: PIPELINE,
        options: &["--all-features", WASM],
        required: &[],
        forbidden: &["wasm-bindgen", "js-sys", "web-sys", "tokio"],
        exempt: Some("getrandom"),
    },
    // The module that the page's own thread loads.
    Rule {
        package: PIPELINE,
        options: &["--no-default-features", WASM],
        required: &[],
        forbidden: SMALL,
        exempt: None,
    },
    // The relay's client is part of a browser's module, too.
    Rule {
        package: PROTOCOL,
        options: &["--all-features", WASM],
        required: &[PIPELINE],
        forbidden: SMALL,
        exempt: None,
    },
    Rule {
        package: WEB,
        options: &["--all-features", WASM],
        required: &[PIPELINE, PROTOCOL],
        forbidden: &[RELAY, "tokio"],
        exempt: None,
    },
    Rule {
        package: RELAY,
        options: &["--all-features"],
        required: &[PIPELINE, PROTOCOL],
        forbidden: &[WEB, "wasm-bindgen", "js-sys", "web-sys"],
        exempt: None,
    },
];

/// Step: every rule on the tree that cargo resolves for it, with the committed `Cargo.lock`.
pub(super) fn check(workspace: &Workspace) -> Result<Finish> {
    let mut violations = Vec::new();
    for rule in &RULES {
        let Rule {
            package, options, ..
        } = *rule;
        let shell = workspace.shell();
        let tree = cmd!(
            shell,
            "cargo tree --quiet --locked --package {package} --edges normal --prefix depth"
        )
        .args(options)
        .quiet()
        .read()?;
        violations.extend(rule.violations(&parse_tree(&tree)));
    }
    if violations.is_empty() {
        return Ok(Finish::Noted(format!("{} rules", RULES.len())));
    }
    bail!("{}", violations.join("\n"))
}

impl Rule {
    fn violations(&self, edges: &[Edge<'_>]) -> Vec<String> {
        let built = format!("{} ({})", self.package, self.options.join(" "));
        let linked: BTreeSet<&str> = edges.iter().map(|edge| edge.dependency).collect();
        let missing = self.required.iter().filter(|name| !linked.contains(**name));
        let missing = missing.map(|name| format!("{built} must depend on {name}"));
        let direct = edges.iter().filter(|edge| {
            self.forbidden.contains(&edge.dependency)
                && !self.forbidden.contains(&edge.dependent)
                && self.exempt != Some(edge.dependent)
        });
        let direct = direct.map(|edge| {
            format!(
                "{built} must not link {}, which {} depends on",
                edge.dependency, edge.dependent
            )
        });
        missing.chain(direct).collect()
    }
}

/// One line of a dependency tree: `dependent` names `dependency` in its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge<'a> {
    dependent: &'a str,
    dependency: &'a str,
}

/// Reads `cargo tree --prefix depth`: the depth and the name without a space between them, as in `2wasm-bindgen v0.2.1`.
/// A repeated subtree is left out after its first time, so every edge is there at least once.
fn parse_tree(tree: &str) -> Vec<Edge<'_>> {
    let mut ancestors: Vec<&str> = Vec::new();
    let mut edges = Vec::new();
    for line in tree.lines() {
        let Some(start) = line.find(|character: char| !character.is_ascii_digit()) else {
            continue;
        };
        let (depth, package) = line.split_at(start);
        let (Ok(depth), Some(dependency)) =
            (depth.parse::<usize>(), package.split_whitespace().next())
        else {
            continue;
        };
        ancestors.truncate(depth);
        if let Some(dependent) = ancestors.last() {
            edges.push(Edge {
                dependent,
                dependency,
            });
        }
        ancestors.push(dependency);
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0live-keypoints-pipeline v0.1.0 (/somewhere/pipeline)
1serde v1.0.229
2serde_derive v1.0.229 (proc-macro)
1tract-onnx v0.23.9
2getrandom v0.4.3
3wasm-bindgen v0.2.130
4wasm-bindgen-shared v0.2.130
2getrandom v0.4.3 (*)
";

    fn rule(forbidden: &'static [&'static str], exempt: Option<&'static str>) -> Rule {
        Rule {
            package: PIPELINE,
            options: &[],
            required: &[],
            forbidden,
            exempt,
        }
    }

    #[test]
    fn a_tree_is_read_as_edges() {
        let edges = parse_tree(TREE);
        assert_eq!(edges.len(), 7);
        assert_eq!(
            edges[1],
            Edge {
                dependent: "serde",
                dependency: "serde_derive"
            }
        );
        assert_eq!(
            edges[2],
            Edge {
                dependent: PIPELINE,
                dependency: "tract-onnx"
            }
        );
        assert_eq!(
            edges[6],
            Edge {
                dependent: "tract-onnx",
                dependency: "getrandom"
            }
        );
    }

    #[test]
    fn a_forbidden_crate_is_found_at_any_depth_and_by_its_whole_name() {
        let edges = parse_tree(TREE);
        let violations = rule(&["wasm-bindgen"], None).violations(&edges);
        assert_eq!(violations.len(), 1);
        assert!(violations[0].contains("which getrandom depends on"));
        assert!(rule(&["wasm"], None).violations(&edges).is_empty());
    }

    #[test]
    fn an_exempt_crate_may_bring_forbidden_ones_and_no_other_crate_may() {
        let edges = parse_tree(TREE);
        assert!(
            rule(&["wasm-bindgen"], Some("getrandom"))
                .violations(&edges)
                .is_empty()
        );
        let direct = format!("{TREE}1wasm-bindgen v0.2.130 (*)\n");
        let violations =
            rule(&["wasm-bindgen"], Some("getrandom")).violations(&parse_tree(&direct));
        assert_eq!(violations.len(), 1);
        assert!(violations[0].contains("which live-keypoints-pipeline depends on"));
    }

    #[test]
    fn a_required_dependency_that_is_missing_is_reported() {
        let rule = Rule {
            required: &["tokio"],
            ..rule(&[], None)
        };
        assert_eq!(rule.violations(&parse_tree(TREE)).len(), 1);
    }
}
