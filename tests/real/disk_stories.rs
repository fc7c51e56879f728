//! A state directory on a disk that is full: the bot waits, says so, and goes on by itself.

use crate::disk::SmallDisk;
use crate::process::eventually;
use crate::world::World;

/// Gives commands until there is no room to write down another one; what that one is answered.
fn stall(world: &World) -> String {
    eventually("a command that finds no room", || {
        let refused = world.bot.runs(&["do", "resume"]);
        assert_eq!(refused.status.code(), Some(69));
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        why.contains("Nothing moves since").then_some(why)
    })
}

#[test]
fn a_full_disk_is_waited_for_and_nothing_is_lost() {
    let mut world = World::new();
    let Some(disk) = SmallDisk::over(&world.rig.folder().join("bot/state"), 32) else { return };
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    alice.commits("topic", "file", "text\n", "Change something");
    alice.publishes("for-upstream", "A change");
    disk.fill();
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");

    // The mail can't be kept, so it is not read.
    let status = eventually("a status that says so", || {
        let status = world.bot.says(&["status"]);
        status.contains("Can't read lists: INBOX since").then_some(status)
    });
    assert!(status.starts_with("The bot runs."), "{status}");
    assert!(status.contains("No space left on device"), "{status}");
    let first = stall(&world);
    assert!(first.contains("This is carried out once that is over."), "{first}");
    let next = stall(&world);
    assert!(next.contains("This was not carried out."), "{next}");
    let stalled = world.bot.says(&["status"]);
    assert!(stalled.contains("Nothing moves since"), "{stalled}");
    assert!(stalled.contains("No space left on device"), "{stalled}");

    disk.free();
    world.wait_for_reply(&request);
    assert!(!world.bot.says(&["status"]).contains("Nothing moves"));
    let log = world.bot.log();
    assert_eq!(log.matches("nothing moves until it can be").count(), 1, "{log}");
    assert_eq!(log.matches("the bot goes on").count(), 1, "{log}");
}

#[test]
fn a_bot_that_waits_for_room_stops_when_it_is_told_to_and_starts_again() {
    let mut world = World::new();
    let Some(disk) = SmallDisk::over(&world.rig.folder().join("bot/state"), 32) else { return };
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    alice.commits("topic", "file", "text\n", "Change something");
    alice.publishes("for-upstream", "A change");
    disk.fill();
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    stall(&world);
    assert_eq!(world.bot.stop().code(), Some(0));

    let started = world.bot.runs(&["run"]);
    let said = String::from_utf8_lossy(&started.stderr);
    assert_eq!(started.status.code(), Some(75), "{said}");
    assert!(said.contains("No space left on device"), "{said}");

    disk.free();
    world.start_bot();
    world.wait_for_reply(&request);
}
