//! An mbox such as a project's list has: series of patches, answers to them, talk, and seven pull
//! requests in a thousand. The same number of mails is the same bytes each time.

use std::io::{self, Write};

/// Changes when what is written does, so that no old archive is measured.
pub(crate) const EDITION: u32 = 1;

const WORDS: [&str; 24] = [
    "block",
    "queue",
    "memory",
    "the",
    "driver",
    "when",
    "a",
    "request",
    "is",
    "completed",
    "we",
    "should",
    "not",
    "hold",
    "lock",
    "here",
    "because",
    "timer",
    "of",
    "device",
    "state",
    "and",
    "migration",
    "fails",
];
const PEOPLE: [&str; 6] = [
    "Ann Example <ann@maintainers.example>",
    "=?UTF-8?q?J=C3=B6rg_Beispiel?= <joerg@maintainers.example>",
    "Chen Muster <chen@work.example>",
    "\"Dana P. Sample\" <dana@work.example>",
    "Eve Exemplar via <devel@lists.example>",
    "Farid Voorbeeld <farid@home.example>",
];

/// Writes that many mails.
///
/// # Errors
/// `to` can't be written to.
pub(crate) fn write(mails: u64, to: &mut impl Write) -> io::Result<()> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for number in 0..mails {
        // In a thousand: 7 requests, 90 patches that a request sends along, 450 patches, 380
        // answers, of which 25 to requests, and talk.
        match dice.below(1000) {
            0..7 => request(number, &mut dice, to)?,
            7..97 => patch(number, "PULL", &mut dice, to)?,
            97..547 => patch(number, "PATCH v2", &mut dice, to)?,
            547..572 => answer(number, "[PULL 00/12] Block patches", &mut dice, to)?,
            572..927 => answer(number, "[PATCH 3/8] block: hold the lock", &mut dice, to)?,
            _ => talk(number, &mut dice, to)?,
        }
    }
    to.flush()
}

fn request(number: u64, dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    header(number, &format!("[PULL 00/12] Patches of day {number}"), dice, to)?;
    let (base, tip) = (dice.sha(), dice.sha());
    write!(
        to,
        "The following changes since commit {base}:\n\n  Merge of the day (2026-01-02 10:15:00)\n\n\
         are available in the Git repository at:\n\n  https://git.example/ann/project.git \
         tags/pull-{number}\n\nfor you to fetch changes up to {tip}:\n\n"
    )?;
    prose(2, dice, to)?;
    for _ in 0..12 {
        writeln!(to, "      {}", sentence(6, dice))?;
    }
    write!(to, "\n-- \n2.47.1\n\n")
}

fn patch(number: u64, prefix: &str, dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    let (of, subject) = (1 + dice.below(12), sentence(5, dice));
    header(number, &format!("[{prefix} {of:02}/12] block: {subject}"), dice, to)?;
    prose(1, dice, to)?;
    write!(to, "Signed-off-by: {}\n---\n block/queue.c | 20 +++---\n\n", PEOPLE[0])?;
    for _ in 0..=dice.below(5) {
        hunk(dice, to)?;
    }
    write!(to, "-- \n2.47.1\n\n")
}

fn hunk(dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    let line = dice.below(2000);
    write!(
        to,
        "diff --git a/block/queue.c b/block/queue.c\nindex 0123456789..9876543210 100644\n\
         --- a/block/queue.c\n+++ b/block/queue.c\n@@ -{line},9 +{line},11 @@ static int queue(void)\n"
    )?;
    for _ in 0..4 + dice.below(14) {
        let mark = [" ", " ", "+", "-"][dice.below(4) as usize];
        writeln!(to, "{mark}    {};", sentence(6, dice))?;
    }
    Ok(())
}

fn answer(number: u64, to_what: &str, dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    header(number, &format!("Re: {to_what}"), dice, to)?;
    writeln!(to, "On Fri, 2 Jan 2026 at 10:15, {} wrote:", PEOPLE[0])?;
    for _ in 0..2 + dice.below(3) {
        for _ in 0..3 + dice.below(12) {
            writeln!(to, "> {}", sentence(10, dice))?;
        }
        writeln!(to)?;
        prose(1, dice, to)?;
    }
    Ok(())
}

fn talk(number: u64, dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    let subject = sentence(7, dice);
    header(number, &subject, dice, to)?;
    let paragraphs = 2 + dice.below(6);
    prose(paragraphs, dice, to)?;
    // What an mbox quotes.
    write!(to, ">From here on: {}\n\n", sentence(8, dice))
}

/// The header that such a mail has after a list and two servers have handled it.
fn header(number: u64, subject: &str, dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    let from = PEOPLE[dice.below(PEOPLE.len() as u64) as usize];
    writeln!(to, "From devel-bounces@lists.example Fri Jan  2 10:15:00 2026")?;
    for server in ["mx", "lists"] {
        write!(
            to,
            "Received: from out.example ([192.0.2.7])\n\tby {server}.lists.example with ESMTPS\n\
             \tid {}; Fri, 02 Jan 2026 10:15:00 +0000\n",
            dice.sha()
        )?;
    }
    writeln!(to, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example; s=2026;")?;
    for _ in 0..4 {
        writeln!(to, "\t{}{}", dice.sha(), &dice.sha()[..28])?;
    }
    write!(
        to,
        "From: {from}\nTo: devel@lists.example\nCc: ann@maintainers.example,\n \
         joerg@maintainers.example\nSubject: {subject}\nDate: Fri, 2 Jan 2026 10:15:00 +0000\n\
         Message-ID: <{number}.{}@example>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\
         List-Id: <devel.lists.example>\nList-Post: <mailto:devel@lists.example>\n\n",
        &dice.sha()[..12]
    )
}

fn prose(paragraphs: u64, dice: &mut Dice, to: &mut impl Write) -> io::Result<()> {
    for _ in 0..paragraphs {
        for _ in 0..2 + dice.below(5) {
            writeln!(to, "{}", sentence(11, dice))?;
        }
        writeln!(to)?;
    }
    Ok(())
}

fn sentence(words: usize, dice: &mut Dice) -> String {
    let words: Vec<&str> =
        (0..words).map(|_| WORDS[dice.below(WORDS.len() as u64) as usize]).collect();
    words.join(" ")
}

/// Numbers that look as if by chance (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 20) % limit
    }

    fn sha(&mut self) -> String {
        format!("{:016x}{:016x}{:08x}", self.next(), self.next(), self.next() as u32)
    }
}
