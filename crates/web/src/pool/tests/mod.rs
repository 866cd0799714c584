//! - `world`: page, workers and network of the tests.
//! - `any_order`: whatever happens, nothing is lost; `workers`: single cases.
//! - `simulation`: how fast work reaches workers, by arithmetic.

mod any_order;
mod simulation;
mod workers;
mod world;
