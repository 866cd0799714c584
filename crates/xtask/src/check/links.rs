//! Links in Markdown files: what they name in this repository is there, headings included. Addresses elsewhere are not
//! asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use xshell::cmd;

use crate::plan::Finish;
use crate::workspace::Workspace;

/// Step: every relative link of every committed Markdown file.
pub(super) fn check(workspace: &Workspace) -> Result<Finish> {
    if !workspace.path(".git").exists() {
        return Ok(Finish::Skipped("this is no git work tree".to_owned()));
    }
    let shell = workspace.shell();
    // Files that are new and not committed yet count as well.
    let listing = cmd!(
        shell,
        "git ls-files -z --cached --others --exclude-standard"
    )
    .quiet()
    .read()?;
    let files: BTreeSet<PathBuf> = listing
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .collect();
    let mut pages = BTreeMap::new();
    for file in &files {
        if file.extension().is_some_and(|ending| ending == "md") {
            let text = fs::read_to_string(workspace.root().join(file))
                .with_context(|| file.display().to_string())?;
            pages.insert(file.clone(), Page::read(&text));
        }
    }
    let links: usize = pages.values().map(|page| page.links.len()).sum();
    let broken = broken(&files, &pages);
    if broken.is_empty() {
        return Ok(Finish::Noted(format!(
            "{links} links in {} files",
            pages.len()
        )));
    }
    bail!("{}", broken.join("\n"))
}

/// What matters of a Markdown file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    links: Vec<String>,
    /// The fragments that name its headings.
    headings: BTreeSet<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        for event in Parser::new(text) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.headings.extend(heading.take().map(|text| slug(&text)));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

/// The fragment of a heading, as GitHub makes it of its text.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        })
        .collect()
}

fn broken(files: &BTreeSet<PathBuf>, pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let is_folder = |path: &Path| files.iter().any(|file| file.starts_with(path));
    let mut broken = Vec::new();
    for (file, page) in pages {
        for link in page.links.iter().filter(|link| !is_elsewhere(link)) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                Some(file.clone())
            } else {
                resolve(file, path)
            };
            let found =
                target.filter(|target| files.contains(target) || is_folder(target.as_path()));
            let Some(target) = found else {
                broken.push(format!("{}: there is no {link}", file.display()));
                continue;
            };
            let has_heading = pages
                .get(&target)
                .is_none_or(|page| page.headings.contains(fragment));
            if !fragment.is_empty() && !has_heading {
                broken.push(format!("{}: no heading is named by {link}", file.display()));
            }
        }
    }
    broken
}

/// Whether a link has a scheme, as in `https:` and `mailto:`.
fn is_elsewhere(link: &str) -> bool {
    link.split_once(':')
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// The path in the repository that a link of `file` names; `None` where it leads out.
fn resolve(file: &Path, link: &str) -> Option<PathBuf> {
    let mut path = file.parent()?.to_path_buf();
    for component in Path::new(link).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => path.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_in(pages: &[(&str, &str)]) -> Vec<String> {
        let pages: BTreeMap<PathBuf, Page> = pages
            .iter()
            .map(|(name, text)| (PathBuf::from(name), Page::read(text)))
            .collect();
        let mut files: BTreeSet<PathBuf> = pages.keys().cloned().collect();
        files.insert(PathBuf::from("src/picture.png"));
        broken(&files, &pages)
    }

    #[test]
    fn links_to_files_folders_and_headings_are_followed() {
        let readme = "[a](docs/a.md) [b](docs/a.md#two-words--more) ![c](src/picture.png) [d](src) [e](#top)\n\n# Top";
        let guide = "## Two `words`, – more\n\n[up](../README.md) [it](https://example.org/x) [me](mailto:a@b)";
        assert_eq!(
            broken_in(&[("README.md", readme), ("docs/a.md", guide)]),
            [""; 0]
        );
    }

    #[test]
    fn what_is_not_there_is_named_with_its_file() {
        let text = "[a](b.md) [c](#nothing) [d](../out.md) [e][f]\n\n[f]: /root.md\n";
        let broken = broken_in(&[("a.md", text)]);
        assert_eq!(broken.len(), 4, "{broken:?}");
        assert_eq!(broken[0], "a.md: there is no b.md");
        assert_eq!(broken[1], "a.md: no heading is named by #nothing");
    }

    #[test]
    fn code_has_no_links() {
        let text = "`[a](b.md)`\n\n```md\n[c](d.md)\n```\n";
        assert_eq!(Page::read(text), Page::default());
    }
}
