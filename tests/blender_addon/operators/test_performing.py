"""An operator that performs is repeated with the same object from Blender's redo panel."""

import bpy

from blender_addon import preferences
from blender_addon.operators.asking import answered_clip, place
from blender_addon.operators.performing import Performing


class Perform(Performing):
    """Asks the tests' worker for what it performs."""

    def __init__(self):
        self.said = []

    def report(self, kinds, sentence):
        self.said.append((kinds, sentence))

    def ask(self, context):
        self._place = place(context)
        return preferences.engine().ask("generate", {"request": {"duration": 1.0, "fps": 24.0}})

    def take(self, answer):
        return answered_clip(answer), "Take"


def test_a_repeated_operator_asks_anew(fake_engine, make_mesh):
    fake_engine("good")
    obj = make_mesh("Face", ["jawOpen", "eyeBlinkLeft"])
    bpy.context.view_layer.objects.active = obj
    operator = Perform()
    first = operator.execute(bpy.context)
    kept = operator._take
    assert first == operator.execute(bpy.context) == {"FINISHED"}, operator.said
    assert operator._take is not kept
