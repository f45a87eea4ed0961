//! Cards: one for each mistake in matching an origin.

use super::super::asked::{family_refused, malformed_refused, pair_refused, strangers_refused, unsent_refused};
use super::super::foreign as origins;
use super::super::left_in;
use super::super::surface::Reach;
use super::{Check, ONE_ORIGIN, foreign};
use crate::run::Severity::{High, Low, Medium};

pub(super) const RANDOM: Check = foreign(
    "cors.origin.random",
    High,
    "Sites that anybody could own are refused",
    "A service that echoes whatever Origin it is sent has no CORS policy at all: every page on the web may read its answers with the \
     visitor's token or cookies.",
    |cx| Box::pin(strangers_refused(cx)),
);

pub(super) const NULL: Check = foreign(
    "cors.origin.null",
    High,
    "The origin null is refused",
    "Sandboxed frames, data: documents and some redirects send `Origin: null`, so anybody can produce it. An allowlist with \"null\" in \
     it, often left from opening a local file, admits every site.",
    |cx| Box::pin(family_refused(cx, Reach::Whole, origins::null)),
);

pub(super) const SCHEME: Check = foreign(
    "cors.origin.scheme",
    High,
    "The allowed host without TLS is refused",
    "Whoever sits on the network path can answer for http://app.example.com. If that origin is let in, they read the API from a page \
     that they wrote themselves.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::scheme)),
);

pub(super) const SUFFIX: Check = foreign(
    "cors.origin.suffix",
    High,
    "Hosts that begin with an allowed one are refused",
    "startsWith, or a regular expression without an end anchor, takes https://app.example.com.attacker.com for the front end. Anybody \
     can register such a host.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::suffix)),
);

pub(super) const JOINED: Check = foreign(
    "cors.origin.suffix-joined",
    High,
    "Hosts that continue an allowed one without a dot are refused",
    "https://app.example.comattacker.com slips through the same missing anchor, and through fixes that only look for a dot.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::joined)),
);

pub(super) const PREFIX: Check = foreign(
    "cors.origin.prefix",
    High,
    "Hosts that end with an allowed one are refused",
    "endsWith, or a regular expression without a start anchor, takes https://attackerapp.example.com for the front end.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::prefix)),
);

pub(super) const SUBDOMAIN: Check = foreign(
    "cors.origin.subdomain",
    High,
    "Hosts below an allowed one are refused",
    "A wildcard for subdomains makes every forgotten or taken-over host below the front end as powerful as the front end itself.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::subdomain)),
);

pub(super) const DOTS: Check = foreign(
    "cors.origin.dots",
    High,
    "Hosts with another character for a dot are refused",
    "In a regular expression an unescaped dot matches any character: https://appxexample.com is then the front end, and free to \
     register. Each dot is replaced by itself, since often only some were escaped.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::dots)),
);

pub(super) const SIBLING: Check = foreign(
    "cors.origin.sibling",
    High,
    "Other hosts below the same parent are refused",
    "On a platform such as vercel.app the parent belongs to everybody: a pattern like *.vercel.app lets every customer's site in. On a \
     domain of one's own it lets in every host of the company.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::sibling)),
);

pub(super) const PREVIEW: Check = foreign(
    "cors.origin.preview",
    High,
    "Hosts that look like previews of the project are refused",
    "Preview hosts are named project-hash-scope.vercel.app and the like. Patterns that admit the team's own previews admit look-alikes, \
     since anybody may name a project so that it matches.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, left_in::preview)),
);

pub(super) const PLATFORMS: Check = foreign(
    "cors.origin.platforms",
    High,
    "Sites on shared platforms are refused",
    "A host on netlify.app, github.io or pages.dev costs nothing. Allowlists by platform are allowlists for everybody.",
    |cx| Box::pin(family_refused(cx, Reach::Platforms, left_in::platforms)),
);

pub(super) const LOOKALIKE: Check = foreign(
    "cors.origin.lookalike",
    High,
    "Hosts that resemble an allowed one are refused",
    "Homographs in punycode, other top-level domains and small slips are registered by attackers first. A fuzzy or normalising \
     comparison lets them in.",
    |cx| Box::pin(family_refused(cx, Reach::Rare, origins::lookalike)),
);

pub(super) const PIECE: Check = foreign(
    "cors.origin.piece",
    High,
    "Pieces of an allowed origin are refused",
    "If the allowlist is one string from the environment, `allowlist.includes(origin)` searches text, not a list: https://app.example.co \
     is part of https://app.example.com, and so is let in.",
    |cx| Box::pin(family_refused(cx, Reach::Wide, origins::piece)),
);

pub(super) const OWN_HOST: Check = foreign(
    "cors.origin.own-host",
    High,
    "Origins that resemble the API's own host are refused",
    "Some services trust an origin when it contains their own host name, which only proves that the attacker knows whom they attack.",
    |cx| Box::pin(family_refused(cx, Reach::Rare, origins::own_host)),
);

pub(super) const STAGES: Check = foreign(
    "cors.origin.stages",
    Medium,
    "Undeclared stages of the front end are refused",
    "Staging, preview and development hosts run unreviewed code and often lack protection. If production lets one in that the declared \
     allowlist does not name, the configuration has drifted from what was decided.",
    |cx| Box::pin(family_refused(cx, Reach::Stages, left_in::stages)),
);

pub(super) const PORT: Check = foreign(
    "cors.origin.port",
    Medium,
    "Other ports of the allowed host are refused",
    "The port is part of the origin. A service on another port of the same host, such as an admin tool, is another program with other \
     holes.",
    |cx| Box::pin(family_refused(cx, Reach::EachOrigin, origins::port)),
);

pub(super) const DEVELOPMENT: Check = foreign(
    "cors.origin.development",
    High,
    "Developers' machines are refused",
    "Any program on a visitor's own computer can serve http://localhost:3000, and .local names are answered by whoever shares the \
     network. Such origins belong in development only.",
    |cx| Box::pin(family_refused(cx, Reach::Development, left_in::development)),
);

pub(super) const APPS: Check = foreign(
    "cors.origin.apps",
    High,
    "Web views and browser extensions are refused",
    "file://, capacitor://localhost and their like are shared by every application of that kind, and any browser extension has an origin \
     of its own. None of them says who is calling.",
    |cx| Box::pin(family_refused(cx, Reach::Listed, left_in::apps)),
);

pub(super) const ADDRESSES: Check = foreign(
    "cors.origin.addresses",
    Medium,
    "Addresses instead of names are refused",
    "A rule for office or private networks is a rule for every hostile page that is served from such an address.",
    |cx| Box::pin(family_refused(cx, Reach::Rare, origins::addresses)),
);

pub(super) const SPECIAL_RIGHT: Check = foreign(
    "cors.origin.special-right",
    Medium,
    "Special characters after an allowed host do not end it",
    "Some browsers accept characters such as _ or ` in host names, and some parsers stop at them: what follows is then ignored, and \
     https://app.example.com`.attacker.com is taken for the front end.",
    |cx| Box::pin(family_refused(cx, Reach::Rare, origins::special_right)),
);

pub(super) const SPECIAL_LEFT: Check = foreign(
    "cors.origin.special-left",
    Medium,
    "Special characters before an allowed host do not begin it",
    "The same mistake from the other side: a parser or pattern that starts afresh at a special character sees only the allowed host.",
    |cx| Box::pin(family_refused(cx, Reach::Rare, origins::special_left)),
);

pub(super) const URL_PARTS: Check = foreign(
    "cors.origin.url-parts",
    Medium,
    "An allowed host inside another URL is refused",
    "Comparing the parsed host of a value that is not an origin is a trap: user names, paths, queries and fragments can all hold the \
     allowed host, and parsers disagree about @, \\ and #.",
    |cx| Box::pin(unsent_refused(cx, Reach::Rare, origins::url_parts)),
);

pub(super) const TRAILING_DOT: Check = foreign(
    "cors.origin.trailing-dot",
    Low,
    "The allowed host with a trailing dot is refused",
    "https://app.example.com. is another origin to a browser and often another site to a platform. Letting it in shows that origins are \
     normalised before they are compared.",
    |cx| Box::pin(family_refused(cx, Reach::Rare, origins::trailing_dot)),
);

pub(super) const CASE: Check = foreign(
    "cors.origin.case",
    Low,
    "The allowed origin in capitals is refused",
    "Browsers send origins in lower case and compare by bytes. Whoever sends capitals is no browser; accepting them does little harm, \
     but shows that the comparison is not exact.",
    |cx| Box::pin(unsent_refused(cx, Reach::Rare, origins::case)),
);

pub(super) const UNSERIALISED: Check = foreign(
    "cors.origin.unserialised",
    Low,
    "The allowed origin in a form that no browser sends is refused",
    "An explicit default port, a trailing slash, a path or a user name never occur in an Origin header. A service that accepts them \
     parses and trims what it should compare.",
    |cx| Box::pin(unsent_refused(cx, Reach::Rare, origins::unserialised)),
);

pub(super) const MALFORMED: Check = foreign(
    "cors.origin.malformed",
    Low,
    "Values that are no origin are refused without a failure",
    "Lists, bare hosts, an asterisk, eight kilobytes or bytes outside ASCII come from attackers and broken clients alone. They must \
     neither be echoed nor make the service fail.",
    |cx| Box::pin(malformed_refused(cx)),
);

pub(super) const PAIR: Check = Check {
    remedy: ONE_ORIGIN,
    ..foreign(
        "cors.origin.pair",
        Low,
        "Two Origin headers do not let the foreign one in",
        "Where a proxy and the application each look at another of two Origin headers, one vouches for what the other lets in.",
        |cx| Box::pin(pair_refused(cx)),
    )
};
