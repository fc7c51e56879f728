//! The section `[target.checks]`.

use super::reader::Table;
use super::value;
use crate::pull::checks::CheckPolicy;

pub(super) fn checks(table: &Table<'_>) -> Option<CheckPolicy> {
    let duty = |name| table.get(name, value::duty);
    let list_attributed = duty("list_attributed");
    let author_sign_off = duty("author_sign_off");
    let submitter_sign_off = duty("submitter_sign_off");
    let utf8 = duty("utf8");
    let submodules = duty("submodules");
    let merges = duty("merges");
    let empty = duty("empty");
    let base = duty("base");
    let ci_skip = duty("ci_skip");
    let too_many = duty("too_many");
    let nacked = duty("nacked");
    let frozen = duty("frozen");
    let max_commits = table.get("max_commits", value::count);
    Some(CheckPolicy {
        list_attributed: list_attributed?,
        author_sign_off: author_sign_off?,
        submitter_sign_off: submitter_sign_off?,
        utf8: utf8?,
        submodules: submodules?,
        merges: merges?,
        empty: empty?,
        base: base?,
        ci_skip: ci_skip?,
        too_many: too_many?,
        nacked: nacked?,
        frozen: frozen?,
        max_commits: max_commits?,
    })
}
