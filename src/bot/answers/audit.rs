//! The audit trail, for people.

use super::safe;
use crate::pull::audit::AuditEntry;

/// One command on one line: when, who, how that was proved, what, and what came of it.
pub(crate) fn line(entry: &AuditEntry) -> String {
    let when = entry.at.strftime("%Y-%m-%d %H:%M:%S");
    let command = match entry.command.as_str() {
        "" => "a mail".to_owned(),
        command => format!("{:?}", safe(command)),
    };
    let sign = if entry.carried_out { "" } else { "NOT DONE: " };
    format!(
        "{when}  {} ({}) {command}: {sign}{}",
        safe(&entry.by.address),
        entry.by.how,
        safe(&entry.outcome)
    )
}
