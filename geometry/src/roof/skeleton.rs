//! The straight skeleton: what the corners of an outline draw while all its edges move inwards at the same speed.
//!
//! Corners move along the bisectors of their edges. Two things can happen: an edge shrinks to nothing, so that its
//! neighbours meet, or a corner that juts inwards runs into an edge and cuts the outline in two. Events are taken in
//! order of time until nothing is left (Aichholzer and others 1995; Felkel and Obdržálek 1998).
//!
//! Many events at one time and parallel edges meeting all at once are what breaks such simulations, and drawn outlines
//! are full of both. So the simulated outline is the given one with each corner moved at random by a ten-millionth of
//! its size: then no two events coincide. Where the nodes are is computed at the end from the edges as given. The faces
//! must fill the outline; if they do not, other random moves are tried.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::RoofError;
use crate::region::{Point, signed_area};

/// Random moves against the size of the outline, one attempt each. The first nearly always holds.
const ATTEMPTS: [f64; 8] = [1e-7, 1e-7, 3e-7, 1e-6, 1e-6, 3e-6, 1e-5, 1e-4];

/// How much of the area the faces may miss or have too much, beyond what the random moves explain.
const AREA_SLACK: f64 = 1e-6;

/// Most pairs of a corner that juts inwards and an edge. Each takes 24 bytes while the simulation runs.
const MOST_PAIRS: usize = 40_000_000;

/// One closed outline, the inside to the left.
pub(super) struct Contour {
    /// Its edges in order; each ends where the next begins.
    pub(super) tracks: Vec<Track>,
    /// How many corners it has: `Track::corner` counts to here.
    pub(super) corners: usize,
}

/// An edge.
#[derive(Clone, Copy)]
pub(super) struct Track {
    /// Where it begins.
    pub(super) from: Point,
    /// Where it goes, of any length.
    pub(super) direction: Point,
    /// Which corner of its outline it begins at.
    pub(super) corner: usize,
    /// Whether it has no length: it begins and ends at one corner.
    pub(super) rounding: bool,
}

/// What the corners drew.
pub(super) struct Skeleton {
    /// The corners of all contours in order, then the places where something happened.
    pub(super) nodes: Vec<Node>,
    /// For each edge the outline of its face, counter-clockwise seen from above.
    pub(super) faces: Vec<Vec<u32>>,
}

/// A place where corners started, met or split.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) at: Point,
    /// When: also the height of a roof of 45 degrees.
    pub(super) height: f64,
}

/// The skeleton inside contours that enclose `area`; no point is farther than `reach` from them.
///
/// # Errors
/// [`RoofError`]; `cancelled` is asked often.
pub(super) fn skeleton(
    contours: &[Contour],
    area: f64,
    reach: f64,
    check: &dyn Fn() -> Result<(), ()>,
) -> Result<Skeleton, RoofError> {
    for (seed, amount) in (1..).zip(ATTEMPTS) {
        let mut front = Front::new(contours, reach, amount, seed, check)?;
        front.run(check)?;
        let found = front.into_skeleton(contours);
        if let Some(faces) = found
            && faces.fills(area, AREA_SLACK + 100.0 * amount)
        {
            return Ok(faces);
        }
    }
    Err(RoofError::NoSkeleton)
}

impl Skeleton {
    fn fills(&self, area: f64, slack: f64) -> bool {
        let mut total = 0.0;
        for face in &self.faces {
            let outline: Vec<Point> = face.iter().map(|n| self.nodes[*n as usize].at).collect();
            let own = signed_area(&outline);
            if own < -slack * area {
                return false;
            }
            total += own;
        }
        (total - area).abs() <= slack * area
    }
}

/// The line of an edge: points p with `normal · p = offset`, moving towards its normal, which points inside.
#[derive(Clone, Copy)]
struct Line {
    normal: Point,
    offset: f64,
}

impl Line {
    fn new(from: Point, direction: Point) -> Self {
        let length = direction[0].hypot(direction[1]);
        let normal = [-direction[1] / length, direction[0] / length];
        Self { normal, offset: dot(normal, from) }
    }

    fn direction(&self) -> Point {
        [self.normal[1], -self.normal[0]]
    }
}

/// A corner on the move.
struct Corner {
    /// Where it started, and when.
    from: Point,
    since: f64,
    velocity: Point,
    /// The edges that end and begin at it.
    left: u32,
    right: u32,
    previous: u32,
    next: u32,
    /// Nodes where it started and ended.
    start: u32,
    end: Option<u32>,
}

impl Corner {
    fn at(&self, time: f64) -> Point {
        let passed = time - self.since;
        [self.from[0] + passed * self.velocity[0], self.from[1] + passed * self.velocity[1]]
    }
}

/// Something that may happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The edge between these two corners shrinks to nothing.
    Meet(u32, u32),
    /// This corner runs into this edge.
    Split(u32, u32),
}

/// A time that can be ordered.
#[derive(Clone, Copy, PartialEq)]
struct Time(f64);

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The outline on the move.
struct Front {
    /// As given, for where nodes are.
    exact: Vec<Line>,
    /// Moved at random, for what happens.
    lines: Vec<Line>,
    corners: Vec<Corner>,
    /// Corners at which each edge, or a part of it, begins.
    beginnings: Vec<Vec<u32>>,
    nodes: Vec<Node>,
    events: BinaryHeap<Reverse<(Time, What)>>,
    now: f64,
    reach: f64,
    slack: f64,
}

impl Front {
    fn new(
        contours: &[Contour],
        reach: f64,
        amount: f64,
        seed: u64,
        check: &dyn Fn() -> Result<(), ()>,
    ) -> Result<Self, RoofError> {
        let mut random = Random(seed);
        let mut front = Self {
            exact: Vec::new(),
            lines: Vec::new(),
            corners: Vec::new(),
            beginnings: Vec::new(),
            nodes: Vec::new(),
            events: BinaryHeap::new(),
            now: 0.0,
            reach: reach * (1.0 + 1e-3),
            slack: reach * amount * 1e-2,
        };
        for contour in contours {
            front.add_contour(contour, reach * amount, amount, &mut random);
        }
        let inward = (0..front.corners.len()).filter(|corner| front.is_inward(*corner as u32));
        let inward: Vec<u32> = inward.map(|corner| corner as u32).collect();
        if inward.len() * front.lines.len() > MOST_PAIRS {
            return Err(RoofError::NoSkeleton);
        }
        for corner in 0..front.corners.len() as u32 {
            front.expect_meeting(corner);
        }
        for corner in inward {
            check().map_err(|()| RoofError::Cancelled)?;
            front.expect_splits(corner);
        }
        Ok(front)
    }

    fn add_contour(&mut self, contour: &Contour, by: f64, turn: f64, random: &mut Random) {
        let first_node = self.nodes.len() as u32;
        let moves: Vec<Point> =
            (0..contour.corners).map(|_| [by * random.next(), by * random.next()]).collect();
        let moved = |track: &Track| {
            let by = moves[track.corner];
            [track.from[0] + by[0], track.from[1] + by[1]]
        };
        let count = contour.tracks.len();
        let first = self.lines.len() as u32;
        for (i, track) in contour.tracks.iter().enumerate() {
            let exact = Line::new(track.from, track.direction);
            let from = moved(track);
            let direction = if track.rounding {
                let (unit, turn) = (exact.direction(), turn * random.next());
                [unit[0] - turn * unit[1], unit[1] + turn * unit[0]]
            } else {
                let to = moved(&contour.tracks[(i + 1) % count]);
                [to[0] - from[0], to[1] - from[1]]
            };
            self.exact.push(exact);
            self.lines.push(Line::new(from, direction));
            self.beginnings.push(Vec::new());
            if self.nodes.len() as u32 == first_node + track.corner as u32 {
                self.nodes.push(Node { at: track.from, height: 0.0 });
            }
        }
        let corner_of = self.corners.len() as u32;
        for (i, track) in contour.tracks.iter().enumerate() {
            let (left, right) = (first + ((i + count - 1) % count) as u32, first + i as u32);
            let index =
                self.add_corner(moved(track), left, right, first_node + track.corner as u32);
            self.corners[index as usize].previous = corner_of + ((i + count - 1) % count) as u32;
            self.corners[index as usize].next = corner_of + ((i + 1) % count) as u32;
        }
    }

    fn add_corner(&mut self, from: Point, left: u32, right: u32, start: u32) -> u32 {
        let (a, b) = (self.lines[left as usize].normal, self.lines[right as usize].normal);
        let sum = [a[0] + b[0], a[1] + b[1]];
        // The velocity whose part along each normal is 1.
        let scale = 2.0 / dot(sum, sum).max(f64::MIN_POSITIVE);
        let index = self.corners.len() as u32;
        self.corners.push(Corner {
            from,
            since: self.now,
            velocity: [sum[0] * scale, sum[1] * scale],
            left,
            right,
            previous: index,
            next: index,
            start,
            end: None,
        });
        self.beginnings[right as usize].push(index);
        index
    }

    fn is_inward(&self, corner: u32) -> bool {
        let corner = &self.corners[corner as usize];
        let (a, b) = (self.lines[corner.left as usize], self.lines[corner.right as usize]);
        cross(a.normal, b.normal) < 0.0
    }

    /// The edge that begins at a corner may shrink to nothing.
    fn expect_meeting(&mut self, index: u32) {
        let (a, b) = (&self.corners[index as usize], self.next_of(index));
        let direction = self.lines[a.right as usize].direction();
        let (from, to) = (a.at(self.now), b.at(self.now));
        let length = dot(direction, sub(to, from)).max(0.0);
        let growth = dot(direction, sub(b.velocity, a.velocity));
        if growth < 0.0 {
            self.expect(self.now - length / growth, What::Meet(index, a.next));
        }
    }

    /// A corner that juts inwards may run into any edge that it is in front of.
    fn expect_splits(&mut self, index: u32) {
        let corner = &self.corners[index as usize];
        let (at, velocity) = (corner.at(self.now), corner.velocity);
        let (left, right) = (corner.left, corner.right);
        for edge in 0..self.lines.len() as u32 {
            if edge == left || edge == right {
                continue;
            }
            let line = self.lines[edge as usize];
            let distance = dot(line.normal, at) - line.offset - self.now;
            let approach = 1.0 - dot(line.normal, velocity);
            // An edge through the corner itself is one that begins or ends there: it moves away.
            if distance > self.slack && approach > 0.0 {
                self.expect(self.now + distance / approach, What::Split(index, edge));
            }
        }
    }

    fn expect(&mut self, time: f64, what: What) {
        if time <= self.reach {
            self.events.push(Reverse((Time(time), what)));
        }
    }

    fn run(&mut self, check: &dyn Fn() -> Result<(), ()>) -> Result<(), RoofError> {
        while let Some(Reverse((Time(time), what))) = self.events.pop() {
            check().map_err(|()| RoofError::Cancelled)?;
            let alive = |corner: u32| self.corners[corner as usize].end.is_none();
            match what {
                What::Meet(a, b) => {
                    if alive(a) && alive(b) && self.corners[a as usize].next == b {
                        self.now = self.now.max(time);
                        self.meet(a, b);
                    }
                }
                What::Split(corner, edge) => {
                    if alive(corner)
                        && let Some(begin) = self.part_hit(corner, edge, time)
                    {
                        self.now = self.now.max(time);
                        self.split(corner, begin);
                    }
                }
            }
        }
        Ok(())
    }

    /// Two corners meet, and go on as one.
    fn meet(&mut self, a: u32, b: u32) {
        let (left, between, right) = {
            let (a, b) = (&self.corners[a as usize], &self.corners[b as usize]);
            (a.left, a.right, b.right)
        };
        // The slower one of the two is known better.
        let speed = |corner: u32| {
            let velocity = self.corners[corner as usize].velocity;
            dot(velocity, velocity)
        };
        let at = self.corners[if speed(a) < speed(b) { a } else { b } as usize].at(self.now);
        let node = self.add_node(at, [left, between, right]);
        let (previous, next) = (self.corners[a as usize].previous, self.corners[b as usize].next);
        self.corners[a as usize].end = Some(node);
        self.corners[b as usize].end = Some(node);
        if previous == b {
            return;
        }
        let joined = self.add_corner(at, left, right, node);
        self.link(previous, joined);
        self.link(joined, next);
        self.settle(joined);
    }

    /// A corner runs into the edge, or part of one, that begins at the corner `begin`.
    fn split(&mut self, index: u32, begin: u32) {
        let (left, right, previous, next, at) = {
            let corner = &self.corners[index as usize];
            (corner.left, corner.right, corner.previous, corner.next, corner.at(self.now))
        };
        let edge = self.corners[begin as usize].right;
        let end = self.corners[begin as usize].next;
        let node = self.add_node(at, [left, right, edge]);
        self.corners[index as usize].end = Some(node);
        let first = self.add_corner(at, left, edge, node);
        let second = self.add_corner(at, edge, right, node);
        self.link(previous, first);
        self.link(first, end);
        self.link(begin, second);
        self.link(second, next);
        self.settle(first);
        self.settle(second);
    }

    /// Says what may happen to a new corner, or ends an outline of no more than two.
    fn settle(&mut self, index: u32) {
        let corner = &self.corners[index as usize];
        let (previous, next, start) = (corner.previous, corner.next, corner.start);
        if previous == next {
            self.corners[index as usize].end = Some(start);
            self.corners[next as usize].end = Some(start);
            return;
        }
        self.expect_meeting(previous);
        self.expect_meeting(index);
        if self.is_inward(index) {
            self.expect_splits(index);
        }
    }

    /// Where the part of an edge begins that a corner runs into.
    fn part_hit(&self, corner: u32, edge: u32, time: f64) -> Option<u32> {
        let at = self.corners[corner as usize].at(time);
        let direction = self.lines[edge as usize].direction();
        let mut best = None;
        let mut best_margin = -self.slack;
        for begin in &self.beginnings[edge as usize] {
            let (a, b) = (&self.corners[*begin as usize], self.next_of(*begin));
            if a.end.is_some() || *begin == corner || a.next == corner {
                continue;
            }
            let before = dot(direction, sub(at, a.at(time)));
            let after = dot(direction, sub(b.at(time), at));
            if before.min(after) > best_margin {
                best_margin = before.min(after);
                best = Some(*begin);
            }
        }
        best
    }

    fn next_of(&self, corner: u32) -> &Corner {
        &self.corners[self.corners[corner as usize].next as usize]
    }

    fn link(&mut self, a: u32, b: u32) {
        self.corners[a as usize].next = b;
        self.corners[b as usize].previous = a;
    }

    /// A node where three edges meet: where they do as given, unless that is nowhere near.
    fn add_node(&mut self, at: Point, edges: [u32; 3]) -> u32 {
        let node = meeting(edges.map(|edge| self.exact[edge as usize]))
            .filter(|node| {
                let off = sub(node.at, at);
                let near = 1e-3 * self.reach;
                dot(off, off).sqrt() <= near && (node.height - self.now).abs() <= near
            })
            .unwrap_or(Node { at, height: self.now });
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    /// The faces, if all corners came to an end and each face has one outline.
    fn into_skeleton(self, contours: &[Contour]) -> Option<Skeleton> {
        let mut sides: Vec<HashMap<u32, u32>> = vec![HashMap::new(); self.lines.len()];
        let mut draw = |edge: u32, from: u32, to: u32| {
            from == to || sides[edge as usize].insert(from, to).is_none()
        };
        let (mut edge, mut node) = (0, 0);
        for contour in contours {
            for (i, track) in contour.tracks.iter().enumerate() {
                let to = contour.tracks[(i + 1) % contour.tracks.len()].corner;
                if !draw(edge, node + track.corner as u32, node + to as u32) {
                    return None;
                }
                edge += 1;
            }
            node += contour.corners as u32;
        }
        for corner in &self.corners {
            let end = corner.end?;
            if !draw(corner.left, corner.start, end) || !draw(corner.right, end, corner.start) {
                return None;
            }
        }
        let faces = sides.iter().map(outline_of).collect::<Option<Vec<_>>>()?;
        Some(Skeleton { nodes: self.nodes, faces })
    }
}

/// The one closed outline that directed sides make.
fn outline_of(sides: &HashMap<u32, u32>) -> Option<Vec<u32>> {
    let first = *sides.keys().min()?;
    let mut outline = vec![first];
    let mut at = *sides.get(&first)?;
    while at != first {
        if outline.len() > sides.len() {
            return None;
        }
        outline.push(at);
        at = *sides.get(&at)?;
    }
    (outline.len() == sides.len() && outline.len() >= 3).then_some(outline)
}

/// Where, and when, three moving lines meet; none if they never do in one point.
fn meeting(lines: [Line; 3]) -> Option<Node> {
    let [a, b, c] = lines;
    let (u, v) = (sub(b.normal, a.normal), sub(c.normal, a.normal));
    let (p, q) = (b.offset - a.offset, c.offset - a.offset);
    let determinant = cross(u, v);
    // Two of the lines are the same, or all three are parallel.
    if determinant.abs() < 1e-9 {
        return None;
    }
    let at = [(p * v[1] - q * u[1]) / determinant, (u[0] * q - v[0] * p) / determinant];
    Some(Node { at, height: dot(a.normal, at) - a.offset })
}

/// Numbers between -1 and 1, the same on every machine (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}
