//! Records to put into stores.

use std::fs;
use std::path::{Path, PathBuf};

use crate::ports::{Batch, Control, Cursor, FileName, Folder, HistoryEntry, NotPut, Store};
use crate::pull::audit::AuditEntry;
use crate::pull::command::{How, Sender};
use crate::pull::command_mail::{Answer, CommandMail, Entry, Look, MailStage, Transcript};
use crate::pull::cover::{Cover, Person, Request};
use crate::pull::expiry::{ExpiringKey, Warned, Warning};
use crate::pull::ids::{AccountName, ListName, MessageId, ObjectId, PullNumber, RunId, TargetName};
use crate::pull::letter::{About, Letter, LetterState};
use crate::pull::lineage::Lineage;
use crate::pull::near_miss::NearMiss;
use crate::pull::overlay::{AddedKey, Change, Freeze, Overlay, Pause};
use crate::pull::request::{Pull, Stage};
use crate::pull::retry::Retry;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::verdict::{Audience, Outcome, Verdict};
use jiff::Timestamp;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(crate) fn message_id(text: &str) -> MessageId {
    text.parse().unwrap()
}

pub(crate) fn object_id(digit: char) -> ObjectId {
    digit.to_string().repeat(40).parse().unwrap()
}

pub(crate) fn near_miss() -> NearMiss {
    NearMiss {
        message_id: message_id("m@x"),
        list: ListName::new("devel"),
        target: TargetName::new("master"),
        author: Person { name: Some("Ada".into()), address: "ada@example.org".into() },
        subject: "[PULL 0/2] Blöck patches".into(),
        references: vec![message_id("before@example.org")],
        received_at: at(1),
    }
}

pub(crate) fn pull(number: u64, id: &str) -> Pull {
    Pull {
        number: PullNumber(number),
        list: ListName::new("devel"),
        target: TargetName::new("master"),
        cover: Cover {
            message_id: message_id(id),
            subject: "[PULL 0/2] Blöck patches".into(),
            prefixes: vec!["PULL 0/2".into()],
            revision: 1,
            author: Person { name: Some("Ada".into()), address: "ada@example.org".into() },
            references: vec![message_id("before@example.org")],
            date: Some(at(0)),
            request: Request {
                url: "https://example.org/qemu.git".into(),
                reference: "tags/block-2026".into(),
                base: Some("0123456789ab".parse().unwrap()),
                tip: None,
            },
        },
        received_at: at(1),
        seen_at: at(1),
        priority: 0,
        attempts: 0,
        approvals: Vec::new(),
        landing_checked: Some(object_id('c')),
        pinned_tag: Some(object_id('d')),
        pinned_payload: None,
        signed: None,
        proof: None,
        adopted: None,
        touches: Vec::new(),
        told_unanswered: None,
        lineage: Lineage::default(),
        retraction: None,
        retested_by_author: false,
        notes: Vec::new(),
        letters: vec![message_id("letter@example.org")],
        stage: Stage::Received { fetch: Retry::now(at(1)) },
    }
}

pub(crate) fn closed(mut pull: Pull) -> Pull {
    pull.stage = Stage::Closed { verdict: Verdict::Landed, at: at(9) };
    pull
}

pub(crate) fn run(id: u64) -> Run {
    Run {
        id: RunId(id),
        target: TargetName::new("master"),
        why: Why::Asked {
            asker: None,
            url: "https://example.org/qemu.git".into(),
            reference: "staging".into(),
            sha: object_id('a'),
        },
        ci_ref: format!("staging-gatepost-run-{id}"),
        created_at: at(2),
        ci: CiCheck::TargetKnown,
        stage: RunStage::Planned { retry: Retry::now(at(2)) },
    }
}

pub(crate) fn closed_run(mut run: Run) -> Run {
    run.stage = RunStage::Closed { outcome: Outcome::AlreadyMerged, at: at(9) };
    run
}

pub(crate) fn letter(id: &str, state: LetterState) -> Letter {
    Letter {
        id: message_id(id),
        about: About::Pull(PullNumber(1)),
        audience: Audience::Thread,
        list: Some(ListName::new("devel")),
        recipients: vec!["ada@example.org".into()],
        blind: None,
        later: None,
        unproved: false,
        subject: "Re: [PULL 0/2] Blöck patches".into(),
        written_at: at(3),
        state,
    }
}

pub(crate) fn ready() -> LetterState {
    LetterState::Ready { retry: Retry::now(at(3)) }
}

pub(crate) fn folder(name: &str) -> Folder {
    Folder { account: AccountName::new("bot"), folder: name.into() }
}

pub(crate) fn cursor(uid_next: u32) -> Cursor {
    Cursor { uid_validity: 7, uid_next, read_at: at(4), watched_from: at(0) }
}

pub(crate) fn line(what: &str) -> HistoryEntry {
    HistoryEntry { at: at(5), stage: "received".into(), what: what.into() }
}

pub(crate) fn pulls(pulls: impl IntoIterator<Item = Pull>) -> Batch {
    Batch { pulls: pulls.into_iter().collect(), ..Batch::default() }
}

fn expiring(key: &str) -> ExpiringKey {
    let address = Some("ada@example.org".into());
    ExpiringKey { key: key.into(), owner: "Ada".into(), address, expires: at(6) }
}

pub(crate) fn overlay() -> Overlay {
    let pause = Pause { reason: "moving".into(), by: "ada".into(), at: at(1) };
    let change = Change { by: "ada".into(), at: at(1) };
    let (until, reason) = (Some(at(9)), Some("rc1".into()));
    let freeze = Freeze { until, reason, by: "ada".into(), at: at(1) };
    let key = AddedKey { address: "bob@x".into(), by: "ada".into(), at: at(1) };
    Overlay {
        stop: Some(pause.clone()),
        pause: Some(pause.clone()),
        paused_lists: [(ListName::new("devel"), pause.clone())].into(),
        breaker: Some(pause),
        freezes: [(TargetName::new("master"), freeze)].into(),
        allowed: [("eve@x".to_owned(), change.clone())].into(),
        denied: [("mallory@x".to_owned(), change.clone())].into(),
        managers_added: [("carol@x".to_owned(), change.clone())].into(),
        managers_removed: [("dan@x".to_owned(), change.clone())].into(),
        keys_added: [("A1".to_owned(), key)].into(),
        keys_removed: [("B2".to_owned(), change)].into(),
    }
}

pub(crate) fn mail(id: &str) -> CommandMail {
    let id = message_id(id);
    let above = [message_id("one@x")];
    let mut mail = CommandMail::new(id, "Ada@x", "approve 1", &above, at(3), None, at(4)).unwrap();
    let entry = Entry::new("approve 1", Answer::Done("Request 1 is approved.".into()));
    let look = Entry::new("list held", Answer::Look(Look::List(Some("held".into()))));
    let transcript = Transcript {
        remark: Some("Hello.".into()),
        entries: vec![entry, look],
        changed: true,
        stopped: false,
        refused: false,
    };
    mail.stage = MailStage::CarriedOut { transcript };
    mail
}

pub(crate) fn command(line: &str, pull: Option<u64>) -> AuditEntry {
    AuditEntry {
        at: at(4),
        by: Sender { address: "ada@x".into(), how: How::OpenPgp { key: "C3".into() } },
        mail: Some(message_id("c1@x")),
        command: line.into(),
        pull: pull.map(PullNumber),
        outcome: "Done.".into(),
        carried_out: true,
    }
}

/// The records of the stored fixture: never changed, new ones go into a new version's.
pub(crate) fn fill(store: &dyn Store) {
    let control = Control {
        counts: [("unsigned".to_owned(), 3)].into(),
        counting_since: Some(at(0)),
        alerts: [("mailbox".to_owned(), "login refused".to_owned())].into(),
        key_warnings: [("A1".to_owned(), Warning { key: expiring("A1"), days: 7 })].into(),
        warned_keys: [("B2".to_owned(), Warned { expires: at(7), days: 30 })].into(),
        near_misses: [("m@x".parse().unwrap(), near_miss())].into(),
        alerted: [("token".to_owned(), at(2))].into(),
        refused: Default::default(),
    };
    let batch = Batch {
        pulls: vec![pull(1, "one@x"), closed(pull(2, "two@x"))],
        runs: vec![run(1)],
        letters: vec![letter("l1@x", ready()), letter("l2@x", LetterState::Sent { at: at(8) })],
        cursors: vec![(folder("INBOX"), cursor(5))],
        control: Some(control),
        overlay: Some(overlay()),
        mails: vec![mail("c1@x")],
        seen: vec![("d1".into(), message_id("c1@x"))],
        audit: vec![command("approve 1", Some(1))],
        history: vec![(PullNumber(1), line("came")), (PullNumber(1), line("read"))],
        // No released version has any.
        aside: Vec::new(),
    };
    store.put(&batch).unwrap();
    store.put_file(&FileName::Mail(message_id("one@x")), b"From: ada\n\nPlease pull.\n").unwrap();
}

pub(crate) fn put_numbered(store: &dyn Store, number: u64) -> Result<(), NotPut> {
    let id = format!("m{number}@x");
    store.put_file(&FileName::Mail(message_id(&id)), id.as_bytes())?;
    store.put(&Batch {
        pulls: vec![pull(number, &id)],
        runs: vec![run(number)],
        cursors: vec![(folder("INBOX"), cursor(number as u32))],
        history: vec![(PullNumber(number), line("came"))],
        ..Batch::default()
    })
}

pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}
