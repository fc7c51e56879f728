//! What may go wrong at the stand-in mail server, told to it beforehand. It must not do any of
//! it: the SMTP and IMAP sides ask here, and act.

use std::collections::VecDeque;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At MAIL FROM.
    SmtpMail,
    /// At RCPT TO.
    SmtpRcpt,
    /// At DATA, before any of it.
    SmtpData,
    /// At the dot that ends the data.
    SmtpEndOfData,
    /// At LOGIN or AUTHENTICATE.
    ImapLogin,
    /// At SELECT or EXAMINE.
    ImapSelect,
    /// At SEARCH.
    ImapSearch,
    /// At FETCH.
    ImapFetch,
    /// At IDLE.
    ImapIdle,
}

/// What goes wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailFault {
    /// The command is not carried out. SMTP answers with the code and text; IMAP with `NO` and
    /// the text.
    Refuse {
        /// The SMTP reply code: 4xx or 5xx.
        code: u16,
        /// The text behind it.
        text: String,
    },
    /// The command is carried out, and the connection closed in place of the answer.
    LoseAnswer,
    /// The command is carried out, and the connection closed in the middle of the answer.
    CutAnswer,
    /// The connection is closed; the command is not carried out.
    Drop,
    /// Nothing is done or said any more until the client hangs up.
    Stall,
}

/// The faults that are still to strike, in the order they were told.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Moment, MailFault, u32)>);

impl Faults {
    /// Lets a fault strike the next `times` times.
    pub(super) fn expect(&mut self, moment: Moment, fault: MailFault, times: u32) {
        if times > 0 {
            self.0.push_back((moment, fault, times));
        }
    }

    /// The fault that strikes now, counted down.
    pub(super) fn strike(&mut self, moment: Moment) -> Option<MailFault> {
        let at = self.0.iter().position(|(when, _, _)| *when == moment)?;
        let (_, fault, left) = &mut self.0[at];
        *left -= 1;
        let fault = fault.clone();
        if *left == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }

    /// Forgets what has not struck.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_told_and_only_at_its_moment() {
        let mut faults = Faults::default();
        faults.expect(Moment::SmtpRcpt, MailFault::Drop, 2);
        faults.expect(Moment::SmtpRcpt, MailFault::Stall, 1);
        faults.expect(Moment::SmtpMail, MailFault::Stall, 0);
        assert_eq!(faults.strike(Moment::SmtpMail), None);
        assert_eq!(faults.strike(Moment::SmtpRcpt), Some(MailFault::Drop));
        assert_eq!(faults.strike(Moment::SmtpRcpt), Some(MailFault::Drop));
        assert_eq!(faults.strike(Moment::SmtpRcpt), Some(MailFault::Stall));
        assert_eq!(faults.strike(Moment::SmtpRcpt), None);
    }
}
