//! The objects that a run makes: what a check knows of one, what it is for, and who makes it. Making and deleting belong to `verify`.

use std::time::Duration;

use futures::future::BoxFuture;

use super::User;
use crate::http::{Answer, Trouble};

/// Some stacks commit after they have answered: a change must get the time to show.
const COMMIT_AFTER_ANSWER: Duration = Duration::from_millis(200);

/// Gives a service that commits after it has answered the time to do so.
pub(super) async fn settle() {
    tokio::time::sleep(COMMIT_AFTER_ANSWER).await;
}

/// An object that the run made.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its id, as it goes into a path.
    pub id: String,
    /// Its path for its owner.
    pub path: String,
    /// A string that occurs nowhere else: the title of the object contains it.
    pub canary: String,
    /// The answer to the creation.
    pub created: Answer,
    /// The answer to its owner's first read, where objects have a route of their own.
    pub read: Option<Answer>,
}

/// What an object is for that several checks of a run share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Anybody may try to read it, nobody may try to change it.
    Witness,
    /// What must be refused whoever's object it is attacks it: no token, or one that is not good.
    Exposed,
    /// The other user attacks it.
    Contested,
    /// Its owner changes it at will; nobody counts on what it holds.
    Scratch,
}

/// Makes objects. Every creation is journaled and synced before it is sent, and deleted when the run ends, however it ends.
pub trait Objects: Send + Sync {
    /// `user` with what own objects live in, made for them alone; the same user where objects live in nothing.
    fn housed<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<User, Trouble>>;

    /// Creates an object of `user` with a fresh canary.
    fn create<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>>;

    /// The object of `user` that all checks of a run share in this role.
    fn shared<'a>(&'a self, user: &'a User, role: Role) -> BoxFuture<'a, Result<Object, Trouble>>;

    /// The object of `user` that checks share which only read.
    fn witness<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Object, Trouble>> {
        self.shared(user, Role::Witness)
    }

    /// The title that `user` tries to give to objects of others, announced once for all checks.
    fn attempted<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>>;

    /// Announces that `user` is about to send a creation in a form of the check's own (a mass assignment, a write without preflight),
    /// which may or may not make an object: returns the canary to put into its title, so that a sweep finds whatever appears.
    fn announce<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<String, Trouble>>;

    /// The id under which the list of `user` shows what `created` brought into being, where that answer names none.
    fn listed<'a>(&'a self, user: &'a User, created: &'a Answer) -> BoxFuture<'a, Option<String>>;

    /// Notes that a check deleted the object `id` itself, as the service says.
    fn deleted<'a>(&'a self, id: &'a str) -> BoxFuture<'a, ()>;

    /// Notes the id of what an announced creation of `user` made, so that it is deleted even where no list would show it.
    fn made<'a>(&'a self, user: &'a User, id: &'a str) -> BoxFuture<'a, ()>;
}
