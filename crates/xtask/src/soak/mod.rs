//! `cargo xtask soak`: hard use for a long time, with memory watched. One module a target; `flatness` is the rule by time,
//! `frame_growth` the one by frames, `length` the option that all have.

mod attack;
mod flatness;
mod frame_growth;
mod length;
mod page;
mod relay;

use clap::Subcommand;

use crate::plan::Plan;
use crate::workspace::Workspace;

/// What is put to hard use.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Target {
    /// The relay, by strangers who mean it harm, beside an honest session
    Attack(attack::Options),
    /// The npm package in headless Chromium
    Page(page::Options),
    /// The relay, by clients of every kind
    Relay(relay::Options),
}

/// Adds the steps of one target.
pub(crate) fn add_steps<'a>(plan: &mut Plan<'a>, workspace: &'a Workspace, target: &'a Target) {
    match target {
        Target::Attack(options) => attack::add_steps(plan, workspace, options),
        Target::Page(options) => page::add_steps(plan, workspace, options),
        Target::Relay(options) => relay::add_steps(plan, workspace, options),
    }
}
