//! The one file that joins a configuration, the adapters and the bot.
