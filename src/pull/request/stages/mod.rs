//! A file for each stage of a request: what is next there, and what its events mean.

pub(super) mod answered;
pub(super) mod concluded;
pub(super) mod fetched;
pub(super) mod held;
pub(super) mod queued;
pub(super) mod received;
pub(super) mod running;
pub(super) mod verified;
