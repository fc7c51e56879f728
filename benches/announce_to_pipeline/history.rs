//! A repository as large as a grown project's, made by `git fast-import` and kept in `target`, and
//! what is added to copies of it in each round. It must not be changed itself: worlds get copies.
//! The quick form's is small, and made anew each time.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How large a repository is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Series of nine commits and the merge of each.
    series: u64,
    /// The tree: that many directories of that many directories of ten files.
    directories: u64,
}

/// 81,001 commits, 4,000 files.
pub(crate) const LARGE: Size = Size { series: 8_100, directories: 20 };

/// 301 commits, 160 files.
pub(crate) const SMALL: Size = Size { series: 30, directories: 4 };

const SERIES_LENGTH: u64 = 9;
const LINES: u64 = 40;

/// Changes with what is made above, so that an older repository is not taken for it.
const NAME: &str = "upstream-1.git";

/// When the history begins, in seconds since 1970: a commit every 20 minutes until 2026.
const BEGINNING: u64 = 1_670_000_000;
const STEP: u64 = 1_200;

impl Size {
    /// How many commits the branch has.
    fn commits(self) -> u64 {
        1 + self.series * (SERIES_LENGTH + 1)
    }

    fn files(self) -> u64 {
        self.directories * self.directories * 10
    }
}

/// Where the large repository is kept.
pub(crate) fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-repo")
}

/// The large repository, made if it is not there yet.
pub(crate) fn upstream() -> io::Result<PathBuf> {
    let path = kept().join(NAME);
    if path.exists() {
        return Ok(path);
    }
    println!("Making a repository of {} commits; it is kept for the next time.", LARGE.commits());
    let unfinished = tempfile::Builder::new().prefix("unfinished").tempdir_in(kept())?;
    make(unfinished.path(), LARGE)?;
    fs::rename(unfinished.keep(), &path)?;
    Ok(path)
}

/// Makes a repository in a folder.
pub(crate) fn make(path: &Path, size: Size) -> io::Result<()> {
    git(None, &["init", "--quiet", "--bare", "-b", "master", &text(path)])?;
    import(path, |out| write_history(out, size))?;
    git(Some(path), &["update-ref", "-d", "refs/heads/topic"])?;
    git(Some(path), &["repack", "-a", "-d", "-q", "-f", "--write-bitmap-index"]).map(drop)
}

/// Runs git; its standard output.
pub(crate) fn git(repository: Option<&Path>, arguments: &[&str]) -> io::Result<String> {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    if let Some(repository) = repository {
        command.arg("-C").arg(repository);
    }
    let output = command.args(arguments).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("git {arguments:?}: {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Adds commits to a branch, each of which changes one file of its own and is signed off by its
/// author, as the default checks demand; the branch's new tip.
pub(crate) fn add_commits(
    repository: &Path,
    size: Size,
    branch: &str,
    onto: &str,
    count: u64,
    seed: u64,
    at: i64,
) -> io::Result<String> {
    import(repository, |out| {
        for number in 0..count {
            let from = if number == 0 { format!("from {onto}\n") } else { String::new() };
            let who = "A Maintainer <maintainer@maintainers.example>";
            let about = format!("subsystem {seed}: change {number}\n\nSigned-off-by: {who}\n");
            writeln!(out, "commit refs/heads/{branch}")?;
            for role in ["author", "committer"] {
                writeln!(out, "{role} {who} {at} +0000")?;
            }
            write!(out, "data {}\n{about}\n{from}", about.len())?;
            let file = (seed * 97 + number * 13) % size.files();
            write_file(out, size, file, seed << 20 | number)?;
        }
        Ok(())
    })?;
    git(Some(repository), &["rev-parse", &format!("refs/heads/{branch}")])
}

fn import(
    repository: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take().ok_or_else(|| io::Error::other("no pipe"))?;
    let mut out = BufWriter::with_capacity(1 << 20, input);
    write(&mut out)?;
    out.flush()?;
    drop(out);
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("fast-import: {status}"))) }
}

/// Series that were forked some time before they were merged, as a project's history is.
fn write_history(out: &mut dyn io::Write, size: Size) -> io::Result<()> {
    let mut made = 0;
    commit(out, "master", &mut made, None, None)?;
    for file in 0..size.files() {
        write_file(out, size, file, 0)?;
    }
    let ci = r#"{"build": {"script": "true"}}"#;
    write!(out, "M 100644 inline .gitlab-ci.yml\ndata {}\n{ci}\n", ci.len())?;
    let mut tips = vec![made];
    for series in 1..=size.series {
        let back = usize::try_from(series * 7 % 5).unwrap_or_default().min(tips.len() - 1);
        let mut from = tips[tips.len() - 1 - back];
        let mut changed = Vec::new();
        for number in 0..SERIES_LENGTH {
            let file = (series * 53 + number * 7) % size.files();
            commit(out, "topic", &mut made, Some(from), None)?;
            write_file(out, size, file, made)?;
            changed.push((file, made));
            from = made;
        }
        let onto = tips[tips.len() - 1];
        commit(out, "master", &mut made, Some(onto), Some(from))?;
        for (file, version) in changed {
            write_file(out, size, file, version)?;
        }
        tips.push(made);
    }
    Ok(())
}

fn commit(
    out: &mut dyn io::Write,
    branch: &str,
    made: &mut u64,
    from: Option<u64>,
    merged: Option<u64>,
) -> io::Result<()> {
    *made += 1;
    let who = format!("A Maintainer <m{}@maintainers.example> {} +0000", *made % 50, at(*made));
    let about = format!("subsystem {}: change {made}\n\nWhat it does and why.\n", *made % 90);
    write!(out, "commit refs/heads/{branch}\nmark :{made}\nauthor {who}\ncommitter {who}\n")?;
    write!(out, "data {}\n{about}", about.len())?;
    if let Some(from) = from {
        writeln!(out, "from :{from}")?;
    }
    if let Some(merged) = merged {
        writeln!(out, "merge :{merged}")?;
    }
    Ok(())
}

fn at(commit: u64) -> u64 {
    BEGINNING + commit * STEP
}

/// A version of a file: some text of its own, in which the version changed a line.
fn write_file(out: &mut dyn io::Write, size: Size, file: u64, version: u64) -> io::Result<()> {
    let (one, two) = (file / 10 % size.directories, file / 10 / size.directories);
    let mut content = String::new();
    let mut random = file.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for line in 0..LINES {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let shown = if line == version % LINES { random ^ version } else { random };
        let _never = writeln!(content, "    value_{line} = compute(0x{shown:016x}, {file});");
    }
    let path = format!("dir{one:02}/sub{two:02}/file{}.c", file % 10);
    write!(out, "M 100644 inline {path}\ndata {}\n{content}\n", content.len())
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
