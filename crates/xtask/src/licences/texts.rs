//! Which licence of a library is taken, and the text that must come with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use spdx::{Expression, Licensee, ParseMode};

use super::linked::Library;

/// The licences that can be taken, the dearest first: of two that are offered, the one whose text is the same for all.
/// `deny.toml` holds the same list for what may be linked at all.
const TAKEN: [&str; 9] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "ISC",
    "Zlib",
    "IJG",
    "Unicode-3.0",
];
/// How files are named that say what has to be passed on.
const LICENCE_FILES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "UNLICENSE"];
const NOTICE_FILE: &str = "NOTICE";
/// The licence whose text names nobody, and is therefore printed once for all.
pub(super) const APACHE: &str = "Apache-2.0";
/// What stands below the copyright line of every MIT licence.
const MIT_TERMS: &str = "\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the \"Software\"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.";

/// The licences of `library` that are taken: one where it offers several, all that it asks for at once.
pub(super) fn taken(library: &Library) -> Result<Vec<String>> {
    let Library { name, licence, .. } = library;
    let expression = Expression::parse_mode(licence, ParseMode::LAX)
        .with_context(|| format!("{name}: {licence} is no SPDX expression"))?;
    let licensees = TAKEN
        .iter()
        .map(|name| Licensee::parse(name))
        .collect::<Result<Vec<_>, _>>()
        .context("every licence in the list is SPDX's")?;
    let requirements = expression
        .minimized_requirements(&licensees)
        .with_context(|| format!("{name}: no licence of {licence} is one that can be taken"))?;
    Ok(requirements.iter().map(ToString::to_string).collect())
}

/// The texts that must be passed on with a library besides that of [`APACHE`].
pub(super) fn texts(library: &Library, taken: &[String]) -> Result<Vec<String>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(&library.folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.insert(path);
        }
    }
    let wanted = wanted_files(&files, library.licence_file.as_ref(), taken);
    let needs_own_text = taken.iter().any(|licence| licence != APACHE);
    let mut texts = Vec::new();
    for file in wanted {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        if !is_apache(&text) {
            texts.push(tidy(&text));
        }
    }
    if needs_own_text && texts.is_empty() {
        texts.push(standard_text(library, taken)?);
    }
    Ok(texts)
}

/// For a library that names MIT and brings no text of it: the licence's own, with whom its manifest names.
fn standard_text(library: &Library, taken: &[String]) -> Result<String> {
    let Library {
        name,
        version,
        authors,
        ..
    } = library;
    if taken != ["MIT"] {
        bail!("{name} {version} brings no text of {}", taken.join(", "));
    }
    let holders = if authors.is_empty() {
        format!("the authors of {name}")
    } else {
        authors.join(", ")
    };
    Ok(format!(
        "MIT License\n\nCopyright (c) {holders}\n\n{MIT_TERMS}"
    ))
}

/// Notices always; the text of a licence where it is not everybody's; all that there is where several licences hold.
fn wanted_files(
    files: &BTreeSet<PathBuf>,
    named: Option<&PathBuf>,
    taken: &[String],
) -> Vec<PathBuf> {
    let upper = |path: &PathBuf| {
        path.file_name()
            .map(|name| name.to_string_lossy().to_uppercase())
            .unwrap_or_default()
    };
    let starts =
        |path: &PathBuf, starts: &[&str]| starts.iter().any(|start| upper(path).starts_with(start));
    let mut wanted: Vec<PathBuf> = files
        .iter()
        .filter(|path| starts(path, &[NOTICE_FILE]))
        .cloned()
        .collect();
    let mut licences: BTreeSet<&PathBuf> = files
        .iter()
        .filter(|path| starts(path, &LICENCE_FILES))
        .collect();
    licences.extend(named);
    match taken {
        [only] if only == APACHE => {}
        [only] => {
            let word = only.split('-').next().unwrap_or(only).to_uppercase();
            let is_named = |path: &&&PathBuf| upper(path).contains(&word);
            let of_it: Vec<&&PathBuf> = licences.iter().filter(is_named).collect();
            if of_it.is_empty() {
                wanted.extend(licences.into_iter().cloned());
            } else {
                wanted.extend(of_it.into_iter().map(|path| (*path).clone()));
            }
        }
        _ => wanted.extend(licences.into_iter().cloned()),
    }
    wanted
}

/// Whether a text is the Apache licence and nothing else.
fn is_apache(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next() == Some("Apache") && words.next() == Some("License")
}

/// Without spaces at the ends of lines and empty lines around.
pub(super) fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(licence: &str) -> Library {
        Library {
            name: "some".to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            licence_file: None,
            authors: Vec::new(),
            folder: PathBuf::new(),
        }
    }

    fn names(files: &[&str], taken: &[&str]) -> Vec<String> {
        let files = files.iter().map(PathBuf::from).collect();
        let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
        wanted_files(&files, None, &taken)
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn of_several_licences_the_one_whose_text_is_shared_is_taken() {
        assert_eq!(taken(&library("MIT OR Apache-2.0")).unwrap(), [APACHE]);
        assert_eq!(taken(&library("MIT/Apache-2.0")).unwrap(), [APACHE]);
        assert_eq!(taken(&library("Unlicense OR MIT")).unwrap(), ["MIT"]);
    }

    #[test]
    fn licences_that_hold_at_once_are_all_taken() {
        let mut both = taken(&library("Apache-2.0 AND ISC")).unwrap();
        both.sort();
        assert_eq!(both, [APACHE, "ISC"]);
    }

    #[test]
    fn a_licence_that_was_not_decided_on_is_refused_by_name() {
        let error = taken(&library("GPL-3.0-only")).unwrap_err().to_string();
        assert!(error.contains("some") && error.contains("GPL"), "{error}");
        assert!(taken(&library("my own")).is_err());
    }

    #[test]
    fn the_file_of_the_licence_goes_before_the_others_and_notices_always_come_along() {
        let both = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "NOTICE"];
        assert_eq!(names(&both, &["MIT"]), ["NOTICE", "LICENSE-MIT"]);
        assert_eq!(names(&both, &[APACHE]), ["NOTICE"]);
        assert_eq!(names(&["license.md"], &["MIT"]), ["license.md"]);
        let all = names(&["LICENSE", "LICENSE-BoringSSL"], &[APACHE, "ISC"]);
        assert_eq!(all, ["LICENSE", "LICENSE-BoringSSL"]);
    }

    #[test]
    fn a_library_without_a_text_gets_the_standard_one_of_mit_and_of_no_other() {
        let mut library = library("MIT");
        let text = |library: &Library, licence: &str| standard_text(library, &[licence.to_owned()]);
        assert!(
            text(&library, "MIT")
                .unwrap()
                .contains("(c) the authors of some\n")
        );
        library.authors = vec!["A <a@example.org>".to_owned(), "B".to_owned()];
        assert!(
            text(&library, "MIT")
                .unwrap()
                .contains("(c) A <a@example.org>, B\n")
        );
        assert!(text(&library, "ISC").is_err());
    }

    #[test]
    fn only_the_whole_apache_licence_is_left_out() {
        assert!(is_apache("\n      Apache License\n   Version 2.0"));
        assert!(!is_apache("MIT License"));
        assert_eq!(tidy("\na  \r\n b\n\n"), "a\n b");
    }
}
