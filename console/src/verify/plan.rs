//! What a run would do, said before it does anything.

use serde::Serialize;

use super::budget::{self, Allotment};
use super::needs::{Given, may_write};
use super::{Inputs, Options};
use crate::checks::Check;
use crate::target::Target;

/// The plan of a run: nothing was sent to make it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Name of the target.
    pub target: String,
    /// Base URL.
    pub url: String,
    /// The only host that is called.
    pub host: String,
    /// Commit that is to be verified, where it was named.
    pub release: Option<String>,
    /// How tokens come.
    pub tokens: String,
    /// Requests that the run would send, about.
    pub requests: Estimate,
    /// Whether objects will be created (and deleted again).
    pub creates: bool,
    /// How many, about; 0 where none may be.
    pub objects: u64,
    /// Where they are created.
    pub collection: String,
    /// Where what they live in is created, one for each user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parents: Option<String>,
    /// How many accounts may be signed up (and deleted again where the target has a route for that); 0 where none may be.
    pub accounts: u64,
    /// Where they are signed up.
    pub signup: Option<String>,
    /// What is never called.
    pub never: Vec<String>,
    /// Each check that would be asked or skipped, with the reason.
    pub checks: Vec<Planned>,
}

/// A number that is not known exactly: what routes, origins and retries a target has decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// At least.
    pub least: u64,
    /// At most.
    pub most: u64,
}

/// One check of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why it would be skipped; `None` when it would be asked.
    pub skipped: Option<String>,
}

impl Plan {
    /// What would be created, in words.
    pub fn creates_words(&self) -> String {
        if !self.creates {
            return "nothing".to_owned();
        }
        let Self { objects, collection, accounts, .. } = self;
        let parents = self.parents.as_ref().map(|path| format!(" in one of each user's by POST {path}")).unwrap_or_default();
        let people = self.signup.as_ref().map(|path| format!("; up to {accounts} accounts by {path}")).unwrap_or_default();
        format!(
            "about {objects} objects by POST {collection}{parents}, each with the run's marker in its title, deleted again at the \
             end{people}"
        )
    }
}

/// Plans a run on `target` without sending anything. What only an answer can tell (whether tokens are JWTs) is assumed to be so.
pub fn plan(target: &Target, options: &Options, inputs: &Inputs) -> Plan {
    let given = Given::planned(target, options, inputs);
    let allotment = Allotment::of(&options.suites, &options.limits, &given);
    let exhaustive = options.exhaustive && budget::has_room_for_every_variant(&options.suites, &options.limits, &given);
    let reason = |check: &Check| {
        let missing = given.missing(check).map(|need| need.reason().to_owned());
        missing.or_else(|| allotment.as_ref().filter(|allotment| !allotment.covers(check)).map(Allotment::reason))
    };
    let planned =
        |check: &'static Check| Planned { id: check.id.to_owned(), title: check.title.to_owned(), skipped: reason(check) };
    let all = || options.suites.iter().flat_map(|suite| suite.checks());
    let asked: Vec<_> = all().filter(|check| reason(check).is_none()).collect();
    let creates = may_write(target, options);
    let signup = target.accounts.signup.as_ref().filter(|_| creates).map(|signup| &signup.grant.call);
    Plan {
        target: target.name.clone(),
        url: target.base.to_string(),
        host: target.base.authority(),
        release: inputs.commit.clone(),
        tokens: target.tokens.word().to_owned(),
        requests: estimate(&asked, allotment.as_ref(), exhaustive),
        creates,
        objects: if creates { asked.iter().map(|check| budget::objects(check)).sum() } else { 0 },
        collection: target.paths.list.clone(),
        parents: target.parent.as_ref().filter(|_| creates).map(|parent| parent.list.clone()),
        accounts: if signup.is_some() { budget::MOST_ACCOUNTS } else { 0 },
        signup: signup.map(|call| format!("{} {}", call.method, call.path)),
        never: never(target),
        checks: all().map(planned).collect(),
    }
}

/// Controls are asked twice, and in an exhaustive run once more. A target with more or fewer origins and routes than the one that the costs were measured on differs.
fn estimate(asked: &[&Check], allotment: Option<&Allotment>, exhaustive: bool) -> Estimate {
    let proofs = if exhaustive { 3 } else { 2 };
    let times = |check: &Check| if check.is_control() { proofs } else { 1 };
    let sum: u64 = asked.iter().map(|check| budget::requests(check) * times(check)).sum();
    let sum = if exhaustive { sum * budget::EXHAUSTIVE } else { sum };
    let most = sum * 3 / 2 + 20;
    Estimate { least: sum / 2, most: allotment.map_or(most, |allotment| most.min(allotment.budget)) }
}

fn never(target: &Target) -> Vec<String> {
    let unsafe_at = |path: &String| format!("POST, PUT, PATCH or DELETE on {path}");
    let unsafe_routes = match target.routes.unsafe_methods() {
        _ if target.allow_unsafe_routes => "unsafe methods on any route that is not declared".to_owned(),
        0 => "unsafe methods on any route but those of the declared resource and of the declared accounts".to_owned(),
        count => format!("the {count} unsafe methods of further routes"),
    };
    let protected = target.paths.protected.iter().map(unsafe_at);
    protected.chain([unsafe_routes, "any host but the target's own".into()]).collect()
}
