//! Mistakes as people make them, each in a zone that is right but for it: every row gives exactly the findings it says.

use crate::lint::{judge, zone_with};
use crate::support::headlines;

/// A key of 2048 bits, made for this test and thrown away.
const KEY: &str = include_str!("../fixtures/lint/rsa-2048.txt");

/// What somebody wrote, and the rules that tell of it.
const MISTAKES: &[(&str, &[&str])] = &[
    // SPF.
    (r#"@ TXT "v=spf1 ipv4:192.0.2.1 -all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 include:https://mail.test/ -all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 include:a.test" "include:b.test -all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 mx" "-all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 ip4:192.0.2.0/33 ip6:2001:db8::/129 -all""#, &["spf-syntax", "spf-syntax"]),
    (r#"@ TXT "v=spf1 ip4: 192.0.2.1 -all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1; mx; -all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1,mx,-all""#, &["spf-syntax"]),
    (r#"@ TXT "spf1 mx -all""#, &["spf-syntax"]),
    (r#"@ TXT " v=spf1 mx -all""#, &["spf-syntax"]),
    (r#"@ TXT "\"v=spf1 mx -all\"""#, &["spf-syntax"]),
    (r#"@ TXT v=spf1 mx -all"#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 redirect:a.test""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 mx –all""#, &["spf-syntax"]),
    (r#"@ TXT "v=spf1 mx all""#, &["spf-allows-all"]),
    (r#"@ TXT "v=spf1 ip4:0.0.0.0/0 -all""#, &["spf-allows-all"]),
    (r#"@ TXT "v=spf1 -all mx""#, &["spf-after-all"]),
    (r#"@ TXT "v=spf1 -all redirect=a.test""#, &["spf-after-all"]),
    (r#"@ TXT “v=spf1 mx -all”"#, &["odd-quotes"]),
    (r#"@ TXT 'v=spf1 mx -all'"#, &["odd-quotes"]),
    (r#"x TXT „verify me“"#, &["odd-quotes"]),
    (r#"x TXT 'tis"#, &[]),
    // DMARC.
    (r#"_dmarc TXT "v=DMARC1 p=reject""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1, p=reject""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMRAC1; p=reject""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=dmarc1; p=reject""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "p=reject; v=DMARC1""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=rejct""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p:reject""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; rua=dmarc@a.test""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; rua=mailto:dmarc""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; rua=mailto:a@a.test; mailto:b@a.test""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; rau=mailto:a@a.test""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; pct=200""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; adkim=strict""#, &["dmarc-syntax"]),
    (r#"_dmarc TXT "v=DMARC1; p=none; p=reject""#, &["dmarc-syntax"]),
    ("_dmarc TXT \"v=DMARC1; p=none\"\n_dmarc TXT \"v=DMARC1; p=reject\"", &["dmarc-syntax"]),
    (r#"dmarc TXT "v=DMARC1; p=none""#, &["misplaced-record"]),
    // DKIM; KEY stands for a good one, which is cut, doubled or spoilt.
    (r#"s._domainkey TXT "v=DKIM1; k=rsa; p=KEY""#, &[]),
    (r#"s._domainkey TXT "v=DKIM1; k=rsa; p=KEYKEY""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM1; k=rsa; p=\"KEY""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM1; k=rsa; p=-----BEGIN PUBLIC-----KEY""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM1; k=ed25519; p=KEY""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM1; k=rsa; KEY""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM1; k=rsa""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM2; k=rsa; p=KEY""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "k=rsa; p=KEY; v=DKIM1""#, &["dkim-syntax"]),
    (r#"s._domainkey TXT "v=DKIM1 k=rsa p=KEY""#, &["dkim-syntax"]),
    ("s._domainkey TXT \"v=DKIM1; p=KEY\"\ns._domainkey TXT \"v=DKIM1; p=\"", &["dkim-syntax"]),
    (r#"s TXT "v=DKIM1; k=rsa; p=KEY""#, &["misplaced-record"]),
    // MTA-STS and TLS reporting.
    ("_mta-sts TXT \"v=STSv1; id=2026-01-01\"\nmta-sts A 192.0.2.1", &["mta-sts-incomplete"]),
    ("_mta-sts TXT \"v=STSv1\"\nmta-sts A 192.0.2.1", &["mta-sts-incomplete"]),
    ("_mta-sts TXT \"v=STSv2; id=1\"\nmta-sts A 192.0.2.1", &["mta-sts-incomplete"]),
    (r#"_smtp._tls TXT "v=TLSRPT1; rua=mailto:a@a.test""#, &["tlsrpt-syntax"]),
    (r#"_smtp._tls TXT "v=TLSRPTv1""#, &["tlsrpt-syntax"]),
    (r#"_tls TXT "v=TLSRPTv1; rua=mailto:a@a.test""#, &[]),
    // CAA.
    (r#"@ CAA 0 issue "letsencrypt.org digicert.com""#, &["caa-syntax"]),
    (r#"@ CAA 0 issue "letsencrypt.org, digicert.com""#, &["caa-syntax"]),
    (r#"@ CAA 0 issue "letsencrypt.org.""#, &["caa-syntax"]),
    (r#"@ CAA 0 issue "letsencrypt.org; dns-01""#, &["caa-syntax"]),
    (r#"@ CAA 0 isue "letsencrypt.org""#, &["caa-syntax"]),
    (r#"@ CAA 1 issue "letsencrypt.org""#, &["caa-syntax"]),
    (r#"@ CAA 0 iodef "security@a.test""#, &["caa-syntax"]),
    (r#"@ CAA 0 issue "letsencypt.org""#, &["caa-lookalike"]),
    (r#"@ CAA 0 issue "digicert.org""#, &["caa-lookalike"]),
    // TLSA and SRV.
    ("_25._tcp.mx TLSA 3 1 1 f2fb", &["tlsa-length"]),
    ("_25._tcp.mx TLSA 3 1 0 f2fb7417c329258cd573e76ec6e0b06607a8ec5325f9cb0fe60a57215ecf5534", &["tlsa-length"]),
    ("_25._tcp.mx TLSA 4 1 1 f2fb7417c329258cd573e76ec6e0b06607a8ec5325f9cb0fe60a57215ecf5534", &["tlsa-unusable"]),
    ("mx TLSA 3 1 1 f2fb7417c329258cd573e76ec6e0b06607a8ec5325f9cb0fe60a57215ecf5534", &["misplaced-record"]),
    ("ldap._tcp SRV 0 0 389 far.test.", &["misplaced-record"]),
    // SVCB.
    ("x HTTPS 0 far.test. alpn=h2", &["svcb-inconsistent"]),
    ("x HTTPS 0 x", &["svcb-inconsistent"]),
    ("x HTTPS 1 . ipv6hint=2001:db8::1\nx A 192.0.2.1", &["svcb-inconsistent"]),
    // Addresses.
    ("x.example A 192.0.2.1", &["owner-repeats-origin"]),
    ("example A 192.0.2.1", &["owner-repeats-origin"]),
    ("x A 192.168.1.1", &["private-address"]),
    ("x AAAA fe80::1", &["private-address"]),
    ("x AAAA ::ffff:192.0.2.1", &["private-address"]),
    ("x A 0.0.0.0", &["private-address"]),
];

#[test]
fn each_mistake_is_told_of_once() {
    let mut wrong = Vec::new();
    for (lines, wanted) in MISTAKES {
        let key = KEY.trim();
        let strings = format!("{}\" \"{}", &key[..200], &key[200..]);
        let text = lines.replace("KEYKEY", &format!("{strings}\" \"{strings}")).replace("KEY", &strings);
        let found = judge("example", &zone_with(&text), None);
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.name).collect();
        if codes != *wanted {
            wrong.push(format!("{lines}\n  wanted {wanted:?}, found {:#?}", headlines(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
