//! What the bot says of its stages, with the time: where the time goes. It must not change what the
//! bot does.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What was said, and when.
#[derive(Clone, Default)]
pub struct Stages(Arc<Mutex<Vec<(Instant, String)>>>);

impl Stages {
    /// Listens to the bot from now on.
    pub fn listen() -> Self {
        let stages = Self::default();
        let only = tracing_subscriber::EnvFilter::new("gatepost=debug");
        tracing_subscriber::registry().with(only).with(stages.clone()).init();
        stages
    }

    /// What was said from a moment on, until so long after it; forgets all of it.
    pub fn since(&self, start: Instant, end: Duration) -> Vec<(String, Duration)> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter()
            .filter_map(|(at, what)| Some((what, at.checked_duration_since(start)?)))
            .filter(|(_, at)| *at <= end)
            .collect()
    }
}

impl<S: Subscriber> Layer<S> for Stages {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let at = Instant::now();
        let mut said = Said::default();
        event.record(&mut said);
        if *event.metadata().level() <= Level::WARN {
            println!("! {}", said.0);
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, said.0));
    }
}

#[derive(Default)]
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
