//! How long it takes from the announcement of a mail to the creation of its pipeline, against the
//! shell script that a maintainer would write, in turns. `docs/benchmarks.md` says how to read it.

use std::time::{Duration, Instant};

use gatepost::bot::supervisor::Message;
use gatepost::wiring;

use crate::stages::Stages;
use crate::world::World;

mod history;
mod stages;
mod world;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The first round warms caches and is not counted.
const ROUNDS: usize = 11;

fn main() -> Outcome<()> {
    let stages = Stages::listen();
    let mut world = World::new()?;
    let config = world.config()?;
    println!("Cloning the bot's mirror.");
    wiring::repository(&config, &world.options())?.setup(&mut |_| {})?;
    let bot = wiring::bot(&config, &world.options())?;
    let sender = bot.sender();
    let running = std::thread::spawn(move || bot.run());
    std::thread::sleep(Duration::from_secs(1));
    let outcome = rounds(&mut world, &stages);
    let _ended_already = sender.send(Message::Stop);
    running.join().map_err(|_| "the bot panicked")??;
    outcome
}

fn rounds(world: &mut World, stages: &Stages) -> Outcome<()> {
    let (mut bot, mut hand) = (Vec::new(), Vec::new());
    println!("{:>6} {:>10} {:>10}", "round", "bot", "by hand");
    for round in 0..ROUNDS {
        let request = world.request()?;
        let start = Instant::now();
        let by_bot = world.by_the_bot(&request);
        let said = stages.since(start, by_bot.as_ref().copied().unwrap_or(Duration::MAX));
        let by_bot = by_bot.inspect_err(|_| show(&said))?;
        let request = world.request()?;
        let by_hand = world.by_hand(&request)?;
        println!("{round:>6} {:>7} ms {:>7} ms", by_bot.as_millis(), by_hand.as_millis());
        if round == ROUNDS - 1 {
            show(&said);
        }
        if round > 0 {
            bot.push(by_bot);
            hand.push(by_hand);
        }
    }
    let (bot, hand) = (median(&mut bot), median(&mut hand));
    let ratio = bot.as_secs_f64() / hand.as_secs_f64();
    println!("{:>6} {:>7} ms {:>7} ms", "median", bot.as_millis(), hand.as_millis());
    println!("The bot takes {ratio:.2} of the script's time.");
    Ok(())
}

fn show(said: &[(String, Duration)]) {
    for (what, at) in said {
        println!("    {:>8.1} ms  {what}", at.as_secs_f64() * 1000.0);
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
