//! Stories about what is nearly a request, and about the rules of a list: who is told, what, how
//! often, and who is not.

use crate::mail::rules::{Goal, Phrase, Unusual};
use crate::ports::{Delivery, Fault};
use crate::pull::ids::TargetName;
use jiff::SignedDuration;

use crate::scenario::outside::{ADMIN, id_of};
use crate::scenario::{Setting, World, scenario, scenario_in, told_once};

const ALICE: &str = "alice@example.org";
const MALLORY: &str = "mallory@example.org";
const CAROL: &str = "carol@example.org";

/// Words in a row, wherever the lines of a letter break.
fn flat(letter: &str) -> String {
    letter.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(letter: &str, wanted: &[&str]) {
    let letter = flat(letter);
    for words in wanted {
        assert!(letter.contains(words), "{words:?} is not in {letter}");
    }
    assert!(letter.contains("Only you have been told."), "{letter}");
}

/// Nothing is said, and a week later the administrator reads how often.
fn only_counted(setting: &Setting, count: &str, mails: impl Fn(&mut World)) {
    scenario_in(setting, |w| {
        w.run_until_quiet();
        mails(w);
        w.run_until_quiet();
        assert!(w.outside.lock().accepted.is_empty(), "somebody was told");
        w.run_for(SignedDuration::from_hours(8 * 24));
        w.run_until_quiet();
        let letter = flat(&w.letter_to(ADMIN));
        assert!(letter.contains(&format!("1 {count}")), "{letter}");
    });
}

fn submitters(globs: &[&str]) -> Setting {
    let glob = |text: &&str| globset::Glob::new(text).unwrap().compile_matcher();
    let mut setting = Setting::default();
    setting.rules.submitters = globs.iter().map(glob).collect();
    setting
}

fn silent() -> Setting {
    let mut setting = Setting::default();
    setting.rules.near_misses = false;
    setting
}

#[test]
fn a_mail_that_asks_and_names_nothing_is_told_to_its_author() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").writes("[PULL 00/10] block patches", "I forgot the rest.");
        w.run_until_quiet();
        let letter = w.letter_to(ALICE);
        says(&letter, &["Re: [PULL 00/10] block patches", "names no repository to pull from"]);
        says(&letter, &["git request-pull origin/master"]);
        assert!(w.pulls().is_empty());
    });
}

#[test]
fn the_same_mail_is_told_once_however_often_it_is_met() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").writes("[PULL] block patches", "I forgot the rest.");
        let copy = w.outside.lock().folder.last().unwrap().bytes.clone();
        w.outside.lock().deliver(&copy);
        w.run_until_quiet();
        w.letter_to(ALICE);
        w.outside.lock().deliver(&copy);
        w.run_until_quiet();
        assert_eq!(w.letters_to(ALICE), 0);
    });
}

#[test]
fn a_near_miss_is_told_although_the_mail_server_is_away() {
    scenario(|w| {
        w.run_until_quiet();
        for _ in 0..3 {
            w.outside.lock().deliveries.push(Delivery::Temporary(Fault::temporary("451 later")));
        }
        w.maintainer("alice").writes("[PULL] block patches", "I forgot the rest.");
        w.run_until_quiet();
        w.letter_to(ALICE);
    });
}

#[test]
fn talk_about_pulls_answers_and_patches_are_no_near_misses() {
    scenario(|w| {
        w.run_until_quiet();
        for subject in [
            "Re: [PULL 00/10] block patches",
            "[PULL 03/10] block: a patch",
            "[PATCH] pull the other way",
            "How long do pull requests wait?",
            "Pull requests in 2026",
            "[PULL SUBSYSTEM ppc] block patches",
        ] {
            w.maintainer("alice").writes(subject, "Words.");
        }
        w.maintainer("alice").writes("[PULL] x\r\nAuto-Submitted: auto-replied", "Away.");
        w.run_until_quiet();
        w.run_for(SignedDuration::from_hours(8 * 24));
        assert!(w.outside.lock().accepted.is_empty());
    });
}

#[test]
fn a_cover_letter_whose_requests_come_in_answer_to_it_is_no_near_miss() {
    scenario(|w| {
        w.run_until_quiet();
        let cover = w.maintainer("alice").writes("[GIT PULL 0/2] block", "Two requests follow.");
        w.run_for(SignedDuration::from_mins(5));
        let thread = format!("In-Reply-To: <{cover}>\r\nDate: ");
        let first = w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("[PULL 0/3]", "[GIT PULL 1/2]").replace("Date: ", &thread);
        });
        w.run_until_quiet();
        w.reply_to(&first);
        assert_eq!(w.letters_to(ALICE), 0);
    });
}

#[test]
fn a_cover_letter_that_comes_after_its_requests_is_no_near_miss() {
    scenario(|w| {
        w.run_until_quiet();
        let cover = w.maintainer("alice").writes("[GIT PULL 0/2] block", "Two requests follow.");
        let late = w.outside.lock().folder.pop().unwrap().bytes;
        let thread = format!("In-Reply-To: <{cover}>\r\nDate: ");
        let first = w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("[PULL 0/3]", "[GIT PULL 1/2]").replace("Date: ", &thread);
        });
        w.run_for(SignedDuration::from_mins(5));
        w.outside.lock().deliver(&late);
        w.run_until_quiet();
        w.reply_to(&first);
        assert_eq!(w.letters_to(ALICE), 0);
    });
}

#[test]
fn a_strangers_near_miss_is_counted() {
    let count = "marked mails without a request by strangers";
    only_counted(&Setting::default(), count, |w| {
        w.maintainer("mallory").writes("[PULL] buy", "Now.");
    });
}

#[test]
fn a_near_miss_is_counted_where_the_list_does_not_let_it_be_told() {
    only_counted(&silent(), "marked mails without a request", |w| {
        w.maintainer("alice").writes("[PULL] block patches", "I forgot the rest.");
    });
}

#[test]
fn a_refusal_is_counted_where_the_list_does_not_let_it_be_told() {
    only_counted(&silent(), "unsigned requests that nobody was told of", |w| {
        w.maintainer("alice").mails("block", |tag, _| tag.annotated = false);
    });
}

#[test]
fn an_old_near_miss_is_counted() {
    only_counted(&Setting::default(), "old marked mails without a request", |w| {
        w.maintainer("alice").writes("[PULL] block patches", "I forgot the rest.");
        w.outside.advance(SignedDuration::from_hours(8 * 24));
    });
}

#[test]
fn a_submitter_is_told_though_the_keyring_does_not_know_him() {
    scenario_in(&submitters(&["*@example.org"]), |w| {
        w.run_until_quiet();
        w.maintainer("mallory").writes("[PULL] exploit", "I forgot the rest.");
        w.run_until_quiet();
        says(&w.letter_to(MALLORY), &["names no repository"]);
        w.maintainer("mallory").mails("exploit", |tag, _| tag.annotated = false);
        w.run_until_quiet();
        says(&w.letter_to(MALLORY), &["lightweight tag"]);
    });
}

#[test]
fn who_may_not_submit_is_left_alone_and_counted() {
    let count = "requests by others than the list's submitters";
    only_counted(&submitters(&["bob@example.org"]), count, |w| {
        w.maintainer("alice").mails_pull("block");
    });
}

#[test]
fn a_flood_of_near_misses_is_told_a_few_and_the_rest_counted() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        for n in 0..40 {
            w.maintainer("alice").writes(&format!("[PULL] {n}"), "I forgot the rest.");
        }
        w.run_until_quiet();
        assert_eq!(w.letters_to(ALICE), 5);
        w.run_for(SignedDuration::from_hours(8 * 24));
        let letter = flat(&w.letter_to(ADMIN));
        assert!(letter.contains("35 marked mails without a request, too many"), "{letter}");
    });
}

#[test]
fn near_misses_fall_under_the_cap_of_letters() {
    let mut setting = Setting::default();
    setting.policy.letters_per_hour = 2;
    told_once(&setting, |w| {
        w.run_until_quiet();
        for n in 0..4 {
            w.maintainer("alice").writes(&format!("[PULL] {n}"), "I forgot the rest.");
        }
        w.run_for(SignedDuration::from_mins(50));
        assert_eq!(w.letters_to(ALICE), 2);
        w.run_until_quiet();
        assert_eq!(w.letters_to(ALICE), 2);
    });
}

#[test]
fn a_branch_is_told_apart_from_a_tag() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("for-upstream", |tag, mail| {
            tag.annotated = false;
            *mail = mail.replace("tags/for-upstream", "for-upstream");
        });
        let mut outside = w.outside.lock();
        let refs = outside.repositories.get_mut(&pull.url).unwrap();
        let branch = refs.remove("refs/tags/for-upstream").unwrap();
        refs.insert("refs/heads/for-upstream".into(), branch);
        drop(outside);
        w.run_until_quiet();
        let sign = format!("git tag -s pull-for-upstream {}", pull.tip.short());
        let wanted = ["for-upstream is a branch, not a signed tag", sign.as_str()];
        says(&w.letter_to(ALICE), &wanted);
    });
}

#[test]
fn a_tag_without_a_signature_is_told_with_the_command_that_signs_it() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| tag.signed_by = String::new());
        w.run_until_quiet();
        let wanted = ["the tag is not signed", "git tag -f -s block block^{}"];
        says(&w.letter_to(ALICE), &wanted);
    });
}

#[test]
fn an_ssh_address_is_told_with_the_one_over_https() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |_, mail| {
            let https = "https://git.example.org/alice/project.git";
            *mail = mail.replace(https, "git@git.example.org:alice/project.git");
        });
        w.run_until_quiet();
        says(&w.letter_to(ALICE), &["https://git.example.org/alice/project.git block"]);
    });
}

#[test]
fn a_ref_that_is_missing_is_told_with_the_command_that_pushes_it() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.outside.lock().repositories.clear();
        w.run_until_quiet();
        let wanted = ["there is no tags/block in the repository", "git push <remote> block"];
        says(&w.letter_to(ALICE), &wanted);
    });
}

#[test]
fn a_tip_that_differs_is_told_with_both() {
    scenario(|w| {
        w.run_until_quiet();
        let moved = id_of(&["moved"]);
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.tip = moved);
        assert_eq!(pull.tip, moved);
        let asked = id_of(&["alice", "block", "tip"]).short();
        w.run_until_quiet();
        let wanted = [moved.short(), asked, "git push -f <remote> block".into()];
        says(&w.letter_to(ALICE), &wanted.each_ref().map(String::as_str));
    });
}

#[test]
fn an_expired_key_is_told_with_the_command_that_extends_it() {
    scenario_in(&submitters(&["carol@*"]), |w| {
        w.run_until_quiet();
        w.maintainer("carol").mails_pull("block");
        w.run_until_quiet();
        let extend = "gpg --quick-set-expire D5E4A7C1B2F3908172635445362718090A1B2C3D 1y";
        says(&w.letter_to(CAROL), &["has expired", extend]);
    });
}

#[test]
fn nobody_gets_a_command_that_somebody_else_wrote_into_a_mail() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("mallory").mails("block", |_, mail| {
            *mail = mail
                .replace("From: mallory <mallory@", "From: alice <alice@")
                .replace("tags/block", "tags/block`id`|sh&");
        });
        w.run_until_quiet();
        let letter = w.letter_to(ALICE);
        let commands = letter.lines().filter(|line| line.starts_with("    "));
        assert!(commands.clone().count() > 0, "{letter}");
        assert!(commands.clone().all(|line| !line.contains(['`', '|', '&'])), "{letter}");
    });
}

#[test]
fn a_list_may_take_what_is_no_usual_request() {
    let mut setting = Setting::default();
    setting.rules.accept = vec![Unusual::Unmarked, Unusual::PatchSeries, Unusual::Answers];
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        for (tag, subject) in [("a", "a"), ("b", "[PATCH 0/3] b"), ("c", "Re: [PULL 0/3] c")] {
            let pull = w.maintainer("alice").mails(tag, |_, mail| {
                *mail = mail.replace(&format!("[PULL 0/3] {tag} patches"), subject);
                *mail =
                    mail.replace("The following", "Please pull these patches.\n\nThe following");
            });
            w.run_until_quiet();
            assert!(w.reply_to(&pull).starts_with("Passed"));
        }
    });
}

#[test]
fn the_subject_says_where_a_request_goes() {
    let mut setting = Setting::default();
    let stable = TargetName::new("stable-9.0");
    let policy = setting.target().clone();
    setting.policy.targets.insert(stable.clone(), policy);
    let goal = Goal { target: stable.clone(), branch: "stable-9.0".into() };
    setting.rules.targets = vec![(Phrase::new("for-9.0").unwrap(), goal)];
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("[PULL 0/3]", "[PULL for 9.0 v2 0/3]");
        });
        w.run_until_quiet();
        assert_eq!(w.pull(1).target, stable);
        let reply = w.reply_to(&pull);
        assert!(reply.starts_with("Passed on stable-9.0 "), "{reply}");
    });
}
