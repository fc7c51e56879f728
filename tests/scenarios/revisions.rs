//! Stories about revisions: what supersedes what, what does not, and what an author takes back.

use crate::ports::{Delivery, Fault};
use jiff::SignedDuration;

use crate::scenario::outside::{MANAGER, OTHER_LIST, OutsideTag, id_of};
use crate::scenario::{Mailed, Setting, World, scenario, scenario_in};

/// A new tag object on a new tip, wherever its name points.
fn made_anew(tag: &mut OutsideTag, mail: &mut String, words: &str) {
    let before = tag.tip.to_string();
    tag.tip = id_of(&[words, &before, "tip"]);
    tag.id = id_of(&[words, &before, "tag"]);
    *mail = mail.replace(&before, &tag.tip.to_string());
}

fn marked(mail: &mut String, revision: u32) {
    *mail = mail.replace("[PULL 0/3]", &format!("[PULL v{revision} 0/3]"));
}

fn under(mail: &mut String, above: &Mailed) {
    let id = &above.message_id;
    let thread = format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\nDate: ");
    *mail = mail.replacen("Date: ", &thread, 1);
}

fn revision(w: &mut World, name: &str, tag: &str, revision: u32) -> Mailed {
    w.maintainer(name).mails(tag, |tag, mail| {
        made_anew(tag, mail, &format!("v{revision}"));
        marked(mail, revision);
    })
}

pub(crate) fn says(w: &mut World, name: &str, above: &Mailed, text: &str) {
    let id = &above.message_id;
    let mail = format!(
        "From: {name} <{name}@example.org>\r\nTo: devel@lists.example.org\r\n\
         Subject: Re: [PULL 0/3] {tag} patches\r\nMessage-ID: <{name}.{length}.{id}>\r\n\
         List-Id: <devel.lists.example.org>\r\nIn-Reply-To: <{id}>\r\nReferences: <{id}>\r\n\
         \r\n{text}\r\n",
        tag = above.tag,
        length = text.len(),
    );
    w.outside.lock().deliver(mail.as_bytes());
}

fn verdict(w: &World, number: u64) -> &'static str {
    w.pull(number).stage.verdict().map_or("open", |verdict| verdict.word())
}

fn canceled(w: &World) -> Vec<bool> {
    w.outside.lock().pipelines.iter().map(|pipeline| pipeline.canceled).collect()
}

#[test]
fn a_v2_in_a_new_thread_stops_the_pipeline_of_its_v1_and_answers_alone() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let second = revision(w, "alice", "block", 2);
        w.run_until_quiet();
        let reply = w.reply_to(&second);
        assert!(reply.starts_with("Passed"), "{reply}");
        assert!(reply.contains("replaces   request 1 (v1)"), "{reply}");
        assert_eq!(verdict(w, 1), "superseded");
        assert_eq!(canceled(w), [true, false]);
        assert!(w.because(1).contains("request 2 supersedes it"), "{}", w.because(1));
    });
}

#[test]
fn a_v2_on_the_thread_needs_neither_title_nor_tag_in_common() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let second = w.maintainer("alice").mails("io_uring", |tag, mail| {
            made_anew(tag, mail, "v2");
            marked(mail, 2);
            under(mail, &first);
        });
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "superseded");
    });
}

#[test]
fn a_tag_named_after_the_older_one_joins_a_v2_with_another_title() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let second = revision(w, "alice", "block-v2", 2);
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "superseded");
    });
}

#[test]
fn a_v2_with_another_title_another_tag_and_no_thread_is_separate() {
    scenario(|w| {
        w.run_until_quiet();
        let block = w.maintainer("alice").mails_pull("block");
        let net = revision(w, "alice", "net", 2);
        w.run_until_quiet();
        w.reply_to(&block);
        w.reply_to(&net);
    });
}

#[test]
fn a_v2_that_another_person_signed_supersedes_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.maintainer("alice").mails("block", |tag, mail| {
            made_anew(tag, mail, "bob's");
            tag.signed_by = "bob".into();
            marked(mail, 2);
            under(mail, &first);
            *mail = mail.replace("tags/block", "tags/bobs-block");
        });
        // The tags stand beside each other.
        let mut outside = w.outside.lock();
        let refs = outside.repositories.get_mut(&first.url).unwrap();
        let of_bob = refs.remove("refs/tags/block").unwrap();
        refs.insert("refs/tags/bobs-block".into(), of_bob);
        refs.insert("refs/tags/block".into(), alices_tag(&first));
        drop(outside);
        w.run_until_quiet();
        w.reply_to(&first);
        // Bob's tag in Alice's mail is nobody's request.
        let letter = w.letter_to("alice@example.org");
        assert!(letter.contains("signed by bob"), "{letter}");
    });
}

fn alices_tag(of: &Mailed) -> OutsideTag {
    OutsideTag {
        id: id_of(&["alice", &of.tag, "tag"]),
        copy_of: None,
        tip: of.tip,
        tagged_at: "2026-01-05T09:00:00Z".parse().unwrap(),
        signed_by: "alice".into(),
        annotated: true,
    }
}

#[test]
fn a_v2_whose_tag_is_not_signed_changes_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        for (revision, forge) in [(2, None), (3, Some("FORGED"))] {
            w.maintainer("alice").mails("block", |tag, mail| {
                made_anew(tag, mail, &format!("v{revision}"));
                marked(mail, revision);
                under(mail, &first);
                tag.annotated = forge.is_some();
                tag.signed_by = forge.unwrap_or_default().into();
            });
        }
        w.run_until_quiet();
        w.reply_to(&first);
        assert!(w.letters_to("alice@example.org") >= 2, "one for each bad tag");
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn an_old_signed_tag_mailed_again_as_v9_supersedes_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let replayed = w.maintainer("alice").mails("block", |tag, mail| {
            made_anew(tag, mail, "last week's");
            tag.tagged_at -= SignedDuration::from_hours(7 * 24);
            marked(mail, 9);
            under(mail, &first);
        });
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&replayed);
        assert_eq!(canceled(w), [false, false]);
    });
}

#[test]
fn a_moved_tag_name_alone_is_the_next_request() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("for-upstream");
        w.run_for(SignedDuration::from_mins(10));
        let next = w.maintainer("alice").mails("for-upstream", |tag, mail| {
            made_anew(tag, mail, "the next");
        });
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&next);
        assert_eq!(canceled(w), [false, false]);
    });
}

#[test]
fn a_re_used_tag_name_makes_no_v2_of_another_series_either() {
    scenario(|w| {
        w.run_until_quiet();
        let block = w.maintainer("alice").mails_pull("for-upstream");
        w.run_for(SignedDuration::from_mins(10));
        let net = w.maintainer("alice").mails("for-upstream", |tag, mail| {
            made_anew(tag, mail, "net");
            marked(mail, 2);
            *mail = mail.replace("for-upstream patches", "net patches");
        });
        w.run_until_quiet();
        w.reply_to(&block);
        w.reply_to(&net);
    });
}

#[test]
fn a_mail_without_a_version_whose_tip_contains_the_old_one_supersedes_it() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("for-upstream");
        w.run_for(SignedDuration::from_mins(10));
        let next = w.maintainer("alice").mails("for-upstream", |tag, mail| {
            made_anew(tag, mail, "more");
            *mail = mail.replace("for-upstream patches", "block and net patches");
        });
        w.outside.lock().histories.insert(next.tip, vec![first.tip]);
        w.run_until_quiet();
        assert!(w.reply_to(&next).contains("replaces   request 1"));
        assert_eq!(verdict(w, 1), "superseded");
        assert_eq!(canceled(w), [true, false]);
    });
}

#[test]
fn a_tip_that_contains_another_persons_supersedes_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        let next = w.maintainer("bob").mails_pull("net");
        w.outside.lock().histories.insert(next.tip, vec![first.tip]);
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&next);
    });
}

#[test]
fn a_title_used_again_begins_a_new_series() {
    scenario(|w| {
        w.run_until_quiet();
        let january = w.maintainer("alice").mails_pull("for-upstream");
        w.run_for(SignedDuration::from_mins(10));
        w.maintainer("alice").mails("for-upstream", |tag, mail| made_anew(tag, mail, "february"));
        w.run_for(SignedDuration::from_mins(1));
        let corrected = revision(w, "alice", "for-upstream", 2);
        w.run_until_quiet();
        w.reply_to(&january);
        w.reply_to(&corrected);
        assert_eq!(verdict(w, 2), "superseded");
    });
}

#[test]
fn a_v1_that_is_verified_after_its_v2_is_superseded_at_once() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        let alices = w.outside.lock().repositories.remove(&first.url).unwrap();
        w.run_for(SignedDuration::from_secs(1));
        let second = w.maintainer("alice").mails("block-v2", |tag, mail| {
            made_anew(tag, mail, "v2");
            marked(mail, 2);
            // From another address of hers: only the signer says that it is her.
            *mail = mail.replace("<alice@example.org>", "<alice@work.example>");
        });
        w.run_for(SignedDuration::from_secs(5));
        w.outside.lock().repositories.get_mut(&first.url).unwrap().extend(alices);
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "superseded");
        assert!(w.pull(1).stage.trusted().is_some(), "it was verified first");
        assert_eq!(w.outside.lock().pipelines.len(), 1);
    });
}

#[test]
fn a_v1_whose_tag_name_the_v2_took_is_ended_without_a_letter() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        let second = revision(w, "alice", "block", 2);
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "superseded");
    });
}

#[test]
fn a_v2_of_another_author_does_not_silence_a_request_that_can_not_be_fetched() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.outside.lock().repositories.clear();
        let second = w.maintainer("bob").mails("block", |_, mail| marked(mail, 2));
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        w.reply_to(&second);
    });
}

#[test]
fn a_v2_that_comes_while_the_letter_of_its_v1_is_written_keeps_it_back() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(30));
        let second = revision(w, "alice", "block", 2);
        // The pipeline is done before the mail is read; its letter is not.
        w.outside.advance(SignedDuration::from_mins(30));
        w.slow_answers = true;
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "superseded");
    });
}

#[test]
fn what_is_answered_stays_answered_and_notes_its_v2() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&first);
        let second = revision(w, "alice", "block", 2);
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "passed");
        assert_eq!(w.pull(1).lineage.superseded_by.map(|by| by.0), Some(2));
        assert_eq!(w.outside.lock().ci_refs.len(), 2, "its merge can still be taken");
        let refused = w.command("retest 1").unwrap_err();
        assert!(refused.contains("Request 2 supersedes request 1"), "{refused}");
        assert_eq!(canceled(w), [false, false]);
    });
}

#[test]
fn a_letter_that_waits_in_the_outbox_still_goes() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.outside.lock().deliveries.push(Delivery::Temporary(Fault::temporary("451 later")));
        w.run_for(SignedDuration::from_mins(46));
        let second = revision(w, "alice", "block", 2);
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "passed");
    });
}

#[test]
fn of_a_chain_of_three_only_the_last_is_answered() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        revision(w, "alice", "block", 2);
        w.run_for(SignedDuration::from_mins(5));
        let third = revision(w, "alice", "block", 3);
        w.run_until_quiet();
        assert!(w.reply_to(&third).contains("replaces   request 2 (v2)"));
        assert_eq!(canceled(w), [true, true, false]);
    });
}

#[test]
fn a_v3_that_comes_before_its_v2_supersedes_both() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        let third = revision(w, "alice", "block-v3", 3);
        w.run_for(SignedDuration::from_mins(5));
        w.maintainer("alice").mails("block-v2", |tag, mail| {
            made_anew(tag, mail, "v2");
            marked(mail, 2);
            tag.tagged_at -= SignedDuration::from_mins(6);
        });
        w.run_until_quiet();
        w.reply_to(&third);
        assert_eq!((verdict(w, 1), verdict(w, 3)), ("superseded", "superseded"));
    });
}

#[test]
fn a_v2_that_a_person_cancels_does_not_bring_its_v1_back() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        revision(w, "alice", "block", 2);
        w.run_for(SignedDuration::from_mins(5));
        w.command("cancel 2").unwrap();
        w.run_until_quiet();
        assert_eq!((verdict(w, 1), verdict(w, 2)), ("superseded", "cancelled"));
    });
}

#[test]
fn a_v2_is_noticed_while_its_v1_is_held() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| {
            tag.tagged_at = "2025-11-01T00:00:00Z".parse().unwrap();
        });
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        let second = revision(w, "alice", "block", 2);
        w.run_until_quiet();
        w.reply_to(&second);
        assert_eq!(verdict(w, 1), "superseded");
        assert!(w.command("approve 1").is_err());
    });
}

#[test]
fn a_retraction_is_told_once_and_cancels_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        says(w, "alice", &pull, "Please drop this one, patch 3 breaks the build.");
        w.run_for(SignedDuration::from_mins(10));
        says(w, "alice", &pull, "NAK, I'll send a v2.");
        w.run_until_quiet();
        let told = w.letter_to(MANAGER);
        assert!(told.contains("    Please drop this one, patch 3 breaks the build."), "{told}");
        assert!(told.contains("gatepost do 'cancel 1'"), "{told}");
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert_eq!(canceled(w), [false]);
        let retraction = w.pull(1).retraction.unwrap();
        assert!(retraction.told);
        assert_eq!(retraction.said, "Please drop this one, patch 3 breaks the build.");
    });
}

#[test]
fn a_retraction_that_was_read_together_with_its_request_is_told() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        says(w, "alice", &pull, "Please ignore this pull request.");
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("Please ignore this pull request."));
        w.reply_to(&pull);
    });
}

#[test]
fn a_retraction_after_the_answer_is_told_as_well() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        says(w, "alice", &pull, "> Passed on master\n\nPlease don't merge this.");
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("Please don't merge this."));
    });
}

#[test]
fn what_strangers_and_quotes_take_back_is_passed_over() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        says(w, "mallory", &pull, "Please ignore this pull request.");
        says(w, "alice", &pull, "> Please ignore this pull request.\n\nWho are you?");
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.pull(1).retraction, None);
    });
}

#[test]
fn a_request_posted_to_two_lists_is_one_request() {
    for devel_first in [true, false] {
        scenario_in(&Setting::of_two_lists(), |w| {
            w.run_until_quiet();
            let pull = w.maintainer("alice").mails_pull("block");
            let mut outside = w.outside.lock();
            let mail = outside.folder.pop().unwrap();
            let copy = String::from_utf8(mail.bytes.clone()).unwrap();
            let copy = copy.replace("<devel.lists", "<block.lists");
            if devel_first {
                outside.deliver(&mail.bytes);
            } else {
                outside.deliver_by_other_list(copy.as_bytes());
            }
            drop(outside);
            w.run_for(SignedDuration::from_mins(5));
            let mut outside = w.outside.lock();
            if devel_first {
                outside.deliver_by_other_list(copy.as_bytes());
            } else {
                outside.deliver(&mail.bytes);
            }
            drop(outside);
            w.run_until_quiet();
            w.reply_to(&pull);
            assert_eq!((w.pulls().len(), w.outside.lock().pipelines.len()), (1, 1));
        });
    }
}

#[test]
fn a_cross_post_whose_copies_come_in_one_folder_and_one_reading_is_one_request() {
    scenario_in(&Setting::of_two_lists(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("\r\nSubject:", &format!("\r\nCc: {OTHER_LIST}\r\nSubject:"));
        });
        let mut outside = w.outside.lock();
        let copy = String::from_utf8(outside.folder[0].bytes.clone()).unwrap();
        outside.deliver(copy.replace("<devel.lists", "<block.lists").as_bytes());
        outside.deliver_by_other_list(copy.replace("<devel.lists", "<block.lists").as_bytes());
        drop(outside);
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!((w.pulls().len(), w.outside.lock().pipelines.len()), (1, 1));
    });
}

#[test]
fn the_same_tag_sent_again_is_no_revision_even_as_v2() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("[PULL 0/3]", "[PULL RESEND 0/3]");
        });
        w.maintainer("alice").mails("block", |_, mail| marked(mail, 2));
        w.run_until_quiet();
        w.reply_to(&first);
        assert_eq!((verdict(w, 2), verdict(w, 3)), ("repeated", "repeated"));
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn a_cover_letter_may_come_after_its_patches() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let cover = w.outside.lock().folder.pop().unwrap();
        for number in 1..=3 {
            patch(w, &pull, number);
        }
        w.run_for(SignedDuration::from_mins(20));
        assert!(w.pulls().is_empty());
        w.outside.lock().deliver(&cover.bytes);
        patch(w, &pull, 4);
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.pulls().len(), 1);
    });
}

#[test]
fn patches_without_a_cover_letter_are_no_request() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().folder.clear();
        for number in 1..=3 {
            patch(w, &pull, number);
        }
        w.run_until_quiet();
        assert!(w.pulls().is_empty());
    });
}

fn patch(w: &mut World, cover: &Mailed, number: u32) {
    let id = &cover.message_id;
    let mail = format!(
        "From: alice <alice@example.org>\r\nTo: devel@lists.example.org\r\n\
         Subject: [PULL {number}/3] block: change {number}\r\nMessage-ID: <p{number}.{id}>\r\n\
         List-Id: <devel.lists.example.org>\r\nIn-Reply-To: <{id}>\r\nReferences: <{id}>\r\n\
         \r\nPlease drop this.\r\n---\r\n x | 2 +-\r\n\r\n\
         diff --git a/x b/x\r\n--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n"
    );
    w.outside.lock().deliver(mail.as_bytes());
}
