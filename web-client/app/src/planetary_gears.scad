// A planetary gear set with herringbone teeth.
// Drag a slider, or edit any line: the part follows.

/* [Gears] */
// Teeth of the sun gear in the middle
sun_teeth = 15;      // [9:3:30]
// Teeth of each planet
planet_teeth = 12;   // [9:3:24]
// How many planets turn around the sun
planets = 3;         // [1:5]
// Size of a tooth: pitch diameter per tooth
tooth_size = 2;      // [1:0.25:4]
// Angle of the herringbone
helix = 28;          // [0:45]

/* [Body] */
thickness = 14;      // [4:30]
// Diameter of the holes for the shafts
bore = 8;            // [0:0.5:12]
show_ring = true;

/* [Hidden] */
$fn = 64;
play = 0.12;         // gap between meshing teeth
pressure_angle = 20;
ring_teeth = sun_teeth + 2 * planet_teeth;

assert((sun_teeth + ring_teeth) % planets == 0,
       "These teeth leave no even spacing for the planets");
echo(ratio = 1 + ring_teeth / sun_teeth);

// The radius at which gears of so many teeth roll on each other.
function pitch_radius(teeth) = teeth * tooth_size / 2;

// A point of the involute of a circle, unrolled by `angle` degrees.
function involute(r, angle) = let(roll = angle * PI / 180)
    r * [cos(angle) + roll * sin(angle), sin(angle) - roll * cos(angle)];

function spin(p, a) = [p.x * cos(a) - p.y * sin(a), p.x * sin(a) + p.y * cos(a)];

// One side of a tooth, from its foot to its tip.
function flank(teeth, tip, steps = 6) =
    let(pitch = pitch_radius(teeth),
        base = pitch * cos(pressure_angle),
        end = sqrt(pow(tip / base, 2) - 1) * 180 / PI,
        lean = tan(pressure_angle) * 180 / PI - pressure_angle,
        half = 90 / teeth + lean - play / pitch * 90 / PI)
    [for (i = [0 : steps]) spin(involute(base, end * i / steps), -half)];

// Tips and feet are given in tooth sizes beyond and below the pitch circle.
module gear_outline(teeth, tip = 1, foot = 1.25) {
    side = flank(teeth, pitch_radius(teeth) + tip * tooth_size);
    root = pitch_radius(teeth) - foot * tooth_size;
    circle(r = root);
    for (i = [0 : teeth - 1]) rotate(i * 360 / teeth)
        polygon([[0, 0], each side,
                 each [for (j = [len(side) - 1 : -1 : 0]) [side[j].x, -side[j].y]]]);
}

// Two mirrored halves with opposite twist: no push along the shaft.
module herringbone(teeth, hand = 1) {
    twist = hand * tan(helix) * thickness / 2 / pitch_radius(teeth) * 180 / PI;
    for (side = [0, 1]) mirror([0, 0, side])
        linear_extrude(thickness / 2, twist = twist, slices = 8) children();
}

module wheel(teeth, hand) difference() {
    herringbone(teeth, hand) gear_outline(teeth);
    cylinder(d = bore, h = thickness + 1, center = true);
    // A chamfer on both ends of the bore.
    for (side = [0, 1]) mirror([0, 0, side])
        translate([0, 0, thickness / 2 - 1]) cylinder(d1 = bore, d2 = bore + 3, h = 1.5);
}

module ring() {
    rim = pitch_radius(ring_teeth) + 3.5 * tooth_size;
    difference() {
        union() {
            cylinder(r = rim, h = thickness, center = true);
            for (a = [0 : 60 : 300]) rotate(a) hull() {
                translate([rim, 0]) cylinder(r = 5, h = thickness, center = true);
                cylinder(r = 12, h = thickness, center = true);
            }
        }
        rotate(planet_teeth % 2 == 0 ? 180 / ring_teeth : 0) herringbone(ring_teeth, -1)
            offset(delta = play) gear_outline(ring_teeth, tip = 1.25, foot = 1);
        for (a = [0 : 60 : 300]) rotate(a) translate([rim, 0])
            cylinder(d = 4.2, h = thickness + 1, center = true);
    }
}

translate([0, 0, thickness / 2]) {
    if (show_ring) color("#4f7cac") ring();
    color("#f2b134") wheel(sun_teeth, 1);
    for (i = [0 : planets - 1]) {
        orbit = i * 360 / planets;
        turn = orbit * sun_teeth / planet_teeth + (planet_teeth % 2 == 0 ? 180 / planet_teeth : 0);
        rotate(orbit) translate([pitch_radius(sun_teeth + planet_teeth), 0])
            rotate(turn) color("#e4572e") wheel(planet_teeth, -1);
    }
}
