//! A bot that is killed again and again while it works on the same thing: that is set aside, and
//! everything else goes on.

use crate::maintainer::{Mailed, Maintainer};
use crate::process::eventually;
use crate::proxy::Fault;
use crate::world::World;

/// A bot that waits long for a git server that never answers, and such a request.
fn hangs() -> (World, Maintainer, Mailed) {
    let mut world =
        World::with(|config| config.replace("deadline = \"5s\"", "deadline = \"300s\""));
    let (alice, bob) = (world.maintainer("alice"), world.maintainer("bob"));
    world.set_up();
    world.start_bot();
    publish(&bob);
    let request = bob.writes_pull(&world.git(&bob), "for-upstream");
    let before = world.rig.git.connections();
    world.rig.git.set(Fault::Stall);
    bob.mails(&request);
    wait_for_fetch(&world, before);
    (world, alice, request)
}

fn publish(maintainer: &Maintainer) {
    maintainer.commits("topic", "file", "text\n", "Change something");
    maintainer.publishes("for-upstream", "A change");
}

fn wait_for_fetch(world: &World, before: usize) {
    eventually("a fetch that hangs", || (world.rig.git.connections() > before).then_some(()));
}

#[test]
fn what_was_at_work_at_the_end_of_three_lives_is_set_aside_and_others_are_answered() {
    let (mut world, alice, request) = hangs();
    for _ in 0..2 {
        let before = world.rig.git.connections();
        world.bot.kill();
        world.start_bot();
        wait_for_fetch(&world, before);
        assert!(!world.bot.says(&["status"]).contains("Set aside:"));
    }
    world.bot.kill();
    let before = world.rig.git.connections();
    world.start_bot();
    publish(&alice);
    let other = alice.mails_pull(&world.https(&alice), "for-upstream");
    world.wait_for_reply(&other);
    assert_eq!(world.rig.git.connections(), before, "it was tried again");
    let status = world.bot.says(&["status"]);
    assert!(status.contains("Set aside: request 1 "), "{status}");
    assert!(status.contains("the bot died of it three times in a row"), "{status}");
    let told = |mail: &crate::mailbox::Mail| mail.text.contains("Request 1 is set aside.");
    world.rig.inbox("admin").wait_for("a letter about it", told);
    world.rig.inbox("release").wait_for("a letter about it", told);

    world.rig.git.set(Fault::None);
    world.bot.says(&["do", "retest 1"]);
    world.wait_for_reply(&request);
}

#[test]
fn stops_that_are_asked_for_set_nothing_aside() {
    let (mut world, _alice, request) = hangs();
    for _ in 0..3 {
        let before = world.rig.git.connections();
        assert_eq!(world.bot.stop().code(), Some(0));
        world.start_bot();
        wait_for_fetch(&world, before);
    }
    assert!(!world.bot.says(&["status"]).contains("Set aside:"));
    world.bot.kill();
    world.rig.git.set(Fault::None);
    world.start_bot();
    world.wait_for_reply(&request);
}
