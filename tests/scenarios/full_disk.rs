//! Stories about a disk that takes nothing for a while: the bot waits, and goes on by itself.

use crate::ports::Fault;
use crate::pull::world::Input;
use jiff::SignedDuration;

use crate::scenario::outside::ADMIN;
use crate::scenario::{Setting, World, scenario, told_once};

fn full_for(w: &mut World, minutes: i64) {
    let mut outside = w.outside.lock();
    let until = outside.now + SignedDuration::from_mins(minutes);
    outside.disk = Some((Fault::temporary("db: No space left on device"), until));
}

#[test]
fn an_hour_without_room_is_waited_for() {
    scenario(|w| {
        w.run_until_quiet();
        let before = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(2));
        full_for(w, 60);
        let meanwhile = w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_mins(90));
        w.run_until_quiet();
        assert!(w.reply_to(&before).starts_with("Passed on master "));
        assert!(w.reply_to(&meanwhile).starts_with("Passed on master "));
        assert_eq!(w.aside(), []);
    });
}

#[test]
fn nothing_is_done_that_is_not_written_down_first() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_secs(1));
        full_for(w, 60);
        let made = w.outside.lock().pipelines.len();
        let started = w.outside.now();
        w.run_for(SignedDuration::from_mins(1));
        // One step was tried again and again; the hour is over, and only then it went on.
        assert!(w.outside.now() >= started + SignedDuration::from_mins(60));
        assert!(w.outside.lock().refused_puts > 5);
        let first = w.outside.lock().pipelines.get(made).map(|pipeline| pipeline.created_at);
        assert!(first.is_none_or(|at| at >= started + SignedDuration::from_mins(60)));
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_step_that_is_owed_lets_no_other_pass() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        full_for(w, 60);
        let engine = w.engine();
        let mut order = crate::scenario::order("pause it is late");
        assert!(engine.take(Input::Command(Box::new(order.clone()))).is_err());
        assert!(engine.owes());
        order.line = "resume".into();
        assert!(engine.take(Input::Command(Box::new(order))).is_err());
        assert!(engine.pay().is_err());
        w.outside.lock().disk = None;
        let engine = w.engine();
        assert!(engine.pay().unwrap().answer.is_some());
        assert!(!engine.owes());
        assert!(engine.world().overlay().pause.is_some());
        assert_eq!(w.audit().len(), 1);
        w.command("resume").unwrap();
    });
}

#[test]
fn an_alert_that_finds_no_room_is_told_later() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().unreachable.push("https://git.example.org/bob/project.git".into());
        w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_secs(5));
        w.outside.lock().panics.push(("repository.fetch", "bob".into()));
        w.outside.lock().files_refused = true;
        w.run_for(SignedDuration::from_mins(5));
        assert_eq!(w.letters_to(ADMIN), 0);
        w.outside.lock().files_refused = false;
        w.run_for(SignedDuration::from_mins(10));
        assert_eq!(w.letters_to(ADMIN), 1);
        w.outside.lock().panics.clear();
        w.outside.lock().unreachable.clear();
        w.run_until_quiet();
        w.reads_all_letters();
    });
}
