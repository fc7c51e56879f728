//! Tests of the checks.

use super::*;
use crate::pull::signer::Scope;

impl CheckPolicy {
    /// As the configuration has it where it says nothing.
    pub(crate) fn usual() -> Self {
        Self {
            submitter_sign_off: Duty::Off,
            submodules: Duty::Hold,
            merges: Duty::Off,
            base: Duty::Hold,
            ci_skip: Duty::Off,
            too_many: Duty::Hold,
            nacked: Duty::Hold,
            frozen: Duty::Hold,
            ..Self::all(Duty::Refuse)
        }
    }

    /// The same for every problem.
    pub(crate) fn all(duty: Duty) -> Self {
        Self {
            list_attributed: duty,
            author_sign_off: duty,
            submitter_sign_off: duty,
            utf8: duty,
            submodules: duty,
            merges: duty,
            empty: duty,
            base: duty,
            ci_skip: duty,
            too_many: duty,
            nacked: duty,
            frozen: duty,
            max_commits: 1_000,
        }
    }
}

fn person(name: &str, address: &str) -> Person {
    Person { name: Some(name.to_owned()), address: address.to_owned() }
}

fn bob() -> Person {
    person("Bob Example", "bob@example.org")
}

fn alice() -> Signer {
    Signer {
        key: "0123".into(),
        name: "Alice Example".into(),
        addresses: vec!["alice@example.org".into()],
        scope: Scope::default(),
    }
}

/// A commit with which nothing is wrong.
fn good(digit: char) -> CommitFacts {
    CommitFacts {
        id: digit.to_string().repeat(40).parse().unwrap(),
        subject: "block: fix it".into(),
        author: bob(),
        is_utf8: true,
        signed_off_by: vec![bob(), person("Alice Example", "alice@example.org")],
        nacked_by: Vec::new(),
        parents: 1,
        changes_submodules: false,
    }
}

fn series(commits: Vec<CommitFacts>) -> Series {
    let total = u32::try_from(commits.len()).unwrap();
    Series { commits, total, base: Base::Fits, is_empty: false, skips_ci: false }
}

fn found(series: &Series) -> Vec<Check> {
    let policy = CheckPolicy::all(Duty::Refuse);
    let found = problems(series, &policy, &alice(), &["devel@lists.example.org"]);
    found.into_iter().map(|problem| problem.check).collect()
}

fn in_one(change: impl FnOnce(&mut CommitFacts)) -> Vec<Check> {
    let mut commit = good('1');
    change(&mut commit);
    found(&series(vec![commit, good('2')]))
}

#[test]
fn a_good_commit_has_no_problem() {
    assert_eq!(in_one(|_| {}), []);
}

#[test]
fn each_kind_of_commit_is_found() {
    let nobody = person("X", "x@example.org");
    assert_eq!(in_one(|c| c.is_utf8 = false), [Check::Utf8]);
    assert_eq!(in_one(|c| c.changes_submodules = true), [Check::Submodules]);
    assert_eq!(in_one(|c| c.nacked_by = vec![nobody]), [Check::Nacked]);
    assert_eq!(in_one(|c| c.signed_off_by.truncate(1)), [Check::SubmitterSignOff]);
    assert_eq!(in_one(|c| drop(c.signed_off_by.remove(0))), [Check::AuthorSignOff]);
    let merge = |c: &mut CommitFacts| {
        c.parents = 2;
        c.signed_off_by.clear();
    };
    assert_eq!(in_one(merge), [Check::Merges], "nobody signs merges off");
}

#[test]
fn an_author_signs_off_under_another_address_or_name() {
    for who in [person("bob example", "b@work.example"), person("B.", "BOB@example.org")] {
        assert_eq!(in_one(|c| c.signed_off_by[0] = who.clone()), []);
    }
    let nameless = Person { name: None, address: "other@example.org".into() };
    let found = in_one(|c| {
        c.author.name = None;
        c.signed_off_by[0] = nameless;
    });
    assert_eq!(found, [Check::AuthorSignOff], "no name is not the same name");
}

#[test]
fn a_list_is_no_author() {
    for list in [
        person("Bob Example via", "Devel@lists.example.org"),
        person("Bob via devel@lists.example.org", "bounce@example.org"),
    ] {
        let both = |c: &mut CommitFacts| {
            c.signed_off_by.push(list.clone());
            c.author = list.clone();
        };
        assert_eq!(in_one(both), [Check::ListAttributed]);
    }
}

#[test]
fn what_concerns_the_whole_is_found() {
    let whole = || series(vec![good('1')]);
    assert_eq!(found(&Series { is_empty: true, ..whole() }), [Check::Empty]);
    assert_eq!(found(&Series { base: Base::Unknown, ..whole() }), [Check::BaseUnknown]);
    assert_eq!(found(&Series { base: Base::NotAncestor, ..whole() }), [Check::BaseNotAncestor]);
    assert_eq!(found(&Series { skips_ci: true, ..whole() }), [Check::CiSkip]);
    assert_eq!(found(&Series { total: 1_000, ..whole() }), []);
    assert_eq!(found(&Series { total: 1_001, ..whole() }), [Check::TooMany]);
}

#[test]
fn all_are_told_at_once_five_commits_of_each() {
    let bad = |digit| CommitFacts { is_utf8: false, parents: 2, ..good(digit) };
    let series = series("1234567".chars().map(bad).collect());
    let policy =
        CheckPolicy { merges: Duty::Hold, nacked: Duty::Refuse, ..CheckPolicy::all(Duty::Refuse) };
    let found = problems(&series, &policy, &alice(), &[]);
    let told: Vec<_> = found.iter().map(|p| (p.check, p.duty, p.commits.len(), p.total)).collect();
    assert_eq!(told, [(Check::Utf8, Duty::Refuse, 5, 7), (Check::Merges, Duty::Hold, 5, 7)]);
    assert_eq!(found[0].commits[0], "111111111111 block: fix it");
    assert_eq!(problems(&series, &CheckPolicy::all(Duty::Off), &alice(), &[]), []);
}

#[test]
fn an_approval_covers_what_it_named() {
    let problem = |check| Problem { check, duty: Duty::Hold, commits: Vec::new(), total: 1 };
    let both = [problem(Check::Nacked), problem(Check::Merges)];
    assert!(covers(&both, &both[1..]));
    assert!(!covers(&both[..1], &both));
}

#[test]
fn thousands_of_commits_with_every_problem_take_little_room() {
    for text in ["x".repeat(100), "\"".repeat(100), "\u{1f980}".repeat(100), "\u{1}".repeat(100)] {
        let many = |number: u32| {
            let mut id = [0; 20];
            id[..4].copy_from_slice(&number.to_be_bytes());
            CommitFacts {
                id: ObjectId::from_bytes(id),
                subject: text.clone(),
                author: person(&format!("{text} via devel@lists.example.org"), &text),
                is_utf8: false,
                signed_off_by: Vec::new(),
                nacked_by: vec![person(&text, &text); 50],
                parents: 1 + (number as usize) % 2,
                changes_submodules: true,
            }
        };
        let mut series = series((0..5_000).map(many).collect());
        (series.base, series.is_empty, series.skips_ci) = (Base::Unknown, true, true);
        let policy = CheckPolicy::all(Duty::Hold);
        let found = problems(&series, &policy, &alice(), &["devel@lists.example.org"]);
        assert_eq!(found.len(), 11, "all but the other one of the base");
        let written = serde_json::to_string(&found).unwrap();
        assert!(written.len() < 9_000, "{} bytes of {text:?}", written.len());
        assert!(found.iter().all(|problem| problem.commits.len() <= NAMED));
    }
}
