//! `cargo xtask`: every command that builds, serves, checks or tests this repository.
//!
//! Each command is a [`plan::Plan`] of steps with a plain headline and a duration. Timed figures are `bench`'s alone.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool reports on its standard streams"
)]

mod bench;
mod browser;
mod build_web;
mod check;
mod demo;
mod digest;
mod fuzz;
mod kernels;
mod licences;
mod lock_file;
mod plan;
mod programs;
mod python;
mod setup;
mod soak;
mod task_bundles;
mod test;
mod wasm_opt;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::plan::{OnFailure, Plan};
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, serves, checks and tests live-keypoints"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the npm package in www/: both WebAssembly modules, TypeScript, models
    BuildWeb {
        /// The demo's larger modules, for quick rebuilds
        #[arg(long)]
        quick: bool,
    },
    /// Build everything and serve the demo, installing what is missing
    Demo {
        /// Address to serve on
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
        listen: String,
        /// Open the demo in a headless browser, wait for keypoints, print frames a second, and end
        #[arg(long)]
        check: bool,
        /// Only build what would be served
        #[arg(long, conflicts_with = "check")]
        no_serve: bool,
    },
    /// Run every check and functional test, installing what is missing
    Test {
        /// Run one group only
        #[arg(long, value_name = "GROUP")]
        only: Option<test::Group>,
    },
    /// Formatting, lints, dependency rules, licences, links, packaging, file sizes, model checksums, API reference
    Check,
    /// Write the licences of what is in the relay, which it prints, and in the package; commit the first
    Licences,
    /// Measure speed, size and memory, alone or beside others; read tests/bench/README.md first
    Bench(bench::Options),
    /// Run the fuzzers on what strangers can send, installing cargo-fuzz; needs nightly Rust
    Fuzz(fuzz::Options),
    /// Hard use for ten minutes: memory must stay flat
    Soak {
        #[command(subcommand)]
        target: soak::Target,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let workspace = Workspace::locate()?;
    let command = Arguments::parse().command;
    let mut plan = Plan::new();
    match &command {
        Command::BuildWeb { quick } => {
            let profile = if *quick {
                build_web::Profile::Quick
            } else {
                build_web::Profile::Published
            };
            build_web::add_steps(&mut plan, &workspace, profile);
            plan.run(OnFailure::Stop)
        }
        Command::Demo {
            listen,
            check,
            no_serve,
        } => {
            demo::add_steps(&mut plan, &workspace);
            if *check {
                demo::add_check_steps(&mut plan, &workspace);
            }
            plan.expect_seconds(&demo::USUAL_SECONDS);
            plan.run(OnFailure::Stop)?;
            match (check, no_serve) {
                (true, _) => demo::check(&workspace, listen),
                (false, true) => Ok(()),
                (false, false) => demo::serve(&workspace, listen),
            }
        }
        Command::Test { only } => {
            test::add_steps(&mut plan, &workspace, *only);
            plan.run(OnFailure::Continue)
        }
        Command::Check => {
            check::add_steps(&mut plan, &workspace);
            plan.run(OnFailure::Continue)
        }
        Command::Licences => {
            licences::add_steps(&mut plan, &workspace);
            plan.run(OnFailure::Stop)
        }
        Command::Bench(options) => {
            bench::add_steps(&mut plan, &workspace, options);
            plan.run(OnFailure::Stop)
        }
        Command::Fuzz(options) => {
            fuzz::add_steps(&mut plan, &workspace, options);
            plan.run(OnFailure::Continue)
        }
        Command::Soak { target } => {
            soak::add_steps(&mut plan, &workspace, target);
            plan.run(OnFailure::Stop)
        }
    }
}
