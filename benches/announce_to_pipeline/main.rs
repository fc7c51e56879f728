//! How long it takes from the announcement of a mail to the creation of its pipeline, against the
//! shell script that a maintainer would write, in turns. `docs/benchmarks.md` says how to read it.

use std::time::{Duration, Instant};

use crate::shared::{Bot, Outcome, is_quick, median, ran_quickly};
use crate::stages::Stages;
use crate::world::World;

mod history;
#[path = "../shared/mod.rs"]
mod shared;
mod stages;
mod world;

/// The first round warms caches and is not counted.
const ROUNDS: usize = 11;

fn main() -> Outcome<()> {
    let quick = is_quick();
    let mut world = World::new(quick)?;
    println!("Cloning the bot's mirror.");
    let (mut bot, log) = Bot::start_with_log(world.folder())?;
    let stages = Stages::of(log);
    std::thread::sleep(Duration::from_secs(1));
    rounds(&mut world, &stages, if quick { 1 } else { ROUNDS })?;
    bot.still_runs()?;
    if quick {
        ran_quickly("announce_to_pipeline");
    }
    Ok(())
}

fn rounds(world: &mut World, stages: &Stages, rounds: usize) -> Outcome<()> {
    let (mut bot, mut hand) = (Vec::new(), Vec::new());
    println!("{:>6} {:>10} {:>10}", "round", "bot", "by hand");
    for round in 0..rounds {
        let request = world.request()?;
        let start = Instant::now();
        let by_bot = world.by_the_bot(&request);
        let said = stages.since(start, by_bot.as_ref().copied().unwrap_or(Duration::MAX));
        let by_bot = by_bot.inspect_err(|_| show(&said))?;
        let request = world.request()?;
        let by_hand = world.by_hand(&request)?;
        println!("{round:>6} {:>7} ms {:>7} ms", by_bot.as_millis(), by_hand.as_millis());
        if round == rounds - 1 {
            show(&said);
        }
        if round > 0 {
            bot.push(by_bot);
            hand.push(by_hand);
        }
    }
    if bot.is_empty() {
        return Ok(());
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
