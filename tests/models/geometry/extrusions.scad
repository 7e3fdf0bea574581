// Twisted, scaled and turned outlines.
turn = 180;

module gear(teeth, r)
    polygon([for (i = [0 : 4 * teeth - 1]) (r + (i % 4 < 2 ? 1 : -1)) * [cos(90 * i / teeth), sin(90 * i / teeth)]]);

module vase(twist) {
    difference() {
        linear_extrude(60, twist = twist, scale = 1.4, slices = 30) gear(24, 18);
        translate([0, 0, 2]) linear_extrude(60, twist = twist, scale = 1.4, slices = 30) offset(-2) gear(24, 18);
    }
}

vase(turn);
for (i = [1 : 15]) translate([i % 4 * 70, floor(i / 4) * 70, 0]) vase(90 - 25 * i);
translate([0, 280, 0]) rotate_extrude($fn = 180) translate([14, 0]) difference() {
    circle(8, $fn = 64);
    circle(6, $fn = 64);
}
translate([70, 280, 0]) rotate_extrude(angle = 250, $fn = 160) translate([20, 0]) gear(12, 5);
