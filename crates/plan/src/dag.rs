//! The order that instructions must keep, as a graph whose nodes can be merged while it stays free of cycles.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A directed acyclic graph over nodes `0..n`, which arrive in an order that all edges follow. Merged nodes are a group.
#[derive(Debug)]
pub struct Dag {
    successors: Vec<Vec<usize>>,
    group: Vec<usize>,
    members: Vec<Vec<usize>>,
    visited: Vec<u32>,
    visit: u32,
}

impl Dag {
    pub fn new(nodes: usize) -> Self {
        Dag {
            successors: vec![Vec::new(); nodes],
            group: (0..nodes).collect(),
            members: (0..nodes).map(|node| vec![node]).collect(),
            visited: vec![0; nodes],
            visit: 0,
        }
    }

    /// `after` must come after `before`. The caller knows that this closes no cycle.
    pub fn add_edge(&mut self, before: usize, after: usize) {
        self.successors[before].push(after);
    }

    /// The group that a node belongs to.
    pub fn group(&self, node: usize) -> usize {
        self.group[node]
    }

    /// The nodes of a group, in their original order.
    pub fn members(&self, group: usize) -> &[usize] {
        &self.members[group]
    }

    /// Whether merging these groups closes a cycle: a path leads out of the set and back into it. Nodes past `horizon`
    /// are in no group with nodes before it, so no path comes back from there.
    pub fn merge_closes_cycle(&mut self, groups: &[usize], horizon: usize) -> bool {
        self.visit += 1;
        let mut stack: Vec<usize> = groups.to_vec();
        for &group in groups {
            self.visited[group] = self.visit;
        }
        while let Some(group) = stack.pop() {
            let outside = !groups.contains(&group);
            for next in self.members[group].iter().flat_map(|&member| &self.successors[member]) {
                let next = self.group[*next];
                if outside && groups.contains(&next) {
                    return true;
                }
                if self.visited[next] != self.visit && self.members[next][0] <= horizon {
                    self.visited[next] = self.visit;
                    stack.push(next);
                }
            }
        }
        false
    }

    /// For each group whether a path leads there from `from`.
    pub fn reached_from(&self, from: usize) -> Vec<bool> {
        let mut reached = vec![false; self.group.len()];
        let mut stack = vec![self.group[from]];
        while let Some(group) = stack.pop() {
            for next in self.members[group].iter().flat_map(|&member| &self.successors[member]) {
                let next = self.group[*next];
                if !std::mem::replace(&mut reached[next], true) {
                    stack.push(next);
                }
            }
        }
        reached
    }

    /// Whether an edge leads from one of these groups into `to`.
    pub fn has_edge(&self, from: &[usize], to: usize) -> bool {
        let mut members = from.iter().flat_map(|&group| &self.members[group]);
        members.any(|&member| self.successors[member].iter().any(|&next| self.group[next] == to))
    }

    /// Makes one group of several, and returns it.
    pub fn merge(&mut self, groups: &[usize]) -> usize {
        let merged = groups[0];
        for &group in &groups[1..] {
            let joining = std::mem::take(&mut self.members[group]);
            joining.iter().for_each(|&member| self.group[member] = merged);
            let members = &mut self.members[merged];
            let in_order = members.last() < joining.first();
            members.extend(joining);
            if !in_order {
                members.sort_unstable();
            }
        }
        merged
    }

    /// All groups in an order that the edges allow: as early as possible, by the original place of a group's last member.
    pub fn order(&self) -> Vec<usize> {
        let mut waiting_for = vec![0usize; self.group.len()];
        let edges = || {
            let all = self.successors.iter().enumerate();
            all.flat_map(|(node, next)| next.iter().map(move |&next| (self.group[node], self.group[next])))
                .filter(|(before, after)| before != after)
        };
        edges().for_each(|(_, after)| waiting_for[after] += 1);
        let place = |group: usize| *self.members[group].last().expect("a group has members");
        let mut ready: BinaryHeap<Reverse<(usize, usize)>> = (0..self.group.len())
            .filter(|&group| !self.members[group].is_empty() && waiting_for[group] == 0)
            .map(|group| Reverse((place(group), group)))
            .collect();
        let mut order = Vec::new();
        while let Some(Reverse((_, group))) = ready.pop() {
            order.push(group);
            for &member in &self.members[group] {
                for &next in &self.successors[member] {
                    let next = self.group[next];
                    if next == group {
                        continue;
                    }
                    waiting_for[next] -= 1;
                    if waiting_for[next] == 0 {
                        ready.push(Reverse((place(next), next)));
                    }
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dag(nodes: usize, edges: &[(usize, usize)]) -> Dag {
        let mut dag = Dag::new(nodes);
        edges.iter().for_each(|&(before, after)| dag.add_edge(before, after));
        dag
    }

    #[test]
    fn sees_a_path_out_and_back_in() {
        let mut graph = dag(3, &[(0, 1), (1, 2), (0, 2)]);
        assert!(graph.merge_closes_cycle(&[0, 2], 2));
        assert!(!graph.merge_closes_cycle(&[0, 1], 2));
        assert!(!graph.merge_closes_cycle(&[0, 1, 2], 2));
    }

    #[test]
    fn sees_a_cycle_between_two_groups() {
        // 0 → 1 and 2 → 3: {0, 3} and {1, 2} would wait for each other.
        let mut graph = dag(4, &[(0, 1), (2, 3)]);
        assert!(!graph.merge_closes_cycle(&[0, 3], 3));
        graph.merge(&[0, 3]);
        assert!(graph.merge_closes_cycle(&[1, 2], 3));
    }

    #[test]
    fn orders_groups_by_their_last_member() {
        let mut graph = dag(4, &[(0, 1), (0, 2)]);
        graph.merge(&[0, 3]);
        let order: Vec<_> = graph.order().into_iter().map(|group| graph.members(group).to_vec()).collect();
        assert_eq!(order, [vec![0, 3], vec![1], vec![2]]);
    }

    #[test]
    fn finds_paths() {
        let graph = dag(4, &[(0, 1), (1, 2)]);
        assert_eq!(graph.reached_from(0), [false, true, true, false]);
        assert_eq!(graph.reached_from(2), [false; 4]);
    }
}
