//! How long it takes from the announcement of a signed command mail to the acceptance of its answer
//! by SMTP, against a loop that fetches the same mail and sends a letter of that size, in turns.
//! `docs/benchmarks.md` says how to read it.

use std::time::Duration;

use crate::plain::Loop;
use crate::shared::{Bot, Outcome, is_quick, median, ran_quickly};
use crate::world::World;

mod plain;
#[path = "../shared/mod.rs"]
mod shared;
mod world;

/// The first round warms caches and is not counted.
const ROUNDS: usize = 41;

/// What a person who waits for the answer may be asked to wait.
const BOUND: Duration = Duration::from_millis(500);

fn main() -> Outcome<()> {
    let mut world = World::new()?;
    let mut bot = Bot::start(world.folder())?;
    std::thread::sleep(Duration::from_secs(1));
    let quick = is_quick();
    rounds(&mut world, if quick { 1 } else { ROUNDS })?;
    bot.still_runs()?;
    if quick {
        ran_quickly("command_answer");
    }
    Ok(())
}

fn rounds(world: &mut World, rounds: usize) -> Outcome<()> {
    let (mut bot, mut plain) = (Vec::new(), Vec::new());
    let (imap, smtp) = world.servers();
    let mut by = Loop::connect(imap, smtp)?;
    println!("{:>6} {:>12} {:>12}", "round", "bot", "fetch, send");
    for round in 0..rounds {
        let mail = world.command()?;
        let (by_bot, answer) = world.by_the_bot(&mail)?;
        let by_loop = world.by_the_loop(&mut by, &mail, &answer)?;
        println!("{round:>6} {:>9.1} ms {:>9.1} ms", ms(by_bot), ms(by_loop));
        if round > 0 {
            bot.push(by_bot);
            plain.push(by_loop);
        }
    }
    if bot.is_empty() {
        return Ok(());
    }
    let slowest = bot.iter().max().copied().unwrap_or_default();
    let (bot, plain) = (median(&mut bot), median(&mut plain));
    println!("{:>6} {:>9.1} ms {:>9.1} ms", "median", ms(bot), ms(plain));
    println!("The slowest answer took {:.1} ms.", ms(slowest));
    let ratio = bot.as_secs_f64() / plain.as_secs_f64();
    println!("The bot takes {ratio:.1} times as long as the loop.");
    if bot > BOUND {
        return Err(format!("the median is above {} ms", BOUND.as_millis()).into());
    }
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
