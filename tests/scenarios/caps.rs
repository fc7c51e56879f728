//! Stories about floods that are meant to use up what the bot may write: what strangers cause, in
//! whichever name, costs nobody a verdict, an alert or an answer.

use crate::ports::{Delivery, Fault};
use crate::pull::alert::Alert;
use crate::pull::command_mail::{CommandMail, MailReading, MailStage};
use crate::pull::folder::{Cursor, Folder};
use crate::pull::ids::{ListName, PullNumber};
use crate::pull::letter::rules::LetterEvent;
use crate::pull::letter::{About, Letter, LetterState};
use crate::pull::policy::UnknownKeys;
use crate::pull::records::Records;
use crate::pull::retry::Retry;
use crate::pull::task::Reply;
use crate::pull::verdict::Audience;
use crate::pull::world::chores::{ChoreDone, RemoveOldFiles, TellAlert};
use crate::pull::world::work::{MailEvent, MailWork};
use crate::pull::world::{Arrival, Arrived, Done, Input, Work, World as Rules};
use jiff::{SignedDuration, Timestamp};

use crate::scenario::outside::{ADMIN, BOT, LIST, MANAGER, OTHER_LIST};
use crate::scenario::{Mailed, Setting, World, retold, scenario_in, told_once};

const ALICE: &str = "alice@example.org";
const SIGNED: &str = "X-Proof: openpgp";

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Requests by this cap, with anybody at example.org to be told of theirs.
fn capped(letters_per_hour: u32) -> Setting {
    let mut setting = Setting::default();
    let anybody = globset::Glob::new("*@example.org").unwrap();
    setting.rules.submitters = vec![anybody.compile_matcher()];
    setting.policy.letters_per_hour = letters_per_hour;
    setting
}

/// Requests in somebody's name that nobody signed.
fn forge(w: &mut World, name: &str, how_many: usize) {
    for n in 0..how_many {
        let tag = format!("forged-{n}");
        w.maintainer(name).mails(&tag, |tag, _| tag.annotated = false);
    }
}

/// A real request, which is answered without a pipeline.
fn asks(w: &mut World, name: &str, tag: &str) -> Mailed {
    let pull = w.maintainer(name).mails_pull(tag);
    w.outside.lock().conflicting.push(pull.tip);
    pull
}

/// The same, by the other list.
fn asks_other_list(w: &mut World, name: &str, tag: &str) -> Mailed {
    let pull = asks(w, name, tag);
    let mut outside = w.outside.lock();
    let mail = String::from_utf8(outside.folder.pop().unwrap().bytes).unwrap();
    let mail = mail.replace(LIST, OTHER_LIST).replace("<devel.lists", "<block.lists");
    outside.deliver_by_other_list(mail.as_bytes());
    drop(outside);
    pull
}

/// A private letter may go twice around a crash, with one id; a list's never.
#[track_caller]
fn each_had_it(w: &World, pull: &Mailed, list: &str, reader: &str) {
    let sent = w.deliveries_of(pull);
    let of = |who: &str| sent.iter().filter(|to| to.iter().any(|to| to == who)).count();
    assert_eq!(of(list), 1, "{sent:?}");
    let most = if w.restarts == 0 { 1 } else { 2 };
    assert!((1..=most).contains(&of(reader)), "{sent:?}");
}

#[test]
fn forged_requests_in_a_maintainers_name_cost_no_verdict() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        forge(w, "alice", 25);
        w.run_for(minutes(1));
        assert_eq!(w.letters_to(ALICE), 20);
        let pull = asks(w, "alice", "block");
        w.run_for(minutes(1));
        assert_eq!(w.deliveries_of(&pull), [[ALICE, LIST]], "both have it at once");
        assert!(w.reply_to(&pull).starts_with("Does not merge"));
        w.run_until_quiet();
        assert_eq!(w.letters_to(ALICE), 5, "the others are told when the hour is over");
    });
    retold(&capped(2), |w| {
        w.run_until_quiet();
        forge(w, "alice", 3);
        w.run_for(minutes(1));
        let pull = asks(w, "alice", "block");
        w.run_for(minutes(30));
        each_had_it(w, &pull, LIST, ALICE);
        assert!(w.deliveries_of(&pull).contains(&vec![ALICE.to_owned(), LIST.to_owned()]));
        w.reply_to(&pull);
        w.run_until_quiet();
        w.letters_to(ALICE);
    });
}

#[test]
fn alerts_go_while_the_administrators_other_letters_wait() {
    retold(&capped(2), |w| {
        w.run_until_quiet();
        forge(w, "root", 4);
        w.run_for(minutes(1));
        w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("Message-ID: <", "Message-ID: <not one ");
        });
        w.run_for(minutes(1));
        let outside = w.outside.lock();
        let letters = outside.accepted.iter().map(|a| String::from_utf8_lossy(&a.bytes));
        let alerts = letters.filter(|text| text.contains("no usable Message-ID")).count();
        let all = outside.accepted.len();
        drop(outside);
        assert!((1..=1 + w.restarts as usize).contains(&alerts), "{alerts} alerts");
        assert!(w.restarts > 0 || all == 3, "{all} letters");
        w.run_until_quiet();
        w.letters_to(ADMIN);
    });
}

#[test]
fn unproved_mail_in_many_names_does_not_stop_outgoing_mail() {
    let mut setting = capped(20);
    setting.policy.letters_per_hour_in_all = 3;
    retold(&setting, |w| {
        w.run_until_quiet();
        for name in ["ann", "ben", "cat", "dan", "eve"] {
            forge(w, name, 1);
        }
        w.run_for(minutes(10));
        let sent = w.outside.lock().accepted.len();
        assert!(sent == 3 || w.restarts > 0, "{sent} letters");
        let pull = asks(w, "alice", "block");
        w.run_for(minutes(10));
        w.reply_to(&pull);
        assert_eq!(w.overlay().breaker, None);
        w.run_until_quiet();
        assert_eq!(w.overlay().breaker, None);
        for name in ["ann", "ben", "cat", "dan", "eve"] {
            let told = w.letters_to(&format!("{name}@example.org"));
            assert!((1..=1 + w.restarts as usize).contains(&told), "{told} to {name}");
        }
        assert_eq!(w.letters_to(ADMIN), 0, "nobody has to do anything");
    });
}

#[test]
fn a_list_does_not_wait_for_an_author_who_had_enough() {
    let setting = Setting { policy: capped(1).policy, ..Setting::of_two_lists() };
    let mut setting = setting;
    setting.policy.lists = Setting::of_two_lists().policy.lists;
    retold(&setting, |w| {
        w.run_until_quiet();
        let first = asks_other_list(w, "alice", "block");
        w.run_for(minutes(30));
        let second = asks(w, "alice", "net");
        w.run_for(minutes(20));
        let sent = w.deliveries_of(&second);
        assert_eq!(sent.iter().filter(|to| to.contains(&LIST.to_owned())).count(), 1, "{sent:?}");
        assert!(sent == [[LIST]] || w.restarts > 0, "{sent:?}");
        assert!(w.because(2).contains("it is answered"), "{}", w.because(2));
        w.run_until_quiet();
        each_had_it(w, &first, OTHER_LIST, ALICE);
        each_had_it(w, &second, LIST, ALICE);
        w.reply_to(&first);
        w.reply_to(&second);
        w.letters_to(ALICE);
    });
}

#[test]
fn an_author_does_not_wait_for_a_list_that_had_enough() {
    let setting = Setting { policy: capped(1).policy, ..Setting::default() };
    retold(&setting, |w| {
        w.run_until_quiet();
        let first = asks(w, "bob", "block");
        w.run_for(minutes(30));
        let second = asks(w, "alice", "net");
        w.run_for(minutes(20));
        let sent = w.deliveries_of(&second);
        assert!(sent == [[ALICE]] || w.restarts > 0, "{sent:?}");
        if w.restarts == 0 {
            assert!(w.because(2).contains("is being sent"), "{}", w.because(2));
        }
        w.run_until_quiet();
        each_had_it(w, &first, LIST, "bob@example.org");
        each_had_it(w, &second, LIST, ALICE);
        w.reply_to(&first);
        w.reply_to(&second);
        w.letters_to(ALICE);
    });
}

#[test]
fn a_list_that_may_have_it_is_asked_before_it_gets_it_again_though_the_author_waits() {
    let mut setting = Setting::of_two_lists();
    setting.policy.letters_per_hour = 1;
    retold(&setting, |w| {
        w.run_until_quiet();
        let first = asks_other_list(w, "alice", "block");
        w.run_for(minutes(30));
        let broken = Delivery::Unknown(Fault::temporary("connection reset"));
        w.outside.lock().deliveries.push(broken);
        let second = asks(w, "alice", "net");
        w.run_for(minutes(20));
        w.run_until_quiet();
        each_had_it(w, &first, OTHER_LIST, ALICE);
        let sent = w.deliveries_of(&second);
        assert_eq!(sent.iter().filter(|to| to.contains(&LIST.to_owned())).count(), 1, "{sent:?}");
        w.reply_to(&first);
        w.reply_to(&second);
        assert!(w.letters_to(ALICE) >= 1 || sent[0].contains(&ALICE.to_owned()), "{sent:?}");
    });
}

#[test]
fn the_bots_own_copy_holds_up_nothing_and_goes_to_lists_alone() {
    let mut setting = Setting { blind_copies: true, ..Setting::of_two_lists() };
    setting.policy.letters_per_hour = 1;
    retold(&setting, |w| {
        w.run_until_quiet();
        let first = asks_other_list(w, "bob", "block");
        w.run_for(minutes(5));
        let second = asks(w, "alice", "net");
        w.run_for(minutes(15));
        let bot = || BOT.to_owned();
        let bob = "bob@example.org".to_owned();
        assert_eq!(w.deliveries_of(&first), [[bob, OTHER_LIST.into(), bot()]]);
        assert_eq!(w.deliveries_of(&second), [[ALICE.into(), LIST.into(), bot()]]);
        w.reply_to(&first);
        w.reply_to(&second);
        forge(w, "alice", 1);
        w.run_until_quiet();
        let private = w.outside.lock().accepted.last().unwrap().recipients.clone();
        assert_eq!(private, [ALICE]);
        w.letters_to(ALICE);
    });
}

#[test]
fn an_own_copy_that_is_refused_costs_the_list_nothing() {
    scenario_in(&Setting { blind_copies: true, ..Setting::default() }, |w| {
        w.run_until_quiet();
        w.outside.lock().refused.push(BOT.into());
        let pull = asks(w, "alice", "block");
        w.run_until_quiet();
        assert_eq!(w.deliveries_of(&pull), [[ALICE, LIST]]);
        w.reply_to(&pull);
        assert!(w.letter_to(ADMIN).contains(BOT));
    });
}

#[test]
fn an_address_is_the_same_however_somebody_spells_it() {
    told_once(&capped(1), |w| {
        w.run_until_quiet();
        for spelling in ["alice", "Alice", "ALICE"] {
            w.maintainer("alice").mails(spelling, |tag, mail| {
                tag.annotated = false;
                *mail = mail.replace("<alice@example.org>", &format!("<{spelling}@example.org>"));
            });
        }
        w.run_for(minutes(50));
        assert_eq!(w.outside.lock().accepted.len(), 1);
        w.run_until_quiet();
        for spelling in ["alice", "Alice", "ALICE"] {
            assert_eq!(w.letters_to(&format!("{spelling}@example.org")), 1);
        }
    });
}

#[test]
fn a_flood_leaves_only_so_many_letters_behind() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        forge(w, "alice", 150);
        w.run_for(minutes(1));
        assert_eq!(w.letters_waiting(), 80, "and twenty are sent");
        w.run_until_quiet();
        assert_eq!(w.letters_to(ALICE), 100);
        w.run_for(SignedDuration::from_hours(8 * 24));
        let letter = w.letter_to(ADMIN).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            letter.contains("50 letters because of unproved mail, too many to wait"),
            "{letter}"
        );
    });
}

#[test]
fn letters_to_the_managers_because_of_unproved_mail_are_counted_apart() {
    let mut setting = Setting { all_answered: false, ..capped(1) };
    setting.policy.unknown_keys = UnknownKeys::Hold;
    told_once(&setting, |w| {
        w.run_until_quiet();
        // Holds of unknown keys, of old tags, of late mail, and what seems to be taken back.
        w.maintainer("carl").mails_pull("late");
        w.outside.advance(SignedDuration::from_hours(8 * 24));
        w.maintainer("stranger").mails_pull("a");
        w.maintainer("other").mails_pull("b");
        w.maintainer("bob").mails("old", |tag, _| {
            tag.tagged_at -= SignedDuration::from_hours(30 * 24);
        });
        w.run_for(minutes(1));
        assert_eq!(w.letters_to(MANAGER), 1);
        let held = w.maintainer("alice").mails("held", |_, _| {});
        w.run_for(minutes(1));
        let thread = format!("Re: [PULL] held\r\nIn-Reply-To: <{}>", held.message_id);
        w.maintainer("alice").writes(&thread, "Please drop this pull request.");
        w.run_for(minutes(2));
        assert!(w.pull(5).retraction.is_some());
        assert_eq!(w.letters_to(MANAGER), 0, "anybody can write that");
        w.command("freeze master").unwrap();
        w.maintainer("bob").mails_pull("frozen");
        w.run_for(minutes(1));
        assert!(w.letter_to(MANAGER).contains("frozen"), "this is signed");
        w.command("unfreeze master").unwrap();
        w.run_until_quiet();
        assert_eq!(w.letters_to(MANAGER), 4);
        w.outside.lock().accepted.iter_mut().for_each(|accepted| accepted.read = true);
    });
}

#[test]
fn what_is_answered_to_unproved_commands_does_not_hold_up_answers() {
    told_once(&capped(1), |w| {
        w.run_until_quiet();
        forge(w, "rita", 1);
        w.run_until_quiet();
        assert_eq!(w.letters_to(MANAGER), 1);
        let forged = format!(
            "From: {MANAGER}\r\nTo: {BOT}\r\nMessage-ID: <f@x>\r\nSubject: please\r\n\r\nstatus\r\n"
        );
        w.outside.lock().deliver(forged.as_bytes());
        w.run_for(minutes(1));
        assert_eq!(w.letters_to(MANAGER), 0, "it waits");
        let signed =
            forged.replace("<f@x>", "<s@x>").replace("\r\n\r\n", &format!("\r\n{SIGNED}\r\n\r\n"));
        w.outside.lock().deliver(signed.as_bytes());
        w.run_for(minutes(1));
        assert!(w.letter_to(MANAGER).contains("Carried out"));
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("Nothing in this mail"));
    });
}

#[test]
fn addresses_that_are_refused_are_told_together_once_a_day() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let gone = ["alice@example.org", "bob@example.org", "alice@work.example"];
        w.outside.lock().refused.extend(gone.map(str::to_owned));
        let mut pulls = vec![asks(w, "alice", "a"), asks(w, "bob", "b")];
        pulls.push(w.maintainer("alice").mails("c", |_, mail| {
            *mail = mail.replace("<alice@example.org>", "<alice@work.example>");
        }));
        w.outside.lock().conflicting.push(pulls[2].tip);
        w.run_for(SignedDuration::from_hours(2));
        for pull in &pulls {
            assert_eq!(w.deliveries_of(pull), [[LIST]]);
            w.reply_to(pull);
        }
        let first = w.letter_to(ADMIN);
        let named = |letter: &str| gone.iter().filter(|to| letter.contains(**to)).count();
        assert_eq!(named(&first), 1, "{first}");
        w.run_for(SignedDuration::from_hours(21));
        assert_eq!(w.letters_to(ADMIN), 0, "once a day");
        w.run_for(SignedDuration::from_hours(2));
        let second = w.letter_to(ADMIN);
        assert_eq!(named(&second), 2, "{second}");
    });
}

#[test]
fn strangers_of_many_names_do_not_fill_the_audit_trail() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        for n in 0..60 {
            // Anybody makes an author of anybody.
            forge(w, &format!("n{n}"), 1);
        }
        w.run_until_quiet();
        for n in 0..60 {
            w.mails_commands(&format!("n{n}@example.org"), "", "pause forged\n");
        }
        assert_eq!(w.audit().len(), 20);
        w.mails_commands(ADMIN, "", "pause Did I sign this?\n");
        assert_eq!(w.audit().len(), 21, "what is in a known name is written down still");
        w.letter_to(ADMIN);
    });
}

/// The bytes of the record that alerts wait in.
fn control_size(rules: &Rules) -> usize {
    serde_json::to_vec(rules.control()).unwrap().len()
}

#[test]
fn alerts_stay_small_however_many_there_are_and_whatever_they_say() {
    let now = Timestamp::UNIX_EPOCH;
    for text in ["x", "\u{1}", "\"", "漢"] {
        let mut rules = Rules::new(Setting::default().policy, Records::default());
        for n in 0..100 {
            let subject = format!("{n} {}", text.repeat(5_000));
            let alert = Alert { subject, detail: text.repeat(50_000) };
            rules.step(Input::Unreadable { alert }, now);
        }
        assert!(rules.control().alerts.len() > 1, "{}", rules.control().alerts.len());
        assert!(control_size(&rules) < 8_000, "{} bytes", control_size(&rules));
        for n in 0..100 {
            let subject = format!("{n} {}", text.repeat(150));
            let told = TellAlert(Alert { subject, detail: String::new() });
            let done = Done::Chore(ChoreDone::TellAlert(told, Reply::answer(())));
            rules.step(Input::Done(Box::new(done)), now + SignedDuration::from_secs(n));
        }
        assert!(control_size(&rules) < 12_000, "{} bytes", control_size(&rules));
        let newest = format!("99 {}", text.repeat(150));
        assert!(rules.control().alerted.contains_key(&newest), "the oldest give way");
    }
}

/// A letter to a request's author, ready to be sent.
fn letter(n: usize, unproved: bool) -> Letter {
    let now = Timestamp::UNIX_EPOCH;
    Letter {
        id: format!("{n}@bot.example").parse().unwrap(),
        about: About::Pull(PullNumber(1)),
        audience: Audience::Author,
        list: None,
        recipients: vec![format!("{n}@example.org")],
        blind: None,
        later: None,
        unproved,
        subject: "Re: [PULL]".into(),
        written_at: now,
        state: LetterState::Ready { retry: Retry::now(now) },
    }
}

/// Some work that wrote letters is done.
fn wrote(letters: Vec<Letter>) -> Input {
    let chore = RemoveOldFiles(SignedDuration::ZERO);
    let reply = Reply::answer(()).with_letters(letters);
    Input::Done(Box::new(Done::Chore(ChoreDone::RemoveOldFiles(chore, reply))))
}

/// Whom the letters go to that a step has sent.
fn sent(work: &[Work]) -> Vec<Vec<String>> {
    let envelope = |work: &Work| match work {
        Work::Letter(letter, _) => Some(letter.envelope()),
        _ => None,
    };
    work.iter().filter_map(envelope).collect()
}

#[test]
fn only_so_many_letters_because_of_unproved_mail_wait_in_all() {
    let mut rules = Rules::new(Setting::default().policy, Records::default());
    let letters = (0..600).map(|n| letter(n, true)).chain([letter(600, false)]).collect();
    let step = rules.step(wrote(letters), Timestamp::UNIX_EPOCH);
    assert_eq!(rules.letters().len(), 501);
    assert_eq!(rules.control().counts.values().sum::<u64>(), 100);
    let sent = sent(&step.work);
    assert_eq!(sent.len(), 201, "as many as go in an hour, and the one that is proved");
    assert!(sent.contains(&vec!["600@example.org".to_owned()]));
}

#[test]
fn a_letter_that_a_list_may_have_is_not_parted() {
    let list = Some(ListName::new("devel"));
    let to_list = |n, to: &[&str], state| Letter {
        audience: Audience::Thread,
        list: list.clone(),
        recipients: to.iter().map(|to| (*to).to_owned()).collect(),
        state,
        ..letter(n, false)
    };
    let start = Timestamp::UNIX_EPOCH;
    let retry = Retry::now(start);
    let unknown = LetterState::Unknown { since: start, retry: retry.clone() };
    let letters = vec![to_list(1, &[ALICE, LIST], unknown)];
    let mut policy = Setting::default().policy;
    policy.letters_per_hour = 1;
    let mut rules = Rules::new(policy, Records { letters, ..Records::default() });
    // Another one has used up the list's hour by the time at which it goes again.
    let other = to_list(2, &[LIST], LetterState::Ready { retry });
    let id = other.id.clone();
    assert_eq!(sent(&rules.step(wrote(vec![other]), start).work), [[LIST]]);
    let done = Done::Letter(id, Reply::answer(LetterEvent::Accepted));
    rules.step(Input::Done(Box::new(done)), start);
    let now = start + minutes(11);
    let folder = Setting::default().policy.lists[&ListName::new("devel")].own_copies.clone();
    let cursor = Cursor { uid_validity: 1, uid_next: 1, read_at: now, watched_from: start };
    let read = Input::Read { folder, cursor, arrivals: Vec::new(), complete: true };
    assert_eq!(sent(&rules.step(read, now).work), [[ALICE, LIST]], "looked for as one");
}

#[test]
fn letters_that_wait_go_in_the_order_in_which_they_were_written() {
    told_once(&capped(1), |w| {
        w.run_until_quiet();
        for n in 0..8 {
            w.maintainer("alice").mails(&format!("n-{n}"), |tag, _| tag.annotated = false);
            w.run_for(minutes(2));
        }
        w.run_until_quiet();
        let outside = w.outside.lock();
        let texts = outside.accepted.iter().map(|a| String::from_utf8_lossy(&a.bytes).into_owned());
        for (n, text) in texts.enumerate() {
            assert!(text.contains(&format!("[PULL 0/3] n-{n} patches")), "{n}: {text}");
        }
        drop(outside);
        assert_eq!(w.letters_to(ALICE), 8);
    });
}

/// Has a mail of commands come in somebody's name, and proves nothing of it; whether it is answered.
fn is_told(rules: &mut Rules, from: &str, id: usize, now: Timestamp) -> bool {
    let mail = CommandMail {
        id: format!("{id}@x").parse().unwrap(),
        from: from.to_owned(),
        subject: "please".into(),
        references: Vec::new(),
        received_at: now,
        list: None,
        maintainer: true,
        stage: MailStage::Received { read: Retry::now(now) },
    };
    let mail_id = mail.id.clone();
    let what = Arrived::Commands(Box::new(mail));
    let arrivals = vec![Arrival { message_id: None, received_at: now, what }];
    let folder = Folder { account: crate::pull::ids::AccountName::new("a"), folder: "b".into() };
    let cursor = Cursor { uid_validity: 1, uid_next: 1, read_at: now, watched_from: now };
    rules.step(Input::Read { folder, cursor, arrivals, complete: true }, now);
    let reading = MailReading::Unproved { why: "It proves nothing.".into() };
    let done = Done::Mail(mail_id, Reply::answer(MailEvent::Read(Box::new(reading))));
    let step = rules.step(Input::Done(Box::new(done)), now);
    step.work.iter().any(|work| matches!(work, Work::Mail(_, MailWork::Transcribe(_))))
}

#[test]
fn nobody_is_told_twice_a_day_that_a_mail_proves_nothing_in_however_many_names_they_come() {
    let mut rules = Rules::new(Setting::default().policy, Records::default());
    let mut told = std::collections::BTreeMap::<String, usize>::new();
    for n in 0..600 {
        let now = Timestamp::from_second(n as i64).unwrap();
        let from = format!("{}@{}.example", n % 200, "x".repeat(100));
        *told.entry(from.clone()).or_default() += usize::from(is_told(&mut rules, &from, n, now));
    }
    assert!(told.values().all(|times| *times <= 1), "{told:?}");
    assert!(told.values().sum::<usize>() > 10, "{told:?}");
    assert!(control_size(&rules) < 5_000, "{} bytes", control_size(&rules));
    let next_day = Timestamp::from_second(2 * 24 * 3_600).unwrap();
    assert!(is_told(&mut rules, "new@x.example", 1_000, next_day));
}
