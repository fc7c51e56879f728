//! The one adapter that puts records into a store.

#[path = "../../src/adapters/store/mod.rs"]
pub(crate) mod store;
