//! What the bot says of its stages, with the time at which its log has it: where the time goes.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What was said, and when.
pub(crate) struct Stages(Arc<Mutex<Vec<(Instant, String)>>>);

impl Stages {
    /// Reads the bot's log, whose lines are JSON, until it ends.
    pub(crate) fn of(log: impl Read + Send + 'static) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&said);
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                let at = Instant::now();
                let entry: Value = serde_json::from_str(&line).unwrap_or_default();
                let message = entry["fields"]["message"].as_str().unwrap_or(&line).to_owned();
                if !["DEBUG", "INFO"].map(Some).contains(&entry["level"].as_str()) {
                    println!("! {message}");
                }
                into.lock().unwrap_or_else(PoisonError::into_inner).push((at, message));
            }
        });
        Self(said)
    }

    /// What was said from a moment on, until so long after it; forgets all of it.
    pub(crate) fn since(&self, start: Instant, end: Duration) -> Vec<(String, Duration)> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter()
            .filter_map(|(at, what)| Some((what, at.checked_duration_since(start)?)))
            .filter(|(_, at)| *at <= end)
            .collect()
    }
}
