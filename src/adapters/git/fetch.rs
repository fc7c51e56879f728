//! The child's reading side: one connection that lists the refs, picks one and fetches it.
//!
//! libgit2 offers its newest 256 commits and then gives up, so it fetches whole histories from a
//! tree forked long ago (libgit2#6532). A quarantine's only refs are therefore what the other side
//! surely has: the base its mail names, and advertised commits that we own.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;

use git2::{
    AutotagOption, Direction, FetchOptions, ObjectType, Oid, RemoteCallbacks, RemoteConnection,
    Repository,
};

use super::check;
use super::order::{Progress, Reply};
use super::pin;
use super::session::Session;
use crate::ports::{Fault, FaultKind};
use crate::pull::ids::ObjectId;

/// How far a transfer is, for whoever listens.
pub(crate) type Report<'a> = &'a RefCell<dyn FnMut(Progress)>;

/// At most this many refs say what the other side has: libgit2 offers no more commits anyway.
const HAVES: usize = 200;

/// A stranger's repository has at most so many refs. Large forges show tens of thousands.
const MOST_REFS: usize = 100_000;

/// A stranger's request brings at most so many objects: more than all of QEMU's history has.
const MOST_OBJECTS: usize = 2_000_000;

/// What a server advertises.
pub(crate) type Refs = Vec<(String, Oid)>;

/// Fetches the first of `references` that is there into a quarantine, and checks what came.
pub(crate) fn into_quarantine(
    session: &Arc<Session>,
    paths: (&Path, &Path),
    references: &[String],
    base: Option<ObjectId>,
    largest: u64,
    report: Report<'_>,
) -> Result<Reply, Reply> {
    let local = |error: git2::Error| session.explain(&error);
    let repo = Repository::open_bare(paths.0).map_err(local)?;
    let mirror = Repository::open_bare(paths.1).map_err(local)?;
    let mirror_odb = mirror.odb().map_err(local)?;
    let mut remote = repo.remote_anonymous(&session.url().text()).map_err(local)?;
    let mut connection = remote.connect_auth(Direction::Fetch, None, None).map_err(local)?;
    let refs = list(session, &connection)?;
    let found = references.iter().find_map(|name| refs.iter().find(|(is, _)| is == name));
    let Some((name, oid)) = found else { return Ok(Reply::Absent) };
    offer_haves(&repo, &mirror, &refs, base).map_err(local)?;
    download(session, &mut connection, name, report)?;
    drop(connection);
    drop(remote);
    let pinned = pin::pin(&repo, name, *oid).map_err(|error| not_given(session, &error))?;
    let Some(pinned) = pinned else { return Ok(Reply::NotACommit) };
    let tip = pin::oid(pinned.tip).map_err(local)?;
    check::arrivals(&repo, &mirror_odb, tip, largest).map_err(Reply::Fault)?;
    repo.reference("refs/pinned", *oid, true, "").map_err(local)?;
    Ok(Reply::Pinned(Box::new(pinned)))
}

/// Brings one branch of a mirror up to date.
pub(crate) fn into_mirror(
    session: &Arc<Session>,
    mirror: &Path,
    branch: &str,
    report: Report<'_>,
) -> Result<Reply, Reply> {
    let local = |error: git2::Error| session.explain(&error);
    let repo = Repository::open_bare(mirror).map_err(local)?;
    let mut remote = repo.remote_anonymous(&session.url().text()).map_err(local)?;
    let mut connection = remote.connect_auth(Direction::Fetch, None, None).map_err(local)?;
    let reference = format!("refs/heads/{branch}");
    let refs = list(session, &connection)?;
    let Some((_, oid)) = refs.iter().find(|(name, _)| *name == reference) else {
        return Ok(Reply::Absent);
    };
    if repo.refname_to_id(&reference).ok() != Some(*oid) {
        download(session, &mut connection, &reference, report)?;
        repo.find_commit(*oid).map_err(|error| not_given(session, &error))?;
        repo.reference(&reference, *oid, true, "").map_err(local)?;
    }
    Ok(Reply::At(pin::id(*oid)))
}

/// Where a ref of the other side is.
pub(crate) fn look(session: &Arc<Session>, from: &Path, reference: &str) -> Result<Reply, Reply> {
    let local = |error: git2::Error| session.explain(&error);
    let repo = Repository::open_bare(from).map_err(local)?;
    let mut remote = repo.remote_anonymous(&session.url().text()).map_err(local)?;
    let connection = remote.connect_auth(Direction::Fetch, None, None).map_err(local)?;
    let refs = list(session, &connection)?;
    let found = refs.iter().find(|(name, _)| name == reference);
    Ok(found.map_or(Reply::Absent, |(_, oid)| Reply::At(pin::id(*oid))))
}

/// All refs of an open connection.
///
/// # Errors
/// libgit2's own, or a ref whose name is not UTF-8: git2 panics on that.
pub(crate) fn list(
    session: &Session,
    connection: &RemoteConnection<'_, '_, '_>,
) -> Result<Refs, Reply> {
    let read = panic::catch_unwind(AssertUnwindSafe(|| {
        let heads = connection.list()?;
        Ok(heads.iter().map(|head| (head.name().to_owned(), head.oid())).collect())
    }));
    let unreadable = || {
        let sentence = "The repository has refs whose names are not UTF-8.";
        Reply::Fault(session.blame(FaultKind::Permanent, sentence))
    };
    let refs: Refs =
        read.map_err(|_| unreadable())?.map_err(|error: git2::Error| session.explain(&error))?;
    if session.is_strangers() && refs.len() > MOST_REFS {
        let sentence = format!("The repository has more than {MOST_REFS} refs.");
        return Err(Reply::Fault(session.blame(FaultKind::Permanent, sentence)));
    }
    session.is_listed();
    Ok(refs)
}

/// Leaves as the quarantine's only refs what the other side has.
fn offer_haves(
    repo: &Repository,
    mirror: &Repository,
    refs: &Refs,
    base: Option<ObjectId>,
) -> Result<(), git2::Error> {
    let odb = mirror.odb()?;
    let owned = |oid: &Oid| {
        let (_, kind) = odb.read_header(*oid).ok()?;
        let object = mirror.find_object(*oid, Some(kind)).ok()?;
        let commit = object.peel(ObjectType::Commit).ok()?.into_commit().ok()?;
        Some((commit.time().seconds(), commit.id()))
    };
    let mut haves: Vec<_> = refs.iter().filter_map(|(_, oid)| owned(oid)).collect();
    haves.sort_unstable_by(|a, b| b.cmp(a));
    haves.dedup();
    haves.truncate(HAVES);
    haves.extend(base.and_then(|base| pin::oid(base).ok()).as_ref().and_then(owned));
    for (number, (_, oid)) in haves.into_iter().enumerate() {
        repo.reference(&format!("refs/have/{number}"), oid, true, "")?;
    }
    Ok(())
}

fn download(
    session: &Arc<Session>,
    connection: &mut RemoteConnection<'_, '_, '_>,
    reference: &str,
    report: Report<'_>,
) -> Result<(), Reply> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(|so_far| {
        (report.borrow_mut())(Progress {
            objects: so_far.received_objects() as u64,
            total: so_far.total_objects() as u64,
            bytes: so_far.received_bytes() as u64,
        });
        !session.is_late() && !is_crowd(session, so_far.total_objects())
    });
    let mut options = FetchOptions::new();
    options.remote_callbacks(callbacks).download_tags(AutotagOption::None);
    let done = connection.remote().download(&[reference], Some(&mut options));
    done.map_err(|error| session.explain(&error))
}

/// Whether a stranger's pack announces more objects than are taken; the trouble is put down then.
fn is_crowd(session: &Session, objects: usize) -> bool {
    let is = session.is_strangers() && objects > MOST_OBJECTS;
    if is {
        let sentence = format!("The repository sent more than {MOST_OBJECTS} objects.");
        let _stops_the_fetch = session.note(session.blame(FaultKind::Permanent, sentence));
    }
    is
}

/// libgit2 calls a fetch that brought nothing a success; then the object is not there.
fn not_given(session: &Session, error: &git2::Error) -> Reply {
    let sentence = "The repository's server did not send what its ref leads to.";
    let mut fault: Fault = session.blame(FaultKind::Temporary, sentence);
    fault.detail = format!("{} ({})", fault.detail, error.message());
    Reply::Fault(fault)
}
