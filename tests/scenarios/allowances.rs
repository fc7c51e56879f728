//! Stories about how many letters an address gets: what anybody can bring about uses up nothing but
//! its own allowance, and a list waits for no other reader.

use gatepost::ports::{Delivery, Fault};
use jiff::SignedDuration;

use crate::scenario::outside::{ADMIN, LIST, MANAGER, OTHER_LIST};
use crate::scenario::{Mailed, Setting, World, told_once};

/// A request of somebody's that names a tag without a signature: it can be forged.
fn forged(w: &mut World, name: &str, tag: &str) {
    w.maintainer(name).mails(tag, |tag, _| tag.annotated = false);
}

fn of(letters_per_hour: u32) -> Setting {
    let mut setting = Setting::default();
    setting.policy.letters_per_hour = letters_per_hour;
    setting
}

#[test]
fn forged_mails_use_up_nobodys_verdicts() {
    told_once(&of(2), |w| {
        w.run_until_quiet();
        for tag in ["a", "b", "c"] {
            forged(w, "alice", tag);
        }
        w.run_for(SignedDuration::from_mins(1));
        let pull = w.maintainer("alice").mails_pull("block");
        // The test takes 40 minutes, and the answer none.
        w.run_for(SignedDuration::from_mins(46));
        assert_eq!(w.readers_of_reply_to(&pull), ["alice@example.org", LIST]);
        assert!(w.reply_to(&pull).starts_with("Passed"));
        w.run_until_quiet();
        assert_eq!(w.letters_to("alice@example.org"), 3);
    });
}

#[test]
fn alerts_have_an_allowance_of_their_own() {
    let mut setting = of(2);
    setting.rules.submitters = [ADMIN, "alice@example.org"]
        .map(|address| globset::Glob::new(address).unwrap().compile_matcher())
        .into();
    told_once(&setting, |w| {
        w.run_until_quiet();
        for tag in ["a", "b", "c"] {
            w.maintainer("root").mails(tag, |tag, _| tag.annotated = false);
        }
        w.run_for(SignedDuration::from_mins(1));
        assert_eq!(w.letters_to(ADMIN), 2, "the third one waits");
        let token = Fault::misconfigured("the token has expired");
        w.outside.lock().gitlab_faults.push(("create".into(), token));
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        assert!(w.letter_to(ADMIN).contains("the token has expired"));
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.letters_to(ADMIN), 1);
    });
}

#[test]
fn a_flood_of_forged_mails_stops_no_letter_but_its_own() {
    let mut setting = Setting::default();
    setting.policy.letters_per_hour_in_all = 4;
    told_once(&setting, |w| {
        w.run_until_quiet();
        for tag in ["a", "b", "c", "d", "e", "f"] {
            forged(w, "alice", tag);
            forged(w, "bob", tag);
        }
        w.run_for(SignedDuration::from_mins(5));
        assert_eq!(w.letters_to("alice@example.org") + w.letters_to("bob@example.org"), 4);
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(45));
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert!(w.overlay().breaker.is_none());
        assert_eq!(w.letters_to(ADMIN), 0);
        w.run_until_quiet();
        assert_eq!(w.letters_to("alice@example.org") + w.letters_to("bob@example.org"), 8);
    });
}

#[test]
fn old_tags_that_anybody_can_mail_again_use_up_nobodys_letters() {
    told_once(&of(2), |w| {
        w.run_until_quiet();
        for tag in ["a", "b", "c"] {
            w.maintainer("alice").mails(tag, |tag, _| {
                tag.tagged_at -= SignedDuration::from_hours(60 * 24);
            });
        }
        w.run_for(SignedDuration::from_mins(5));
        assert_eq!((w.letters_to(MANAGER), w.letters_to("alice@example.org")), (2, 2));
        // What is held for its commits is no forgery: the managers hear of it at once.
        let pull = w.maintainer("bob").mails_pull("block");
        let mut series = crate::scenario::outside::good_series(pull.tip);
        series.commits[0].changes_submodules = true;
        w.outside.lock().series.insert(pull.tip, series);
        w.run_for(SignedDuration::from_mins(5));
        assert_eq!((w.letters_to(MANAGER), w.letters_to("bob@example.org")), (1, 1));
        w.run_until_quiet();
        assert_eq!((w.letters_to(MANAGER), w.letters_to("alice@example.org")), (1, 1));
    });
}

#[test]
fn letters_about_unproved_mail_do_not_pile_up_for_ever() {
    told_once(&of(1), |w| {
        w.run_until_quiet();
        for number in 0..12 {
            forged(w, "alice", &format!("tag-{number}"));
        }
        w.run_for(SignedDuration::from_hours(24));
        // Five hours' worth waits, and the rest is counted.
        assert_eq!(w.letters_to("alice@example.org"), 5);
        w.run_for(SignedDuration::from_hours(8 * 24));
        let counts = w.letter_to(ADMIN);
        assert!(counts.contains("7  letters about unproved mail"), "{counts}");
    });
}

/// The same request by the other list.
fn by_the_other_list(w: &mut World, tag: &str) -> Mailed {
    let mailed = w.maintainer("alice").mails_pull(tag);
    let mut outside = w.outside.lock();
    let mail = outside.folder.pop().unwrap();
    let copy = String::from_utf8(mail.bytes).unwrap();
    let copy = copy.replace("<devel.lists", "<block.lists").replace("devel@lists", "block@lists");
    outside.deliver_by_other_list(copy.as_bytes());
    drop(outside);
    mailed
}

#[test]
fn a_lists_copy_does_not_wait_for_its_authors() {
    let mut setting = Setting::of_two_lists();
    setting.policy.letters_per_hour = 1;
    // What an address got is forgotten at a restart, so this has no crashes but the one it makes.
    for restarts in [false, true] {
        told_once(&setting, |w| {
            w.run_until_quiet();
            for _ in 0..2 {
                w.next_pipeline(|plan| plan.takes = SignedDuration::from_mins(5));
            }
            let first = w.maintainer("alice").mails_pull("block");
            w.run_for(SignedDuration::from_secs(1));
            let second = by_the_other_list(w, "net");
            w.run_for(SignedDuration::from_mins(50));
            assert_eq!(
                w.readers_of_reply_to(&first),
                ["alice@example.org", "devel@lists.example.org"]
            );
            assert_eq!(w.readers_of_reply_to(&second), [OTHER_LIST]);
            w.reply_to(&first);
            w.reply_to(&second);
            if restarts {
                w.restart();
            }
            w.run_until_quiet();
            assert!(w.letter_to("alice@example.org").contains("Passed"));
        });
    }
}

#[test]
fn an_authors_copy_that_comes_later_is_not_taken_for_sent_when_the_list_shows_its_own() {
    let mut setting = Setting::of_two_lists();
    setting.policy.letters_per_hour = 1;
    told_once(&setting, |w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_secs(1));
        let second = by_the_other_list(w, "net");
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&second);
        w.letter_to("alice@example.org");
        // The list's copy of a letter comes once more, while the author's own is uncertain.
        let third = by_the_other_list(w, "usb");
        let fourth = w.maintainer("alice").mails_pull("tcg");
        w.run_for(SignedDuration::from_hours(2));
        let copy = w.outside.lock().other_folder.last().unwrap().bytes.clone();
        w.outside.lock().deliveries = vec![Delivery::Temporary(Fault::temporary("451 later"))];
        w.outside.lock().deliver_by_other_list(&copy);
        w.run_until_quiet();
        w.reply_to(&third);
        w.reply_to(&fourth);
        w.letters_to("alice@example.org");
    });
}
