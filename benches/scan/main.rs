//! `gatepost scan` over an mbox of 100,000 mails against `grep -c '^Subject:'` on the same file, in
//! turns, and the memory that it takes for that and for a tenth of it. Ends with 1 if it is more
//! than it may be. `docs/benchmarks.md` says how to read it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::shared::{Outcome, is_quick, median, ran_quickly};

mod archive;
#[path = "../shared/mod.rs"]
mod shared;

/// Rounds that count. The first is not counted.
const ROUNDS: usize = 9;

/// What it may take: times what grep takes, and how much more memory ten times the mails may need.
const MOST_TIMES: f64 = 5.0;
const MOST_GROWTH: u64 = 4 << 20;

const GATEPOST: &str = env!("CARGO_BIN_EXE_gatepost");

fn main() -> Outcome<ExitCode> {
    if is_quick() {
        return quick().map(|()| ExitCode::SUCCESS);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-mail");
    let small = written(&folder, 10_000)?;
    let large = written(&folder, 100_000)?;
    println!("{}: {} MiB", large.display(), fs::metadata(&large)?.len() >> 20);
    read_once(&large)?;
    let (grep, scan) = times(&large, ROUNDS)?;
    let ratio = scan.as_secs_f64() / grep.as_secs_f64();
    println!("grep -c '^Subject:'  {grep:>8.1?}");
    println!("gatepost scan        {scan:>8.1?}  {ratio:.2} times  (may be {MOST_TIMES})");
    let (few, many) = (most_memory(&small)?, most_memory(&large)?);
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("memory, 10,000 mails  {:>5.1} MiB", mebibytes(few));
    println!("memory, 100,000 mails {:>5.1} MiB", mebibytes(many));
    let fits = ratio <= MOST_TIMES && many <= few + MOST_GROWTH;
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All of it once, with 1,000 mails in a folder that goes away.
fn quick() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let path = written(folder.path(), 1_000)?;
    let scanned = Command::new(GATEPOST).args(["scan", "--format", "json"]).arg(&path).output()?;
    let found = String::from_utf8(scanned.stdout)?.lines().count();
    println!("{found} requests were found.");
    if !scanned.status.success() || found == 0 {
        return Err(format!("the scan found {found} requests: {}", scanned.status).into());
    }
    times(&path, 0)?;
    println!("memory {} KiB", most_memory(&path)? >> 10);
    ran_quickly("scan");
    Ok(())
}

/// An archive of that many mails, written if it is not there.
fn written(folder: &Path, mails: u64) -> Outcome<PathBuf> {
    let path = folder.join(format!("{mails}-{}.mbox", archive::EDITION));
    if !path.exists() {
        fs::create_dir_all(folder)?;
        let half = path.with_extension("half");
        archive::write(mails, &mut BufWriter::new(File::create(&half)?))?;
        fs::rename(half, &path)?;
    }
    Ok(path)
}

/// Brings the file into the page cache.
fn read_once(path: &Path) -> Outcome<()> {
    io::copy(&mut File::open(path)?, &mut io::sink())?;
    Ok(())
}

/// The medians of both, taken in turns; a first round is not counted.
fn times(path: &Path, rounds: usize) -> Outcome<(Duration, Duration)> {
    let (mut grep, mut scan) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let one = timed(Command::new("grep").args(["-c", "^Subject:"]).arg(path))?;
        let other = timed(Command::new(GATEPOST).arg("scan").arg(path))?;
        println!("  {one:>8.1?} {other:>8.1?}");
        if round > 0 {
            grep.push(one);
            scan.push(other);
        }
    }
    Ok((median(&mut grep), median(&mut scan)))
}

/// How long a command runs whose output is read.
fn timed(command: &mut Command) -> Outcome<Duration> {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let took = start.elapsed();
    if output.status.success() { Ok(took) } else { Err(format!("{}", output.status).into()) }
}

/// The most resident memory that a scan had, as the kernel counts it (proc(5), `VmHWM`): the scan
/// gets the archive through a pipe, and is asked when it has read all of it and waits for more.
fn most_memory(path: &Path) -> Outcome<u64> {
    let mut scan = Command::new(GATEPOST)
        .args(["scan", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = scan.stdin.take().ok_or("no standard input")?;
    let mut archive = File::open(path)?;
    let length = archive.metadata()?.len();
    // The last mail is kept back, so that the scan is still there.
    io::copy(&mut archive.by_ref().take(length - 1), &mut input)?;
    let status = fs::read_to_string(format!("/proc/{}/status", scan.id()))?;
    io::copy(&mut archive, &mut input)?;
    drop(input);
    let ended = scan.wait()?;
    if !ended.success() {
        return Err(format!("the scan of a pipe: {ended}").into());
    }
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("there is no VmHWM")?;
    Ok(number.parse::<u64>()? << 10)
}
