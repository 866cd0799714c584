//! Puts a keypoint server under load, on this machine: one turn of `cargo xtask bench --load`, `cargo xtask soak relay` and
//! `cargo xtask soak attack`.
//!
//! - `server`: the program under load, its processor time and memory.
//! - `clip`: the frames.
//! - `camera`: a client that sends as a camera does, and what it saw.
//! - `steps`: more and more cameras, until the server falls behind.
//! - `soak`: clients of every kind, good and bad; `visitor` is one of them, `ledger` its account of every frame.
//! - `attack`: what a stranger may try, each beside an honest camera.
//!
//! One thread does all of it, so that little is taken from the server.

mod attack;
mod camera;
mod clip;
mod ledger;
mod server;
mod soak;
mod steps;
mod visitor;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// How many cameras the server keeps up with; prints samples, one JSON object a line
    Steps(steps::Options),
    /// Hard use of the relay; prints what it sees from time to time and at the end
    Soak(soak::Options),
    /// Attacks on the relay, one after the other; fails where one is not borne as it should be
    Attack(attack::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // `cargo bench` adds a flag of its own.
    let arguments = std::env::args_os().filter(|argument| argument != "--bench");
    match Arguments::parse_from(arguments).command {
        Command::Steps(options) => steps::run(&options).await,
        Command::Soak(options) => soak::run(&options).await,
        Command::Attack(options) => attack::run(&options).await,
    }
}
