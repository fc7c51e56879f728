//! Plans that differ in one thing each.

use super::*;

fn plan(jobs: &[(&str, &[(&str, &str)])]) -> CiPlan {
    let each = jobs.iter().map(|(name, properties)| {
        let properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        ((*name).to_owned(), properties.collect::<Properties>())
    });
    CiPlan { jobs: each.collect(), ..CiPlan::default() }
}

fn lines(before: &CiPlan, after: &CiPlan) -> Vec<String> {
    CiDifference::of(&changes(before, after), str::to_owned).lines
}

const BUILD: (&str, &[(&str, &str)]) = ("build", &[("allow_failure", "false"), ("tags", "x86")]);

#[test]
fn the_same_plan_is_no_difference() {
    let one = plan(&[BUILD]);
    assert_eq!(changes(&one, &one.clone()), []);
}

#[test]
fn every_kind_of_change_is_found_and_said() {
    let before = plan(&[BUILD, ("check", &[])]);
    let mut after = plan(&[
        ("build", &[("allow_failure", "true"), ("tags", "s390x")]),
        ("mine", &[("script", "curl evil")]),
    ]);
    after.includes.insert("remote https://evil.example/ci.yml".into());
    after.entries.insert("variables".into(), [("A".to_owned(), "b".to_owned())].into());
    after.errors.push("odd".into());
    assert_eq!(
        lines(&before, &after),
        [
            "GitLab's complaints: (none) -> odd",
            "job build, allow_failure: false -> true",
            "job build, tags: x86 -> s390x",
            "job check runs no more",
            "job mine is added: script: curl evil",
            "configuration of variables is added: A: b",
            "include remote https://evil.example/ci.yml is added",
        ]
    );
    let difference = CiDifference::of(&changes(&before, &after), str::to_owned);
    assert_eq!(difference.summary, "1 job added, 1 job removed, 1 job changed, 3 settings changed");
}

#[test]
fn what_a_job_says_already_its_configuration_does_not_repeat() {
    let (mut before, mut after) = (plan(&[BUILD]), plan(&[("build", &[("tags", "s390x")])]));
    before.entries.insert("build".into(), [("tags".to_owned(), "- x86".to_owned())].into());
    after.entries.insert(
        "build".into(),
        [("tags".to_owned(), "- s390x".to_owned()), ("image".to_owned(), "evil".to_owned())].into(),
    );
    assert_eq!(
        lines(&before, &after),
        [
            "job build, allow_failure: false -> (none)",
            "job build, tags: x86 -> s390x",
            "configuration of build, image: (none) -> evil",
        ]
    );
}

#[test]
fn the_digest_covers_what_the_lines_leave_out() {
    let long = |end: &str| {
        let script = "x".repeat(50_000) + end;
        plan(&[("build", &[("script", script.as_str())])])
    };
    let cut = |text: &str| text.chars().take(20).collect::<String>();
    let of = |after: &CiPlan| CiDifference::of(&changes(&plan(&[BUILD]), after), cut);
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
    let difference = CiDifference::of(&found, str::to_owned);
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
