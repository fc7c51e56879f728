//! The main job while servers stall, cut and vanish, and while the bot itself is killed: each
//! request is answered, and once.

use std::fs;

use crate::maintainer::{Mailed, Maintainer};
use crate::process::eventually;
use crate::proxy::Fault;
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
    let go = world.rig.folder().join("go");
    let wait = format!("until [ -e {} ]; do sleep 0.1; done\n", go.display());
    alice.commits("topic", "checks/wait.sh", &wait, "Wait for it");
    alice.publishes("for-upstream", "Changes by Alice");
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    eventually("a pipeline", || (world.gitlab.pipelines().len() == 1).then_some(()));
    world.bot.kill();
    world.start_bot();
    fs::write(&go, "").unwrap();
    world.wait_for_reply(&request);
    assert_eq!(world.gitlab.pipelines().len(), 1, "adopted, not made again");
    world.expect_one_reply(&request, &bob);
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
