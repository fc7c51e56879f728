//! Stories about who may have what tested, and who is told: told straight and with a crash at
//! every port call.

use crate::mail::letter::Delivering;
use crate::ports::{OtherFiles, PathOwner};
use crate::pull::expiry::ExpiringKey;
use crate::pull::ids::{ListName, TargetName};
use crate::pull::policy::UnknownKeys;
use crate::pull::signer::Scope;
use crate::pull::tag::Verification;
use jiff::SignedDuration;

use crate::scenario::outside::{ADMIN, MANAGER, OutsideTag, id_of};
use crate::scenario::{Mailed, Setting, World, scenario, scenario_in, told_once};

/// Alice's tag, mailed by somebody else.
fn mailed_by(name: &str) -> impl Fn(&mut OutsideTag, &mut String) {
    let from = format!("From: {name} <{name}@");
    move |_, mail| *mail = mail.replace("From: alice <alice@", &from)
}

/// Changes the tag of a request where it was pushed.
fn change_tag(w: &World, pull: &Mailed, change: impl FnOnce(&mut OutsideTag)) {
    let mut outside = w.outside.lock();
    let refs = outside.repositories.get_mut(&pull.url).unwrap();
    change(refs.get_mut(&format!("refs/tags/{}", pull.tag)).unwrap());
}

fn on_one_line(letter: &str) -> String {
    letter.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holding_unknown_keys() -> Setting {
    let mut setting = Setting::default();
    setting.policy.unknown_keys = UnknownKeys::Hold;
    setting
}

fn nothing_runs(w: &World) {
    let outside = w.outside.lock();
    assert!(outside.ci_refs.is_empty() && outside.pipelines.is_empty(), "nothing may run");
}

#[test]
fn a_stranger_who_mails_a_maintainers_tag_first_gets_nothing_and_takes_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", mailed_by("mallory"));
        w.run_until_quiet();
        nothing_runs(w);
        assert_eq!(w.pull(1).stage.verdict().map(|verdict| verdict.word()), Some("refused"));
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert_eq!(w.outside.lock().pipelines.len(), 1);
    });
}

#[test]
fn a_maintainer_who_mails_anothers_tag_is_told_whose_it_is() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", mailed_by("bob"));
        w.run_until_quiet();
        nothing_runs(w);
        let letter = on_one_line(&w.letter_to("bob@example.org"));
        let words = "the tag is signed by alice, but the mail is from bob@example.org";
        assert!(letter.contains(words), "{letter}");
    });
}

#[test]
fn a_key_for_another_list_or_target_may_not_submit_here() {
    let lists = Scope { lists: vec![ListName::new("block")], ..Scope::default() };
    let targets = Scope { targets: vec![TargetName::new("stable-9.0")], ..Scope::default() };
    for (scope, words) in [
        (lists, ["this key may not submit by list devel", "may submit by block"]),
        (targets, ["this key may not submit to target master", "may submit to stable-9.0"]),
    ] {
        scenario(|w| {
            w.outside.lock().scope = scope.clone();
            w.run_until_quiet();
            w.maintainer("alice").mails_pull("block");
            w.run_until_quiet();
            nothing_runs(w);
            let letter = on_one_line(&w.letter_to("alice@example.org"));
            assert!(words.iter().all(|words| letter.contains(words)), "{letter}");
        });
    }
}

#[test]
fn files_outside_the_signers_paths_are_refused_however_often_it_is_asked() {
    scenario(|w| {
        let paths = vec!["block/**".to_owned()];
        w.outside.lock().scope = Scope { paths, ..Scope::default() };
        let files = vec!["Makefile".to_owned(), "hw/net/e1000.c".to_owned()];
        w.outside.lock().outside_paths = OtherFiles { files, total: 12 };
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        let letter = on_one_line(&w.letter_to("alice@example.org"));
        assert!(letter.contains("Makefile, hw/net/e1000.c, and 10 more"), "{letter}");
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        nothing_runs(w);
        w.outside.lock().outside_paths = OtherFiles::default();
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_first_time_signer_waits_where_the_policy_allows_it() {
    scenario_in(&holding_unknown_keys(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.signed_by = "NEWKEY".into());
        w.run_until_quiet();
        nothing_runs(w);
        let letter = on_one_line(&w.letter_to(MANAGER));
        assert!(letter.contains("NEWKEY") && letter.contains("could not be checked"), "{letter}");
        w.letter_to("alice@example.org");
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        let reply = w.reply_to(&pull);
        assert!(reply.contains("a key that is not in the keyring, approved by rita"), "{reply}");
    });
}

#[test]
fn a_first_time_signer_whom_nobody_knows_is_not_written_to() {
    scenario_in(&holding_unknown_keys(), |w| {
        w.run_until_quiet();
        w.maintainer("mallory").mails_pull("exploit");
        w.run_until_quiet();
        w.letter_to(MANAGER);
        nothing_runs(w);
    });
}

#[test]
fn what_is_approved_is_the_tag_that_was_held_wherever_its_name_leads_now() {
    scenario_in(&holding_unknown_keys(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.signed_by = "NEWKEY".into());
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        change_tag(w, &pull, |tag| {
            tag.id = id_of(&["another tag"]);
            tag.tip = id_of(&["exploit"]);
        });
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).contains(&pull.tip.to_string()));
    });
}

#[test]
fn an_approval_is_for_one_tag_object() {
    scenario_in(&holding_unknown_keys(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.signed_by = "NEWKEY".into());
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        // The key was put into the keyring meanwhile, and has expired.
        change_tag(w, &pull, |tag| tag.signed_by = "carol".into());
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        change_tag(w, &pull, |tag| {
            tag.id = id_of(&["another tag"]);
            tag.signed_by = "OTHERKEY".into();
        });
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("first-time signer's"), "{letter}");
        w.letter_to("alice@example.org");
        nothing_runs(w);
    });
}

#[test]
fn a_tag_that_was_moved_since_it_was_pinned_waits_for_a_word() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.signed_by = "FORGED".into());
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        let was = w.pull(1).pinned_tag.unwrap();
        let is = id_of(&["another tag"]);
        change_tag(w, &pull, |tag| {
            tag.id = is;
            tag.signed_by = "alice".into();
        });
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        nothing_runs(w);
        let letter = on_one_line(&w.letter_to(MANAGER));
        assert!(letter.contains(&was.to_string()) && letter.contains(&is.to_string()), "{letter}");
        w.letter_to("alice@example.org");
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_refused_tag_that_stayed_where_it_was_is_tested_once_its_key_is_known() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.signed_by = "NEWKEY".into());
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        change_tag(w, &pull, |tag| tag.signed_by = "alice".into());
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_tags_age_is_what_it_was_when_its_mail_came() {
    scenario(|w| {
        w.run_until_quiet();
        let now = w.outside.now();
        let pull = w.maintainer("alice").mails("block", |tag, _| {
            tag.tagged_at = now - SignedDuration::from_hours(13 * 24 + 12);
        });
        w.outside.lock().keyring_is_away = true;
        w.run_for(SignedDuration::from_hours(20));
        w.outside.lock().keyring_is_away = false;
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

fn expiring_in(w: &World, days: i64) -> ExpiringKey {
    ExpiringKey {
        key: "0123456789ABCDEF0123456789ABCDEF01234567".into(),
        owner: "Alice Example".into(),
        address: Some("alice@example.org".into()),
        expires: w.outside.now() + SignedDuration::from_hours(24 * days),
    }
}

#[test]
fn the_owner_of_a_key_that_ends_is_told_a_month_and_a_week_before_and_never_again() {
    scenario(|w| {
        let key = expiring_in(w, 12);
        w.outside.lock().expiring.push(key);
        w.run_for(SignedDuration::from_hours(1));
        for to in [ADMIN, "alice@example.org"] {
            let letter = on_one_line(&w.letter_to(to));
            assert!(letter.contains("0123456789ABCDEF"), "{letter}");
        }
        w.run_for(SignedDuration::from_hours(4 * 24));
        assert_eq!(w.letters_to(ADMIN), 0);
        w.run_for(SignedDuration::from_hours(2 * 24));
        assert!(w.letter_to("alice@example.org").contains("gpg --quick-set-expire"));
        w.letter_to(ADMIN);
        w.run_for(SignedDuration::from_hours(5 * 24));
    });
}

#[test]
fn in_shadow_mode_the_managers_read_the_owners_warning() {
    let setting = Setting { delivering: Delivering::Shadow, ..Setting::default() };
    scenario_in(&setting, |w| {
        let key = expiring_in(w, 5);
        w.outside.lock().expiring.push(key);
        w.run_for(SignedDuration::from_hours(1));
        assert!(w.letter_to(MANAGER).contains("would have gone to"));
        w.letter_to(ADMIN);
    });
}

/// Alice's key is not believed any more.
fn ends_alices_key(w: &World, how: &Verification) {
    w.outside.lock().ended_keys.insert("alice".into(), how.clone());
}

fn revoked() -> Verification {
    Verification::Revoked { key: "A".repeat(40), why: "it was revoked on 2026-01-06".into() }
}

/// What was pushed and tested so far.
fn runs(w: &World) -> usize {
    w.outside.lock().pipelines.len()
}

#[test]
fn a_key_that_is_not_believed_any_more_stops_a_retest() {
    let key = || "A".repeat(40);
    for (how, words) in [
        (revoked(), "revoked"),
        (Verification::Expired { key: key(), why: "it expired yesterday".into() }, "expired"),
        (Verification::UnknownKey { key: key(), proved: false }, "not in the keyring"),
        (Verification::NotListed { key: key(), owner: "Alice".into() }, "no maintainer"),
    ] {
        for retest in ["retest 1", "retest fresh 1"] {
            scenario(|w| {
                w.run_until_quiet();
                let pull = w.maintainer("alice").mails_pull("block");
                w.run_until_quiet();
                assert!(w.reply_to(&pull).starts_with("Passed"));
                ends_alices_key(w, &how);
                w.command(retest).unwrap();
                w.run_until_quiet();
                let letter = on_one_line(&w.letter_to("alice@example.org"));
                assert!(letter.contains(words), "{letter}");
                assert_eq!((runs(w), w.outside.lock().ci_refs.len()), (1, 1));
                assert!(w.pull(1).stage.trusted().is_none());
            });
        }
    }
}

#[test]
fn a_retest_with_a_good_key_is_checked_again_and_told_once() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        let checks = |w: &World| {
            let calls = &w.outside.lock().calls;
            calls.iter().filter(|call| **call == "keyring.verify").count()
        };
        let before = checks(w);
        if w.restarts == 0 {
            assert_eq!(before, 1, "what is begun at once is checked once");
        }
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(checks(w) > before);
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert_eq!(runs(w), 2);
    });
}

#[test]
fn a_key_that_is_revoked_while_its_request_waits_in_the_queue_stops_it() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("bob").mails_pull("net");
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        ends_alices_key(w, &revoked());
        w.run_until_quiet();
        assert!(w.reply_to(&first).starts_with("Passed"));
        assert!(w.letter_to("alice@example.org").contains("revoked"));
        assert_eq!(runs(w), 1);
    });
}

#[test]
fn a_key_that_is_revoked_during_a_pause_stops_its_request() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("pause runners are down").unwrap();
        w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        ends_alices_key(w, &revoked());
        w.run_for(SignedDuration::from_hours(2));
        nothing_runs(w);
        if w.command("resume").is_err() {
            panic!("it was paused");
        }
        w.run_until_quiet();
        nothing_runs(w);
        assert!(w.letter_to("alice@example.org").contains("revoked"));
    });
}

#[test]
fn a_key_that_is_revoked_while_its_request_is_held_stops_it() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| {
            tag.tagged_at = "2025-11-01T00:00:00Z".parse().unwrap();
        });
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        w.run_for(SignedDuration::from_hours(40));
        ends_alices_key(w, &revoked());
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        nothing_runs(w);
        assert!(w.letter_to("alice@example.org").contains("revoked"));
    });
}

#[test]
fn a_retest_waits_for_a_keyring_that_can_not_be_read() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        w.outside.lock().keyring_is_away = true;
        w.command("retest 1").unwrap();
        w.run_for(SignedDuration::from_hours(3));
        assert_eq!(runs(w), 1);
        assert_eq!(w.pull(1).stage.word(), "queued");
        assert!(w.because(1).contains("the keyring is being written"), "{}", w.because(1));
        w.outside.lock().keyring_is_away = false;
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_signer_who_may_submit_less_by_now_is_asked_for_that_as_well() {
    let lists = Scope { lists: vec![ListName::new("block")], ..Scope::default() };
    let paths = Scope { paths: vec!["block/**".into()], ..Scope::default() };
    for (scope, words) in [(lists, "may not submit by list devel"), (paths, "hw/net/e1000.c")] {
        scenario(|w| {
            w.run_until_quiet();
            let pull = w.maintainer("alice").mails_pull("block");
            w.run_until_quiet();
            assert!(w.reply_to(&pull).starts_with("Passed"));
            w.outside.lock().scope = scope.clone();
            let files = vec!["hw/net/e1000.c".to_owned()];
            w.outside.lock().outside_paths = OtherFiles { files, total: 1 };
            w.command("retest 1").unwrap();
            w.run_until_quiet();
            let letter = on_one_line(&w.letter_to("alice@example.org"));
            assert!(letter.contains(words), "{letter}");
            assert_eq!(runs(w), 1);
        });
    }
}

/// Quarantines are kept for two hours.
fn keeping_for_hours() -> Setting {
    let mut setting = Setting::default();
    setting.policy.keep = SignedDuration::from_hours(2);
    setting
}

#[test]
fn a_retest_that_comes_while_its_quarantine_is_removed_is_fetched_anew() {
    scenario_in(&keeping_for_hours(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        w.while_forgetting = Some("retest 1".into());
        w.run_for(SignedDuration::from_hours(4));
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert_eq!(runs(w), 2);
        assert!(w.outside.lock().forgotten.is_empty(), "its quarantine is there again");
    });
}

#[test]
fn a_tag_that_was_moved_before_it_is_fetched_anew_waits_for_a_word() {
    scenario_in(&keeping_for_hours(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        change_tag(w, &pull, |tag| tag.id = id_of(&["another tag"]));
        w.while_forgetting = Some("retest 1".into());
        w.run_for(SignedDuration::from_hours(4));
        w.run_until_quiet();
        assert_eq!((runs(w), w.pull(1).stage.word()), (1, "held"));
        assert!(on_one_line(&w.letter_to(MANAGER)).contains(&id_of(&["another tag"]).to_string()));
        w.letter_to("alice@example.org");
    });
}

fn owner(addresses: &[&str], path: &str) -> PathOwner {
    let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
    PathOwner { addresses, paths: vec!["docs/x".to_owned(), path.to_owned()] }
}

#[test]
fn a_request_notes_whose_paths_it_touches() {
    scenario(|w| {
        w.outside.lock().path_owners = vec![
            owner(&["Carol@Example.org", "carol@work.example"], "block/io.c"),
            owner(&["dave@example.org"], "hw/net/e1000.c"),
            owner(&["carol@example.org", "erin@example.org"], "block/io.c"),
        ];
        w.run_until_quiet();
        let tip = id_of(&["alice", "block", "tip"]);
        w.outside.lock().changed_files.push((tip, "block/io.c".into()));
        let pull = w.maintainer("alice").mails_pull("block");
        assert_eq!(pull.tip, tip);
        w.run_until_quiet();
        w.reply_to(&pull);
        let touched = ["carol@example.org", "carol@work.example", "erin@example.org"];
        assert_eq!(w.pull(1).touches, touched);
    });
}

#[test]
fn whose_paths_a_tag_touches_is_not_said_of_another_tag() {
    let mut setting = holding_unknown_keys();
    setting.all_answered = false;
    scenario_in(&setting, |w| {
        w.outside.lock().path_owners = vec![owner(&["carol@example.org"], "block/io.c")];
        w.run_until_quiet();
        let tip = id_of(&["alice", "block", "tip"]);
        w.outside.lock().changed_files.push((tip, "block/io.c".into()));
        let mut series = crate::scenario::outside::good_series(tip);
        series.is_empty = true;
        w.outside.lock().series.insert(tip, series);
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.pull(1).touches, ["carol@example.org"]);
        change_tag(w, &pull, |tag| {
            tag.id = id_of(&["another tag"]);
            tag.signed_by = "NEWKEY".into();
        });
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert_eq!((w.pull(1).stage.word(), w.pull(1).touches.len()), ("held", 0));
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
    });
}

#[test]
fn of_many_owners_a_request_notes_as_many_as_a_record_holds() {
    for (length, most) in [(20, 100), (200, 30), (300, 0)] {
        told_once(&Setting::default(), |w| {
            let address = |n: u32| format!("{n:0>length$}@example.org");
            w.outside.lock().path_owners =
                (0..500).map(|n| owner(&[&address(n)], "block/io.c")).collect();
            w.run_until_quiet();
            let tip = id_of(&["alice", "block", "tip"]);
            w.outside.lock().changed_files.push((tip, "block/io.c".into()));
            let pull = w.maintainer("alice").mails_pull("block");
            w.run_until_quiet();
            w.reply_to(&pull);
            let noted = w.pull(1).touches.len();
            assert!(noted <= most && (noted > 0 || most == 0), "{noted}");
        });
    }
}
