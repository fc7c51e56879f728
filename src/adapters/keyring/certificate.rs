//! What an OpenPGP certificate says of its owner, and whether it says anything at all. It must not
//! know what the keyring's other files or commands say.

use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::ValidCert;

use crate::pull::room::{LONGEST_ADDRESS, first_within};
use crate::pull::signer::{self, Scope};
use crate::pull::tag::Signer;

/// Bytes of a certificate's addresses, as a record has them: a command may add one more.
const ADDRESSES: usize = signer::ADDRESSES - LONGEST_ADDRESS - 3;

/// What the keyring says about a certificate's owner.
pub(crate) fn signer(cert: &ValidCert<'_>) -> Signer {
    let key = cert.fingerprint().to_hex();
    let addresses = addresses(cert.cert());
    let primary = cert.primary_userid().ok();
    let name = primary.and_then(|id| {
        let id = id.userid();
        let name = id.name().ok().flatten().map(str::to_owned);
        name.or_else(|| Some(String::from_utf8_lossy(id.value()).into_owned()))
    });
    let printable = |name: String| name.chars().filter(|c| !c.is_control()).collect::<String>();
    let name = name
        .map(printable)
        .filter(|name| !name.is_empty())
        .or_else(|| addresses.first().cloned())
        .unwrap_or_else(|| key.clone());
    Signer { key, name, addresses, scope: Scope::default() }
}

/// The addresses that a certificate's owner put into it: not what others added without the
/// owner's signature, nor what the owner revoked. Expiry is no matter here: whose key has expired
/// is still who they are. A record has to hold all of them: the first ones count, in the order in
/// which Sequoia sorts them.
pub(crate) fn addresses(cert: &Cert) -> Vec<String> {
    let all = all_addresses(cert).into_iter();
    first_within(all.filter(|address| address.len() <= LONGEST_ADDRESS), ADDRESSES)
}

/// How many addresses of a certificate do not count, because they are too many or too long.
pub(crate) fn left_out(cert: &Cert) -> usize {
    all_addresses(cert).len() - addresses(cert).len()
}

fn all_addresses(cert: &Cert) -> Vec<String> {
    let mut addresses = Vec::new();
    for id in cert.userids() {
        let own = id.self_signatures().next().is_some();
        let withdrawn = id.self_revocations().next().is_some();
        if let (true, false, Ok(Some(address))) = (own, withdrawn, id.userid().email()) {
            let address = address.to_owned();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// What a certificate calls whoever has that address.
pub(crate) fn name_of(cert: &Cert, address: &str) -> Option<String> {
    let address = address.to_lowercase();
    let mut own = cert.userids().filter(|id| id.self_signatures().next().is_some());
    let id = own.find(|id| {
        id.userid().email().ok().flatten().is_some_and(|own| own.to_lowercase() == address)
    })?;
    let name: String =
        id.userid().name().ok().flatten()?.chars().filter(|c| !c.is_control()).collect();
    (!name.is_empty()).then_some(name)
}

/// Whether the key says anything about itself: Sequoia reads the beginning of a cut file as a
/// certificate without signatures. A lone revocation is enough.
pub(super) fn is_bound(certificate: &Cert) -> bool {
    let primary = certificate.primary_key();
    primary.self_signatures().next().is_some()
        || primary.self_revocations().next().is_some()
        || certificate.userids().any(|id| id.self_signatures().next().is_some())
}
