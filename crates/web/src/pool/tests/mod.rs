//! - `world`: page, workers and network of the tests; `stand`: a worker of theirs.
//! - `any_order`: whatever happens, nothing is lost; `workers`: single cases.
//! - `simulation`: how fast work reaches workers, by arithmetic.

mod any_order;
mod simulation;
mod stand;
mod workers;
mod world;
