//! What a test may order of the stand-in: how the next pipeline goes, and what goes wrong. Values
//! only.

use std::time::Duration;

/// How the next pipeline made through the API goes. Without a plan its jobs are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The jobs are really run.
    Run,
    /// All jobs succeed at once, unrun.
    Pass,
    /// These fail at once and all others succeed; those that the project does not have are added.
    FailJobs(Vec<String>),
    /// This job fails at once for that `failure_reason`, and all others succeed; it is added if the
    /// project does not have it. For a reason that says that it was stuck, no runner ever took it.
    Break {
        /// The job.
        job: String,
        /// GitLab's word.
        reason: String,
    },
    /// No runner ever takes a job.
    StayPending,
    /// A blocking manual job waits for a person.
    Manual,
    /// All jobs are skipped.
    Skipped,
    /// All jobs are cancelled.
    Canceled,
    /// The pipeline's status is this word whatever its jobs are.
    Status(String),
    /// Success without a single job.
    Empty,
    /// That many jobs, all of which succeed.
    Jobs(u32),
}

/// What happens to one request instead of, or besides, its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// 429 with `Retry-After` in seconds, as text (GitLab's throttle).
    RateLimited(u32),
    /// 429 with only `RateLimit-Reset`, that many seconds from now.
    RateLimitedUntil(u32),
    /// A proxy's page of HTML with this status.
    Html(u16),
    /// A login page of HTML with status 200.
    LoginPage,
    /// This status and this JSON.
    Refused(u16, String),
    /// The request is carried out, then the connection dropped without an answer.
    LostAnswer,
    /// The connection is dropped, nothing is carried out.
    Dropped,
    /// A redirect to this address.
    Redirect(String),
    /// JSON that breaks off.
    BrokenJson,
    /// No answer for so long, then a usual one.
    Late(Duration),
}
