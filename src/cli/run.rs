//! `gatepost run`: the bot itself, until SIGTERM or SIGINT.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{ConfigArgument, failed, program};
use crate::bot::supervisor::Message;
use crate::config::model::Mode;
use crate::ports::Fault;
use crate::wiring::{self, Options};

/// What `run` takes.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Changes nothing outside: no push, no pipeline, no letter; says what it would do.
    #[arg(long)]
    dry_run: bool,
    /// On the very first start, lists requests received since that day (UTC); they wait for
    /// `approve`.
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<Date>,
}

/// Runs the bot.
pub(crate) fn run(arguments: &RunArguments) -> ExitCode {
    let config = match arguments.config.load() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let outcome = options(arguments).and_then(|options| {
        // Without a mirror every request would fail, each with its own alert.
        wiring::repository(&config, &options)?.is_set_up()?;
        let bot = wiring::bot(&config, &options)?;
        stop_on_signals(bot.sender())?;
        let how = match (options.dry_run, config.bot.mode) {
            (true, _) => "a dry run: nothing outside is changed",
            (false, Mode::Shadow) => "shadow mode: letters go to the release managers only",
            (false, Mode::Live) => "live",
        };
        tracing::info!("gatepost {} runs, {how}", env!("CARGO_PKG_VERSION"));
        bot.run()
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => failed(&fault),
    }
}

fn options(arguments: &RunArguments) -> Result<Options, Fault> {
    let since = arguments.since.map(|day| -> Result<Timestamp, Fault> {
        let start = day.to_zoned(TimeZone::UTC);
        start
            .map(|zoned| zoned.timestamp())
            .map_err(|error| Fault::misconfigured(error.to_string()))
    });
    Ok(Options { dry_run: arguments.dry_run, since: since.transpose()?, program: program()? })
}

/// Turns the signals that end a service into the message that ends the engine.
fn stop_on_signals(engine: std::sync::mpsc::Sender<Message>) -> Result<(), Fault> {
    use tokio::signal::unix::{SignalKind, signal};
    let no_signals = |error: std::io::Error| Fault::bug(format!("no signals: {error}"));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_signals)?;
    let (mut term, mut int) = {
        let _context = runtime.enter();
        (
            signal(SignalKind::terminate()).map_err(no_signals)?,
            signal(SignalKind::interrupt()).map_err(no_signals)?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        });
        tracing::info!("stopping");
        let _engine_may_be_gone = engine.send(Message::Stop);
    });
    Ok(())
}
