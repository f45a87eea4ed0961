//! How much of us one caller can have: requests a second, bytes of body, seconds of time (OWASP API4:2023).
//!
//! This room owns the rate limiter and the numbers. Connection-level limits (header size, header time-out, how many
//! connections) belong to [`crate::listen`], since they act before there is a request.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::auth::Owner;
use crate::problem::Problem;

/// The largest body that is read, in bytes. The largest valid task is well under 16 KiB even with every character escaped.
pub(crate) const BODY_BYTES: usize = 64 * 1024;
/// How often forgotten callers are dropped from memory.
pub(crate) const SWEEP: Duration = Duration::from_secs(30);
/// How many callers are remembered between sweeps before a sweep is forced.
const CALLERS: usize = 100_000;
/// After how many requests they are counted.
const EVERY: u32 = 4096;
/// Railway's edge puts the client's address here; it is believed only behind that edge.
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Time limits of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the first byte of a request to the last byte of its headers, and also how long an idle connection is kept.
    pub(crate) headers: Duration,
    /// For the whole body to arrive.
    pub(crate) body: Duration,
    /// For the whole answer to be made, body included.
    pub(crate) answer: Duration,
    /// For requests in flight to end after SIGTERM.
    pub(crate) drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { headers: seconds(15), body: seconds(10), answer: seconds(25), drain: seconds(10) }
    }
}

/// A token bucket for each caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Tokens that come back each second.
    pub(crate) per_second: NonZeroU32,
    /// The size of the bucket.
    pub(crate) burst: NonZeroU32,
}

/// Whom a request counts against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A verified subject, wherever it calls from.
    Subject(Arc<str>),
    /// An IPv4 address.
    V4([u8; 4]),
    /// The /64 of an IPv6 address: one subscriber usually has all of it.
    V6([u16; 4]),
}

/// The rate limiter: one for the process, shared by all connections.
pub(crate) struct Limiter {
    buckets: DefaultKeyedRateLimiter<Key>,
    clock: DefaultClock,
    behind_edge: bool,
    admitted: AtomicU32,
}

impl Limiter {
    /// `behind_edge` says that a trusted proxy overwrites `X-Real-IP`.
    pub(crate) fn new(rate: Rate, behind_edge: bool) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self { buckets: RateLimiter::keyed(quota), clock: DefaultClock::default(), behind_edge, admitted: AtomicU32::new(0) }
    }

    /// Takes one token from the caller's bucket: the verified subject's if there is one, else the address's.
    pub(crate) fn admit(&self, owner: Option<&Owner>, peer: IpAddr, headers: &HeaderMap) -> Result<(), Problem> {
        let key = owner.map_or_else(|| self.address(peer, headers).into(), |owner| Key::Subject(owner.shared()));
        self.stay_small();
        self.buckets.check_key(&key).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now());
            Problem::TooManyRequests { retry_after: whole_seconds(wait) }
        })
    }

    /// Counting the buckets locks all of them, so it is done now and then.
    fn stay_small(&self) {
        let now_and_then = self.admitted.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY);
        if now_and_then && self.buckets.len() > CALLERS {
            self.sweep();
        }
    }

    /// Forgets the callers whose bucket is full again.
    pub(crate) fn sweep(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }

    /// Whom a request without a verified subject counts against. More than one `X-Real-IP`, or one that is no address, is
    /// not the edge's work: then the connection's own address counts.
    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut claimed = headers.get_all(X_REAL_IP).iter();
        match (self.behind_edge, claimed.next(), claimed.next()) {
            (true, Some(ip), None) => ip.to_str().ok().and_then(|ip| ip.parse().ok()).unwrap_or(peer),
            _ => peer,
        }
    }
}

impl From<IpAddr> for Key {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => Self::V6(network(v6)),
        }
    }
}

/// The first 64 bits, which providers hand to one subscriber as a whole (RFC 6177).
fn network(address: Ipv6Addr) -> [u16; 4] {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d]
}

/// `Retry-After` has no fractions: rounding down would invite a request that is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    let up = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(up).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, 1)]
    #[case(1, 1)]
    #[case(999, 1)]
    #[case(1000, 1)]
    #[case(1001, 2)]
    #[case(59_999, 60)]
    fn retry_after_is_rounded_up_and_never_zero(#[case] millis: u64, #[case] seconds: u64) {
        assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
    }

    fn limiter(behind_edge: bool) -> Limiter {
        let one = NonZeroU32::MIN;
        Limiter::new(Rate { per_second: one, burst: one }, behind_edge)
    }

    fn real_ip(values: &[&str]) -> HeaderMap {
        values.iter().map(|v| (X_REAL_IP, v.parse().unwrap())).collect()
    }

    #[test]
    fn x_real_ip_is_believed_only_behind_the_edge_and_only_when_single() {
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let client: IpAddr = "198.51.100.7".parse().unwrap();
        assert_eq!(limiter(true).address(peer, &real_ip(&["198.51.100.7"])), client);
        assert_eq!(limiter(true).address(peer, &real_ip(&["198.51.100.7", "203.0.113.9"])), peer);
        assert_eq!(limiter(true).address(peer, &real_ip(&["not an address"])), peer);
        assert_eq!(limiter(false).address(peer, &real_ip(&["198.51.100.7"])), peer);
    }

    #[test]
    fn one_ipv6_subscriber_is_one_caller_and_a_mapped_address_is_its_ipv4_self() {
        let key = |text: &str| Key::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }

    #[test]
    fn callers_are_forgotten_once_their_bucket_is_full_again() {
        let limiter = Limiter::new(Rate { per_second: NonZeroU32::new(1_000_000).unwrap(), burst: NonZeroU32::MIN }, false);
        for last in 0..200_u8 {
            let peer = IpAddr::from([192, 0, 2, last]);
            limiter.admit(None, peer, &HeaderMap::new()).unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
        limiter.sweep();
        assert_eq!(limiter.buckets.len(), 0);
    }
}
