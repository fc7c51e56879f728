//! Stories about what speaks against a request's commits before CI: told straight and with a crash
//! at every port call.

use crate::pull::checks::{Base, Duty, Series};
use crate::pull::cover::Person;

use crate::scenario::outside::{LIST, MANAGER, good_series, id_of};
use crate::scenario::{Mailed, Setting, World, scenario, scenario_in, told_once};

/// Alice mails a request whose commits are so.
fn mails(w: &mut World, change: impl FnOnce(&mut Series)) -> Mailed {
    w.run_until_quiet();
    let pull = w.maintainer("alice").mails_pull("block");
    let mut series = good_series(pull.tip);
    change(&mut series);
    w.outside.lock().series.insert(pull.tip, series);
    w.run_until_quiet();
    pull
}

fn nothing_runs(w: &World) {
    let outside = w.outside.lock();
    assert!(outside.ci_refs.is_empty() && outside.pipelines.is_empty(), "a CI minute was spent");
}

fn on_one_line(letter: &str) -> String {
    letter.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn refused(change: impl Fn(&mut Series), words: &[&str]) {
    scenario(|w| {
        let pull = mails(w, &change);
        nothing_runs(w);
        let reply = on_one_line(&w.reply_to(&pull));
        assert!(reply.starts_with("Not tested: "), "{reply}");
        assert!(words.iter().all(|words| reply.contains(words)), "{reply}");
    });
}

#[track_caller]
fn held(change: impl Fn(&mut Series), words: &str) {
    scenario(|w| {
        let pull = mails(w, &change);
        nothing_runs(w);
        for letter in [w.letter_to(MANAGER), w.letter_to("alice@example.org")] {
            assert!(on_one_line(&letter).contains(words), "{letter}");
        }
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn all_problems_are_told_on_the_list_in_one_reply() {
    let bad = |series: &mut Series| {
        series.commits[0].is_utf8 = false;
        series.commits[0].signed_off_by.clear();
        series.commits[0].changes_submodules = true;
    };
    let words = [
        "3 problems found in its commits",
        "no Signed-off-by of the author",
        "not UTF-8",
        "changes a submodule. (This alone would need a release manager's approval.)",
        "block: fix it (by Bob)",
        "No CI job has run",
    ];
    refused(bad, &words);
}

#[test]
fn a_missing_sign_off_is_told_on_the_list() {
    refused(|s| s.commits[0].signed_off_by.clear(), &["no Signed-off-by of the author"]);
}

#[test]
fn a_list_as_author_is_told_on_the_list() {
    let list = Person { name: Some("Bob via devel".into()), address: LIST.into() };
    let words = ["a mailing list as author", "git commit --amend --no-edit --author="];
    refused(
        |series| {
            series.commits[0].author = list.clone();
            series.commits[0].signed_off_by.push(list.clone());
        },
        &words,
    );
}

#[test]
fn a_message_that_is_not_utf8_is_told_on_the_list() {
    refused(|series| series.commits[0].is_utf8 = false, &["not UTF-8", "git commit --amend"]);
}

#[test]
fn a_request_that_changes_nothing_is_told_on_the_list() {
    refused(|series| series.is_empty = true, &["the commits change no file"]);
}

#[test]
fn a_changed_submodule_waits_for_a_release_manager() {
    held(|series| series.commits[0].changes_submodules = true, "1 commit changes a submodule.");
}

#[test]
fn an_objection_in_a_message_waits_for_a_release_manager() {
    let carol = Person { name: Some("Carol".into()), address: "carol@example.org".into() };
    held(|series| series.commits[0].nacked_by = vec![carol.clone()], "(nacked by Carol)");
}

#[test]
fn more_commits_than_are_looked_at_wait_for_a_release_manager() {
    held(|series| series.total = 1_001, "There are 1001 commits");
}

#[test]
fn a_check_that_is_off_is_not_reported() {
    let mut setting = Setting::default();
    setting.target().checks.author_sign_off = Duty::Off;
    scenario_in(&setting, |w| {
        let pull = mails(w, |series| series.commits[0].signed_off_by.clear());
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn merges_inside_are_refused_where_the_target_says_so() {
    let merge = |series: &mut Series| series.commits[0].parents = 2;
    scenario(|w| {
        let pull = mails(w, merge);
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
    let mut setting = Setting::default();
    setting.target().checks.merges = Duty::Refuse;
    scenario_in(&setting, |w| {
        let pull = mails(w, merge);
        nothing_runs(w);
        assert!(w.reply_to(&pull).contains("1 commit is a merge"));
    });
}

#[test]
fn an_approved_age_does_not_approve_the_commits() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| {
            tag.tagged_at = "2025-11-01T00:00:00Z".parse().unwrap();
        });
        let mut series = good_series(pull.tip);
        series.commits[0].changes_submodules = true;
        w.outside.lock().series.insert(pull.tip, series);
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        nothing_runs(w);
        assert!(w.letter_to(MANAGER).contains("changes a submodule"));
        w.letter_to("alice@example.org");
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_mended_tag_is_looked_at_anew() {
    scenario(|w| {
        let pull = mails(w, |series| series.is_empty = true);
        assert!(w.reply_to(&pull).starts_with("Not tested"));
        w.outside.lock().series.remove(&pull.tip);
        w.outside.lock().master = id_of(&["master", "1"]);
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_base_that_does_not_fit_waits_for_a_release_manager() {
    held(|series| series.base = Base::Unknown, "neither the target nor the tag's history has");
    held(|series| series.base = Base::NotAncestor, "but the tag is not built on it");
}

#[test]
fn a_base_that_does_not_fit_is_refused_where_the_target_says_so() {
    let mut setting = Setting::default();
    setting.target().checks.base = Duty::Refuse;
    scenario_in(&setting, |w| {
        let pull = mails(w, |series| series.base = Base::NotAncestor);
        nothing_runs(w);
        assert!(on_one_line(&w.reply_to(&pull)).contains("but the tag is not built on it"));
    });
}

/// Passes as it is by default; refused and held where the target says so.
#[track_caller]
fn off_by_default(
    change: impl Fn(&mut Series),
    duty: impl Fn(&mut Setting) -> &mut Duty,
    words: &str,
) {
    scenario(|w| {
        let pull = mails(w, &change);
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
    let mut setting = Setting::default();
    *duty(&mut setting) = Duty::Refuse;
    scenario_in(&setting, |w| {
        let pull = mails(w, &change);
        nothing_runs(w);
        let reply = on_one_line(&w.reply_to(&pull));
        assert!(reply.starts_with("Not tested: ") && reply.contains(words), "{reply}");
    });
    *duty(&mut setting) = Duty::Hold;
    scenario_in(&setting, |w| {
        let pull = mails(w, &change);
        nothing_runs(w);
        for letter in [w.letter_to(MANAGER), w.letter_to("alice@example.org")] {
            assert!(on_one_line(&letter).contains(words), "{letter}");
        }
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_tip_that_skips_ci_is_tested_unless_the_target_minds() {
    off_by_default(
        |series| series.skips_ci = true,
        |setting| &mut setting.target().checks.ci_skip,
        "tells GitLab to skip CI",
    );
}

#[test]
fn a_missing_sign_off_of_the_submitter_is_told_where_the_target_minds() {
    off_by_default(
        |_| {},
        |setting| &mut setting.target().checks.submitter_sign_off,
        "1 commit has no Signed-off-by of whoever signed the tag",
    );
    let mut setting = Setting::default();
    setting.target().checks.submitter_sign_off = Duty::Refuse;
    scenario_in(&setting, |w| {
        let alice = Person { name: None, address: "Alice@work.example".into() };
        let pull = mails(w, |series| series.commits[0].signed_off_by.push(alice.clone()));
        assert!(w.reply_to(&pull).starts_with("Passed"), "any address of the signer's will do");
    });
}

#[test]
fn a_request_with_every_problem_thousands_of_times_is_kept_and_told() {
    use crate::pull::checks::CheckPolicy;
    for duty in [Duty::Refuse, Duty::Hold] {
        let mut setting = Setting::default();
        setting.target().checks = CheckPolicy::all(duty);
        // The one telling: each makes thousands of commits.
        told_once(&setting, |w| {
            let pull = mails(w, |series| {
                let text = "\"\u{1f980}".repeat(50);
                let person = Person { name: Some(text.clone()), address: text.clone() };
                let bad = &mut series.commits[0];
                bad.subject = text;
                bad.author = Person { name: Some(format!("X via {LIST}")), ..person.clone() };
                (bad.is_utf8, bad.changes_submodules) = (false, true);
                (bad.signed_off_by, bad.nacked_by) = (Vec::new(), vec![person; 50]);
                let mut merge = bad.clone();
                merge.parents = 2;
                series.commits = vec![[bad.clone(), merge]; 2_500].concat();
                (series.total, series.base) = (5_000, Base::Unknown);
                (series.is_empty, series.skips_ci) = (true, true);
            });
            nothing_runs(w);
            let record = serde_json::to_string(&w.pull(1)).unwrap();
            assert!(record.len() < 16 * 1024, "{} bytes", record.len());
            let letters = match duty {
                Duty::Refuse => vec![w.reply_to(&pull)],
                _ => vec![w.letter_to(MANAGER), w.letter_to("alice@example.org")],
            };
            for letter in letters {
                assert!(letter.len() < 24 * 1024, "{} bytes", letter.len());
                assert!(letter.contains("and 2495 more"), "{letter}");
            }
        });
    }
}
