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
//! request and without), [`retry`], [`decision`], [`policy`], [`queue`]; then the three records with
//! their rules: [`request`] (and [`revision`]: which one is another's next, [`repeat`]: which one
//! stands for a tag that is mailed twice), [`run`], [`letter`]; [`aside`] (records that nothing is done
//! with); [`expiry`] (keys that end soon);
//! [`command`] (what people may say), [`command_mail`] (the mail they say it in), [`overlay`] (what
//! that changed) and [`audit`] (who said it); [`room`] (what texts from outside may take in a
//! record), [`records`] (what is put together) and [`world`], which joins them: `step`.

pub mod aside;
pub mod audit;
pub mod checks;
pub mod ci_change;
pub mod command;
pub mod command_mail;
pub mod cover;
pub mod decision;
pub mod evidence;
pub mod expiry;
pub mod failure;
pub mod ids;
pub mod jobs;
pub mod letter;
pub mod near_miss;
pub mod overlay;
pub mod pipeline;
pub mod policy;
pub mod queue;
pub mod records;
pub mod repeat;
pub mod request;
pub mod retry;
pub mod revision;
pub mod room;
pub mod run;
mod shortening;
pub mod signed_tag;
pub mod signer;
pub mod subject;
pub mod tag;
pub mod verdict;
pub mod world;
