//! What the bot needs from the world, as small traits with the rules' own types in and out.
//!
//! Every method may block, and is bounded in time by its adapter. Each one's doc says whether
//! repeating it is safe. No adapter knows another; production and tests plug in here.

use jiff::{SignedDuration, Timestamp};

use crate::pull::ci_change::CiPlan;
use crate::pull::expiry::ExpiringKey;
use crate::pull::ids::{JobId, MessageId, ObjectId, PipelineId, RunId};
use crate::pull::pipeline::{Job, Pipeline};
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::tag::Verification;

pub(crate) use self::authentication::{
    Attested, Authentication, Authenticator, Domain, Proof, Signed, Unattested,
};
pub(crate) use self::repository::{
    FetchOrder, FetchRefused, MergeOrder, OtherFiles, PushOrder, Pushed, Quarantine, Repository,
};
pub(crate) use self::store::{
    Batch, Control, Cursor, Folder, HistoryEntry, NotPut, Records, Store,
};
pub use crate::pull::fault::Fault;
pub(crate) use crate::pull::fault::FaultKind;
pub(crate) use crate::pull::run::work::Merged;

mod authentication;
mod disk;
mod repository;
mod store;

/// The time.
pub(crate) trait Clock: Send + Sync {
    /// The time now, UTC.
    fn now(&self) -> Timestamp;
}

/// Where a folder stands (RFC 3501, section 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FolderState {
    /// When it changes, all UIDs mean something else.
    pub(crate) uid_validity: u32,
    /// The UID the next mail will get, or one not above it.
    pub(crate) uid_next: u32,
    /// How many mails are in it.
    pub(crate) exists: u32,
}

/// One mail's header and what the server says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Its UID.
    pub(crate) uid: u32,
    /// Its size in bytes, all of it.
    pub(crate) size: u64,
    /// When the mailbox received it (INTERNALDATE).
    pub(crate) received_at: Timestamp,
    /// Its header block, raw, at most 256 KiB.
    pub(crate) header: Vec<u8>,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// The server announced something.
    Something,
    /// The time was up, or somebody woke the wait.
    Nothing,
}

/// One folder of one account, opened read-only. Reading changes nothing, so all may be repeated.
pub(crate) trait Mailbox: Send {
    /// Connects if need be, opens the folder (`EXAMINE`) and says where it stands.
    ///
    /// # Errors
    /// Temporary: the server is away or broke off; the next call connects anew. Misconfigured:
    /// login or folder refused, certificate not trusted.
    fn open(&mut self) -> Result<FolderState, Fault>;

    /// The headers of mails with a UID of at least `from`, ascending, at most `limit`.
    ///
    /// # Errors
    /// As [`open`](Self::open). A mail that the server can't give is left out by the adapter only
    /// after it was tried alone; it is then logged by UID.
    fn headings(&mut self, from: u32, limit: usize) -> Result<Vec<Heading>, Fault>;

    /// UIDs of mails received since that day (`SEARCH SINCE`), ascending.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn received_since(&mut self, day: Timestamp) -> Result<Vec<u32>, Fault>;

    /// A whole mail (`BODY.PEEK[]`), cut at `cap` bytes; `None` if it is gone.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn message(&mut self, uid: u32, cap: u64) -> Result<Option<Vec<u8>>, Fault>;

    /// Waits for news of the folder, with IDLE where the server can, for at most that long.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn wait(&mut self, at_most: SignedDuration) -> Result<News, Fault>;
}

/// An SMTP envelope (RFC 5321, section 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// MAIL FROM.
    pub(crate) sender: String,
    /// RCPT TO, at least one.
    pub(crate) recipients: Vec<String>,
}

/// What became of a letter that was given to the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The server took it for all recipients (reply 250 to the end of DATA).
    Accepted,
    /// It did not take it now; nothing was delivered. Try again.
    Temporary(Fault),
    /// It will not take it; nothing was delivered.
    Permanent(Fault),
    /// It will not take it for one of the recipients; nothing was delivered to any.
    Unreachable {
        /// The recipient's address.
        address: String,
        /// What the server said.
        fault: Fault,
    },
    /// The connection broke after the data: it may have been delivered.
    Unknown(Fault),
}

/// The way out for letters.
pub(crate) trait Outbound: Send + Sync {
    /// Sends one message in one transaction. **Not** safe to repeat after `Accepted` or `Unknown`.
    fn send(&self, envelope: &Envelope, message: &[u8]) -> Delivery;
}

/// The keys that the bot believes.
pub(crate) trait Keyring: Send + Sync {
    /// Checks a raw tag object's signature, at its own time and now. `name` is the ref's last
    /// part, which the object's own name must equal. Safe to repeat.
    ///
    /// # Errors
    /// Misconfigured: the keyring can't be read.
    fn verify(&self, tag: &[u8], name: &str, now: Timestamp) -> Result<Verification, Fault>;

    /// What a raw tag object's signature covers: all before it; of a tag without a signature, all of
    /// it. It checks nothing, and reads no keys.
    fn payload(&self, tag: &[u8]) -> PayloadDigest;

    /// Checks an OpenPGP signature, armored or not, at its own time and now, as [`verify`] does a
    /// tag's; of several one that is believed is enough. Otherwise a clause says why there is none.
    /// Safe to repeat.
    ///
    /// # Errors
    /// Misconfigured: the keyring can't be read.
    ///
    /// [`verify`]: Self::verify
    fn attest(
        &self,
        signed: Signed<'_>,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Result<Attested, Unattested>, Fault>;

    /// Whether some key's owner has this address. Safe to repeat; an unreadable keyring knows
    /// nobody.
    fn knows(&self, address: &str) -> bool;

    /// Keys that are good now and end within the time that their owners are warned. Safe to
    /// repeat.
    ///
    /// # Errors
    /// Misconfigured: the keyring can't be read.
    fn expiring(&self, now: Timestamp) -> Result<Vec<ExpiringKey>, Fault>;

    /// The OpenPGP certificates in some bytes, armored or not, as they could be added; for each that
    /// could not, why. Changes nothing.
    fn offered(&self, bytes: &[u8], now: Timestamp) -> Vec<Result<OfferedKey, String>>;

    /// Who the keyring says has that address, in capitals or not; `None` where nobody has it.
    fn owner(&self, address: &str) -> Option<String>;

    /// Every key, for people; those that commands added or took away are marked.
    ///
    /// # Errors
    /// Misconfigured: the keyring can't be read.
    fn listed(&self, now: Timestamp) -> Result<Vec<ListedKey>, Fault>;

    /// Who looks after which files: the maintainers for whom the keyring names paths. Safe to repeat.
    ///
    /// # Errors
    /// Misconfigured: the keyring can't be read.
    fn path_owners(&self) -> Result<Vec<PathOwner>, Fault>;

    /// Takes the keys that commands added and took away; from then on all of the above goes by them.
    /// Safe to repeat: it replaces what was taken before.
    fn adopt(&self, changes: KeyChanges);
}

/// A maintainer for whom the keyring names paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathOwner {
    /// Their addresses.
    pub(crate) addresses: Vec<String>,
    /// Globs of their files, at least one.
    pub(crate) paths: Vec<String>,
}

/// A certificate that somebody wants to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferedKey {
    /// The primary key's fingerprint.
    pub(crate) fingerprint: String,
    /// What its owner is called by the certificate. Untrusted.
    pub(crate) owner: String,
    /// The addresses of its user IDs. Untrusted.
    pub(crate) addresses: Vec<String>,
    /// Why a signature with it would not be believed now; `None`: it would.
    pub(crate) trouble: Option<String>,
    /// The public certificate alone, in binary, at most 256 KiB.
    pub(crate) certificate: Vec<u8>,
}

/// One key of the keyring, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedKey {
    /// The primary key's fingerprint, or an SSH key's `SHA256:…`.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// The owner's addresses.
    pub(crate) addresses: Vec<String>,
    /// From when on it is not believed any more; `None`: no end is set.
    pub(crate) expires: Option<Timestamp>,
    /// Why it is not believed; `None`: it is.
    pub(crate) trouble: Option<String>,
    /// Whether a command added it.
    pub(crate) by_command: bool,
}

/// What commands changed in the keyring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyChanges {
    /// Certificates beside those of the folder, each with the one address that its owner has by
    /// them. With a `maintainers.toml` that must be an address of one of its maintainers, whose key
    /// it then is.
    pub(crate) added: Vec<(Vec<u8>, String)>,
    /// Fingerprints that are not believed any more, wherever they are.
    pub(crate) removed: Vec<String>,
}

/// GitLab, for one target's CI project.
pub(crate) trait Pipelines: Send + Sync {
    /// Pipelines made through the API by this bot's user on that branch for that commit, newest
    /// first. Safe to repeat; GitLab's reads lag its writes.
    ///
    /// # Errors
    /// Temporary, or misconfigured (token, project).
    fn find(&self, ci_ref: &str, sha: ObjectId) -> Result<Vec<Pipeline>, Fault>;

    /// Makes a pipeline on a branch, with the target's variables or inputs. **Not** safe to
    /// repeat: GitLab has no idempotency key, so call [`find`](Self::find) first.
    ///
    /// # Errors
    /// Permanent: GitLab refuses (400 with its reasons in `public`); the caller tries again for a
    /// minute, since a branch may not be visible at once. Temporary: unknown whether it was made.
    fn create(&self, ci_ref: &str) -> Result<Pipeline, Fault>;

    /// A pipeline as it is now. Safe to repeat.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    fn get(&self, id: PipelineId) -> Result<Pipeline, Fault>;

    /// All its jobs, latest attempts: builds, bridges, external statuses. Safe to repeat.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    fn jobs(&self, id: PipelineId) -> Result<Vec<Job>, Fault>;

    /// The last `cap` bytes of a job's trace, raw; empty if there is none. Safe to repeat.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    fn log(&self, id: JobId, cap: u64) -> Result<Vec<u8>, Fault>;

    /// What a pipeline on that branch would run, with the configuration of that commit, which must
    /// be the branch's tip: GitLab takes local includes from there. Makes nothing. Safe to repeat.
    ///
    /// # Errors
    /// Temporary; misconfigured (token, project); permanent: this GitLab does not tell, or not yet.
    fn lint(&self, commit: ObjectId, ci_ref: &str) -> Result<CiPlan, Fault>;

    /// Cancels a pipeline; done already is fine. Safe to repeat.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    fn cancel(&self, id: PipelineId) -> Result<(), Fault>;
}

/// A file that is kept beside the records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileName {
    /// A request's mail as it came.
    Mail(MessageId),
    /// A mail with commands, as it came. Anybody may send another mail of the same Message-ID.
    CommandMail(MessageId),
    /// A letter as it is sent.
    Letter(MessageId),
    /// A job's log, cleaned.
    Log(RunId, JobId),
    /// What CI would run for a run's target alone, as JSON.
    CiPlan(RunId),
    /// All that a run's candidate would change in it, a line each, cleaned.
    CiDifference(RunId),
    /// An OpenPGP certificate that a command added, by its primary key's fingerprint. It is kept
    /// for ever.
    Key(String),
}
