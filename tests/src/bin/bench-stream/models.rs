//! The models that are streamed, as functions of a number, so that no two tries are the same.

/// A model's name, and its source with a number in it.
pub(crate) type Model = (&'static str, fn(usize) -> String);

/// Models whose exact result takes from a tenth of a second to a minute, on one core of 2026.
pub(crate) const SLOW: &[Model] = &[
    ("two fine spheres", |n| {
        format!(
            "difference() {{ sphere(20 + {n} / 99, $fn = 250); translate([9, 2, 1]) sphere(15, $fn = 250); }}"
        )
    }),
    ("plate with 400 dimples", |n| {
        format!(
            "difference() {{ cube([200, 200, 10 + {n} / 99]); for (x = [0 : 19], y = [0 : 19]) \
                 translate([5 + 10 * x, 5 + 10 * y, 10]) sphere(4, $fn = 48); }}"
        )
    }),
    ("forty parts", |n| {
        format!(
            "for (i = [0 : 39]) translate([30 * (i % 8), 30 * floor(i / 8), 0]) difference() {{ \
                 sphere(12 + {n} / 99, $fn = 100); translate([5, 5, 5]) cube(20); cylinder(h = 40, r = 3, center = true, $fn = 80); }}"
        )
    }),
    ("rounded by a sphere", |n| {
        format!(
            "minkowski() {{ difference() {{ cube([40, 30, 10 + {n} / 99]); translate([20, 15, -1]) \
                 cylinder(h = 20, r = 8, $fn = 60); }} sphere(2, $fn = 24); }}"
        )
    }),
    ("sponge without a curve", |n| {
        format!(
            "module holes(d, s) {{ cube([s / 3, s / 3, 99], center = true); if (d > 1) for (x = [-1 : 1], y = [-1 : 1]) \
                 if (x != 0 || y != 0) translate([x * s / 3, y * s / 3, 0]) holes(d - 1, s / 3); }} \
                 difference() {{ cube(27 + {n} / 99, center = true); holes(3, 27); rotate([90, 0, 0]) holes(3, 27); \
                 rotate([0, 90, 0]) holes(3, 27); }}"
        )
    }),
    ("cloud of 300 spheres", |n| {
        format!(
            "union() {{ for (i = [0 : 299]) translate([40 * sin(i * 137), 40 * cos(i * 137), i / 4]) \
                 sphere(9 + {n} / 999, $fn = 64); }}"
        )
    }),
];

/// About `100 000` triangles, of which one parameter changes one object.
pub(crate) fn parts(changed: usize) -> String {
    format!(
        "for (i = [0 : 19]) translate([30 * (i % 5), 30 * floor(i / 5), 0]) sphere(10, $fn = 70); \
         translate([-40, 0, 0]) cylinder(h = 10 + {changed} / 10, r = 5, $fn = 200);"
    )
}

/// Half a million triangles in one solid; one dimple of many moves.
pub(crate) fn plate(moved: usize) -> String {
    format!(
        "difference() {{ cube([200, 200, 10]); for (x = [0 : 19], y = [0 : 19]) \
         translate([5 + 10 * x, 5 + 10 * y, 10 + (x == 7 && y == 11 ? {moved} / 50 : 0)]) sphere(4, $fn = 48); }}"
    )
}

/// Typical solids for codecs.
pub(crate) const SOLIDS: &[(&str, &str)] = &[
    (
        "spheres cut",
        "difference() { sphere(20, $fn = 300); translate([9, 2, 1]) sphere(15, $fn = 300); }",
    ),
    (
        "plate",
        "difference() { cube([200, 200, 10]); for (x = [0 : 19], y = [0 : 19]) translate([5 + 10 * x, 5 + 10 * y, 10]) sphere(4, $fn = 32); }",
    ),
    (
        "twisted",
        "linear_extrude(height = 60, twist = 200, slices = 400) difference() { circle(20, $fn = 120); translate([6, 0]) circle(8, $fn = 60); }",
    ),
    ("ring", "rotate_extrude($fn = 400) translate([30, 0]) circle(8, $fn = 120);"),
];
