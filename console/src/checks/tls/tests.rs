//! The rules of this suite on what no twin can wait for.

use rstest::rstest;
use time::{Duration, OffsetDateTime};

use super::certificate::{hash, lifetime, strength};
use crate::http::tls::{Certificate, Key};
use crate::run::Finding::{self, Broken, Held, Weak};

#[rstest]
#[case::fresh(90, 60, Held)]
#[case::two_weeks(90, 14, Held)]
#[case::late(90, 13, Weak)]
#[case::short_lived_and_fresh(6, 4, Held)]
#[case::short_lived_and_late(6, 1, Weak)]
#[case::expired(90, -1, Broken)]
#[case::of_tomorrow(90, 91, Broken)]
fn a_certificate_needs_time_for_a_renewal_that_goes_wrong(#[case] life: i64, #[case] left: i64, #[case] finding: Finding) {
    let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
    let not_after = now + Duration::days(left) + Duration::hours(1);
    let certificate = Certificate {
        subject: "CN=a".into(),
        issuer: "CN=b".into(),
        names: Vec::new(),
        not_before: not_after - Duration::days(life),
        not_after,
        key: Key::Edwards,
        signature: String::new(),
    };
    assert_eq!(lifetime(&certificate, now).finding, finding);
}

#[rstest]
#[case(Key::Rsa(1024), Broken)]
#[case(Key::Rsa(2048), Held)]
#[case(Key::Curve(224), Broken)]
#[case(Key::Curve(256), Held)]
#[case(Key::Edwards, Held)]
#[case(Key::Other("1.2.3".into()), Weak)]
fn keys_are_judged_by_their_size(#[case] key: Key, #[case] finding: Finding) {
    assert_eq!(strength(&key).finding, finding);
}

#[rstest]
#[case::sha1_rsa("1.2.840.113549.1.1.5", Broken)]
#[case::sha1_ecdsa("1.2.840.10045.4.1", Broken)]
#[case::sha256_ecdsa("1.2.840.10045.4.3.2", Held)]
#[case::ed25519("1.3.101.112", Held)]
fn signatures_are_judged_by_their_hash(#[case] identifier: &str, #[case] finding: Finding) {
    assert_eq!(hash(identifier).finding, finding);
}
