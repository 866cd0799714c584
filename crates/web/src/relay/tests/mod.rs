//! The client as its driver sees it: `driver` plays the browser and the relay.

mod any_order;
mod connections;
mod driver;
mod outbox;
mod stream;
