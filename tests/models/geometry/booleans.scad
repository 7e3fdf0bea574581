// A rack of sixteen perforated panels: a thousand booleans.
first_hole = 4;
panels = 16;

module panel(hole, n = 8, pitch = 6) {
    difference() {
        cube([n * pitch, n * pitch, 3]);
        for (x = [0.5 : n], y = [0.5 : n])
            translate([x * pitch, y * pitch, -1]) cylinder(d = hole, h = 5, $fn = 24);
        translate([6, 6, 2]) cube([n * pitch - 12, n * pitch - 12, 5]);
    }
}

panel(first_hole);
for (i = [1 : panels - 1]) translate([0, 0, i * 12]) rotate(i * 7) panel(4 + i / 16);
for (x = [3, 45], y = [3, 45]) translate([x, y, 0]) cylinder(d = 5, h = panels * 12 - 8, $fn = 48);
