//! What an endpoint is: path, verb, who may call, what it takes, which query
//! parameters it knows, and which quota class it counts in.

use http::Method;

use super::call::{Call, Result};
pub(crate) use super::route_table::ROUTES;
use crate::core::quota::Class;

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Every agent.
    Agent,
    /// Administrators only. [D]
    Admin,
    /// Account administrators only. [D]
    AccountAdmin,
}

/// What body an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    Json,
    JsonOrForm,
}

type Run = fn(&mut Call<'_, '_>) -> Result;

/// One endpoint.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Under `/api/v2`; `{id}` is a variable segment.
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) takes: Takes,
    pub(crate) query: &'static [&'static str],
    pub(crate) class: Class,
    /// Extra credits for each `include`. [D]
    pub(crate) per_include: u32,
    pub(super) run: Run,
}

pub(super) const fn route(
    method: Method,
    path: &'static str,
    takes: Takes,
    query: &'static [&'static str],
    run: Run,
) -> Route {
    Route {
        method,
        path,
        access: Access::Agent,
        takes,
        query,
        class: Class::Other,
        per_include: 0,
        run,
    }
}

pub(super) const fn get(path: &'static str, query: &'static [&'static str], run: Run) -> Route {
    route(Method::GET, path, Takes::Nothing, query, run)
}

pub(super) const fn post(path: &'static str, takes: Takes, run: Run) -> Route {
    route(Method::POST, path, takes, &[], run)
}

pub(super) const fn put(path: &'static str, takes: Takes, run: Run) -> Route {
    route(Method::PUT, path, takes, &[], run)
}

pub(super) const fn delete(path: &'static str, run: Run) -> Route {
    route(Method::DELETE, path, Takes::Nothing, &[], run)
}

impl Route {
    pub(super) const fn admin(mut self) -> Route {
        self.access = Access::Admin;
        self
    }

    pub(super) const fn account_admin(mut self) -> Route {
        self.access = Access::AccountAdmin;
        self
    }

    pub(super) const fn class(mut self, class: Class) -> Route {
        self.class = class;
        self
    }

    pub(super) const fn per_include(mut self, credits: u32) -> Route {
        self.per_include = credits;
        self
    }
}
