//! Who is answered, and what the server says of itself.

use std::net::IpAddr;

use ipnet::IpNet;

/// The largest UDP answer that can be asked for, in octets: past it, the answer is lost with any of its many fragments.
pub const LARGEST_UDP: u16 = 4096;

/// The settings that an answer depends on, beside the zones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Networks whose queries are answered; others are REFUSED.
    pub allow_query: Vec<IpNet>,
    /// Answers `version.bind CH TXT`; none: REFUSED.
    pub version: Option<String>,
    /// Answers `id.server CH TXT`; none: REFUSED.
    pub id: Option<String>,
    /// The NSID option's octets (RFC 5001), given to those who ask.
    pub nsid: Option<Vec<u8>>,
    /// The largest UDP answer, in octets, whatever the client can take; at most [`LARGEST_UDP`].
    pub udp_payload: u16,
}

impl Default for Policy {
    /// Everybody is answered, with at most 1,232 octets over UDP, which no network on the way cuts in two (DNS flag day
    /// 2020: IPv6's least MTU of 1,280 less 48 octets of headers).
    fn default() -> Self {
        let everybody = [IpNet::from(ipnet::Ipv4Net::default()), IpNet::from(ipnet::Ipv6Net::default())];
        Self { allow_query: everybody.to_vec(), version: None, id: None, nsid: None, udp_payload: 1232 }
    }
}

/// What stands for the served commit in what the server says of itself.
const COMMIT: &str = "{commit}";

/// What is said where no commit is served.
const NO_COMMIT: &str = "none";

impl Policy {
    /// The policy, but that everybody may ask.
    pub fn for_everybody(&self) -> Self {
        Self { allow_query: Self::default().allow_query, ..self.clone() }
    }

    /// Whether what the server says of itself depends on the commit that is served.
    pub fn tells_commit(&self) -> bool {
        let octets =
            [self.version.as_ref().map(String::as_bytes), self.id.as_ref().map(String::as_bytes), self.nsid.as_deref()];
        octets.into_iter().flatten().any(|octets| octets.windows(COMMIT.len()).any(|part| part == COMMIT.as_bytes()))
    }

    /// The policy with `{commit}` replaced by the commit's id in all that the server says of itself.
    pub fn telling(&self, commit: Option<&str>) -> Self {
        let commit = commit.unwrap_or(NO_COMMIT);
        let tell = |text: &String| text.replace(COMMIT, commit);
        let tell_octets = |octets: &Vec<u8>| match std::str::from_utf8(octets) {
            Ok(text) => text.replace(COMMIT, commit).into_bytes(),
            Err(_) => octets.clone(),
        };
        Self {
            version: self.version.as_ref().map(tell),
            id: self.id.as_ref().map(tell),
            nsid: self.nsid.as_ref().map(tell_octets),
            ..self.clone()
        }
    }

    /// Whether a client's queries are answered. An IPv4 client on an IPv6 socket is judged by its IPv4 address.
    pub fn allows(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        // Everybody, as most servers have it, is seen without arithmetic.
        let holds = |network: &IpNet| match (network, client) {
            (IpNet::V4(network), IpAddr::V4(client)) => network.prefix_len() == 0 || network.contains(&client),
            (IpNet::V6(network), IpAddr::V6(client)) => network.prefix_len() == 0 || network.contains(&client),
            _ => false,
        };
        self.allow_query.iter().any(holds)
    }
}
