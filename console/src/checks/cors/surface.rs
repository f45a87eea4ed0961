//! Where origins are asked: the requests that an origin is put into.
//!
//! Owns the tiers. The first origins of each family are asked on one authenticated GET; the very first that browsers can send on a preflight as
//! well; a few representatives on the 401 and on every other status, route and method. An exhaustive run asks every origin on all three.

use super::super::specimens;
use super::super::users::path_of_nobody;
use super::super::{Act, Case, Context};
use super::foreign::{self, Family, Foreign, Seed};
use crate::http::{Probe, Trouble};
use crate::target::{Carrier, Origin};

/// Declared origins that foreign ones are derived from; the rest are proved to be let in, but not mutated.
const SEEDS: usize = 4;
/// Origins of one family that are asked when the most telling ones are enough; families put those first.
const TELLING: usize = 5;
/// The same where the members are no browser's, or a kind of character each.
const RARE: usize = 3;
/// The same where every member is a mistake of its own.
const LISTED: usize = 8;
/// The same for platforms.
const PLATFORMS: usize = 7;
/// The same for the names of stages.
const STAGES: usize = 8;
/// The same for what developers' machines send.
const DEVELOPMENT: usize = 16;
/// The same for values that are no origin.
const MALFORMED: usize = 9;

/// The surfaces of the first tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// GET of the collection with a token.
    Read,
    /// A preflight for a write to the collection.
    Preflight,
    /// GET of the collection without a token.
    Anonymous,
}

impl Surface {
    pub(super) const ALL: [Self; 3] = [Self::Read, Self::Preflight, Self::Anonymous];

    const fn words(self) -> &'static str {
        match self {
            Self::Read => "GET",
            Self::Preflight => "preflight",
            Self::Anonymous => "GET without token",
        }
    }

    /// The request without an `Origin`; `None` when it needs a token and there is none.
    fn bare(self, cx: &Context) -> Option<Probe> {
        match self {
            Self::Read => specimens::read(cx),
            Self::Preflight => Some(options(cx, &specimens::list_path(cx), "POST")),
            Self::Anonymous => Some(specimens::anonymous(cx)),
        }
    }

    /// One case with these values of `Origin`, none of them included.
    pub(super) fn case(self, cx: &Context, name: &str, origins: &[impl AsRef<[u8]>]) -> Option<Case> {
        let probe = origins.iter().fold(self.bare(cx)?, Probe::origin);
        Some(Case::new(format!("{} with {name}", self.words()), probe))
    }
}

/// The headers that a front end of this service asks for in a preflight: sorted, lower case, joined without a space (Fetch standard,
/// "CORS-preflight fetch").
pub(super) fn requested(cx: &Context) -> String {
    let of_token = match &cx.target.carrier {
        Carrier::Bearer | Carrier::Scheme(_) => Some("authorization".to_owned()),
        Carrier::Cookie(_) => cx.target.csrf.as_ref().map(|csrf| csrf.header.clone()),
        Carrier::Header(name) => Some(name.to_ascii_lowercase()),
    };
    let mut names: Vec<_> = of_token.into_iter().chain(["content-type".to_owned()]).collect();
    names.sort();
    names.join(",")
}

/// A preflight for `method` in the browser's form, without its `Origin`.
pub(super) fn options(cx: &Context, path: &str, method: &str) -> Probe {
    Probe::new("OPTIONS", path)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", requested(cx))
}

/// The path of an object: routers that know the type of an id (Flask's `<int:id>`) answer a preflight for another type with 404. Where
/// nothing may be made, an id that nothing has must do: a UUID, or a number where only that has a route.
pub(super) async fn some_item(cx: &Context) -> Result<String, Trouble> {
    if let Ok(user) = cx.a()
        && let Ok(object) = cx.objects.witness(user).await
    {
        return Ok(object.path);
    }
    let (text, number) = (specimens::path_of(cx, specimens::NO_ID), specimens::path_of(cx, specimens::NO_NUMBER));
    let origin = cx.target.origins.first().map(ToString::to_string).unwrap_or_default();
    let asked = cx.send(&options(cx, &text, "DELETE").origin(origin)).await?;
    Ok(if asked.status == 404 { number } else { text })
}

/// The path that toggles the same object.
pub(super) async fn some_toggle(cx: &Context) -> Option<String> {
    let toggle = cx.target.paths.toggle.as_ref()?;
    if let Ok(user) = cx.a()
        && let Ok(object) = cx.objects.witness(user).await
    {
        return Act::Toggle.path(cx, user, &object.id);
    }
    Some(path_of_nobody(toggle).replace("{id}", "1"))
}

fn seed(cx: &Context, allowed: &Origin) -> Seed {
    Seed { allowed: allowed.clone(), api: cx.target.base.host().to_owned(), random: lettered(&cx.random("foreign origin")) }
}

/// A label of letters alone: patterns such as `[a-z-]+` let it in, and whatever takes digits as well does too.
fn lettered(random: &str) -> String {
    let letter = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(u32::from('b') + digit)).unwrap_or(c);
    format!("pf{}", random.chars().map(letter).collect::<String>())
}

/// Whether a value is exactly a declared origin.
pub(super) fn is_declared(cx: &Context, value: &[u8]) -> bool {
    cx.target.origins.iter().any(|origin| origin.as_str().as_bytes() == value)
}

/// The members of a family derived from one declared origin, without any that happen to be declared themselves.
fn members(cx: &Context, allowed: &Origin, family: Family) -> Vec<Foreign> {
    foreign::off_list(family, &seed(cx, allowed), |value| is_declared(cx, value))
}

/// How widely a family is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Derived from the first declared origin, the most telling one for all three surfaces: the few that stand for all.
    Whole,
    /// Derived from the first declared origin for all three surfaces, and from the others for the most telling one: mistakes that may
    /// concern one origin alone.
    EachOrigin,
    /// Derived from the first declared origin, for all three surfaces.
    Wide,
    /// Derived from the first declared origin, for the reading GET and, exhaustively, the preflight: long families, addresses, and forms
    /// that no browser sends.
    Rare,
    /// As rare, but what allowlists name one by one (development servers, platforms, apps): no member stands for another.
    Listed,
    /// Listed: platforms where anybody gets a host.
    Platforms,
    /// Listed: development servers, on every address that a machine has for itself.
    Development,
    /// Listed, and the most telling one derived from each of the other declared origins as well.
    Stages,
    /// As rare, and every member a mistake of its own.
    Malformed,
}

impl Reach {
    /// Whether what is asked stands in lists one by one, or is no browser's.
    const fn is_of_lists(self) -> bool {
        matches!(self, Self::Rare | Self::Listed | Self::Platforms | Self::Development | Self::Stages)
    }

    /// Every surface that the members are asked on.
    const fn surfaces(self) -> &'static [Surface] {
        match self {
            Self::Whole | Self::EachOrigin | Self::Wide => &Surface::ALL,
            Self::Rare | Self::Listed | Self::Platforms | Self::Development | Self::Stages | Self::Malformed => &TWO,
        }
    }
}

/// Where a matcher of its own often stands: beside the one for real requests, the one for preflights.
const TWO: [Surface; 2] = [Surface::Read, Surface::Preflight];

/// The surface that tells most: the answer that is worth stealing, where there is a token to ask for it.
fn telling(cx: &Context) -> Surface {
    if cx.users.a.is_some() { Surface::Read } else { Surface::Preflight }
}

/// The cases of a family, each once.
pub(super) fn family(cx: &Context, reach: Reach, family: Family) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, allowed) in cx.target.origins.iter().take(SEEDS).enumerate() {
        let most = match (index, reach) {
            (0, Reach::Malformed) => MALFORMED,
            (0, Reach::Listed) => LISTED,
            (0, Reach::Platforms) => PLATFORMS,
            (0, Reach::Development) => DEVELOPMENT,
            (0, Reach::Stages) => STAGES,
            (0, Reach::Rare) => RARE,
            (0, _) => TELLING,
            _ => 1,
        };
        for (place, foreign) in cx.telling(members(cx, allowed, family), most).into_iter().enumerate() {
            let surfaces = match (index, place) {
                (0, place) if cx.exhaustive || (place, reach) == (0, Reach::Whole) => reach.surfaces(),
                (0, 0) if !reach.is_of_lists() => &TWO,
                (0, _) => &[telling(cx)],
                _ if matches!(reach, Reach::EachOrigin | Reach::Stages) => &[telling(cx)],
                _ => &[],
            };
            cases.extend(surfaces.iter().filter_map(|surface| surface.case(cx, &foreign.name, &foreign.values)));
        }
    }
    let mut seen = std::collections::HashSet::new();
    cases.retain(|case| seen.insert(case.name.clone()));
    cases
}

/// A few foreign origins that stand for all: a random site, `null`, and a host that begins with the allowed one.
pub(super) fn representatives(cx: &Context) -> Vec<String> {
    let Some(allowed) = cx.target.origins.first() else { return Vec::new() };
    let families: [Family; 3] = [foreign::random, foreign::null, foreign::suffix];
    let firsts = families.into_iter().filter_map(|family| members(cx, allowed, family).into_iter().next());
    firsts.map(|foreign| foreign.name).collect()
}

/// A foreign origin: a site that anybody could own.
pub(super) fn stranger(cx: &Context) -> String {
    representatives(cx).into_iter().next().unwrap_or_else(|| "https://postflight.example".to_owned())
}

/// Puts the stranger into every case, and the other representatives into the first; an exhaustive run puts all into every case.
pub(super) fn represented(cx: &Context, cases: &[Case]) -> Vec<Case> {
    let all = representatives(cx);
    if cx.exhaustive {
        return crossed(cases, &all);
    }
    let (first, others) = cases.split_at(cases.len().min(1));
    let mut asked = crossed(first, &all);
    asked.extend(crossed(others, &cx.telling(all, 1)));
    asked
}

/// Puts every origin into every case.
pub(super) fn crossed(cases: &[Case], origins: &[String]) -> Vec<Case> {
    let with =
        |case: &Case, origin: &String| case.put_as(format!("{} with {origin}", case.name), case.probe.clone().origin(origin));
    cases.iter().flat_map(|case| origins.iter().map(move |origin| with(case, origin))).collect()
}
