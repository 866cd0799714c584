//! `GET /live-signs` as its clients see it: a server in this process, and a WebSocket client of another make.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod attacks;
mod ceiling;
mod connections;
mod equality;
mod fairness;
mod frames;
mod health;
mod landmarkers;
mod limits;
mod peers;
mod promises;
mod protocol_document;
mod shutdown;
mod signs;
mod stillness;
mod stills;
mod support;
mod text;
mod tls;
