"""What the operators that bring a performance share: for a character that lacks channels, it is fitted first."""

from .. import client, preferences
from ..clip import Clip
from ..hints import Context, Returned
from ..properties import settings
from ..rig import solve
from ..rig.character import Character
from .asking import Asking, Place, performer, put


class Performing(Asking):
    """An operator whose answer is a performance for `_place`."""

    _place: Place
    _take: tuple[Clip, str] | None = None
    _asked: solve.Question | None = None

    def take(self, answer: client.Answer) -> tuple[Clip, str]:
        """The performance of an answer and its name. Raises AddonError when it is none."""
        raise NotImplementedError

    def execute(self, context: Context) -> Returned:
        self._forget()
        return super().execute(context)

    def begin(self, context: Context) -> Returned:
        self._forget()
        return super().begin(context)

    def _forget(self) -> None:
        """Blender repeats an operator from its redo panel with the same object."""
        self._take = self._asked = None

    def follow(self, context: Context, answer: client.Answer) -> client.Job | None:
        if self._take is not None:
            return None
        self._take = self.take(answer)
        return self.fit(context, self._take[0])

    def fit(self, context: Context, clip: Clip) -> client.Job | None:
        """Asks for the curves of a character that lacks channels; None for one that has them all."""
        if not settings(context).approximate:
            return None
        with performer(self._place) as (_, character):
            if not character.meshes or not solve.is_sparse(character):
                return None
            self._asked = solve.question(character, clip)
        return preferences.engine().ask(solve.OPERATION, self._asked.fields, self._asked.arrays, stage=solve.STAGE)

    def accept(self, context: Context, answer: client.Answer) -> str:
        assert self._take is not None
        asked = self._asked
        if asked is None:
            return put(self._take[0], self._place, self._take[1])

        def fitted(character: Character) -> Character:
            return solve.fitted(character, asked, answer.header, answer.arrays.get("weights"))

        clip = solve.posed(self._take[0], answer.arrays.get("head"))
        told = put(clip, self._place, self._take[1], fitted)
        return " ".join([told, *solve.remember(self._place.character, answer.header)])
