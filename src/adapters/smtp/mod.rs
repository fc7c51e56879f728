//! SMTP: one letter, one transaction, one answer.
