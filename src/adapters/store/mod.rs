//! What the bot remembers: records in sled, mails, letters and logs as files.
