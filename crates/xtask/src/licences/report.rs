//! The text: what is inside, under which licence, and every text that a licence asks to be passed on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use super::linked::{Library, Product, libraries};
use super::texts::{taken, texts, tidy};
use crate::workspace::Workspace;

const LINE: &str =
    "--------------------------------------------------------------------------------------------";

/// The text for a product, and how many libraries it names.
pub(super) fn write(workspace: &Workspace, product: &Product) -> Result<(String, usize)> {
    let libraries = libraries(workspace, product)?;
    let own = |name: &str| {
        fs::read_to_string(workspace.path(name))
            .map(|text| tidy(&text))
            .with_context(|| name.to_owned())
    };
    let mut text = format!(
        "Licences of {}.\n\n{}\n\n{LINE}\n\n",
        product.what,
        own("NOTICE")?
    );
    let mut bearers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    writeln!(
        text,
        "{} contains these libraries and Rust's standard library (Apache-2.0). Of licences that are offered as a choice,\n\
         the one that is named was chosen.\n",
        product.title
    )?;
    for library in &libraries {
        let Library { name, version, .. } = library;
        let licences = taken(library)?;
        writeln!(text, "    {name} {version}: {}", licences.join(" and "))?;
        for own_text in texts(library, &licences)? {
            let named = format!("{name} {version}");
            let bearers = bearers.entry(own_text).or_default();
            if bearers.last() != Some(&named) {
                bearers.push(named);
            }
        }
    }
    writeln!(
        text,
        "\n{LINE}\nMIT, of live-keypoints\n\n{}",
        own("LICENSE-MIT")?
    )?;
    writeln!(
        text,
        "\n{LINE}\nApache-2.0, of live-keypoints, the models and every library that is under it\n\n{}",
        own("LICENSE-APACHE")?
    )?;
    let mut sections: Vec<_> = bearers.into_iter().collect();
    sections.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (own_text, bearers) in sections {
        writeln!(text, "\n{LINE}\nOf {}\n\n{own_text}", bearers.join(", "))?;
    }
    Ok((text, libraries.len()))
}
