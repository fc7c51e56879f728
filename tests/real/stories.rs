//! The main job against real servers: a request is mailed, and the bot answers on the thread.

use gatepost::stand_ins::Plan;

use crate::mailbox::Mail;
use crate::maintainer::Mailed;
use crate::process::eventually;
use crate::rig::{BOT, LIST, address};
use crate::world::World;

#[test]
fn a_signed_request_is_tested_and_answered_on_its_thread() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    alice.commits("topic", "NEWS", "News.\n", "Say what is new");
    alice.publishes("for-upstream", "Changes by Alice");

    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    let reply = world.wait_for_reply(&request);

    expect_on_the_thread(&reply, &request, &alice.address);
    let base = world.upstream.head();
    expect_verdict(&reply, &format!("Passed on master {}", &base[..7]));
    assert!(reply.text.contains(&request.tip), "{}", reply.text);
    let candidate = world.in_ci_project(&["rev-parse", "staging-gatepost-1-1"]);
    assert!(reply.text.contains(&candidate), "{}", reply.text);
    let parents = world.in_ci_project(&["log", "-1", "--format=%P", &candidate]);
    assert_eq!(parents, format!("{base} {}", request.tip));
    let subject = world.in_ci_project(&["log", "-1", "--format=%s", &candidate]);
    assert!(subject.starts_with("Merge tag 'for-upstream' of https://127.0.0.1"), "{subject}");
    // What the reply tells release managers to type really takes the merge.
    let taken = world.upstream.takes(&reply.commands());
    assert_eq!(taken, candidate, "{}", reply.text);
    // To her, and by the list: the same letter twice.
    let hers = world.rig.inbox("alice").wait_for_reply(&request.message_id, &address(BOT));
    assert_eq!(hers.message_id, reply.message_id);
    for nobody in ["admin", "release"] {
        assert_eq!(world.rig.inbox(nobody).mails(), [], "{nobody} has nothing to do with it");
    }
    assert_eq!(world.gitlab.unexpected(), [""; 0]);
}

#[test]
fn a_failed_job_is_answered_with_the_lines_that_tell_why() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    let broken = "echo 'error: expected 1, got 2'\nexit 1\n";
    alice.commits("topic", "checks/broken.sh", broken, "Add a check");
    alice.publishes("for-upstream", "Changes by Alice");

    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    let reply = world.wait_for_reply(&request);

    expect_on_the_thread(&reply, &request, &alice.address);
    expect_verdict(&reply, "Failed in 1 of 1 job");
    assert!(reply.text.contains("checks"), "the job's name: {}", reply.text);
    assert!(reply.text.contains("error: expected 1, got 2"), "{}", reply.text);
}

#[test]
fn a_conflict_is_answered_with_the_files() {
    let mut world = World::new();
    let bob = world.maintainer("bob");
    world.set_up();
    world.start_bot();
    bob.commits("topic", "README", "Bob's project.\n", "Claim the project");
    bob.publishes("for-upstream", "Changes by Bob");
    world.upstream.commits("README", "Everybody's project.\n", "Share the project");

    let request = bob.mails_pull(&world.https(&bob), "for-upstream");
    let reply = world.wait_for_reply(&request);

    expect_on_the_thread(&reply, &request, &bob.address);
    assert!(reply.text.contains("README"), "{}", reply.text);
    let other_side = format!("{} Share the project", &world.upstream.head()[..12]);
    assert!(reply.words().contains(&other_side), "{}", reply.text);
    assert_eq!(world.pipelines(), [""; 0]);
}

#[test]
fn a_stranger_is_not_answered_and_nothing_of_theirs_runs() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    let carol = world.stranger("carol");
    world.set_up();
    world.start_bot();
    carol.commits("topic", "checks/theirs.sh", "echo mine\n", "Run this");
    carol.publishes("for-upstream", "Changes by Carol");

    let request = carol.mails_pull(&world.https(&carol), "for-upstream");
    alice.commits("topic", "NEWS", "News.\n", "Say what is new");
    alice.publishes("for-upstream", "Changes by Alice");
    let fence = alice.mails_pull(&world.https(&alice), "for-upstream");
    world.wait_for_reply(&fence);

    for user in ["reader", "carol"] {
        let replies = world.rig.inbox(user).replies(&request.message_id, &address(BOT));
        assert_eq!(replies, [], "{user}");
    }
    assert_eq!(world.pipelines(), ["success"], "only Alice's");
}

#[test]
fn a_copy_of_a_signed_tag_in_another_repository_adds_neither_test_nor_letter() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    let carol = world.stranger("carol");
    world.set_up();
    world.start_bot();
    alice.commits("topic", "NEWS", "News.\n", "Say what is new");
    alice.publishes("for-upstream", "Changes by Alice");
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    world.wait_for_reply(&request);

    carol.publishes_a_copy(&alice, "for-upstream");
    let (hers, theirs) = (world.https(&alice), world.https(&carol));
    let forged = carol.mails_in_the_name_of(&alice, &request, &hers, &theirs);
    eventually("the copy is looked at", || {
        let shown = world.bot.runs(&["show", "2"]).stdout;
        String::from_utf8_lossy(&shown).contains("repeated").then_some(())
    });

    for user in ["reader", "alice"] {
        assert_eq!(world.rig.inbox(user).replies(&forged, &address(BOT)), [], "{user}");
    }
    assert_eq!(world.pipelines(), ["success"], "only the first one");
}

#[test]
fn a_pipeline_that_skips_or_waits_for_a_person_is_no_pass() {
    let mut world = World::new();
    let people = [world.maintainer("alice"), world.maintainer("bob")];
    world.set_up();
    world.start_bot();
    for (maintainer, plan) in people.iter().zip([Plan::Skipped, Plan::Manual]) {
        world.gitlab.next_pipeline(plan.clone());
        maintainer.commits("topic", maintainer.user, "News.\n", "Say what is new");
        maintainer.publishes("for-upstream", "Changes");
        let request = maintainer.mails_pull(&world.https(maintainer), "for-upstream");
        let told = eventually(&format!("a word about {plan:?}"), || {
            let people = ["reader", "release", "admin"].map(|user| world.rig.inbox(user).mails());
            let mut mails = people.into_iter().flatten();
            mails.find(|mail| {
                mail.from == [address(BOT)] && mail.references.contains(&request.message_id)
            })
        });
        assert!(!told.text.starts_with("Passed"), "{plan:?}: {}", told.text);
    }
}

/// What every answer to a request has.
fn expect_on_the_thread(reply: &Mail, request: &Mailed, author: &str) {
    assert_eq!(reply.subject, format!("Re: {}", request.subject));
    assert_eq!(reply.from, [address(BOT)]);
    assert_eq!(reply.to, [author]);
    assert_eq!(reply.cc, [LIST]);
    assert_eq!(reply.in_reply_to, [request.message_id.as_str()]);
    assert!(reply.references.contains(&request.message_id), "{:?}", reply.references);
    assert_eq!(reply.header("Auto-Submitted").as_deref(), Some("auto-replied"));
}

fn expect_verdict(reply: &Mail, begin: &str) {
    let first = reply.text.lines().next().unwrap_or_default();
    assert!(first.starts_with(begin), "{first}");
}
