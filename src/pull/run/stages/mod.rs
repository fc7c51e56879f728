//! A file for each stage of a run: what is next there, and what its events mean.

pub(super) mod based;
pub(super) mod ended;
pub(super) mod merged;
pub(super) mod planned;
pub(super) mod pushed;
pub(super) mod started;
pub(super) mod waiting;
