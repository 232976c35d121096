//! All models together.

use super::{Finding, Model, Resource, check};

/// The models of an administration area. Built once, by an explicit list.
pub struct Site<C> {
    resources: Vec<Box<dyn Resource<C>>>,
}

impl<C: Send + Sync + 'static> Default for Site<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Send + Sync + 'static> Site<C> {
    /// Without models.
    #[must_use]
    pub fn new() -> Self {
        Self {
            resources: Vec::new(),
        }
    }

    /// With one model more.
    #[must_use]
    pub fn with<M: Model<Context = C>>(mut self) -> Self {
        self.resources.push(Box::new(M::spec()));
        self
    }

    /// All models.
    pub fn resources(&self) -> impl Iterator<Item = &dyn Resource<C>> {
        self.resources.iter().map(AsRef::as_ref)
    }

    /// The model of an address.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<&dyn Resource<C>> {
        self.resources().find(|resource| resource.slug() == slug)
    }

    /// What is wrong with the declarations.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self.resources().flat_map(Resource::check).collect();
        let slugs = self.resources().map(Resource::slug).collect();
        findings.extend(check::duplicate(slugs).map(|slug| Finding {
            id: "admin.E000",
            sentence: format!("two models are called {slug:?}"),
        }));
        findings
    }
}
