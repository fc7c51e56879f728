//! `gatepost setup`: clones the mirrors and fills empty CI projects, with progress.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::text::say;
use super::{ConfigArgument, failed, program};
use crate::adapters::git::{Progress, SetupStage, SetupStep};
use crate::wiring::{self, Options};

/// Runs it. Safe to repeat.
pub(crate) fn run(config: &ConfigArgument) -> ExitCode {
    let config = match config.load() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let bar = bar();
    let outcome = program().and_then(|program| {
        let options = Options { dry_run: false, since: None, program };
        let repository = wiring::repository(&config, &options)?;
        repository.setup(&mut |step| show(&bar, &step))
    });
    bar.finish_and_clear();
    match outcome {
        Ok(()) => say("Everything is in place; `gatepost check` tries the rest.\n"),
        Err(fault) => failed(&fault),
    }
}

/// A bar on a terminal; nothing in a pipe, where the finished steps are lines.
fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} objects") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, step: &SetupStep) {
    let target = &step.target;
    match &step.stage {
        SetupStage::Cloning(progress) => advance(bar, format!("{target}: cloning"), progress),
        SetupStage::Filling(progress) => {
            advance(bar, format!("{target}: filling the CI project"), progress);
        }
        SetupStage::Mirrored(head) => done(bar, &format!("{target}: the mirror is at {head}")),
        SetupStage::Filled => done(bar, &format!("{target}: the CI project has the branch now")),
        SetupStage::InPlace(head) => {
            done(bar, &format!("{target}: the CI project has the branch, at {head}"));
        }
    }
}

fn advance(bar: &ProgressBar, what: String, progress: &Progress) {
    bar.set_message(what);
    bar.set_length(progress.total);
    bar.set_position(progress.objects);
}

fn done(bar: &ProgressBar, line: &str) {
    let _tried_again_at_the_end = bar.suspend(|| say(&format!("{line}\n")));
}
