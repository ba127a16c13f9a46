"""The mapping in the panel: every line is there, says how sure it is, and is corrected by its fields."""

from types import SimpleNamespace

import bpy
import pytest

from blender_addon.panels import line_fields, mapping
from blender_addon.panels.matching import matching, paired, short
from blender_addon.rig.corrections import corrections
from blender_addon.rig.lines import BONE, CHANNEL, SHAPE, other_side


class Paper:
    """Stands in for a UILayout: everything that is drawn is written down in order."""

    def __init__(self):
        object.__setattr__(self, "drawn", [])

    def __setattr__(self, name, value):
        pass

    def label(self, text="", icon="NONE"):
        self.drawn.append(("label", text))

    def prop(self, owner, name, **options):
        assert name in owner.bl_rna.properties
        self.drawn.append(("prop", name))

    def prop_search(self, owner, name, data, collection, **options):
        assert collection in data.bl_rna.properties
        self.prop(owner, name)

    def operator(self, name, text="", icon="NONE"):
        category, _, operator = name.partition(".")
        assert hasattr(getattr(bpy.ops, category), operator)
        self.drawn.append(("operator", name))
        return SimpleNamespace()

    def menu(self, name, **options):
        assert hasattr(bpy.types, name)

    def template_list(self, kind, name, owner, collection, active_owner, active, **options):
        assert hasattr(bpy.types, kind)
        assert hasattr(active_owner, active)

    def _part(self, **options):
        return self

    row = column = split = box = _part

    def of(self, kind):
        return [what for one, what in self.drawn if one == kind]


def draw(panel=mapping.FACEMIMIC_PT_mapping, what="draw"):
    paper = Paper()
    getattr(panel, what)(SimpleNamespace(layout=paper), bpy.context)
    return paper


@pytest.fixture
def face(addon, make_mesh, make_armature):
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen", "Eye_Blink_Left", "wart", "held"], rig)
    make_mesh("Teeth", ["jawOpen"], rig)
    face.data.shape_keys.key_blocks["held"].driver_add("value")
    bpy.context.view_layer.objects.active = face
    return face


def lines():
    """The lines by name; a shape key goes before the channel of its name."""
    found = {}
    for line in matching(bpy.context.active_object).lines:
        found.setdefault(line.name, line)
    return found


def choose(name):
    """Makes a line the active one, as a click and the redraw after it do."""
    listed = bpy.context.window_manager.facemimic_lines
    listed.active = list(lines()).index(name)
    draw()
    shown = line_fields.shown()
    assert shown
    assert shown.name == name
    owner = bpy.data.objects[shown.objects[0]] if shown.objects else bpy.context.active_object
    return line_fields.fields(owner)


def test_there_is_a_line_for_each_shape_key_bone_and_missing_channel(face):
    found = lines()
    assert [name for name in found if found[name].kind == SHAPE] == ["jawOpen", "Eye_Blink_Left", "wart", "held"]
    assert [name for name in found if found[name].kind == BONE] == ["head"]
    assert sum(line.kind == CHANNEL for line in found.values()) == 50
    assert found["jawOpen"].objects == ("Face", "Teeth"), "meshes that treat it alike share a line"
    assert mapping.in_words(found["jawOpen"]) == "ARKit, named exactly so."
    assert "another spelling" in mapping.in_words(found["Eye_Blink_Left"])
    assert mapping.in_words(found["wart"]) == "Not used: its name means nothing."
    assert mapping.in_words(found["held"]) == "Not used: has a driver."
    assert {mapping.icon_of(line) for line in found.values()} == {"CHECKMARK", "REMOVE", "DRIVER", "BONE_DATA", "ERROR"}


def test_filters_let_through_what_they_say(face):
    choose("jawOpen").gain = 1.2
    found = lines()
    let_through = {
        which: {name for name, line in found.items() if mapping.wanted(line, which)}
        for which, *_ in line_fields.FILTERS
    }
    assert let_through["ALL"] == {"jawOpen", "Eye_Blink_Left", "wart", "held", "head"}
    assert let_through["OPEN"] == {"wart", "held"}
    assert let_through["CORRECTED"] == {"jawOpen"}
    assert let_through["UNSURE"] == set()
    assert "mouthPucker" in let_through["MISSING"]
    assert draw(what="draw_header_preset").of("label") == ["1 corrected"]


def test_fields_show_what_was_found_and_keep_what_is_set(face):
    own = choose("jawOpen")
    assert (own.on, own.gain, own.offset, own.low, own.high) == (True, 1, 0, 0, 1)
    assert (own.channel_0, own.share_0, own.channel_1) == ("jawOpen", 1, "")
    assert not corrections(face), "looking keeps nothing"
    own.gain = 1.5
    own.channel_1 = "mouthFunnel"
    own.share_1 = -0.25
    for mesh in (face, bpy.data.objects["Teeth"]):
        kept = corrections(mesh)["jawOpen"]
        assert (kept.gain, kept.follows) == (1.5, {"jawOpen": 1.0, "mouthFunnel": -0.25})
    own = choose("jawOpen")
    assert (own.gain, own.channel_1, own.share_1) == (1.5, "mouthFunnel", -0.25)
    own.channel_0 = ""
    assert corrections(face)["jawOpen"].follows == {"mouthFunnel": -0.25}
    own.on = False
    assert mapping.in_words(lines()["jawOpen"]) == "Not used: turned off."
    assert lines()["jawOpen"].objects == ("Face", "Teeth")


def test_an_unknown_channel_is_not_taken(face):
    choose("wart").channel_0 = "jawOpne"
    assert not corrections(face)


def test_the_other_limit_gives_way(face):
    own = choose("jawOpen")
    own.low = 1.25
    assert (corrections(face)["jawOpen"].low, corrections(face)["jawOpen"].high) == (1.25, 1.25)
    own.high = 0.5
    assert (corrections(face)["jawOpen"].low, corrections(face)["jawOpen"].high) == (0.5, 0.5)


def test_meshes_that_differ_have_lines_of_their_own(face):
    from blender_addon.rig.corrections import Correction, correct

    correct(bpy.data.objects["Teeth"], Correction("jawOpen", gain=0.5))
    found = [line for line in matching(face).lines if line.name == "jawOpen"]
    assert [line.objects for line in found] == [("Face",), ("Teeth",)]


def test_a_missing_channel_finds_its_shape_key(face):
    listed = bpy.context.window_manager.facemimic_lines
    listed.show = "MISSING"
    own = choose("mouthPucker")
    own.shape_key = "wart"
    assert corrections(face)["wart"].follows == {"mouthPucker": 1.0}
    assert "mouthPucker" not in lines()
    listed.show = "ALL"


def test_bones_are_chosen_and_turned_off(face):
    own = choose("head")
    assert own.bone == "head"
    own.bone = "neck"
    assert lines()["head"].title == "Head (neck)"
    choose("head").on = False
    assert mapping.in_words(lines()["head"]) == "Not moved: turned off."


def test_what_a_driver_holds_has_no_fields(face):
    listed = bpy.context.window_manager.facemimic_lines
    listed.active = list(lines()).index("held")
    assert "gain" not in draw().of("prop")


def test_every_kind_of_line_draws(face):
    choose("jawOpen")
    assert draw().of("prop") == ["show", "on", "channel_0", "share_0", "channel_1", "gain", "offset", "low", "high"]
    choose("head")
    assert draw().of("prop") == ["show", "on", "bone", "gain"]
    bpy.context.window_manager.facemimic_lines.show = "MISSING"
    choose("mouthPucker")
    assert draw().of("prop") == ["show", "shape_key"]
    bpy.context.window_manager.facemimic_lines.show = "ALL"
    draw()
    for line in lines().values():
        assert mapping.in_words(line)
        paper = Paper()
        mapping.FACEMIMIC_UL_lines.draw_item(
            None, bpy.context, paper, None, None, 0, None, "", list(lines()).index(line.name)
        )
        assert line.title in paper.of("label")


def test_a_range_that_ends_too_early_can_be_widened(face):
    choose("jawOpen").high = 1.5
    choose("jawOpen")
    assert "facemimic.widen_range" in draw().of("operator")
    bpy.ops.facemimic.widen_range()
    assert face.data.shape_keys.key_blocks["jawOpen"].slider_max == 1.5
    assert bpy.data.objects["Teeth"].data.shape_keys.key_blocks["jawOpen"].slider_max == 1.5
    choose("jawOpen")
    assert "facemimic.widen_range" not in draw().of("operator")


def test_lines_are_reset_alone_and_together(face):
    choose("jawOpen").gain = 1.5
    choose("wart").channel_0 = "cheekPuff"
    bpy.ops.facemimic.reset_line()
    assert set(corrections(face)) == {"jawOpen"}
    assert bpy.ops.facemimic.reset_mapping() == {"FINISHED"}
    assert not corrections(face)
    assert not corrections(bpy.data.objects["Teeth"])


@pytest.fixture
def guessed(addon, make_mesh):
    face = make_mesh("Face", ["Smile.L", "Smile.R", "Eye_Squint_L", "Nose Wide", "Snarl"])
    make_mesh("Lashes", ["wart"])
    bpy.context.view_layer.objects.active = face
    return face


def test_a_guess_says_what_to_do_and_is_confirmed(guessed, tmp_path):
    choose("Smile.L")
    assert mapping.in_words(lines()["Smile.L"]) == "A guess by its name: try it, then confirm or correct it."
    assert {"facemimic.confirm_line", "facemimic.try_line"} <= set(draw().of("operator"))
    assert draw(what="draw_header_preset").of("label") == ["3 unsure"]
    assert bpy.ops.facemimic.confirm_line() == {"FINISHED"}
    confirmed = lines()["Smile.L"]
    assert not confirmed.unsure
    assert not confirmed.corrected
    assert (confirmed.follows, mapping.icon_of(confirmed)) == ({"mouthSmileLeft": 1.0}, "CHECKMARK")
    assert mapping.in_words(confirmed) == "A guess that you confirmed."
    choose("Smile.L")
    assert "facemimic.confirm_line" not in draw().of("operator")
    with pytest.raises(RuntimeError, match="guess"):
        bpy.ops.facemimic.confirm_line()
    assert bpy.ops.facemimic.confirm_guesses() == {"FINISHED"}
    assert not any(line.unsure for line in lines().values())
    file = tmp_path / "face.toml"
    bpy.ops.facemimic.save_mapping(filepath=str(file))
    assert file.read_text("utf-8").count("confirmed = true") == 3
    bpy.ops.facemimic.reset_line()
    assert lines()["Smile.L"].unsure
    bpy.ops.facemimic.load_mapping(filepath=str(file))
    assert not lines()["Smile.L"].unsure


def test_every_deed_counts_the_same_lines(guessed, make_mesh, make_armature, tmp_path, capfd):
    rig, file = make_armature(), str(tmp_path / "face.toml")
    guessed.parent = rig
    lashes = make_mesh("More lashes", ["Smile.L", "Smile.R"], rig)
    assert bpy.ops.facemimic.confirm_guesses() == {"FINISHED"}
    assert "Smile.L" in corrections(lashes)
    bpy.ops.facemimic.save_mapping(filepath=file)
    bpy.ops.facemimic.reset_mapping()
    bpy.ops.facemimic.load_mapping(filepath=file)
    told = capfd.readouterr().out
    for sentence in ("3 guesses confirmed.", "Wrote 3 lines to", "Reset 3 lines of", "Corrected 3 lines after"):
        assert sentence in told


def test_the_other_side_is_corrected_alike(guessed):
    own = choose("Smile.L")
    own.gain, own.high = 1.3, 1.4
    own.channel_1 = "jawLeft"
    own.share_1 = 0.2
    assert bpy.ops.facemimic.mirror_line() == {"FINISHED"}
    kept = corrections(guessed)["Smile.R"]
    assert (kept.gain, kept.high, kept.follows) == (1.3, 1.4, {"mouthSmileRight": 1.0, "jawRight": 0.2})
    before = dict(corrections(guessed))
    for name in ("Snarl", "Eye_Squint_L"):
        choose(name)
        with pytest.raises(RuntimeError, match="other side"):
            bpy.ops.facemimic.mirror_line()
    assert corrections(guessed) == before


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Eye_L_Look_L", "Eye_R_Look_R"),
        ("左口角上げ", "右口角上げ"),
        ("LeftEyeClosed", "RightEyeClosed"),
        ("parpadeo izq", "parpadeo der"),
    ],
)
def test_the_other_side_in_many_spellings(addon, make_mesh, name, other):
    bpy.context.view_layer.objects.active = make_mesh("Face", [name, other, "wart"])
    found = lines()
    for one, wanted in ((name, other), (other, name)):
        twin = other_side(found[one], found.values())
        assert twin is not None
        assert twin.name == wanted


def test_used_lines_alone_and_lines_by_name(guessed):
    assert {name for name, line in lines().items() if mapping.wanted(line, "USED")} == {
        "Smile.L", "Smile.R", "Eye_Squint_L", "Snarl",
    }  # fmt: skip
    draw()
    listed = bpy.context.window_manager.facemimic_lines
    ui = SimpleNamespace(filter_name="", bitflag_filter_item=1, use_filter_sort_alpha=True)
    _, order = mapping.FACEMIMIC_UL_lines.filter_items(ui, bpy.context, listed, "rows")
    by_name = [None] * len(order)
    for old, new in enumerate(order):
        by_name[new] = listed.rows[old].name
    assert by_name == sorted(by_name, key=str.lower)
    ui.use_filter_sort_alpha = False
    assert mapping.FACEMIMIC_UL_lines.filter_items(ui, bpy.context, listed, "rows")[1] == []


def test_a_search_finds_names_however_their_letters_are_made(addon, make_mesh):
    face = make_mesh("Face", ["La\u0308cheln", "ｊａｗＯｐｅｎ", "wart"])
    bpy.context.view_layer.objects.active = face
    draw()
    listed = bpy.context.window_manager.facemimic_lines
    for typed, wanted in (
        ("LÄCH", {"La\u0308cheln"}),
        ("jawopen", {"ｊａｗＯｐｅｎ"}),
        ("mouthsmile", {"La\u0308cheln"}),
    ):
        ui = SimpleNamespace(filter_name=typed, bitflag_filter_item=1, use_filter_sort_alpha=False)
        flags, _ = mapping.FACEMIMIC_UL_lines.filter_items(ui, bpy.context, listed, "rows")
        assert {row.name for row, flag in zip(listed.rows, flags, strict=True) if flag} == wanted


def test_what_has_a_finer_shape_may_still_help_to_approximate(guessed, make_mesh):
    face = make_mesh("Other", ["Brows Up", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"])
    bpy.context.view_layer.objects.active = face
    line = lines()["Brows Up"]
    assert mapping.in_words(line) == "Not used: browInnerUp has a finer shape key."
    assert mapping.in_words(line, sparse=True).endswith("may help to approximate them.")


def test_saving_and_loading_by_the_panel(face, tmp_path):
    choose("jawOpen").gain = 1.5
    file = tmp_path / "face.toml"
    assert bpy.ops.facemimic.save_mapping(filepath=str(file)) == {"FINISHED"}
    bpy.ops.facemimic.reset_mapping()
    assert bpy.ops.facemimic.load_mapping(filepath=str(file)) == {"FINISHED"}
    assert corrections(face)["jawOpen"].gain == 1.5
    file.write_text("broken =", "utf-8")
    with pytest.raises(RuntimeError, match="damaged"):
        bpy.ops.facemimic.load_mapping(filepath=str(file))
    assert corrections(face)["jawOpen"].gain == 1.5


def test_channels_in_few_letters():
    assert paired(["eyeBlinkLeft", "eyeBlinkRight", "jawLeft"]) == ["eyeBlink L R", "jawLeft"]
    assert short({"jawOpen": 1.0, "mouthClose": -1.0, "mouthFunnel": -0.4}) == "jawOpen"
    assert short({"a": 1.0, "b": 0.9, "c": 0.8, "d": 0.1}) == "a, b…"
    assert short({}) == ""
