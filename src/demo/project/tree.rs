//! The project itself: `tally`, a few shell functions over columns of numbers, its tests, its CI
//! configuration, how it grew, and what four people want to change in it. It must not need more
//! than `sh`: the tests are run in earnest.

use super::history::{Edit, Step};
use super::maintainer::MAINTAINERS;
use Edit::{Append, Replace, Write};

/// What becomes of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Every job succeeds.
    Passes,
    /// The job `test-sum` fails.
    FailsATest,
    /// It conflicts in `lib/text.sh` with what landed after its fork.
    Conflicts,
    /// The tag was altered after it was signed.
    BadSignature,
}

/// A pull request to be made.
pub(super) struct Plan {
    pub(super) fate: Fate,
    /// What stands in the middle of the tag's name.
    pub(super) topic: &'static str,
    /// The cover letter's subject.
    pub(super) title: &'static str,
    /// The tag's message.
    pub(super) message: &'static str,
    /// How many commits of `master` came after the fork.
    pub(super) behind: usize,
    pub(super) steps: Vec<Step>,
}

const CI: &str = r#"{
  "stages": ["build", "test"],
  "build": {
    "stage": "build",
    "script": ["for file in bin/tally lib/*.sh tests/*.sh; do echo \"checking $file\"; sh -n \"$file\" || exit 1; done"]
  },
  "test-sum": {"stage": "test", "script": ["sh tests/run.sh sum"]},
  "test-stats": {"stage": "test", "script": ["sh tests/run.sh stats"]},
  "test-text": {"stage": "test", "script": ["sh tests/run.sh text"]}
}
"#;

const PROGRAM: &str = r#"#!/bin/sh
# tally: sums and such over the numbers on standard input, one a line.
here=$(dirname "$0")/..
for part in "$here"/lib/*.sh; do . "$part"; done
case $1 in
sum) tally_sum ;;
*) echo "usage: tally COMMAND < NUMBERS" >&2; exit 64 ;;
esac
"#;

const SUM: &str = r#"# The sum of the numbers on standard input.
tally_sum() {
    total=0
    while read -r number; do
        total=$((total + number))
    done
    echo "$total"
}
"#;

const RUN: &str = r#"#!/bin/sh
# Runs the named tests, or all of them; fails if one fails.
cd "$(dirname "$0")/.." || exit 70
[ $# -gt 0 ] || set -- sum stats text
for part in lib/*.sh; do . "$part"; done
. tests/assert.sh
for name in "$@"; do
    . "tests/$name.sh"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
"#;

const ASSERT: &str = r#"# is WHAT GOT WANTED: counts and says whether they are the same.
passed=0
failed=0
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok: $1"
    else
        failed=$((failed + 1))
        echo "not ok: $1: got '$2', wanted '$3'"
    fi
}
"#;

const LARGEST: &str = r#"# The largest of the numbers on standard input.
tally_max() {
    sort -n | tail -n 1
}
"#;

const TEXT: &str = r#"# A number in a column that is eight wide.
tally_column() {
    printf '%8d\n' "$1"
}
"#;

/// A commit by one of the maintainers, by number.
fn step(by: usize, subject: &'static str, body: &'static str, edits: Vec<Edit>) -> Step {
    Step { by: MAINTAINERS[by], subject, body, edits }
}

/// A commit that says enough in its subject.
fn plain(by: usize, subject: &'static str, edits: Vec<Edit>) -> Step {
    step(by, subject, "", edits)
}

/// How `master` grew, oldest commit first.
pub(super) fn upstream() -> Vec<Step> {
    let mut steps = beginnings();
    steps.extend(columns());
    steps.extend(growth());
    steps.extend(polish());
    steps
}

fn beginnings() -> Vec<Step> {
    let sums = "is 'a sum' \"$(printf '1\\n2\\n3\\n' | tally_sum)\" 6\n";
    vec![
        plain(4, "Begin with a README", vec![Write("README", "tally sums up.\n")]),
        plain(4, "Add the program", vec![Write("bin/tally", PROGRAM)]),
        plain(0, "sum: add up numbers", vec![Write("lib/sum.sh", SUM)]),
        plain(
            4,
            "tests: add a runner",
            vec![Write("tests/run.sh", RUN), Write("tests/assert.sh", ASSERT)],
        ),
        plain(1, "tests: check a sum", vec![Write("tests/sum.sh", sums)]),
        plain(0, "stats: find the largest number", vec![Write("lib/stats.sh", LARGEST)]),
        plain(
            0,
            "tally: offer max",
            vec![Replace(
                "bin/tally",
                "sum) tally_sum ;;\n",
                "sum) tally_sum ;;\nmax) tally_max ;;\n",
            )],
        ),
        plain(
            0,
            "tests: check the largest number",
            vec![Write(
                "tests/stats.sh",
                "is 'a maximum' \"$(printf '3\\n20\\n1\\n' | tally_max)\" 20\n",
            )],
        ),
    ]
}

fn columns() -> Vec<Step> {
    vec![
        plain(2, "text: print columns", vec![Write("lib/text.sh", TEXT)]),
        plain(
            2,
            "tests: check columns",
            vec![Write(
                "tests/text.sh",
                "is 'a column' \"$(tally_column 42 | tail -c 4)\" ' 42'\n",
            )],
        ),
    ]
}

fn growth() -> Vec<Step> {
    let negative = "is 'a sum of negative numbers' \"$(printf -- '-4\\n-5\\n' | tally_sum)\" -9\n";
    let mixed = "is 'a sum of mixed numbers' \"$(printf -- '7\\n-7\\n' | tally_sum)\" 0\n";
    let smallest = "\n# The smallest of the numbers on standard input.\ntally_min() {\n    \
        sort -n | head -n 1\n}\n";
    vec![
        plain(4, "ci: run the tests", vec![Write(".gitlab-ci.yml", CI)]),
        plain(1, "tests: check sums of negative numbers", vec![Append("tests/sum.sh", negative)]),
        plain(1, "tests: check sums that cancel out", vec![Append("tests/sum.sh", mixed)]),
        plain(
            3,
            "README: say how to call it",
            vec![Append("README", "\n    tally sum < numbers\n")],
        ),
        plain(0, "stats: find the smallest number", vec![Append("lib/stats.sh", smallest)]),
        plain(
            0,
            "tests: check the smallest number",
            vec![Append(
                "tests/stats.sh",
                "is 'a minimum' \"$(printf '3\\n1\\n2\\n' | tally_min)\" 1\n",
            )],
        ),
    ]
}

fn polish() -> Vec<Step> {
    let nothing = "is 'a sum of nothing' \"$(tally_sum < /dev/null)\" 0\n";
    vec![
        step(
            2,
            "text: widen columns to twelve",
            "Sums of large numbers ran into the column beside them.",
            vec![
                Replace("lib/text.sh", "eight wide", "twelve wide"),
                Replace("lib/text.sh", "%8d", "%12d"),
            ],
        ),
        plain(1, "tests: check the sum of nothing", vec![Append("tests/sum.sh", nothing)]),
        plain(
            0,
            "tally: offer min",
            vec![Replace(
                "bin/tally",
                "max) tally_max ;;\n",
                "max) tally_max ;;\nmin) tally_min ;;\n",
            )],
        ),
        plain(
            3,
            "README: name the commands",
            vec![Append("README", "\nCommands: sum, max, min.\n")],
        ),
    ]
}

/// The four pull requests, in the order of the maintainers.
pub(super) fn pulls() -> Vec<Plan> {
    vec![passes(), fails(), conflicts(), altered()]
}

fn passes() -> Plan {
    let range = "\n# How far the largest and the smallest number are apart.\ntally_range() {\n    \
        numbers=$(cat)\n    echo $(($(echo \"$numbers\" | tally_max) - $(echo \"$numbers\" | tally_min)))\n}\n";
    let check = "is 'a range' \"$(printf '3\\n20\\n1\\n' | tally_range)\" 19\n";
    Plan {
        fate: Fate::Passes,
        topic: "stats",
        title: "Stats patches",
        message: "Stats patches\n\n- the range of a column, and its test\n",
        behind: 1,
        steps: vec![
            step(
                0,
                "stats: compute the range",
                "The distance between the largest and the smallest number was\n\
                 computed by hand often enough.",
                vec![
                    Append("lib/stats.sh", range),
                    Replace(
                        "bin/tally",
                        "max) tally_max ;;\n",
                        "max) tally_max ;;\nrange) tally_range ;;\n",
                    ),
                ],
            ),
            plain(0, "tests: check the range", vec![Append("tests/stats.sh", check)]),
        ],
    }
}

fn fails() -> Plan {
    let skip = "    while read -r number; do\n        case $number in\n        *[!0-9]*) continue ;;\n        esac\n";
    let check = "is 'a sum beside words' \"$(printf '1\\nword\\n2\\n' | tally_sum)\" 3\n";
    Plan {
        fate: Fate::FailsATest,
        topic: "sum",
        title: "Sum patches",
        message: "Sum patches\n\n- words between the numbers no longer stop a sum\n",
        behind: 2,
        steps: vec![
            step(
                1,
                "sum: skip what is not a number",
                "A heading above a column made the shell give up.",
                vec![Replace("lib/sum.sh", "    while read -r number; do\n", skip)],
            ),
            plain(1, "tests: check a sum beside words", vec![Append("tests/sum.sh", check)]),
        ],
    }
}

fn conflicts() -> Plan {
    Plan {
        fate: Fate::Conflicts,
        topic: "text",
        title: "Text patches",
        message: "Text patches\n\n- columns are aligned to the left\n",
        // Before "text: widen columns to twelve".
        behind: 4,
        steps: vec![step(
            2,
            "text: align columns to the left",
            "Suggested by Jörg, who reads them from that side.",
            vec![
                Replace("lib/text.sh", "%8d", "%-8d"),
                Replace("tests/text.sh", "tail -c 4)\" ' 42'", "head -c 3)\" '42 '"),
            ],
        )],
    }
}

fn altered() -> Plan {
    let codes = "\nExit codes: 0, or 64 for a command that it does not know.\n";
    Plan {
        fate: Fate::BadSignature,
        topic: "docs",
        title: "Documentation patches",
        message: "Documentation patches\n\nOnly words.\n",
        behind: 0,
        steps: vec![plain(3, "README: list the exit codes", vec![Append("README", codes)])],
    }
}
