//! `GET /live-signs` as its clients see it: a server in this process, and a WebSocket client of another make.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod frames;
mod support;
