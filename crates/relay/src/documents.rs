//! What the program says about itself: completions for shells, manual pages, licences. All of it goes to standard output.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::{Cli, ManPage};

/// The program's own licence, where the models are from, and the licences of what is linked into it. Written by
/// `cargo xtask licences` and checked by `cargo xtask check`.
const LICENCES: &str = include_str!("../THIRD-PARTY.txt");

/// Writes the script that completes the command line in `shell`.
pub(crate) fn print_completions(shell: Shell) -> io::Result<()> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    print(&script)
}

/// Writes a page for man(1): the program's own, or that of one of its commands.
pub(crate) fn print_man_page(page: Option<ManPage>) -> io::Result<()> {
    // The command `help` needs no page.
    let mut program = Cli::command().disable_help_subcommand(true);
    // Gives the commands the names that their pages have, as in live-keypoints-relay-serve(1).
    program.build();
    let described = page.and_then(|page| program.find_subcommand(page.command()));
    let mut text = Vec::new();
    Man::new(described.unwrap_or(&program).clone()).render(&mut text)?;
    print(&text)
}

/// Writes the licences.
pub(crate) fn print_licences() -> io::Result<()> {
    print(LICENCES.as_bytes())
}

/// Who reads may have had enough, as `head` does.
fn print(text: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_page_is_that_of_a_command() {
        let program = Cli::command();
        for page in [ManPage::Extract, ManPage::Serve] {
            assert!(program.find_subcommand(page.command()).is_some());
        }
    }
}
