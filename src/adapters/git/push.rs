//! The child's writing side: compare-and-swap on one branch of the CI project.
//!
//! What the server advertises on the connection is compared here, and sent along as the old value,
//! which the server compares again under its lock. So a push by somebody else in between is never
//! overwritten.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use git2::{Direction, PushOptions, RemoteCallbacks, RemoteConnection, Repository};

use super::fetch::{Report, list};
use super::order::{Progress, Reply};
use super::pin;
use super::session::{Session, printable};
use crate::ports::Fault;
use crate::pull::ids::ObjectId;

/// Pushes a commit to a branch that is absent, at the commit, or at one of `replaces`.
pub(crate) fn push(
    session: &Arc<Session>,
    from: &Path,
    commit: ObjectId,
    reference: &str,
    replaces: &[ObjectId],
    report: Report<'_>,
) -> Result<Reply, Reply> {
    let swap = |there: Option<ObjectId>| match there {
        Some(there) if there == commit => Err(Reply::At(commit)),
        Some(there) if !replaces.contains(&there) => Err(Reply::Occupied(there)),
        Some(_) => Ok(format!("+{commit}:{reference}")),
        None => Ok(format!("{commit}:{reference}")),
    };
    with_or_without_options(session, from, reference, &swap, report)?;
    Ok(Reply::At(commit))
}

/// Deletes a branch if it is that commit.
pub(crate) fn delete(
    session: &Arc<Session>,
    from: &Path,
    commit: ObjectId,
    reference: &str,
) -> Result<Reply, Reply> {
    let swap = |there: Option<ObjectId>| match there {
        Some(there) if there == commit => Ok(format!(":{reference}")),
        Some(_) | None => Err(Reply::Absent),
    };
    let report = RefCell::new(|_: Progress| {});
    with_or_without_options(session, from, reference, &swap, &report)?;
    Ok(Reply::Absent)
}

/// What to do, by what is there: a refspec, or an answer at once.
type Swap<'a> = &'a dyn Fn(Option<ObjectId>) -> Result<String, Reply>;

/// Tries with `ci.skip`; a server that knows no push options gets the push without.
fn with_or_without_options(
    session: &Arc<Session>,
    from: &Path,
    reference: &str,
    swap: Swap<'_>,
    report: Report<'_>,
) -> Result<(), Reply> {
    let repo = Repository::open_bare(from).map_err(|error| session.explain(&error))?;
    match once(session, &repo, reference, swap, &["ci.skip"], report) {
        Err(Trouble::Git(error)) if error.message().contains("push-options not supported") => {
            once(session, &repo, reference, swap, &[], report)
        }
        other => other,
    }
    .map_err(|trouble| match trouble {
        Trouble::Git(error) => session.explain(&error),
        Trouble::Answer(reply) => reply,
    })
}

enum Trouble {
    Git(git2::Error),
    Answer(Reply),
}

impl From<git2::Error> for Trouble {
    fn from(error: git2::Error) -> Self {
        Self::Git(error)
    }
}

fn once(
    session: &Arc<Session>,
    repo: &Repository,
    reference: &str,
    swap: Swap<'_>,
    push_options: &[&str],
    report: Report<'_>,
) -> Result<(), Trouble> {
    let mut remote = repo.remote_anonymous(&session.url().text())?;
    let mut connection = remote.connect_auth(Direction::Push, None, None)?;
    let refspec = swap(find(session, &connection, reference)?).map_err(Trouble::Answer)?;
    let (status, words) = (RefCell::new(None), RefCell::new(Vec::new()));
    let mut callbacks = RemoteCallbacks::new();
    callbacks.push_update_reference(|name, refused| {
        if name == reference {
            status.replace(Some(refused.map(str::to_owned)));
        }
        Ok(())
    });
    callbacks.sideband_progress(|said| {
        words.borrow_mut().extend(said.iter().take(4096));
        !session.is_late() && words.borrow().len() < 64 << 10
    });
    callbacks.push_transfer_progress(|objects, total, bytes| {
        let (objects, total, bytes) = (objects as u64, total as u64, bytes as u64);
        (report.borrow_mut())(Progress { objects, total, bytes });
    });
    let mut options = PushOptions::new();
    options
        .remote_callbacks(callbacks)
        .packbuilder_parallelism(0)
        .remote_push_options(push_options);
    let pushed = connection.remote().push(&[refspec], Some(&mut options));
    drop(options);
    drop(connection);
    match status.into_inner() {
        Some(Some(refused)) => Err(Trouble::Answer(declined(session, &refused, &words.borrow()))),
        Some(None) => pushed.map_err(Trouble::Git),
        None => pushed.map_err(Trouble::Git).and_then(|()| verify(session, repo, reference, swap)),
    }
}

/// A server that reports nothing on the ref is asked where it is now.
fn verify(
    session: &Arc<Session>,
    repo: &Repository,
    reference: &str,
    swap: Swap<'_>,
) -> Result<(), Trouble> {
    let mut remote = repo.remote_anonymous(&session.url().text())?;
    let connection = remote.connect_auth(Direction::Push, None, None)?;
    match swap(find(session, &connection, reference)?) {
        Err(answer) => Err(Trouble::Answer(answer)),
        Ok(_) => Err(Trouble::Answer(declined(session, "the server reported nothing", b""))),
    }
}

fn find(
    session: &Session,
    connection: &RemoteConnection<'_, '_, '_>,
    reference: &str,
) -> Result<Option<ObjectId>, Trouble> {
    let refs = list(session, connection).map_err(Trouble::Answer)?;
    Ok(refs.iter().find(|(name, _)| name == reference).map(|(_, oid)| pin::id(*oid)))
}

/// A refusal, in the server's words. A race for the ref goes away by itself.
fn declined(session: &Session, refused: &str, words: &[u8]) -> Reply {
    const RACES: [&str; 5] =
        ["lock", "failed to update ref", "already exists", "fetch first", "stale info"];
    let refused = printable(refused.as_bytes(), 200);
    let words = printable(words, 600);
    let detail = format!("{}: the push was declined: {refused}. {words}", session.url().text());
    let detail = detail.trim_end().to_owned();
    let fault = if RACES.iter().any(|race| refused.contains(race)) {
        Fault::temporary(detail)
    } else {
        Fault::misconfigured(detail)
    };
    Reply::Fault(fault)
}
