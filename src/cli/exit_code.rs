//! How a subcommand ends that a fault kept from its work.

use std::process::ExitCode;

use super::text::safe;
use crate::ports::{Fault, FaultKind};

/// Says what went wrong, and with which exit code.
pub(super) fn failed(fault: &Fault) -> ExitCode {
    eprintln!("gatepost: {}", safe(&fault.detail));
    ExitCode::from(match fault.kind {
        FaultKind::Temporary => 75,
        FaultKind::Misconfigured | FaultKind::Permanent => 78,
        FaultKind::Bug => 70,
    })
}
