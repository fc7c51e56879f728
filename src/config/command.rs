//! The section `[command]`.

use toml::de::DeValue;

use super::model::{Bot, Command, Dkim};
use super::net;
use super::reader::Table;
use super::value::{self, Wrong, quoted, wrong};
use crate::pull::ids::AccountName;

/// The values of `dkim`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    MailServers,
    Nobodys,
}

/// The section into its part of the model; commands go to the bot's own address by default.
pub(super) fn command(table: &Table<'_>, bot: Option<&Bot>) -> Option<Command> {
    let account = table.get("account", value::name);
    let folder = table.get("folder", value::text);
    let address = table.optional("address", net::address);
    let window = table.get("window", value::duration);
    let mails_per_hour = table.get("mails_per_hour", value::count);
    let whose = table.get("dkim", whose);
    let authserv_id = table.optional("authserv_id", authserv_id);
    let resolvers = table.list("resolvers", net::resolver);
    let dkim = match whose? {
        Whose::Nobodys => Dkim::Off,
        Whose::Own => Dkim::Verify { resolvers: resolvers? },
        Whose::MailServers => match authserv_id? {
            Some(authserv_id) => Dkim::Header { authserv_id },
            None => {
                let is = "is \"header\", and no `authserv_id` says whose header";
                let help = "write the name that your mail server puts first into \
                            Authentication-Results";
                table.note("dkim", is, help);
                return None;
            }
        },
    };
    Some(Command {
        account: AccountName::new(account?),
        folder: folder?,
        address: match address? {
            Some(address) => address,
            None => bot?.from.address.clone(),
        },
        window: window?,
        mails_per_hour: mails_per_hour?,
        dkim,
    })
}

fn whose(value: &DeValue<'_>) -> Result<Whose, Wrong> {
    let choices = [("verify", Whose::Own), ("header", Whose::MailServers), ("off", Whose::Nobodys)];
    value::choice(value, &choices)
}

/// The name of a server that authenticates mail (RFC 8601, section 2.5).
fn authserv_id(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = value::text(value)?;
    if text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"[]=".contains(&b)) {
        return Ok(text);
    }
    let is = format!("is {}, which is no server's name", quoted(&text));
    Err(wrong(is, "write what stands between \"Authentication-Results:\" and the first \";\""))
}
