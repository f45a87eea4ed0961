//! The six things that can be done to one object, as probes.

use super::{Context, Object, User};
use crate::http::{Probe, Trouble};
use crate::target::Resource;

/// Something done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Read it.
    Get,
    /// Ask for its headers.
    Head,
    /// Replace it.
    Put,
    /// Change its title.
    Patch,
    /// Delete it.
    Delete,
    /// Flip its "done" flag by the route made for that.
    Toggle,
}

impl Act {
    /// All, in the order of the catalogue.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::Put, Self::Patch, Self::Delete, Self::Toggle];

    /// The method, or the name of the route.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Toggle => "toggle",
        }
    }

    /// Whether the target declares it, so that its owner must succeed.
    pub fn is_declared(self, cx: &Context) -> bool {
        let update = cx.target.resource.update;
        match self {
            Self::Get => cx.target.resource.offers.get,
            Self::Delete => cx.target.resource.offers.delete,
            Self::Head => false,
            Self::Put => update.puts(),
            Self::Patch => update.patches(),
            Self::Toggle => cx.target.paths.toggle.is_some(),
        }
    }

    /// The probe, without a token. `title` is what a write would set; `item` is the path of the object, which is like A's. A toggle is told
    /// what to set: those that turn the state over pass that by.
    pub fn probe(self, cx: &Context, item: &str, title: &str) -> Probe {
        self.probe_of(&cx.target.resource, item, title)
    }

    /// The same for an object that looks as `resource` says.
    pub fn probe_of(self, resource: &Resource, item: &str, title: &str) -> Probe {
        match self {
            Self::Put => Probe::new("PUT", item).json(&resource.full(title)),
            Self::Patch => Probe::new("PATCH", item).json(&resource.patch(title)),
            Self::Toggle => Probe::new("PATCH", item).json(&resource.marked()),
            other => Probe::new(other.word(), item),
        }
    }

    /// The same by nobody, without a token, on `object` of `owner`; a write would show. One answer serves all checks.
    pub fn by_nobody(self, cx: &Context, owner: &User, object: &Object) -> Option<Probe> {
        let title = format!("{} by nobody", object.canary);
        Some(self.probe(cx, &self.path(cx, owner, &object.id)?, &title).shareable())
    }

    /// How the target changes an object: by PATCH where it has both.
    pub fn change(cx: &Context) -> Self {
        if cx.target.resource.update.patches() { Self::Patch } else { Self::Put }
    }

    /// The path at which `owner` would do this to the object `id`; `None` where the target has no such route.
    pub fn path(self, cx: &Context, owner: &User, id: &str) -> Option<String> {
        if self != Self::Toggle {
            return Some(cx.item_path(owner, id));
        }
        let template = cx.target.paths.toggle.as_deref()?;
        Some(owner.path(template).replace("{id}", id))
    }

    /// Every path by which B might do this to an object of A's: A's own, and B's where paths name the user.
    pub fn paths(self, cx: &Context, id: &str) -> Result<Vec<(&'static str, String)>, Trouble> {
        let (of_a, of_b) = (self.path(cx, cx.a()?, id), self.path(cx, cx.b()?, id));
        let twofold = of_a != of_b;
        let named = [(if twofold { "A's path" } else { "A's id" }, of_a), ("B's path with A's id", of_b.filter(|_| twofold))];
        Ok(named.into_iter().filter_map(|(name, path)| Some((name, path?))).collect())
    }
}
