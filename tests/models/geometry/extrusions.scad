// Twisted, scaled and turned outlines.
turn = 180;

module gear(teeth, r)
    polygon([for (i = [0 : 4 * teeth - 1]) (r + (i % 4 < 2 ? 1 : -1)) * [cos(90 * i / teeth), sin(90 * i / teeth)]]);

module vase(twist) {
    difference() {
        linear_extrude(60, twist = twist, scale = 1.4, slices = 90) gear(24, 18);
        translate([0, 0, 2]) linear_extrude(60, twist = twist, scale = 1.4, slices = 90) offset(-2) gear(24, 18);
    }
}

vase(turn);
translate([70, 0, 0]) vase(90);
translate([0, 70, 0]) vase(-120);
translate([70, 70, 0]) rotate_extrude($fn = 180) translate([14, 0]) difference() {
    circle(8, $fn = 64);
    circle(6, $fn = 64);
}
translate([70, 70, 30]) rotate_extrude(angle = 250, $fn = 160) translate([10, 0]) gear(12, 5);
