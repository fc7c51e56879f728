//! Stories about what commands answer, who gets the answer, and what can be taken back.

use crate::pull::request::Stage;

use crate::scenario::outside::{ADMIN, MANAGER};
use crate::scenario::{Setting, scenario, told_once};

const SIGNED: &str = "X-Proof: openpgp";

/// A key of the administrator's as the stand-in's signatures have it.
const KEY: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

#[test]
fn an_address_that_nothing_reaches_keeps_no_letter_from_the_others() {
    scenario(|w| {
        w.run_until_quiet();
        w.outside.lock().refused.push("dave@example.org".into());
        w.command("manager add dave@example.org").unwrap();
        w.mails_commands(MANAGER, SIGNED, "pause The runners are down.\n");
        assert!(w.letter_to(MANAGER).contains("No new test begins"));
        let alert = w.letter_to(ADMIN);
        assert!(alert.contains("An address can't be written to"), "{alert}");
        assert!(alert.contains("dave@example.org"), "{alert}");
        w.mails_commands(MANAGER, SIGNED, "resume\n");
        w.letter_to(MANAGER);
        assert_eq!(w.letters_to(ADMIN), 0, "once a day is enough");
    });
}

#[test]
fn answers_to_commands_are_not_held_up_by_the_cap_of_letters() {
    let mut setting = Setting::default();
    setting.policy.letters_per_hour = 1;
    told_once(&setting, |w| {
        w.run_until_quiet();
        for n in 0..3 {
            w.mails_commands(MANAGER, SIGNED, &format!("pause number {n}\nresume\n"));
            w.run_for(jiff::SignedDuration::from_secs(1));
            assert!(w.letter_to(MANAGER).contains(&format!("pause number {n}")));
        }
    });
}

#[test]
fn a_key_that_a_command_took_away_can_be_given_back() {
    scenario(|w| {
        w.run_until_quiet();
        w.mails_commands(ADMIN, SIGNED, &format!("key remove {KEY}\n"));
        let letter = w.letter_to(ADMIN);
        assert!(letter.contains("is not believed"), "{letter}");
        assert_eq!(w.outside.lock().key_changes.removed, [KEY.to_owned()]);
        w.mails_commands(ADMIN, SIGNED, &format!("key add {KEY}\nkey add {KEY}\n"));
        let letter = w.letter_to(ADMIN);
        assert!(letter.contains("believed again"), "{letter}");
        assert!(letter.contains("No command took the key"), "{letter}");
        assert!(w.outside.lock().key_changes.removed.is_empty());
        assert!(w.command("key add rita@example.org").unwrap_err().contains("--key FILE"));
    });
}

#[test]
fn what_replaces_something_says_what_that_was() {
    scenario(|w| {
        w.run_until_quiet();
        assert!(!w.command("pause Moving.").unwrap().contains("replaces"));
        let said = w.command("pause Still moving.").unwrap();
        assert!(said.contains("It replaces that of ") && said.contains("Moving."), "{said}");
        assert!(w.command("pause devell Typo.").unwrap_err().contains("\"pause devel …\""));
        w.command("resume").unwrap();
        let said = w.command("freeze master until 2030-01-01 18:00 For rc1.").unwrap();
        assert!(said.contains("until 2030-01-01 18:00 UTC") && said.contains("For rc1."), "{said}");
        let said = w.command("freeze master").unwrap();
        assert!(said.contains("It replaces that of "), "{said}");
        w.command("unfreeze master").unwrap();
        w.command("emergency-stop Pipelines run amok.").unwrap();
        let said = w.command("emergency-stop").unwrap();
        assert!(said.contains("Pipelines run amok."), "{said}");
        let said = w.command("resume").unwrap();
        assert!(said.contains("the emergency stop, since "), "{said}");
    });
}

#[test]
fn a_freeze_is_told_as_what_it_is() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("freeze master until 2030-01-01 Release candidates only.").unwrap();
        let _pull = w.maintainer("alice").mails_pull("a-1");
        w.run_until_quiet();
        for letter in [w.letter_to(MANAGER), w.letter_to("alice@example.org")] {
            assert!(letter.contains("Nothing is wrong with the request itself."), "{letter}");
            assert!(letter.contains("until 2030-01-01 00:00 UTC, by rita"), "{letter}");
        }
        assert!(matches!(w.pull(1).stage, Stage::Held { .. }));
        w.command("emergency-stop Amok.").unwrap();
        let because = w.because(1);
        assert!(because.starts_with("rita stopped everything at "), "{because}");
        w.command("resume").unwrap();
    });
}

#[test]
fn a_subject_that_is_not_signed_is_said_to_be_none() {
    scenario(|w| {
        w.run_until_quiet();
        w.mails_commands(MANAGER, &format!("{SIGNED}\nSubject: resume"), "pause Moving.\n");
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("The subject is not signed"), "{letter}");
        let header = "X-Proof: dkim\nSubject: resume";
        w.mails_commands(MANAGER, header, "resume\n");
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("Carried out: 1 command."), "{letter}");
    });
}
