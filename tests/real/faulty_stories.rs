//! The main job while servers stall, cut and vanish, and while the bot itself is killed: each
//! request is answered, and once.

use crate::maintainer::{Mailed, Maintainer};
use crate::process::eventually;
use crate::proxy::Fault;
use crate::rig::{BOT, address};
use crate::world::World;

/// More than any command or handshake of a letter's sending, less than the letter.
const A_LETTER: usize = 1000;

#[test]
fn an_imap_connection_that_is_cut_during_idle_is_made_anew() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    let idles = world.rig.idles();
    world.imap.cut();
    world.wait_for_idle_after(idles);
    let request = mail(&world, &alice);
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_request_that_comes_while_imap_is_away_is_found_later() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    world.imap.set(Fault::Refuse);
    world.imap.cut();
    let request = mail(&world, &alice);
    let refused = world.imap.connections();
    eventually("the bot tries again", || (world.imap.connections() > refused).then_some(()));
    world.imap.set(Fault::None);
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_dovecot_that_stalls_holds_nothing_but_its_mails_up() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    let before = world.imap.connections();
    world.imap.set(Fault::Stall);
    world.imap.cut();
    eventually("the bot connects again", || (world.imap.connections() > before).then_some(()));
    let request = mail(&world, &alice);
    assert!(world.bot.says(&["status"]).starts_with("The bot runs."));
    world.imap.set(Fault::None);
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_letter_whose_acknowledgement_is_lost_is_not_sent_again() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    world.smtp.set(Fault::LoseReplyTo(A_LETTER));
    let request = mail(&world, &alice);
    world.wait_for_reply(&request);
    assert_eq!(world.smtp.lost_replies(), 1);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_mail_server_that_hangs_up_gets_the_letter_later() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    world.smtp.set(Fault::CutAfter(50));
    let request = mail(&world, &alice);
    eventually("the bot tries to send", || (world.smtp.connections() > 0).then_some(()));
    world.smtp.set(Fault::None);
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_letter_that_postfix_has_no_room_for_is_sent_later() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    let go = alice.publishes_a_check_that_waits(&world.rig);
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    eventually("a pipeline", || (world.pipelines().len() == 1).then_some(()));
    world.rig.has_room_for_mail(false);
    go.go();
    eventually("it is not taken", || {
        let log = world.bot.log();
        log.lines()
            .any(|line| line.contains("was not taken now") && line.contains("452"))
            .then_some(())
    });
    world.rig.has_room_for_mail(true);
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_stalled_repository_is_fetched_from_again_and_holds_nobody_up() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    publish(&alice);
    let request = alice.writes_pull(&world.git(&alice), "for-upstream");
    let before = world.rig.git.connections();
    world.rig.git.set(Fault::Stall);
    alice.mails(&request);
    let meanwhile = mail(&world, &bob);
    world.wait_for_reply(&meanwhile);
    // One attempt runs into its deadline, the next one is let through.
    eventually("the bot tries again", || (world.rig.git.connections() > before + 1).then_some(()));
    world.rig.git.set(Fault::None);
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_bot_killed_while_the_pipeline_runs_waits_for_the_same_one() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    let go = alice.publishes_a_check_that_waits(&world.rig);
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    eventually("a pipeline", || (world.pipelines().len() == 1).then_some(()));
    world.bot.kill();
    world.start_bot();
    go.go();
    world.wait_for_reply(&request);
    assert_eq!(world.pipelines().len(), 1, "adopted, not made again");
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_bot_killed_at_any_moment_makes_one_pipeline_and_one_reply() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    let moments = [
        "asks for",
        "pinned refs/tags",
        "merged as",
        "pushed to",
        "a pipeline is being made",
        "runs: http",
        "ended: passed",
        // Between the writing and this a letter may be lost: it is looked for, then sent again.
        "was accepted",
    ];
    let mut requests = Vec::new();
    for (at, moment) in moments.into_iter().enumerate() {
        world.start_bot();
        // The next kill must not meet an earlier request's letter on its way: that one is then
        // looked for on the list for ten minutes.
        for request in &requests {
            world.wait_for_reply(request);
        }
        let tag = format!("changes-{at}");
        alice.commits("topic", &format!("NEWS.{at}"), "News.\n", "Say what is new");
        alice.publishes(&tag, "Changes by Alice");
        requests.push(alice.mails_pull(&world.https(&alice), &tag));
        eventually(moment, || world.bot.log().contains(moment).then_some(()));
        world.bot.kill();
    }
    world.start_bot();
    for request in &requests {
        world.wait_for_reply(request);
    }
    world.expect_one_reply(&requests[0], &alice);
    for request in &requests {
        let replies = world.rig.inbox("reader").replies(&request.message_id, &address(BOT));
        assert_eq!(replies.len(), 1, "{}", request.subject);
    }
    // One for each, and one for the fence.
    assert_eq!(world.pipelines(), vec!["success"; moments.len() + 1]);
}

#[test]
fn a_bot_killed_while_it_fetches_begins_again() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    publish(&alice);
    let request = alice.writes_pull(&world.git(&alice), "for-upstream");
    let before = world.rig.git.connections();
    world.rig.git.set(Fault::Stall);
    alice.mails(&request);
    eventually("the bot fetches", || (world.rig.git.connections() > before).then_some(()));
    world.bot.kill();
    world.rig.git.set(Fault::None);
    world.start_bot();
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_bot_killed_after_its_letter_went_out_does_not_send_it_again() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    world.smtp.set(Fault::LoseReplyTo(A_LETTER));
    let request = mail(&world, &alice);
    eventually("the lost reply", || (world.smtp.lost_replies() == 1).then_some(()));
    world.bot.kill();
    world.start_bot();
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

#[test]
fn a_bot_killed_before_it_read_a_mail_finds_it_later() {
    let mut world = World::new();
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    world.bot.kill();
    let request = mail(&world, &alice);
    world.start_bot();
    world.wait_for_reply(&request);
    world.expect_one_reply(&request, &bob);
}

fn publish(maintainer: &Maintainer) {
    maintainer.commits("topic", maintainer.user, "News.\n", "Say what is new");
    maintainer.publishes("for-upstream", "Changes");
}

fn mail(world: &World, maintainer: &Maintainer) -> Mailed {
    publish(maintainer);
    maintainer.mails_pull(&world.https(maintainer), "for-upstream")
}
