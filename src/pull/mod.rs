//! The rules: how a pull request lives, from the mail that asks to the letter that answers.
//!
//! Everything here is a pure function of its arguments: no input or output, no clock, no threads.
//! For each kind of record an `apply` says what an event changes and a `decide` says what to do
//! next; asked again after a crash, `decide` gives the same answer.
//!
//! In reading order: [`ids`], [`subject`] (what stands in front of one), [`cover`] (what the mail asks), [`tag`] (what was fetched),
//! [`signed_tag`] (what it is known by), [`signer`] (who signed it, and what they may ask for),
//! [`pipeline`] (what GitLab says), [`failure`] (whose fault a failed job is), [`evidence`] (what
//! that proves), [`jobs`] (what is kept of it), [`checks`] (what speaks against its commits),
//! [`verdict`] (what is concluded, and who is told), [`ci_change`] (what CI would run, with the
//! request and without), `ci_policy` (what follows from that), [`retry`], [`decision`], [`wording`] (how it
//! comes by words), [`policy`], [`queue`]; then the three records with
//! their rules: [`request`] (and [`revision`]: which one is another's next, [`repeat`]: which one
//! stands for a tag that is mailed twice), [`run`], [`letter`]; [`aside`] (records that nothing is done
//! with); [`expiry`] (keys that end soon);
//! [`command`] (what commands are made of), `rights` (who may give which), [`verbs`] (each of them),
//! [`command_mail`] (the mail they stand in), [`overlay`] (what they changed) and [`audit`] (who gave
//! them); [`room`] (what texts from outside may take in a
//! record), [`records`] (what is put together) and [`world`], which joins them: `step`.

pub(crate) mod alert;
pub(crate) mod aside;
pub(crate) mod audit;
pub(crate) mod checks;
pub(crate) mod ci_change;
pub(crate) mod ci_policy;
pub(crate) mod clean;
pub(crate) mod command;
pub(crate) mod command_mail;
pub(crate) mod cover;
pub(crate) mod decision;
pub(crate) mod evidence;
pub(crate) mod expiry;
pub(crate) mod failure;
pub(crate) mod fault;
pub(crate) mod folder;
pub(crate) mod hold;
pub(crate) mod ids;
pub(crate) mod jobs;
pub(crate) mod letter;
pub(crate) mod lineage;
pub(crate) mod near_miss;
pub(crate) mod overlay;
pub(crate) mod pipeline;
pub(crate) mod policy;
pub(crate) mod queue;
pub(crate) mod records;
pub(crate) mod repeat;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod revision;
pub(crate) mod rights;
pub(crate) mod room;
pub(crate) mod run;
mod shortening;
pub(crate) mod signed_tag;
pub(crate) mod signer;
pub(crate) mod subject;
pub(crate) mod tag;
pub(crate) mod task;
pub(crate) mod verbs;
pub(crate) mod verdict;
pub(crate) mod wording;
pub(crate) mod world;
