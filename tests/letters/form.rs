//! What holds for every letter.

use std::collections::BTreeSet;

use crate::mail::commands::{Commands, commands, in_subject, on_list};
use crate::mail::letter::{Delivering, Draft, LetterInput};
use crate::mail::{self, Reading, Reason};
use crate::pull::verdict::{Audience, Outcome, Verdict};
use mail_parser::{MessageParser, MimeHeaders};

use crate::letters::world::{World, every_letter, evidence, job, outcomes, trusted};

fn text_of(draft: &Draft) -> String {
    let message = MessageParser::default().parse(&draft.bytes).unwrap();
    let mut kinds = message.parts.iter().filter_map(|part| part.content_type());
    assert!(kinds.all(|kind| kind.ctype() == "text" || kind.subtype() == Some("mixed")));
    message.body_text(0).unwrap().replace("\r\n", "\n")
}

fn all() -> Vec<(String, Draft)> {
    let mut letters = every_letter(Delivering::Live);
    letters.extend(every_letter(Delivering::Shadow));
    letters
}

#[test]
fn running_text_keeps_to_72_columns() {
    for (name, draft) in all() {
        for line in text_of(&draft).lines() {
            let may_be_long = line.contains("://") || line.starts_with("    ");
            assert!(may_be_long || line.chars().count() <= 72, "{name}: {line}");
        }
    }
}

#[test]
fn every_letter_says_that_a_machine_wrote_it() {
    for (name, draft) in all() {
        let header = mail::heading(&draft.bytes);
        assert!(header.automatic, "{name}");
        assert_eq!(header.message_id, Some(draft.letter.id.clone()), "{name}");
    }
}

#[test]
fn no_letter_is_read_as_a_request() {
    for (name, draft) in all() {
        assert_eq!(mail::read(&draft.bytes).reason(), Some(Reason::Automatic), "{name}");
    }
}

/// A list may take out headers, a person may paste the text into a new mail.
#[test]
fn no_letters_text_is_a_request_even_under_a_subject_that_asks() {
    for (name, draft) in all() {
        let text = text_of(&draft);
        let mail =
            format!("From: a@b.example\nMessage-ID: <x@b.example>\nSubject: [PULL] x\n\n{text}");
        assert!(!matches!(mail::read(mail.as_bytes()), Reading::Request(_)), "{name}");
    }
}

/// Nor does it give commands, whoever signs it with all the rest of a mail, or answers above it.
#[test]
fn no_letters_text_gives_a_command() {
    for (name, draft) in all() {
        let text = text_of(&draft);
        for in_thread in [false, true] {
            assert_eq!(commands(&text, in_thread), Commands::default(), "{name}: {text}");
        }
        assert_eq!(on_list(&text), None, "{name}");
        let subject = draft.letter.subject;
        assert_eq!(in_subject(&subject, true), None, "{name}: {subject}");
    }
}

#[test]
fn the_same_letter_has_the_same_id_and_another_has_another() {
    let once: Vec<_> = all().into_iter().map(|(_, draft)| draft.letter.id).collect();
    let again: Vec<_> = all().into_iter().map(|(_, draft)| draft.letter.id).collect();
    assert_eq!(once, again);

    let mut world = World::new(Delivering::Live);
    let outcome = outcomes().remove(0).1;
    let first = world.tested(outcome.clone()).letter.id;
    let later =
        World { now: "2026-02-01T00:00:00Z".parse().unwrap(), ..World::new(Delivering::Live) };
    assert_eq!(
        {
            let mut later = later;
            later.tested(outcome.clone()).letter.id
        },
        first
    );

    world.run = crate::letters::world::run(crate::pull::run::Why::Attempt {
        pull: crate::pull::ids::PullNumber(17),
        attempt: 2,
        plan: crate::pull::run::Plan::Fresh,
    });
    assert_ne!(world.tested(outcome.clone()).letter.id, first);
    assert_ne!(World::new(Delivering::Shadow).tested(outcome).letter.id, first);

    let held = crate::letters::world::holds().remove(0).1;
    let to_author = World::new(Delivering::Live).held(held.clone(), Audience::Author);
    let to_managers = World::new(Delivering::Live).held(held, Audience::Managers);
    assert_ne!(to_author.letter.id, to_managers.letter.id);
}

#[test]
fn the_local_number_is_no_part_of_the_id() {
    let outcome = outcomes().remove(0).1;
    let first = World::new(Delivering::Live).tested(outcome.clone()).letter.id;
    let mut renumbered = World::new(Delivering::Live);
    renumbered.pull.number = crate::pull::ids::PullNumber(18);
    renumbered.run.id = crate::pull::ids::RunId(99);
    assert_eq!(renumbered.tested(outcome).letter.id, first);
}

#[test]
fn an_answer_names_its_thread_and_keeps_first_and_last_of_a_long_one() {
    let mut world = World::new(Delivering::Live);
    world.pull.cover.references =
        (0..50).map(|n| format!("{n}@thread.example").parse().unwrap()).collect();
    let draft = world.tested(outcomes().remove(0).1);
    let header = mail::heading(&draft.bytes);
    assert_eq!(header.references.len(), 20);
    assert_eq!(header.references[0].as_str(), "0@thread.example");
    assert_eq!(header.references[18].as_str(), "49@thread.example");
    assert_eq!(header.references[19], world.pull.cover.message_id);
}

#[test]
fn marks_of_answers_become_one() {
    let mut world = World::new(Delivering::Live);
    world.pull.cover.subject = "RE: Re: [list] [PULL] Block patches".into();
    let draft = world.tested(outcomes().remove(0).1);
    assert_eq!(draft.letter.subject, "Re: [list] [PULL] Block patches");
}

#[test]
fn nothing_from_outside_makes_a_header_or_turns_text_around() {
    let evil = "x\r\nBcc: victim@else.example\r\n\r\nretest 17\u{202e}\u{200b}";
    let mut world = World::new(Delivering::Live);
    world.pull.cover.subject = format!("[PULL] {evil}");
    world.pull.cover.author.name = Some(evil.into());
    world.pull.cover.request.reference = evil.into();
    world.target.branch = evil.into();
    world.run.ci_ref = evil.into();
    let mut failed = job(evil, 0);
    failed.log = vec![evil.into(), "\u{1b}[31mred".into()];
    failed.architecture = Some(evil.into());
    failed.url = evil.into();
    for outcome in [Outcome::Failed(evidence(vec![failed], 1)), outcomes().remove(0).1] {
        let draft = world.tested(outcome);
        let header = &draft.bytes[..draft.bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap()];
        assert!(!String::from_utf8_lossy(header).to_lowercase().contains("\r\nbcc:"));
        assert_eq!(draft.letter.recipients, ["alice@maintainer.example", "devel@lists.example"]);
        let text = text_of(&draft);
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{1b}']), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("retest")), "{text}");
    }
}

#[test]
fn logs_are_capped_at_three_jobs_and_sixty_lines() {
    let names: Vec<String> = (0..40).map(|n| format!("build-{n}-{}", "x".repeat(90))).collect();
    let failed: Vec<_> = names.iter().map(|name| job(name, 200)).collect();
    let draft = World::new(Delivering::Live).tested(Outcome::Failed(evidence(failed, 400)));
    let text = text_of(&draft);
    let section = text.split("pipelines/4711\n").nth(1).unwrap();
    let section = section.split("What to do next").next().unwrap();
    assert!(section.lines().filter(|line| !line.is_empty()).count() <= 60, "{section}");
    assert_eq!(section.lines().filter(|line| line.starts_with("Job ")).count(), 3);
    assert_eq!(section.lines().filter(|line| line.starts_with("    ")).count(), 45);
    assert!(section.contains("io.c:200:12"), "the end of a log is what matters");
}

#[test]
fn an_author_whose_address_is_none_does_not_cost_the_list_its_answer() {
    let mut world = World::new(Delivering::Live);
    world.pull.cover.author.address = "not an address".into();
    let draft = world.tested(outcomes().remove(0).1);
    assert_eq!(draft.letter.recipients, ["devel@lists.example"]);
}

#[test]
fn where_silence_is_the_answer_there_is_no_letter() {
    let mut world = World::new(Delivering::Live);
    let by = "rita".to_owned();
    for outcome in [Outcome::AlreadyMerged, Outcome::Cancelled { by: by.clone() }] {
        assert_eq!(world.tested_or_silent(outcome), None);
    }
    for verdict in [
        Verdict::Landed,
        Verdict::Cancelled { by },
        Verdict::Repeated { of: crate::pull::ids::PullNumber(18) },
        Verdict::Superseded { by: crate::pull::ids::PullNumber(18) },
        Verdict::Refused { why: crate::pull::verdict::Refusal::RefMissing, sender_known: false },
    ] {
        assert_eq!(world.conclude(Some(trusted()), verdict), None);
    }
}

#[test]
fn only_thread_letters_reach_the_list_and_none_does_in_shadow_mode() {
    for (name, draft) in every_letter(Delivering::Live) {
        let to_list = draft.letter.recipients.iter().any(|to| to == "devel@lists.example");
        assert_eq!(to_list, draft.letter.audience == Audience::Thread, "{name}");
        assert_eq!(to_list, draft.letter.list.is_some(), "{name}");
    }
    let inside = BTreeSet::from(["rita@project.example", "rob@project.example", "root@ci.example"]);
    // Whoever gives a command is answered in shadow mode as well.
    let letters = every_letter(Delivering::Shadow).into_iter();
    for (name, draft) in letters.filter(|(name, _)| !name.starts_with("transcript")) {
        let readers: BTreeSet<_> = draft.letter.recipients.iter().map(String::as_str).collect();
        assert!(readers.is_subset(&inside), "{name}: {readers:?}");
    }
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    let bytes = || all().into_iter().map(|(_, draft)| draft.bytes).collect::<Vec<_>>();
    assert_eq!(bytes(), bytes());
    let world = World::new(Delivering::Live);
    let input = LetterInput { run: None, ..world.input() };
    let write = || world.writer.unanswered(&input, "it waits.").unwrap().bytes;
    assert_eq!(write(), write());
}
