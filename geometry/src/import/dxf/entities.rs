//! What stands in a DXF file, and the lines it is drawn with.

use std::collections::HashMap;

use scadstream_csg::degrees;

use super::{Counts, Options, Problem, placement};
use crate::fragments::segments;
use crate::import::number;
use crate::region::Point;

/// How deep blocks may be inserted in each other.
const MOST_NESTED: usize = 16;

/// Most lines of a drawing with all its blocks in place: a short file can insert blocks of blocks of blocks.
const MOST_LINES: usize = 1 << 22;

/// Grid lines to the unit of the model.
pub(super) const GRID: f64 = 1024.0;

/// A piece of a drawing: points joined by straight lines. Its ends are joined only where it says so by equal points.
pub(super) type Line = Vec<Point>;

/// A drawing.
pub(super) struct Drawing {
    entities: Vec<Entity>,
    blocks: HashMap<String, Vec<Entity>>,
    unsupported: Counts,
}

/// An entity: its kind and its values by group code, in order.
pub(super) struct Entity {
    pub(super) kind: String,
    values: Vec<(i32, String)>,
}

impl Entity {
    /// The text under a code.
    pub(super) fn text(&self, code: i32) -> Option<&str> {
        self.values.iter().find(|(c, _)| *c == code).map(|(_, value)| value.as_str())
    }

    /// The number under a code, 0 if there is none.
    pub(super) fn number(&self, code: i32) -> f64 {
        self.number_or(code, 0.0)
    }

    fn number_or(&self, code: i32, default: f64) -> f64 {
        self.text(code).and_then(number).unwrap_or(default)
    }

    /// The point whose x stands under this code; y is ten codes further.
    pub(super) fn point(&self, code: i32) -> Point {
        [self.number(code), self.number(code + 10)]
    }

    pub(super) fn layer(&self) -> &str {
        self.text(8).unwrap_or("0")
    }

    /// All points under codes 10 and 20.
    fn points(&self) -> Vec<Point> {
        let numbers = |code: i32| {
            let values = self.values.iter().filter(move |(c, _)| *c == code);
            values.map(|(_, value)| number(value).unwrap_or(0.0))
        };
        numbers(10).zip(numbers(20)).map(|(x, y)| [x, y]).collect()
    }
}

impl Drawing {
    /// Reads the sections of blocks and entities.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let mut drawing =
            Self { entities: Vec::new(), blocks: HashMap::new(), unsupported: Counts::new() };
        let mut section = String::new();
        let mut block: Option<String> = None;
        for entity in entities(text)? {
            match entity.kind.as_str() {
                "SECTION" => section = entity.text(2).unwrap_or_default().to_owned(),
                "ENDSEC" => section.clear(),
                "BLOCK" if section == "BLOCKS" => {
                    let name = entity.text(2).unwrap_or_default().to_owned();
                    drawing.blocks.entry(name.clone()).or_default();
                    block = Some(name);
                }
                "ENDBLK" => block = None,
                _ if section == "ENTITIES" => drawing.entities.push(entity),
                _ if section == "BLOCKS" => {
                    if let Some(entities) = block.as_ref().and_then(|b| drawing.blocks.get_mut(b)) {
                        entities.push(entity);
                    }
                }
                _ => {}
            }
        }
        for entity in &drawing.entities {
            if !is_supported(&entity.kind) {
                *drawing.unsupported.entry(entity.kind.clone()).or_default() += 1;
            }
        }
        Ok(drawing)
    }

    /// Kinds of entities that are not understood, and how many there are of each.
    pub(super) fn unsupported(&self) -> impl Iterator<Item = (&str, usize)> {
        self.unsupported.iter().map(|(kind, count)| (kind.as_str(), *count))
    }

    /// Entities of a kind on the wanted layer.
    pub(super) fn of_kind<'a>(
        &'a self,
        kind: &'a str,
        layer: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Entity> {
        self.entities.iter().filter(move |entity| {
            entity.kind == kind && layer.is_none_or(|layer| layer == entity.layer())
        })
    }

    /// Everything drawn on the wanted layer.
    pub(super) fn lines(&self, options: &Options<'_>) -> Result<Vec<Line>, Problem> {
        let mut lines = Lines { drawing: self, options, lines: Vec::new(), count: 0 };
        for entity in &self.entities {
            if options.layer.is_none_or(|layer| layer == entity.layer()) {
                lines.draw(entity, &placement(options), 0)?;
            }
        }
        Ok(lines.lines)
    }
}

fn is_supported(kind: &str) -> bool {
    matches!(kind, "LINE" | "LWPOLYLINE" | "CIRCLE" | "ARC" | "ELLIPSE" | "INSERT" | "DIMENSION")
}

/// Splits a file into its entities. A file is lines in pairs: a code, then a value.
fn entities(text: &str) -> Result<Vec<Entity>, Problem> {
    let mut entities: Vec<Entity> = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let (Some((line, code)), Some((_, value))) = (lines.next(), lines.next()) {
        let Ok(code) = code.trim().parse::<i32>() else {
            return Err(format!("line {line}: '{}' is no group code", code.trim()));
        };
        let value = value.trim();
        if code == 0 {
            entities.push(Entity { kind: value.to_owned(), values: Vec::new() });
        } else if let Some(entity) = entities.last_mut() {
            entity.values.push((code, value.to_owned()));
        }
    }
    Ok(entities)
}

/// Where a drawing or a block of it comes to stand.
#[derive(Clone, Copy)]
pub(super) struct Placement {
    /// Images of the axes, then of the origin.
    columns: [Point; 3],
}

impl Placement {
    pub(super) fn of_options(origin: Point, scale: f64) -> Self {
        Self { columns: [[scale, 0.0], [0.0, scale], [-origin[0] * scale, -origin[1] * scale]] }
    }

    pub(super) fn apply(&self, [x, y]: Point) -> Point {
        let [a, b, c] = self.columns;
        [a[0] * x + b[0] * y + c[0], a[1] * x + b[1] * y + c[1]]
    }

    /// The place of a block that this INSERT puts into the drawing.
    fn of_insert(&self, insert: &Entity) -> Self {
        let [x, y] = insert.point(10);
        let (sin, cos) = (degrees::sin(insert.number(50)), degrees::cos(insert.number(50)));
        let (stretch_x, stretch_y) = (insert.number_or(41, 1.0), insert.number_or(42, 1.0));
        let direction = |[x, y]: Point| {
            let [to, from] = [self.apply([x, y]), self.apply([0.0, 0.0])];
            [to[0] - from[0], to[1] - from[1]]
        };
        Self {
            columns: [
                direction([cos * stretch_x, sin * stretch_x]),
                direction([-sin * stretch_y, cos * stretch_y]),
                self.apply([x, y]),
            ],
        }
    }
}

/// Lines being collected.
struct Lines<'a> {
    drawing: &'a Drawing,
    options: &'a Options<'a>,
    lines: Vec<Line>,
    count: usize,
}

impl Lines<'_> {
    fn draw(&mut self, entity: &Entity, place: &Placement, depth: usize) -> Result<(), Problem> {
        match entity.kind.as_str() {
            "LINE" => self.add(place, [entity.point(10), entity.point(11)]),
            "LWPOLYLINE" => {
                let mut points = entity.points();
                if entity.number(70) as i64 & 1 == 1 {
                    points.extend(points.first().copied());
                }
                self.add(place, points)
            }
            "CIRCLE" => self.arc(entity, place, 0.0, 360.0),
            "ARC" => {
                let (start, end) = (entity.number(50), entity.number(51));
                self.arc(entity, place, start, sweep_deg(start, end))
            }
            "ELLIPSE" => self.ellipse(entity, place),
            "INSERT" => {
                let blocks = &self.drawing.blocks;
                let Some(block) = entity.text(2).and_then(|name| blocks.get(name)) else {
                    return Ok(());
                };
                if depth > MOST_NESTED {
                    return Err("blocks are inserted in each other too deeply".to_owned());
                }
                let inner = place.of_insert(entity);
                block.iter().try_for_each(|part| self.draw(part, &inner, depth + 1))
            }
            _ => Ok(()),
        }
    }

    fn add(
        &mut self,
        place: &Placement,
        points: impl IntoIterator<Item = Point>,
    ) -> Result<(), Problem> {
        let points = points.into_iter();
        // Counted before they are made, so that no file can ask for more than this.
        self.count = self.count.saturating_add(points.size_hint().0);
        if self.count > MOST_LINES {
            return Err(format!("it has more than {MOST_LINES} lines"));
        }
        self.lines.push(points.map(|point| on_grid(place.apply(point))).collect());
        Ok(())
    }

    /// A circle's arc, counter-clockwise. The number of its pieces goes by the radius in the model.
    fn arc(
        &mut self,
        entity: &Entity,
        place: &Placement,
        start: f64,
        sweep: f64,
    ) -> Result<(), Problem> {
        let [x, y] = entity.point(10);
        let r = entity.number(40);
        let pieces = segments(r * self.options.scale, self.options.fragments, sweep);
        let point = |i: u32| {
            let angle =
                start + sweep * f64::from(i % pieces_around(pieces, sweep)) / f64::from(pieces);
            [x + r * degrees::cos(angle), y + r * degrees::sin(angle)]
        };
        self.add(place, (0..=pieces).map(point))
    }

    /// An ellipse or an arc of one, counter-clockwise from its major axis; angles are parameters, in radians.
    fn ellipse(&mut self, entity: &Entity, place: &Placement) -> Result<(), Problem> {
        let [x, y] = entity.point(10);
        let major = entity.point(11);
        // OpenSCAD scales the ratio of the axes along with the lengths; so do we, to draw what it draws.
        let ratio = entity.number(40) * self.options.scale;
        let start = entity.number(41).to_degrees();
        let end = entity.number_or(42, std::f64::consts::TAU).to_degrees();
        let sweep = sweep_deg(start, end);
        let whole = (sweep - 360.0).abs() < 1.0e-6;
        let sweep = if whole { 360.0 } else { sweep };
        let radius = major[0].hypot(major[1]) * self.options.scale;
        let pieces = segments(radius, self.options.fragments, sweep);
        let point = |i: u32| {
            let angle =
                start + sweep * f64::from(i % pieces_around(pieces, sweep)) / f64::from(pieces);
            let (along, across) = (degrees::cos(angle), ratio * degrees::sin(angle));
            [x + major[0] * along - major[1] * across, y + major[1] * along + major[0] * across]
        };
        self.add(place, (0..=pieces).map(point))
    }
}

/// How far an arc turns from one angle to another, counter-clockwise: more than nothing, and a whole turn at most.
fn sweep_deg(start: f64, end: f64) -> f64 {
    let sweep = if end <= start { end + 360.0 - start } else { end - start };
    if (0.0..=360.0).contains(&sweep) { sweep } else { 360.0 }
}

/// The nearest point whose coordinates are whole numbers of 1/1024, which is what OpenSCAD makes of all points of a
/// drawing: ends of lines then meet although programs round what they write.
fn on_grid(point: Point) -> Point {
    point.map(|c| (c * GRID).round() / GRID)
}

/// After how many pieces a curve is back at its very first point; never, if it is open.
fn pieces_around(pieces: u32, sweep: f64) -> u32 {
    if sweep == 360.0 { pieces } else { u32::MAX }
}
