//! Plans that differ in one thing each.

use super::*;

fn plan(jobs: &[(&str, &[(&str, &str)])]) -> CiPlan {
    let each = jobs.iter().map(|(name, properties)| {
        let properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        ((*name).to_owned(), properties.collect::<Properties>())
    });
    CiPlan { jobs: each.collect(), ..CiPlan::default() }
}

/// A difference with a word for each change.
fn difference(changes: &[Change], word: &str) -> CiDifference {
    CiDifference::of(changes, String::new(), changes.iter().map(|_| word.to_owned()))
}

const BUILD: (&str, &[(&str, &str)]) = ("build", &[("allow_failure", "false"), ("tags", "x86")]);

#[test]
fn the_same_plan_is_no_difference() {
    let one = plan(&[BUILD]);
    assert_eq!(changes(&one, &one.clone()), []);
}

#[test]
fn every_kind_of_change_is_found() {
    let before = plan(&[BUILD, ("check", &[])]);
    let mut after = plan(&[
        ("build", &[("allow_failure", "true"), ("tags", "s390x")]),
        ("mine", &[("script", "curl evil")]),
    ]);
    after.includes.insert("remote https://evil.example/ci.yml".into());
    after.entries.insert("variables".into(), [("A".to_owned(), "b".to_owned())].into());
    after.errors.push("odd".into());
    let found = changes(&before, &after).into_iter().map(|change| change.what);
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            What::Errors,
            What::Property("build".into(), "allow_failure".into()),
            What::Property("build".into(), "tags".into()),
            What::Job("check".into()),
            What::Job("mine".into()),
            What::Entry("variables".into()),
            What::Include("remote https://evil.example/ci.yml".into()),
        ]
    );
}

#[test]
fn what_a_job_says_already_its_configuration_does_not_repeat() {
    let (mut before, mut after) = (plan(&[BUILD]), plan(&[("build", &[("tags", "s390x")])]));
    before.entries.insert("build".into(), [("tags".to_owned(), "- x86".to_owned())].into());
    after.entries.insert(
        "build".into(),
        [("tags".to_owned(), "- s390x".to_owned()), ("image".to_owned(), "evil".to_owned())].into(),
    );
    let change = |what, before: Option<&str>, after: Option<&str>| Change {
        what,
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let of_job = |property: &str| What::Property("build".into(), property.into());
    let of_entry = |property: &str| What::Setting("build".into(), property.into());
    assert_eq!(
        changes(&before, &after),
        [
            change(of_job("allow_failure"), Some("false"), None),
            change(of_job("tags"), Some("x86"), Some("s390x")),
            change(of_entry("image"), None, Some("evil")),
        ]
    );
}

#[test]
fn the_digest_covers_what_the_lines_leave_out() {
    let long = |end: &str| {
        let script = "x".repeat(50_000) + end;
        plan(&[("build", &[("script", script.as_str())])])
    };
    let of = |after: &CiPlan| difference(&changes(&plan(&[BUILD]), after), "x");
    let (one, other) = (of(&long("a")), of(&long("b")));
    assert_eq!(one.lines, other.lines);
    assert_ne!(one.digest, other.digest);
    assert_eq!(one.digest.len(), 64);
}

#[test]
fn a_record_holds_a_bounded_part() {
    let names: Vec<String> = (0..5_000).map(|n| format!("job-{n:05}")).collect();
    let many: Vec<(&str, &[(&str, &str)])> =
        names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let found = changes(&CiPlan::default(), &plan(&many));
    let difference = difference(&found, &"x".repeat(20));
    assert_eq!(difference.total, 5_000);
    assert!(difference.lines.iter().map(String::len).sum::<usize>() <= KEPT_BYTES);
    assert_eq!(difference.unsaid() as usize, 5_000 - difference.lines.len());
}

#[test]
fn only_required_jobs_that_are_gone_are_dropped() {
    let found = changes(&plan(&[BUILD, ("check", &[])]), &plan(&[("new", &[])]));
    let required = ["check".to_owned(), "new".to_owned(), "other".to_owned()];
    assert_eq!(dropped(&found, &required), ["check"]);
}

#[test]
fn a_blank_plan_is_known_for_what_it_is() {
    let errors = CiPlan { errors: vec!["no".into()], ..CiPlan::default() };
    assert!(errors.is_blank());
    assert!(!plan(&[BUILD]).is_blank());
}
