//! A map of few entries. Each `BTreeMap` of other types would be some 9 kB of the page's module.

/// Looked through from its beginning.
#[derive(Debug)]
pub(crate) struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V> SmallMap<K, V> {
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let mut entries = self.0.iter_mut();
        entries.find_map(|(own, value)| (own == key).then_some(value))
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let mut entries = self.0.iter();
        entries.find_map(|(own, value)| (own == key).then_some(value))
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.get_mut(&key) {
            Some(old) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.0.retain(|(own, _)| own != key);
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}
