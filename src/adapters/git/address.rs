//! Which addresses lie inside the operator's network, or nowhere: a fetch for a stranger's mail
//! must not reach them. Pure; it judges one address as resolved, never a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Says whether a fetch may connect to an address.
///
/// Everything is refused that the registries of special-purpose addresses do not call globally
/// reachable (IANA, RFC 6890), IPv6 forms that carry an IPv4 address included, unless `allowed`
/// names the very address.
///
/// # Errors
/// One clause that says what kind of address it is.
pub(crate) fn check(address: IpAddr, allowed: &[IpAddr]) -> Result<(), &'static str> {
    let plain = address.to_canonical();
    if allowed.iter().any(|one| one.to_canonical() == plain) {
        return Ok(());
    }
    match plain {
        IpAddr::V4(v4) => inside_v4(v4).map_or(Ok(()), Err),
        IpAddr::V6(v6) => inside_v6(v6).map_or(Ok(()), Err),
    }
}

fn inside_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, ..] = address.octets();
    if address.is_loopback() {
        Some("a loopback address")
    } else if a == 0 {
        Some("an unspecified address")
    } else if address.is_private() {
        Some("a private address")
    } else if address.is_link_local() {
        Some("a link-local address")
    } else if a == 100 && b & 0xc0 == 64 {
        Some("a carrier's internal address")
    } else if address.is_multicast() {
        Some("a multicast address")
    } else if is_reserved_v4(address) {
        Some("a reserved address")
    } else {
        None
    }
}

/// Protocol assignments, documentation, benchmarking, future use, and a cloud's metadata server
/// that lies among public addresses.
fn is_reserved_v4(address: Ipv4Addr) -> bool {
    const METADATA: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    let [a, b, c, _] = address.octets();
    a >= 240
        || address == METADATA
        || matches!((a, b, c), (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113))
        || (a == 198 && b & 0xfe == 18)
}

fn inside_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(v4) = carried_v4(address) {
        return inside_v4(v4).or(Some("an IPv6 form of an IPv4 address"));
    }
    let first = address.segments()[0];
    if address.is_loopback() {
        Some("a loopback address")
    } else if address.is_unspecified() {
        Some("an unspecified address")
    } else if address.is_multicast() {
        Some("a multicast address")
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 {
        Some("a private address")
    } else if first & 0xffc0 == 0xfe80 {
        Some("a link-local address")
    } else if first & 0xe000 != 0x2000 || is_reserved_v6(address) {
        Some("a reserved address")
    } else {
        None
    }
}

/// The IPv4 address in an IPv6 one: compatible (RFC 4291), 6to4 (RFC 3056), NAT64 (RFC 6052 and
/// RFC 8215), ISATAP (RFC 5214), Teredo (RFC 4380). Mapped ones are canonical IPv4 by then.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, _, _, _, _, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x2001, 0, .., high, low] => Some(v4(!high, !low)),
        [.., 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

/// Documentation, benchmarking and other protocol assignments under 2001::/23, and 3fff::/20.
fn is_reserved_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    (s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8)) || (s[0] == 0x3fff && s[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str) -> bool {
        check(address.parse().unwrap(), &[]).is_err()
    }

    #[test]
    fn addresses_inside_the_operators_network_are_refused() {
        for inside in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.88.99.1",
        ] {
            assert!(refused(inside), "{inside}");
        }
    }

    #[test]
    fn ipv6_forms_of_inside_addresses_are_refused() {
        for inside in [
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "100::1",
            "fe80::5efe:a00:1",
            "2600::5efe:a00:1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(refused(inside), "{inside}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for outside in [
            "8.8.8.8",
            "140.82.121.3",
            "172.32.0.1",
            "100.128.0.1",
            "192.167.0.1",
            "2606:4700::1111",
            "2a04:4e42::1",
            "::ffff:8.8.8.8",
            "2001:4860:4860::8888",
        ] {
            assert!(!refused(outside), "{outside}");
        }
    }

    #[test]
    fn an_exception_is_for_that_address_in_any_of_its_forms() {
        let allowed = ["127.0.0.1".parse().unwrap()];
        assert!(check("127.0.0.1".parse().unwrap(), &allowed).is_ok());
        assert!(check("::ffff:127.0.0.1".parse().unwrap(), &allowed).is_ok());
        assert!(check("127.0.0.2".parse().unwrap(), &allowed).is_err());
        assert!(check("::1".parse().unwrap(), &allowed).is_err());
    }
}
