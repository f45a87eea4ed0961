//! Origins that are not on the allowlist: families of them, each made to slip through one mistake in matching.
//!
//! Owns the generator alone. Everything is derived from a declared origin, the host of the API and a random label, never from a list of
//! sites, so that the same mistakes are found on servers never seen.

use crate::target::Origin;

/// One foreign `Origin`, or a pair of headers of which at least one is foreign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// How evidence calls it: the value itself, shortened where it is long.
    pub(super) name: String,
    /// The values, one header each.
    pub(super) values: Vec<Vec<u8>>,
}

impl Foreign {
    pub(super) fn one(value: impl AsRef<[u8]>) -> Self {
        Self::many(&[value.as_ref()])
    }

    fn many(values: &[&[u8]]) -> Self {
        let shown: Vec<_> = values.iter().map(|value| shortened(value)).collect();
        Self { name: shown.join(" + "), values: values.iter().map(|value| value.to_vec()).collect() }
    }
}

fn shortened(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    if text.is_empty() {
        return "an empty value".to_owned();
    }
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), value.len()),
        None => text.into_owned(),
    }
}

/// What a family is derived from.
#[derive(Clone, Debug)]
pub(super) struct Seed {
    /// The declared origin: `https://app.example.com`.
    pub(super) allowed: Origin,
    /// The host of the API.
    pub(super) api: String,
    /// A label that nobody owns.
    pub(super) random: String,
}

/// Makes the foreign origins of one mistake.
pub(super) type Family = fn(&Seed) -> Vec<Foreign>;

/// The members of a family that are off the allowlist: what no declared origin is sent as.
pub(super) fn off_list(family: Family, seed: &Seed, declared: impl Fn(&[u8]) -> bool) -> Vec<Foreign> {
    let mut all = family(seed);
    all.retain(|foreign| !foreign.values.iter().all(|value| declared(value)));
    all
}

impl Seed {
    pub(super) fn host(&self) -> &str {
        self.allowed.host()
    }

    /// The declared origin with another host; scheme and port stay.
    fn at(&self, host: &str) -> String {
        let port = self.allowed.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.allowed.scheme())
    }

    /// Host without its first label: `example.com`; `None` for a host of one label and for addresses.
    pub(super) fn parent(&self) -> Option<&str> {
        named(self.host()).then(|| self.host().split_once('.').map(|(_, parent)| parent)).flatten()
    }

    pub(super) fn first_label(&self) -> &str {
        self.host().split('.').next().unwrap_or_default()
    }

    pub(super) fn at_each(&self, hosts: impl IntoIterator<Item = String>) -> Vec<Foreign> {
        hosts.into_iter().map(|host| Foreign::one(self.at(&host))).collect()
    }
}

/// Whether a host is a name rather than an address.
fn named(host: &str) -> bool {
    !host.starts_with('[') && host.chars().any(|c| c.is_ascii_alphabetic())
}

pub(super) fn each(values: impl IntoIterator<Item = String>) -> Vec<Foreign> {
    values.into_iter().map(Foreign::one).collect()
}

/// Sites that anybody could own.
pub(super) fn random(seed: &Seed) -> Vec<Foreign> {
    let r = &seed.random;
    let tld = seed.host().rsplit('.').next().filter(|tld| named(tld)).unwrap_or("com");
    each([format!("https://{r}.com"), format!("http://{r}.com"), format!("https://www.{r}.{tld}:8443"), format!("https://{r}")])
}

/// What sandboxed frames, local files and some redirects send.
pub(super) fn null(_: &Seed) -> Vec<Foreign> {
    vec![Foreign::one("null")]
}

/// The allowed host over another scheme, above all without TLS.
pub(super) fn scheme(seed: &Seed) -> Vec<Foreign> {
    let rest = seed.at(seed.host());
    let (own, rest) = rest.split_once("://").unwrap_or(("https", seed.host()));
    let others = ["http", "https", "ws", "ftp"].into_iter().filter(|scheme| *scheme != own);
    each(others.map(|scheme| format!("{scheme}://{rest}")))
}

/// The allowed origin as the beginning of another host.
pub(super) fn suffix(seed: &Seed) -> Vec<Foreign> {
    let (host, r) = (seed.host(), &seed.random);
    let mut all = seed.at_each([format!("{host}.{r}.com"), format!("{host}.br")]);
    all.push(Foreign::one(format!("{}.{r}.com", seed.allowed)));
    all
}

/// The allowed origin as the beginning of another host, without a dot between.
pub(super) fn joined(seed: &Seed) -> Vec<Foreign> {
    let (host, r) = (seed.host(), &seed.random);
    seed.at_each([format!("{host}{r}.com"), format!("{host}-{r}.com"), format!("{host}{r}")])
}

/// The allowed host as the end of another host.
pub(super) fn prefix(seed: &Seed) -> Vec<Foreign> {
    let (host, r) = (seed.host(), &seed.random);
    seed.at_each([format!("{r}{host}"), format!("{r}-{host}"), format!("www{host}")])
}

/// Hosts below the allowed one.
pub(super) fn subdomain(seed: &Seed) -> Vec<Foreign> {
    let (host, r) = (seed.host(), &seed.random);
    let mut all = seed.at_each([format!("{r}.{host}"), format!("a.{r}.{host}")]);
    all.push(Foreign::one(format!("http://{r}.{host}")));
    all
}

/// Every dot replaced, one at a time and all together: what an unescaped dot in a regular expression lets through.
pub(super) fn dots(seed: &Seed) -> Vec<Foreign> {
    let host = seed.host();
    let one = host.match_indices('.').map(|(at, _)| {
        let (before, after) = host.split_at(at);
        format!("{before}x{}", after.get(1..).unwrap_or_default())
    });
    seed.at_each(one.chain([host.replace('.', "x"), host.replace('.', "-")]).filter(|other| other != host))
}

/// Other hosts below the same parent, other projects of the same platform, and the parent itself.
pub(super) fn sibling(seed: &Seed) -> Vec<Foreign> {
    let r = &seed.random;
    let Some(parent) = seed.parent() else { return Vec::new() };
    let mut all = seed.at_each([format!("{r}.{parent}"), format!("{r}{parent}"), parent.to_owned()]);
    all.push(Foreign::one(format!("https://{r}.vercel.app")));
    all
}

/// The allowed host on other ports.
pub(super) fn port(seed: &Seed) -> Vec<Foreign> {
    let base = format!("{}://{}", seed.allowed.scheme(), seed.host());
    let own = seed.allowed.port();
    let mut all: Vec<_> =
        [8443, 80, 3000, 0].into_iter().filter(|port| Some(*port) != own).map(|port| format!("{base}:{port}")).collect();
    if let Some(own) = own {
        all.extend([base.clone(), format!("{base}:{own}0")]);
    }
    each(all)
}

/// The allowed host as a fully qualified name: another origin to a browser.
pub(super) fn trailing_dot(seed: &Seed) -> Vec<Foreign> {
    seed.at_each([format!("{}.", seed.host())])
}

/// Other letter case than a browser would ever send.
pub(super) fn case(seed: &Seed) -> Vec<Foreign> {
    let text = seed.allowed.as_str();
    let scheme = text.replacen(seed.allowed.scheme(), &seed.allowed.scheme().to_uppercase(), 1);
    let mut forms = vec![seed.at(&seed.host().to_uppercase()), scheme, text.to_uppercase()];
    forms.retain(|form| form != text);
    forms.dedup();
    each(forms)
}

/// The allowed origin written as no browser writes it: explicit default port, path, query, user.
pub(super) fn unserialised(seed: &Seed) -> Vec<Foreign> {
    let text = &seed.allowed;
    let default = if text.scheme() == "https" { 443 } else { 80 };
    let port = text.port().is_none().then(|| format!("{text}:{default}"));
    let user = format!("{}://{}@{}", text.scheme(), seed.random, text.host());
    let forms = [format!("{text}/"), format!("{text}/{}", seed.random), format!("{text}?"), format!("{text}#"), user];
    each(port.into_iter().chain(forms))
}

/// First a character of each kind: of words, of host names, of neither; the encoded ones after the first of them.
const SPECIAL: [&str; 28] = [
    "_", "`", ";", "-", "%60", "!", "&", "{", "}", "|", "^", "~", "$", "'", "(", ")", "*", "+", ",", "=", "\"", "%0b", "%09",
    "%00", "<", ">", "[", "]",
];

/// A character that ends the host for some parsers, between the allowed host and a foreign one.
pub(super) fn special_right(seed: &Seed) -> Vec<Foreign> {
    seed.at_each(SPECIAL.map(|c| format!("{}{c}.{}.com", seed.host(), seed.random)))
}

/// The same on the left of the allowed host.
pub(super) fn special_left(seed: &Seed) -> Vec<Foreign> {
    seed.at_each(SPECIAL.map(|c| format!("{}.com{c}{}", seed.random, seed.host())))
}

/// Foreign URLs that hold the allowed origin in the user, path, query or fragment, and the other way round.
pub(super) fn url_parts(seed: &Seed) -> Vec<Foreign> {
    let (r, allowed, host) = (format!("{}.com", seed.random), seed.allowed.as_str(), seed.host());
    let left = |c: &str| format!("https://{r}{c}{host}");
    let whole = |c: &str| format!("https://{r}{c}{allowed}");
    let right = |c: &str| format!("{allowed}{c}{r}");
    let first = [right("@"), left("@"), whole("/"), left("#"), right("\\"), left("/"), left("?"), right("%40")];
    let others = ["\\@", "\\", "#@", "%2f", "/."].map(left).into_iter().chain(["?", "#"].map(whole));
    each(first.into_iter().chain(others).chain(["#@", "?@", ":443@"].map(right)))
}

/// Values that are no origin at all.
pub(super) fn malformed(seed: &Seed) -> Vec<Foreign> {
    let (allowed, host, r) = (seed.allowed.as_str(), seed.host(), format!("https://{}.com", seed.random));
    let lists = [format!("{allowed} {r}"), format!("{r} {allowed}"), format!("{allowed},{r}"), format!("{r}, {allowed}")];
    let bare = ["", "*"].map(str::to_owned);
    let cut = [host.to_owned(), format!("https://*.{host}"), format!("https://{}.com", "a".repeat(8180))];
    let mut all = each(lists.into_iter().chain(bare).chain(cut));
    all.push(Foreign::one([allowed.as_bytes(), b"\xa0"].concat()));
    all.push(Foreign::one([b"https://\xff\xfe.", host.as_bytes()].concat()));
    all.extend(each(["https://".to_owned(), format!("https:{host}")]));
    all.extend(each([format!("null, {allowed}"), "://".to_owned(), "undefined".to_owned(), format!("//{host}")]));
    all
}

/// Hosts that look like the allowed one: homographs as browsers send them and as raw text, neighbouring top-level domains, slips of
/// the finger.
pub(super) fn lookalike(seed: &Seed) -> Vec<Foreign> {
    let host = seed.host();
    let cyrillic: String = host
        .chars()
        .map(|c| match c {
            'a' => 'а',
            'e' => 'е',
            'o' => 'о',
            'p' => 'р',
            'c' => 'с',
            other => other,
        })
        .collect();
    let encoded = url::Host::parse(&cyrillic).ok().map(|host| host.to_string());
    let swapped = host
        .rsplit_once('.')
        .filter(|_| named(host))
        .map(|(rest, _)| ["net", "org", "co", "app", "dev"].map(|tld| format!("{rest}.{tld}")));
    let doubled = host.chars().next().map(|first| format!("{first}{host}"));
    let all = encoded.into_iter().chain([cyrillic]).chain(doubled).chain(swapped.into_iter().flatten());
    seed.at_each(all.filter(|other| other != host))
}

/// Pieces of the allowed origin: what a search the wrong way round (`list.includes(origin)` on a string) lets through.
pub(super) fn piece(seed: &Seed) -> Vec<Foreign> {
    let (text, host) = (seed.allowed.as_str(), seed.host());
    let cut = text.get(..text.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let labels = host.rsplit_once('.').map(|(rest, _)| seed.at(rest));
    let first = seed.at(seed.first_label());
    let letter = host.get(..1).map(|letter| seed.at(letter));
    let shorter = host.get(1..).map(|rest| seed.at(rest));
    each([cut, first].into_iter().chain(labels).chain(letter).chain(shorter))
        .into_iter()
        .filter(|f| f.values != [text.as_bytes()])
        .collect()
}

/// Addresses instead of names.
pub(super) fn addresses(_: &Seed) -> Vec<Foreign> {
    let all = [
        "https://203.0.113.7",
        "http://192.168.1.10",
        "https://[2001:db8::7]",
        "http://10.0.0.1:3000",
        "https://3405803783",
        "http://169.254.169.254",
    ];
    each(all.map(str::to_owned))
}

/// Origins derived from the API's own host, for services that trust whatever resembles their own name.
pub(super) fn own_host(seed: &Seed) -> Vec<Foreign> {
    let (api, r) = (seed.api.trim_matches(['[', ']']), &seed.random);
    let mut hosts = vec![format!("{api}.{r}.com"), format!("{r}.com.{api}"), format!("{r}{api}"), format!("{api}{r}.com")];
    if let Some((_, parent)) = api.split_once('.').filter(|_| named(api)) {
        hosts.push(format!("{r}.{parent}"));
        hosts.push(format!("{r}{parent}"));
    }
    each(hosts.into_iter().filter(|_| !api.contains(':')).map(|host| format!("https://{host}")))
}

/// Two `Origin` headers, an allowed and a foreign one, in both orders, and `null` beside the allowed one.
pub(super) fn pair(seed: &Seed) -> Vec<Foreign> {
    let (allowed, foreign) = (seed.allowed.as_str().as_bytes(), format!("https://{}.com", seed.random));
    let foreign = foreign.as_bytes();
    vec![Foreign::many(&[allowed, foreign]), Foreign::many(&[foreign, allowed]), Foreign::many(&[b"null", allowed])]
}
