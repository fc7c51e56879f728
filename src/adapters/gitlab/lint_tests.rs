//! What GitLab's lint says, in the form its own source gives it.

use super::*;

const YAML: &str = "---
stages:
- build
- test
variables:
  DEPTH: '2'
build:x86:
  stage: build
  tags:
  - x86
  script:
  - |
    make
    make check
  rules:
  - if: $CI_COMMIT_BRANCH =~ /^staging/
    when: on_success
\".odd: name\":
  image: alpine
";

#[test]
fn the_merged_configuration_is_taken_apart_by_entry_and_property() {
    let found = entries(YAML);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["\".odd", "build:x86", "stages", "variables"]);
    assert_eq!(found["variables"]["DEPTH"], "'2'");
    assert_eq!(found["stages"][""], "- build\n- test");
    let job = &found["build:x86"];
    assert_eq!(job["stage"], "build");
    assert_eq!(job["tags"], "  - x86");
    assert_eq!(job["script"], "  - |\n    make\n    make check");
    assert!(job["rules"].contains("staging"));
}

/// Each line of the text stands in what was taken apart: nothing can change unseen.
#[test]
fn no_change_of_the_text_is_lost() {
    let whole = entries(YAML);
    let lines: Vec<&str> = YAML.lines().skip(1).collect();
    for left_out in 0..lines.len() {
        let mut some = lines.clone();
        some.remove(left_out);
        assert_ne!(entries(&some.join("\n")), whole, "without {:?}", lines[left_out]);
        let mut other = lines.clone();
        let changed = format!("{}x", lines[left_out]);
        other[left_out] = &changed;
        assert_ne!(entries(&other.join("\n")), whole, "with {changed:?}");
    }
}

#[test]
fn the_order_of_entries_and_their_older_form_do_not_matter() {
    let one = entries("---\na:\n  stage: x\nb:\n  stage: y\n");
    assert_eq!(entries("---\nb:\n  stage: y\na:\n  stage: x\n"), one);
    assert_eq!(entries("---\n:a:\n  :stage: x\n:b:\n  :stage: y\n"), one);
}

#[test]
fn an_answer_becomes_a_plan() {
    let answer = r#"{"valid":true,"errors":[],"warnings":["w"],
        "merged_yaml":"---\nbuild:\n  image: alpine\n",
        "includes":[{"type":"local","location":"ci/a.yml","blob":"https://x/-/blob/123/ci/a.yml",
            "raw":"https://x","extra":{},"context_project":"a/b","context_sha":"123"},
            {"type":"file","location":"/b.yml","extra":{"project":"o/p","ref":"main"}}],
        "jobs":[{"name":"build","stage":"build","before_script":[],"script":["make"],
            "after_script":[],"tag_list":["x86"],"environment":null,"when":"on_success",
            "allow_failure":false}]}"#;
    let plan = CiPlan::from(serde_json::from_str::<LintAnswer>(answer).unwrap());
    let job = &plan.jobs["build"];
    assert_eq!(job["tags"], r#"["x86"]"#);
    assert_eq!(job["allow_failure"], "false");
    assert_eq!(
        job.keys().collect::<Vec<_>>(),
        ["allow_failure", "script", "stage", "tags", "when"]
    );
    assert_eq!(plan.entries["build"]["image"], "alpine");
    let includes: Vec<&str> = plan.includes.iter().map(String::as_str).collect();
    assert_eq!(includes, [r#"file /b.yml {"project":"o/p","ref":"main"}"#, "local ci/a.yml"]);
}

#[test]
fn the_least_that_gitlab_may_say_is_a_blank_plan() {
    let plan = CiPlan::from(serde_json::from_str::<LintAnswer>("{}").unwrap());
    assert!(plan.is_blank());
}
