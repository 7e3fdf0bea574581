// Thirty-four name plates: raised and engraved text.
first = "OpenSCAD";

module plate(words, raised) {
    difference() {
        cube([90, 16, 3]);
        if (!raised) translate([4, 4, 2]) linear_extrude(2) text(words, size = 8, $fn = 32);
    }
    if (raised) translate([4, 4, 2]) linear_extrude(2) text(words, size = 8, $fn = 32);
}

names = ["Quick brown", "fox jumps", "over the", "lazy dog", "Sphinx of", "black quartz", "judge my vow", "Pack my box", "with five", "dozen jugs", "0123456789"];
plate(first, true);
for (column = [0 : 2], i = [0 : len(names) - 1])
    translate([95 * column, 18 * (i + 1), 0])
        plate(str(names[i], column == 0 ? "" : column), (i + column) % 2 == 0);
