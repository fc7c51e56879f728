//! The main job as whoever runs the bot sees it: `check`, `status`, `show`, `do`, a dry run, shadow
//! mode.

use crate::process::eventually;
use crate::rig::{BOT, address};
use crate::world::World;

#[test]
fn check_tries_every_server_and_finds_nothing_wrong() {
    let world = World::new();
    let _alice = world.maintainer("alice");
    world.set_up();
    // A Developer may not see CI variables and runners, and is told so.
    world.gitlab.set_role(40);
    let said = world.bot.says(&["check"]);
    for line in said.lines() {
        assert!(line.starts_with('✓') || line.starts_with(' '), "{line}\n{said}");
    }
    for tried in ["keyring", "account lists", "smtp", "target master", "CI of master"] {
        assert!(said.contains(&format!("✓ {tried}: ")), "{tried}: {said}");
    }
}

#[test]
fn status_and_show_tell_where_a_request_is() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    assert!(world.bot.says(&["status"]).contains("Nothing is open."));
    let go = alice.publishes_a_check_that_waits(&world.rig);
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    eventually("a running job", || (world.pipelines() == ["running"]).then_some(()));

    let status = eventually("a status that says so", || {
        let status = world.bot.says(&["status"]);
        let run = status.lines().find(|line| line.contains("run 1: pipeline "));
        run.is_some_and(|line| line.contains(" is running")).then_some(status)
    });
    assert!(status.contains(&request.subject), "{status}");
    let by_id = world.bot.says(&["show", &request.message_id]);
    assert_eq!(by_id, world.bot.says(&["show", "1"]));
    for fact in [&request.tip, "Alice Example", "staging-gatepost-1-1", "signed by"] {
        assert!(by_id.contains(fact), "{fact}: {by_id}");
    }
    go.go();
    world.wait_for_reply(&request);
    let after = eventually("it is answered", || {
        let shown = world.bot.says(&["show", "1"]);
        shown.contains("answered (passed)").then_some(shown)
    });
    assert!(after.contains("pipeline"), "{after}");
    world.bot.kill();
    let dead = world.bot.says(&["status"]);
    assert!(dead.starts_with("No bot runs"), "{dead}");
}

#[test]
fn a_command_in_the_moment_after_a_start_is_taken() {
    let mut world = World::new();
    world.set_up();
    for (line, said) in
        [("pause for a moment", "No new test begins"), ("resume", "The bot goes on")]
    {
        world.bot.start_until(&[], "at once", || true);
        let answer = world.bot.says(&["do", line]);
        assert!(answer.starts_with(said), "{answer}");
        // What it leaves behind is a socket that nobody listens on.
        world.bot.kill();
    }
}

#[test]
fn a_request_that_changes_ci_is_held_until_it_is_approved() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    let ci = r#"{"checks": {"script": ["sh test.sh"]}, "mine": {"script": ["echo mine"]}}"#;
    alice.commits("topic", ".gitlab-ci.yml", ci, "Test more");
    alice.publishes("for-upstream", "Changes to CI");

    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    let letter = world
        .rig
        .inbox("release")
        .wait_for("a letter about a hold", |mail| mail.text.starts_with("Held: request 1"));
    assert!(letter.words().contains("job mine is added"), "{}", letter.text);
    assert!(letter.words().contains("file .gitlab-ci.yml is changed"), "{}", letter.text);
    let jobs_ran = || world.pipelines().iter().any(|status| status != "skipped");
    assert!(!jobs_ran(), "a CI minute was spent");
    let shown = world.bot.says(&["show", "1"]);
    assert!(shown.contains("What it would change in CI:"), "{shown}");
    world.bot.says(&["do", "approve 1"]);
    let reply = world.wait_for_reply(&request);
    assert!(reply.words().contains("Passed on master"), "{}", reply.text);
    assert!(reply.words().contains("This request changes what CI runs"), "{}", reply.text);
    assert_eq!(world.gitlab.unexpected(), [""; 0]);
}

#[test]
fn a_release_managers_branch_is_tested_and_the_answer_is_theirs() {
    let mut world = World::new();
    let bob = world.maintainer("bob");
    world.set_up();
    world.start_bot();
    bob.commits("staging", "NEWS", "News.\n", "Say what is new");
    let tip = bob.publishes_branch("staging");
    let release = address("release");
    let order = format!("test {} staging {tip}", world.https(&bob));
    let said = world.bot.says(&["do", &order, "--reply-to", &release]);
    assert!(said.contains("run-1"), "{said}");

    let inbox = world.rig.inbox("release");
    let answer = inbox.wait_for("an answer", |mail| mail.from == [address(BOT)]);
    assert_eq!(answer.to, [release]);
    assert!(answer.text.starts_with("Passed"), "{}", answer.text);
    assert!(answer.text.contains(&tip), "{}", answer.text);
    assert_eq!(world.pipelines(), ["success"]);
    assert_eq!(world.rig.inbox("reader").mails(), [], "the list has nothing to do with it");
    let wrong = world.bot.runs(&["do", "tset x y z"]);
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("Did you mean \"test\"?"));
}

#[test]
fn a_dry_run_changes_nothing_outside() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    let refs = world.in_ci_project(&["for-each-ref"]);
    world.start_bot_with(&["--dry-run"]);
    alice.commits("topic", "NEWS", "News.\n", "Say what is new");
    alice.publishes("for-upstream", "Changes by Alice");
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    eventually("it says what it would do", || {
        world.bot.log().contains("a dry run does not send this").then_some(())
    });
    let log = world.bot.log();
    let words = log.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("is not pushed to staging-gatepost-1-1"), "{log}");
    assert_eq!(world.in_ci_project(&["for-each-ref"]), refs);
    assert_eq!(world.pipelines(), [""; 0]);
    world.bot.kill();
    // The bot itself then finds nothing of it: neither a request nor its quarantine.
    world.start_bot();
    assert!(world.bot.says(&["status"]).contains("Nothing is open."));
    for user in ["reader", "alice", "release", "admin"] {
        let replies = world.rig.inbox(user).replies(&request.message_id, &address(BOT));
        assert_eq!(replies, [], "{user}");
    }
}

#[test]
fn in_shadow_mode_only_the_release_managers_hear_of_it() {
    let mut world = World::with(|config| config.replace("[bot]\n", "[bot]\nmode = \"shadow\"\n"));
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    alice.commits("topic", "NEWS", "News.\n", "Say what is new");
    alice.publishes("for-upstream", "Changes by Alice");
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    let inbox = world.rig.inbox("release");
    let told = inbox.wait_for("what it would have said", |mail| mail.from == [address(BOT)]);
    assert!(told.text.contains("Passed on master"), "{}", told.text);
    assert_eq!(world.pipelines(), ["success"], "a real one");
    for user in ["reader", "alice", "admin"] {
        let mails = world.rig.inbox(user).mails();
        assert!(mails.iter().all(|mail| mail.from != [address(BOT)]), "{user}: {request:?}");
    }
}

#[test]
fn a_newer_tag_that_contains_the_older_one_stops_its_pipeline_and_is_answered_alone() {
    let mut world = World::new();
    let alice = world.maintainer("alice");
    world.set_up();
    world.start_bot();
    let _never_opened = alice.publishes_a_check_that_waits(&world.rig);
    let first = alice.mails_pull(&world.https(&alice), "for-upstream");
    eventually("a running job", || (world.pipelines() == ["running"]).then_some(()));

    alice.commits("topic", "checks/wait.sh", "echo at once\n", "Do not wait");
    alice.publishes("for-upstream-again", "The same, and does not wait");
    let second = alice.mails_pull(&world.https(&alice), "for-upstream-again");
    let reply = world.wait_for_reply(&second);

    assert!(reply.text.starts_with("Passed"), "{}", reply.text);
    assert!(reply.text.contains("replaces   request 1"), "{}", reply.text);
    assert_eq!(world.pipelines(), ["canceled", "success"]);
    let shown = world.bot.says(&["show", "1"]);
    assert!(shown.contains("superseded by request 2"), "{shown}");
    for user in ["reader", "alice", "release"] {
        let replies = world.rig.inbox(user).replies(&first.message_id, &address(BOT));
        assert_eq!(replies, [], "{user}");
    }
}
